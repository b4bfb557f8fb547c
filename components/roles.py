"""The roles that sessions assume: the data role, and one per data class.

Leaves out the issuer that they trust (``components/federation.py``) and the bucket policies
(``components/policies/buckets.py``). Roles have no tags, because a role's tags are principal tags too.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import exclusive
from components.naming import DATA_CLASSES, ROLE_KEYS, Names
from components.policies import grants
from components.policies.document import text

#: Maximum duration of a session in seconds; IAM accepts no shorter maximum.
SESSION_SECONDS = 3600


@dataclass(frozen=True, kw_only=True)
class DataRolesArgs:
    """Arguments of ``DataRoles``."""

    #: Physical names of the stack.
    names: Names
    #: Who may assume the data role. The roles of data classes always trust the issuer.
    trust: grants.Trust
    #: The user that may assume the data role when ``trust`` is ``static``.
    daemon: aws.iam.User
    #: The stack's OIDC provider.
    provider: aws.iam.OpenIdConnectProvider


class DataRoles(pulumi.ComponentResource):
    """The data role and the roles of the data classes (runbook sections 4.2, 4.3 and 9.3)."""

    #: The roles by key of ``ROLE_KEYS``: ``data``, ``vault``, ``memory``.
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
