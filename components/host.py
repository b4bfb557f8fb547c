"""The broker host's machine: its address, firewall, SSH key, role, instance profile and instance.

Leaves out what runs on it (``hostsetup/``). The machine holds no secret in user data: whoever reaches the metadata
service could read it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
import pulumi_tls as tls

from components import exclusive
from components.naming import Names
from components.policies import grants, trust
from components.policies.document import text

#: Owner and name pattern of Canonical's Ubuntu 22.04 images, and the login user they come with:
#: https://documentation.ubuntu.com/aws/aws-how-to/instances/find-ubuntu-images/
UBUNTU_OWNER = "099720109477"
UBUNTU_IMAGES = "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-*"
LOGIN_USER = "ubuntu"

#: Port 22 takes its networks from a setting. 80 answers the ACME challenge (RFC 8555 section 8.3), 443 serves agents
#: and STS, which fetches the keys from addresses that nobody can pin.
SSH_PORT = 22
PUBLIC_PORTS = {80: "ACME challenges and redirects", 443: "broker, signer and workers"}
ANYWHERE = "0.0.0.0/0"

#: Names of the host role's policies in the state.
GRANTS = {"BrokerAssumeData": "assume-data", "BrokerSendEmail": "send-email"}


def opened(ssh_cidrs: Sequence[str]) -> list[tuple[int, Sequence[str], str]]:
    """The firewall's open TCP ports: port, networks that reach it, what for. Everything may leave."""
    return [(SSH_PORT, ssh_cidrs, "SSH"), *((port, [ANYWHERE], why) for port, why in PUBLIC_PORTS.items())]


@dataclass(frozen=True, kw_only=True)
class BrokerHostArgs:
    """``allocation_id`` names an existing elastic IP; without one an address is allocated. An empty ``ami`` takes the
    newest Ubuntu image. ``protect`` also guards the machine in EC2 itself and keeps its disk.
    """

    names: Names
    instance_type: str
    ami: str
    root_volume_gib: int
    elastic_ip: str
    allocation_id: str | None
    ssh_cidrs: Sequence[str]
    protect: bool


class BrokerHost(pulumi.ComponentResource):
    """One instance behind one elastic IP (runbook quick start 1, sections 6 and 10)."""

    address: pulumi.Output[str]
    instance_id: pulumi.Output[str]
    private_key: pulumi.Output[str]
    association: aws.ec2.EipAssociation

    def __init__(self, name: str, args: BrokerHostArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("agentkeys:host:BrokerHost", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        names = args.names
        key = tls.PrivateKey(f"{name}-ssh-key", algorithm="ED25519", opts=child)
        key_pair = aws.ec2.KeyPair(
            f"{name}-key-pair",
            key_name=names.host,
            # EC2 gives the key back without its line end, which would show as a replacement.
            public_key=key.public_key_openssh.apply(str.strip),
            opts=child,
        )
        profile, policies = self._instance_profile(name, names)
        firewall = self._firewall(name, names, args.ssh_cidrs)

        image = (
            args.ami
            or aws.ec2.get_ami_output(
                most_recent=True,
                owners=[UBUNTU_OWNER],
                filters=[{"name": "name", "values": [UBUNTU_IMAGES]}],
                opts=pulumi.InvokeOutputOptions(parent=self),
            ).id
        )
        instance = aws.ec2.Instance(
            f"{name}-instance",
            ami=image,
            instance_type=args.instance_type,
            key_name=key_pair.key_name,
            vpc_security_group_ids=[firewall.id],
            iam_instance_profile=profile.name,
            metadata_options={"http_endpoint": "enabled", "http_tokens": "required", "http_put_response_hop_limit": 1},
            root_block_device={
                "encrypted": True,
                "volume_type": "gp3",
                "volume_size": args.root_volume_gib,
                # The secrets that stored data is encrypted with are on this disk and nowhere else.
                "delete_on_termination": not args.protect,
            },
            disable_api_termination=args.protect,
            tags={"Name": names.host},
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=policies,
                # A newer image must not replace a running host; a new ami setting comes with a chosen replacement.
                ignore_changes=[] if args.ami else ["ami"],
            ),
        )
        allocation_id: pulumi.Input[str]
        if args.allocation_id is not None:
            allocation_id, self.address = args.allocation_id, pulumi.Output.from_input(args.elastic_ip)
        else:
            allocated = aws.ec2.Eip(f"{name}-address", domain="vpc", tags={"Name": names.elastic_ip}, opts=child)
            allocation_id, self.address = allocated.id, allocated.public_ip
        self.association = aws.ec2.EipAssociation(
            f"{name}-association",
            allocation_id=allocation_id,
            instance_id=instance.id,
            opts=pulumi.ResourceOptions(parent=self, protect=False),
        )
        self.instance_id = instance.id
        self.private_key = key.private_key_openssh
        self.register_outputs({"address": self.address, "instanceId": self.instance_id})

    def _instance_profile(self, name: str, names: Names) -> tuple[aws.iam.InstanceProfile, list[aws.iam.RolePolicy]]:
        child = pulumi.ResourceOptions(parent=self, protect=False)
        role = aws.iam.Role(
            f"{name}-role",
            name=names.host,
            description="AgentKeys broker host: sends mail, holds no data access of its own.",
            assume_role_policy=text(trust.ec2()),
            opts=child,
        )
        policies = [
            aws.iam.RolePolicy(
                f"{name}-{GRANTS[policy_name]}", name=policy_name, role=role.name, policy=text(policy), opts=child
            )
            for policy_name, policy in grants.host_role(names).items()
        ]
        exclusive.role(f"{name}-role", role, [grant.name for grant in policies], child)
        return aws.iam.InstanceProfile(f"{name}-profile", name=names.host, role=role.name, opts=child), policies

    def _firewall(self, name: str, names: Names, ssh_cidrs: Sequence[str]) -> aws.ec2.SecurityGroup:
        child = pulumi.ResourceOptions(parent=self, protect=False)
        # Rules of their own would leave a rule that somebody added by hand where it is; a list is the whole of it.
        return aws.ec2.SecurityGroup(
            f"{name}-firewall",
            name=names.host,
            description="AgentKeys broker host",
            ingress=[
                {
                    "protocol": "tcp",
                    "from_port": port,
                    "to_port": port,
                    "cidr_blocks": list(cidrs),
                    "description": why,
                }
                for port, cidrs, why in opened(ssh_cidrs)
            ],
            egress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": [ANYWHERE]}],
            opts=child,
        )
