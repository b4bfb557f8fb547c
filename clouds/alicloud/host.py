"""The broker host in ECS: its network, firewall, address and instance.

Leaves out what runs on it (``hostsetup/``). The instance has no role: the broker needs no credentials of its own to
exchange its tokens.
"""

import pulumi
import pulumi_alicloud as alicloud
import pulumi_tls as tls

from clouds import login
from clouds.launched import ANYWHERE, HostArgs, opened

_NETWORK = "10.0.0.0/24"
#: Mbit/s of the address, which is paid by traffic.
_BANDWIDTH = "100"


class Host(pulumi.ComponentResource):
    """One instance behind one elastic IP (runbook quick start 1)."""

    #: Public IPv4 address.
    address: pulumi.Output[str]
    #: ECS instance id.
    instance_id: pulumi.Output[str]
    #: Private key of the login user in OpenSSH form. Secret.
    private_key: pulumi.Output[str]
    #: Its public key, an authorized_keys line.
    public_key: pulumi.Output[str]
    #: Attaches the address to the instance.
    association: alicloud.ecs.EipAssociation

    def __init__(self, name: str, args: HostArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("agentkeys:alicloud:Host", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        plain = pulumi.ResourceOptions(parent=self, protect=False)
        names = args.names
        key = tls.PrivateKey(f"{name}-ssh-key", algorithm="ED25519", opts=child)
        self.private_key, self.public_key = key.private_key_openssh, key.public_key_openssh.apply(str.strip)
        network = alicloud.vpc.Network(f"{name}-network", vpc_name=names.host, cidr_block=_NETWORK, opts=plain)
        switch = alicloud.vpc.Switch(
            f"{name}-switch",
            vswitch_name=names.host,
            vpc_id=network.id,
            cidr_block=_NETWORK,
            zone_id=args.availability_zone,
            opts=plain,
        )
        firewall = self._firewall(name, args, network, plain)
        instance = alicloud.ecs.Instance(
            f"{name}-instance",
            instance_name=names.host,
            image_id=args.image_id,
            instance_type=args.instance_type,
            availability_zone=args.availability_zone,
            vswitch_id=switch.id,
            security_groups=[firewall.id],
            instance_charge_type="PostPaid",
            system_disk_category="cloud_essd",
            system_disk_size=args.root_volume_gib,
            system_disk_encrypted=True,
            # The metadata service answers only with a token.
            http_endpoint="enabled",
            http_tokens="required",
            deletion_protection=args.protect,
            user_data=self.public_key.apply(login.user_data),
            # A newer image must not replace a running host, nor must another key, which the step authorized-keys adds.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["imageId", "userData"]),
        )
        self.instance_id = instance.id
        address = alicloud.ecs.EipAddress(
            f"{name}-address",
            address_name=names.host,
            payment_type="PayAsYouGo",
            internet_charge_type="PayByTraffic",
            bandwidth=_BANDWIDTH,
            opts=child,
        )
        self.address = address.ip_address
        self.association = alicloud.ecs.EipAssociation(
            f"{name}-association",
            allocation_id=address.id,
            instance_id=instance.id,
            instance_type="EcsInstance",
            opts=plain,
        )
        self.register_outputs({"address": self.address, "instanceId": self.instance_id})

    def _firewall(
        self, name: str, args: HostArgs, network: alicloud.vpc.Network, opts: pulumi.ResourceOptions
    ) -> alicloud.ecs.SecurityGroup:
        firewall = alicloud.ecs.SecurityGroup(
            f"{name}-firewall",
            security_group_name=args.names.host,
            vpc_id=network.id,
            inner_access_policy="Drop",
            opts=opts,
        )
        for port, networks in opened(args.ssh_cidrs, receives_mail=args.receives_mail).items():
            for cidr in networks:
                alicloud.ecs.SecurityGroupRule(
                    f"{name}-open-{port}" + ("" if cidr == ANYWHERE else f"-{cidr}"),
                    security_group_id=firewall.id,
                    type="ingress",
                    ip_protocol="tcp",
                    nic_type="intranet",
                    policy="accept",
                    port_range=f"{port}/{port}",
                    cidr_ip=cidr,
                    opts=opts,
                )
        return firewall
