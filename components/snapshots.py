"""Daily snapshots of the host's disk, by Amazon Data Lifecycle Manager.

The host's disk is the only home of secrets that nobody can make again. Owns the schedule and the service's role. Leaves
out the snapshots, which are in no state and stay after a destroy (``ops/snapshots.py`` reads them), and a restore
(``components/checks/snapshot.py``). ``docs/decisions/0007-snapshots.md`` compares the service with AWS Backup.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import exclusive
from components.naming import OWNER_TAG, Names
from components.policies import grants, trust
from components.policies.document import text

#: Hours between two snapshots.
INTERVAL_HOURS = 24
#: When a snapshot is due, HH:MM in UTC. The service begins within an hour of it:
#: https://docs.aws.amazon.com/ebs/latest/userguide/snapshot-ami-policy.html
DUE = "03:00"


@dataclass(frozen=True, kw_only=True)
class SnapshotsArgs:
    """Arguments of ``Snapshots``."""

    #: Physical names of the stack.
    names: Names
    #: Number of snapshots to keep, 1 or more.
    kept: int
    #: Tag of the instance whose disk is copied; its value is ``names.host``.
    host_tag: str


class Snapshots(pulumi.ComponentResource):
    """A lifecycle policy for the instance that carries the stack's tag, and the role that it runs as."""

    def __init__(self, name: str, args: SnapshotsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("agentkeys:snapshots:Snapshots", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        names = args.names
        role = aws.iam.Role(
            f"{name}-role",
            name=names.snapshot_role,
            description="AgentKeys snapshots of the broker host's disk, assumed by Data Lifecycle Manager.",
            assume_role_policy=text(trust.snapshots(names.region, names.account_id)),
            opts=child,
        )
        policies = [
            aws.iam.RolePolicy(f"{name}-grant", name=policy_name, role=role.name, policy=text(policy), opts=child)
            for policy_name, policy in grants.snapshot_role(names, args.host_tag).items()
        ]
        exclusive.role(f"{name}-role", role, [policy.name for policy in policies], child)
        aws.dlm.LifecyclePolicy(
            f"{name}-schedule",
            description=description(names),
            execution_role_arn=role.arn,
            state="ENABLED",
            policy_details={
                "policy_type": "EBS_SNAPSHOT_MANAGEMENT",
                "resource_types": ["INSTANCE"],
                "target_tags": {args.host_tag: names.host},
                "schedules": [
                    {
                        "name": "daily",
                        "create_rule": {"interval": INTERVAL_HOURS, "interval_unit": "HOURS", "times": DUE},
                        "retain_rule": {"count": args.kept},
                        "copy_tags": False,
                        "tags_to_add": {OWNER_TAG: names.host, "Name": names.host},
                    }
                ],
            },
            tags={OWNER_TAG: names.host},
            opts=pulumi.ResourceOptions(parent=self, depends_on=policies),
        )
        self.register_outputs({})


def description(names: Names) -> str:
    """The description of a stack's lifecycle policy, which has no name of its own.

    The service takes letters, digits, spaces, dashes and underscores:
    https://docs.aws.amazon.com/dlm/latest/APIReference/API_CreateLifecyclePolicy.html
    """
    return f"Daily snapshots of {names.host}"
