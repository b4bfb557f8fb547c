"""CAM: the roles that sessions assume, and the user whose key the host has.

Leaves out the administrator, who is created by hand, and the host's role (``host.py``). Roles have no tags.
"""

from dataclasses import dataclass

import pulumi
import tencentcloud_iac_pulumi as tencentcloud

from clouds.names import CloudNames
from clouds.tencentcloud import policies
from components.naming import DATA_CLASSES, ROLE_KEYS
from components.policies.document import text

#: Longest session in seconds.
SESSION_SECONDS = 3600


@dataclass(frozen=True, kw_only=True)
class IdentitiesArgs:
    """Arguments of ``Daemon`` and ``DataRoles``."""

    #: Physical names of the stack.
    names: CloudNames
    #: UIN of the root account.
    uin: str
    #: Region of the buckets.
    region: str


class Daemon(pulumi.ComponentResource):
    """The user ``agentkeys-daemon``: the host writes received mail with its key."""

    #: Id of the key.
    key_id: pulumi.Output[str]
    #: Its secret. Secret.
    key: pulumi.Output[str]

    def __init__(self, name: str, args: IdentitiesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("agentkeys:tencentcloud:Daemon", name, None, opts)
        names, child = args.names, pulumi.ResourceOptions(parent=self)
        user = tencentcloud.cam.User(
            f"{name}-user",
            name=names.daemon_user,
            remark="AgentKeys broker host: writes received mail.",
            console_login=False,
            # The key is a resource of its own, so that it can be replaced.
            use_api=False,
            opts=child,
        )
        policy = tencentcloud.cam.Policy(
            f"{name}-policy",
            name=names.daemon_user,
            document=text(policies.daemon_user(names, args.region)),
            opts=child,
        )
        attached = tencentcloud.cam.UserPolicyAttachment(
            f"{name}-attachment", user_name=user.name, policy_id=policy.id, opts=child
        )
        made = tencentcloud.cam.AccessKey(
            f"{name}-key",
            target_uin=user.uin,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[attached]),
        )
        self.key_id, self.key = made.access_key, pulumi.Output.secret(made.secret_access_key)
        self.register_outputs({})


class DataRoles(pulumi.ComponentResource):
    """The roles of sessions (runbook sections 4.2 and 4.3)."""

    #: ARNs of the roles by key of ``ROLE_KEYS``.
    arns: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, args: IdentitiesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("agentkeys:tencentcloud:DataRoles", name, None, opts)
        names, child = args.names, pulumi.ResourceOptions(parent=self)
        about = {"data": "mail", **{row.key: row.prefix for row in DATA_CLASSES}}
        self.arns = {}
        for key in ROLE_KEYS:
            role = tencentcloud.cam.Role(
                f"{name}-{key}",
                name=names.role(key),
                description=f"AgentKeys {about[key]}, assumed for one agent at a time.",
                document=text(policies.trust_of_account(args.uin)),
                session_duration=SESSION_SECONDS,
                console_login=False,
                opts=child,
            )
            policy = tencentcloud.cam.Policy(
                f"{name}-{key}-policy",
                name=names.role(key),
                document=text(policies.role(names, args.region, key)),
                opts=child,
            )
            tencentcloud.cam.RolePolicyAttachment(
                f"{name}-{key}-attachment", role_id=role.id, policy_id=policy.id, opts=child
            )
            # Known from the names; the role's id makes its users wait for it.
            found = pulumi.Output.all(role.id, policies.role_arn(names, args.uin, key))
            self.arns[key] = found.apply(lambda both: str(both[1]))
        self.register_outputs({})
