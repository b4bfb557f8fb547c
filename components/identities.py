"""The two IAM users of a stack and, where a setting asks for them, their access keys.

Leaves out the administrator, who is made by hand, and the CI roles, which belong to the account. The broker process
needs no key: it federates.
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
    """``access_key_users`` of ``daemon`` and ``broker``; each has a key for every number of ``access_key_epochs``."""

    names: Names
    instance_id: pulumi.Input[str]
    access_key_users: Collection[str]
    access_key_epochs: Collection[int]


class Identities(pulumi.ComponentResource):
    """``daemon`` may assume the data role, ``broker`` may SSH to the host (runbook section 4.1).

    ``access_keys`` maps a user's key to id and secret of his newest access key, both secret.
    """

    daemon: aws.iam.User
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
