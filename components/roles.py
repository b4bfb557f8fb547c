"""The three roles that sessions assume: data, and one per data class.

Leaves out the issuer they trust (``components/federation.py``) and the bucket side of every grant
(``components/policies/buckets.py``). Roles carry no tags: a role's tags are principal tags too.
"""

from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws

from components.naming import DATA_CLASSES, Names
from components.policies import roles, trust
from components.policies.document import text

#: Seconds a session lives at most; the shortest that IAM accepts.
SESSION_SECONDS = 3600


@dataclass(frozen=True, kw_only=True)
class DataRolesArgs:
    """``trust`` decides about the data role alone; vault and memory roles have only ever trusted the issuer."""

    names: Names
    trust: Literal["federated", "static"]
    daemon: aws.iam.User
    provider: aws.iam.OpenIdConnectProvider


class DataRoles(pulumi.ComponentResource):
    """Runbook sections 4.2, 4.3 and 9.3. ``by_key`` has ``data``, ``vault`` and ``memory``."""

    by_key: dict[str, aws.iam.Role]

    def __init__(self, name: str, args: DataRolesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("agentkeys:roles:DataRoles", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        names = args.names
        federated = trust.federated(names.account_id, names.broker_host)
        is_static = args.trust == "static"

        self.by_key = {
            "data": aws.iam.Role(
                f"{name}-data",
                name=names.role("data"),
                description="AgentKeys mail and sender data, assumed for one agent at a time.",
                assume_role_policy=text(trust.daemon(names.account_id, names.daemon_user) if is_static else federated),
                max_session_duration=SESSION_SECONDS,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[args.daemon, args.provider]),
            )
        }
        if is_static:
            aws.iam.RolePolicy(
                f"{name}-data-inline",
                name=f"{names.role('data')}-inline",
                role=self.by_key["data"].name,
                policy=text(
                    roles.data_before_federation(
                        names.bucket("mail"), names.mail_domain, names.account_id, names.region
                    )
                ),
                opts=child,
            )
        for row in DATA_CLASSES:
            self.by_key[row.key] = aws.iam.Role(
                f"{name}-{row.key}",
                name=names.role(row.key),
                description=f"AgentKeys {row.prefix}, assumed for one agent at a time.",
                assume_role_policy=text(federated),
                max_session_duration=SESSION_SECONDS,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[args.provider]),
            )
            aws.iam.RolePolicy(
                f"{name}-{row.key}-inline",
                name=f"{names.role(row.key)}-inline",
                role=self.by_key[row.key].name,
                policy=text(roles.data_class(row, names.bucket(row.key), names.account_id)),
                opts=child,
            )
        self.register_outputs({})
