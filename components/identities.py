"""The two IAM users of a stack and the access keys that ``accessKeyUsers`` asks for.

Leaves out the administrator, who is created by hand, and the CI roles, which belong to the account. The broker process
needs no access key: it uses the host's role.
"""

from collections.abc import Collection
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import exclusive
from components.naming import Names
from components.policies import grants
from components.policies.document import text


@dataclass(frozen=True, kw_only=True)
class IdentitiesArgs:
    """Arguments of ``Identities``."""

    #: Physical names of the stack.
    names: Names
    #: EC2 instance that the SSH user may connect to.
    instance_id: pulumi.Input[str]
    #: Users that get access keys, from ``daemon`` and ``broker``. Default of the setting: only ``broker``.
    access_key_users: Collection[str]
    #: One access key per user for every number. Default of the setting: ``[1]``; IAM allows two keys per user.
    access_key_epochs: Collection[int]


class Identities(pulumi.ComponentResource):
    """``daemon`` may assume the data role; ``broker`` may connect to the host by SSH (runbook section 4.1)."""

    #: The IAM user ``agentkeys-daemon``.
    daemon: aws.iam.User
    #: By ``daemon`` or ``broker``, the id and the secret of the user's newest access key. Secret outputs.
    access_keys: dict[str, pulumi.Output[dict[str, str]]]

    def __init__(self, name: str, args: IdentitiesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("agentkeys:identities:Identities", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        names = args.names

        self.daemon = aws.iam.User(f"{name}-daemon", name=names.daemon_user, opts=child)
        daemon_policies = [
            aws.iam.UserPolicy(
                f"{name}-daemon-assume-role", name=policy_name, user=self.daemon.name, policy=text(policy), opts=child
            )
            for policy_name, policy in grants.daemon_user(names).items()
        ]
        exclusive.user(f"{name}-daemon", self.daemon, [grant.name for grant in daemon_policies], child)
        broker = aws.iam.User(f"{name}-broker", name=names.broker_user, opts=child)
        policy_name = grants.broker_user_policy(names)
        broker_policy = aws.iam.UserPolicy(
            f"{name}-broker-ec2ic",
            name=policy_name,
            user=broker.name,
            policy=pulumi.Output.from_input(args.instance_id).apply(
                lambda instance_id: text(grants.broker_user(names, instance_id)[policy_name])
            ),
            opts=child,
        )
        exclusive.user(f"{name}-broker", broker, [broker_policy.name], child)

        self.access_keys = {}
        for key, user in {"daemon": self.daemon, "broker": broker}.items():
            if key not in args.access_key_users:
                continue
            for epoch in sorted(args.access_key_epochs):
                made = aws.iam.AccessKey(f"{name}-{key}-key-{epoch}", user=user.name, opts=child)
                self.access_keys[key] = pulumi.Output.secret(
                    pulumi.Output.all(aws_access_key_id=made.id, aws_secret_access_key=made.secret)
                )
        self.register_outputs({})
