"""The broker host in CVM: its role, network, firewall, address and instance.

Leaves out what runs on it (``hostsetup/``).
"""

from dataclasses import dataclass

import pulumi
import pulumi_tls as tls
import tencentcloud_iac_pulumi as tencentcloud

from clouds import launched, login
from clouds.launched import ANYWHERE, opened
from clouds.tencentcloud import policies
from components.policies.document import text

_NETWORK = "10.0.0.0/24"
#: Mbit/s of the address, which is paid by traffic.
_BANDWIDTH = 100


@dataclass(frozen=True, kw_only=True)
class HostArgs(launched.HostArgs):
    """Arguments of ``Host``."""

    #: UIN of the root account.
    uin: str


class Host(pulumi.ComponentResource):
    """One instance behind one elastic IP, with a role (runbook quick start 1 and section 6)."""

    #: Public IPv4 address.
    address: pulumi.Output[str]
    #: CVM instance id.
    instance_id: pulumi.Output[str]
    #: Private key of the login user in OpenSSH form. Secret.
    private_key: pulumi.Output[str]
    #: Its public key, an authorized_keys line.
    public_key: pulumi.Output[str]
    #: Attaches the address to the instance.
    association: tencentcloud.eip.Association

    def __init__(self, name: str, args: HostArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("agentkeys:tencentcloud:Host", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        plain = pulumi.ResourceOptions(parent=self, protect=False)
        names = args.names
        key = tls.PrivateKey(f"{name}-ssh-key", algorithm="ED25519", opts=child)
        self.private_key, self.public_key = key.private_key_openssh, key.public_key_openssh.apply(str.strip)
        allowed = self._role(name, args, plain)
        network = tencentcloud.vpc.Instance(f"{name}-network", name=names.host, cidr_block=_NETWORK, opts=plain)
        subnet = tencentcloud.subnet.Instance(
            f"{name}-subnet",
            name=names.host,
            vpc_id=network.id,
            cidr_block=_NETWORK,
            availability_zone=args.availability_zone,
            is_multicast=False,
            opts=plain,
        )
        firewall = tencentcloud.security.Group(
            f"{name}-firewall", name=names.host, description="AgentKeys broker host", opts=plain
        )
        rules = self._rules(name, args, firewall, plain)
        instance = tencentcloud.instance.Instance(
            f"{name}-instance",
            instance_name=names.host,
            image_id=args.image_id,
            instance_type=args.instance_type,
            availability_zone=args.availability_zone,
            vpc_id=network.id,
            subnet_id=subnet.id,
            orderly_security_groups=[firewall.id],
            instance_charge_type="POSTPAID_BY_HOUR",
            system_disk_type="CLOUD_BSSD",
            system_disk_size=args.root_volume_gib,
            cam_role_name=names.host,
            disable_api_termination=args.protect,
            # Agents of the cloud, which run commands as root.
            disable_automation_service=True,
            user_data_raw=self.public_key.apply(login.user_data),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[rules, allowed],
                # A newer image must not replace a running host, nor must another key, which the step authorized-keys
                # adds.
                ignore_changes=["imageId", "userDataRaw"],
            ),
        )
        self.instance_id = instance.id
        address = tencentcloud.eip.Instance(
            f"{name}-address",
            name=names.host,
            internet_charge_type="TRAFFIC_POSTPAID_BY_HOUR",
            internet_max_bandwidth_out=_BANDWIDTH,
            opts=child,
        )
        self.address = address.public_ip
        self.association = tencentcloud.eip.Association(
            f"{name}-association", eip_id=address.id, instance_id=instance.id, opts=plain
        )
        self.register_outputs({"address": self.address, "instanceId": self.instance_id})

    def _role(self, name: str, args: HostArgs, opts: pulumi.ResourceOptions) -> tencentcloud.cam.RolePolicyAttachment:
        names = args.names
        role = tencentcloud.cam.Role(
            f"{name}-role",
            name=names.host,
            description="AgentKeys broker host: assumes the roles of sessions, holds no data access of its own.",
            document=text(policies.trust_of_cvm()),
            console_login=False,
            opts=opts,
        )
        policy = tencentcloud.cam.Policy(
            f"{name}-policy",
            name=names.host,
            document=text(policies.host_role(names, args.uin)),
            opts=opts,
        )
        return tencentcloud.cam.RolePolicyAttachment(
            f"{name}-attachment", role_id=role.id, policy_id=policy.id, opts=opts
        )

    def _rules(
        self, name: str, args: HostArgs, firewall: tencentcloud.security.Group, opts: pulumi.ResourceOptions
    ) -> tencentcloud.security.GroupRuleSet:
        # One set is exclusive: a rule that was added by hand goes with the next `up`.
        return tencentcloud.security.GroupRuleSet(
            f"{name}-rules",
            security_group_id=firewall.id,
            ingresses=[
                tencentcloud.security.GroupRuleSetIngressArgs(
                    action="ACCEPT", protocol="TCP", port=str(port), cidr_block=cidr
                )
                for port, networks in opened(args.ssh_cidrs, receives_mail=args.receives_mail).items()
                for cidr in networks
            ],
            egresses=[
                tencentcloud.security.GroupRuleSetEgressArgs(
                    action="ACCEPT", protocol="ALL", port="ALL", cidr_block=ANYWHERE
                )
            ],
            opts=opts,
        )
