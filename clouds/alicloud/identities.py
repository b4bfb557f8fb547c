"""RAM: the OIDC provider, the roles that sessions assume, and the user whose key the host has.

Leaves out the administrator, who is created by hand. Roles have no tags.
"""

from dataclasses import dataclass

import pulumi
import pulumi_alicloud as alicloud

from clouds.alicloud import policies
from clouds.names import CloudNames
from components.naming import DATA_CLASSES, ROLE_KEYS
from components.policies.document import text

#: Longest session in seconds; RAM accepts no shorter maximum.
SESSION_SECONDS = 3600
#: Hours after its issue that a token can still be exchanged; RAM accepts no shorter limit.
TOKEN_HOURS = 1


class Daemon(pulumi.ComponentResource):
    """The user ``agentkeys-daemon``: the host writes received mail with its key."""

    #: Id of the key.
    key_id: pulumi.Output[str]
    #: Its secret. Secret.
    key: pulumi.Output[str]

    def __init__(self, name: str, names: CloudNames, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("agentkeys:alicloud:Daemon", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        user = alicloud.ram.User(f"{name}-user", name=names.daemon_user, opts=child)
        policy = alicloud.ram.Policy(
            f"{name}-policy",
            policy_name=names.daemon_user,
            policy_document=text(policies.daemon_user(names)),
            opts=child,
        )
        attached = alicloud.ram.UserPolicyAttachment(
            f"{name}-attachment",
            user_name=user.name,
            policy_name=names.daemon_user,
            policy_type="Custom",
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        )
        made = alicloud.ram.AccessKey(
            f"{name}-key", user_name=user.name, opts=pulumi.ResourceOptions(parent=self, depends_on=[attached])
        )
        self.key_id, self.key = made.id, pulumi.Output.secret(made.secret)
        self.register_outputs({})


@dataclass(frozen=True, kw_only=True)
class DataRolesArgs:
    """Arguments of ``DataRoles``."""

    #: Physical names of the stack.
    names: CloudNames
    #: SHA-1 fingerprint of the issuer's CA, 40 hex digits.
    fingerprint: pulumi.Output[str]


class DataRoles(pulumi.ComponentResource):
    """The OIDC provider, and the roles that trust its tokens (runbook sections 4.2, 4.3 and 9)."""

    #: ARN of the provider.
    provider_arn: pulumi.Output[str]
    #: ARNs of the roles by key of ``ROLE_KEYS``.
    arns: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, args: DataRolesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("agentkeys:alicloud:DataRoles", name, None, opts)
        names, child = args.names, pulumi.ResourceOptions(parent=self)
        provider = alicloud.ims.OidcProvider(
            f"{name}-provider",
            oidc_provider_name=names.provider,
            issuer_url=names.issuer,
            client_ids=[policies.AUDIENCE],
            fingerprints=[args.fingerprint],
            issuance_limit_time=TOKEN_HOURS,
            opts=child,
        )
        self.provider_arn = provider.arn
        about = {"data": "mail", **{row.key: row.prefix for row in DATA_CLASSES}}
        self.arns = {}
        for key in ROLE_KEYS:
            role = alicloud.ram.Role(
                f"{name}-{key}",
                role_name=names.role(key),
                description=f"AgentKeys {about[key]}, assumed for one agent at a time.",
                assume_role_policy_document=text(policies.trust(names)),
                max_session_duration=SESSION_SECONDS,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[provider]),
            )
            policy = alicloud.ram.Policy(
                f"{name}-{key}-policy",
                policy_name=names.role(key),
                policy_document=text(policies.role(names, key)),
                opts=child,
            )
            alicloud.ram.RolePolicyAttachment(
                f"{name}-{key}-attachment",
                role_name=names.role(key),
                policy_name=names.role(key),
                policy_type="Custom",
                opts=pulumi.ResourceOptions(parent=self, depends_on=[role, policy]),
            )
            self.arns[key] = role.arn
        self.register_outputs({})
