"""The three roles that sessions assume: data, and one per data class.

Leaves out the issuer they trust (``components/federation.py``) and the bucket side of every grant
(``components/policies/buckets.py``). Roles carry no tags: a role's tags are principal tags too.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import exclusive
from components.naming import DATA_CLASSES, ROLE_KEYS, Names
from components.policies import grants
from components.policies.document import text

#: Seconds a session lives at most; the shortest that IAM accepts.
SESSION_SECONDS = 3600


@dataclass(frozen=True, kw_only=True)
class DataRolesArgs:
    """``trust`` decides about the data role alone; vault and memory roles have only ever trusted the issuer."""

    names: Names
    trust: grants.Trust
    daemon: aws.iam.User
    provider: aws.iam.OpenIdConnectProvider


class DataRoles(pulumi.ComponentResource):
    """Runbook sections 4.2, 4.3 and 9.3. ``by_key`` has ``data``, ``vault`` and ``memory``."""

    by_key: dict[str, aws.iam.Role]

    def __init__(self, name: str, args: DataRolesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("agentkeys:roles:DataRoles", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        names = args.names
        about = {"data": "mail and sender data", **{row.key: row.prefix for row in DATA_CLASSES}}

        self.by_key = {}
        for key in ROLE_KEYS:
            role = aws.iam.Role(
                f"{name}-{key}",
                name=names.role(key),
                description=f"AgentKeys {about[key]}, assumed for one agent at a time.",
                assume_role_policy=text(grants.role_trust(key, names, args.trust)),
                max_session_duration=SESSION_SECONDS,
                opts=pulumi.ResourceOptions(
                    parent=self, depends_on=[args.provider, *([args.daemon] if key == "data" else [])]
                ),
            )
            self.by_key[key] = role
            policies = [
                aws.iam.RolePolicy(
                    f"{name}-{key}-inline", name=policy_name, role=role.name, policy=text(policy), opts=child
                )
                for policy_name, policy in grants.role(key, names, args.trust).items()
            ]
            exclusive.role(f"{name}-{key}", role, [policy.name for policy in policies], child)
        self.register_outputs({})
