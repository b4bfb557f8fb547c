"""The broker host's machine: its address, firewall, SSH key, role, instance profile and instance.

A machine that is there already keeps its key, its firewall and its disk; it gets an address, a mark and, when asked,
the instance profile. Leaves out what runs on it (``hostsetup/``) and what must be true of an existing one
(``components/checks/existing.py``). The machine holds no secret in user data: whoever reaches the metadata service
could read it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_command as command
import pulumi_tls as tls

from components import exclusive
from components.naming import OWNER_TAG, SERVES_TAG, Names
from components.policies import grants, trust
from components.policies.document import text
from hostsetup.services import PUBLIC_PORTS, SSH_PORT

#: Owner and name pattern of Canonical's Ubuntu 22.04 images:
#: https://documentation.ubuntu.com/aws/aws-how-to/instances/find-ubuntu-images/
UBUNTU_OWNER = "099720109477"
UBUNTU_IMAGES = "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-*"

ANYWHERE = "0.0.0.0/0"

#: How the metadata service answers, in EC2's words: to a token alone (IMDSv2), and to this machine's own processes.
METADATA: dict[str, Any] = {"HttpEndpoint": "enabled", "HttpTokens": "required", "HttpPutResponseHopLimit": 1}

#: Names of the host role's policies in the state.
GRANTS = {"BrokerAssumeData": "assume-data", "BrokerSendEmail": "send-email"}


def opened(ssh_cidrs: Sequence[str]) -> list[tuple[int, Sequence[str], str]]:
    """The firewall's open TCP ports: port, networks that reach it, what for. Everything may leave."""
    return [(SSH_PORT, ssh_cidrs, "SSH"), *((port, [ANYWHERE], why) for port, why in PUBLIC_PORTS.items())]


@dataclass(frozen=True, kw_only=True)
class ExistingHost:
    """A machine that Pulumi did not launch. ``private_key`` is its login user's, in PEM form; ``attach_profile`` gives
    it the stack's instance profile.
    """

    instance_id: str
    private_key: str = field(repr=False)
    attach_profile: bool


@dataclass(frozen=True, kw_only=True)
class BrokerHostArgs:
    """``allocation_id`` names an existing elastic IP; without one an address is allocated. Without ``existing`` an
    instance is launched: an empty ``ami`` takes the newest Ubuntu image, and ``protect`` also guards the machine in EC2
    itself and keeps its disk. It has an SSH key for every number of ``ssh_key_epochs`` and is launched with the first.
    ``ssm_managed`` lets Systems Manager run commands on it.
    """

    names: Names
    existing: ExistingHost | None
    instance_type: str
    ami: str
    root_volume_gib: int
    elastic_ip: str
    allocation_id: str | None
    ssh_cidrs: Sequence[str]
    ssh_key_epochs: Sequence[int]
    ssm_managed: bool
    protect: bool


class BrokerHost(pulumi.ComponentResource):
    """One instance behind one elastic IP (runbook quick start 1, sections 6 and 10).

    ``private_key`` is the one to log in with; ``public_keys`` are all that the login user is to have, none where the
    machine keeps a key of its own.
    """

    address: pulumi.Output[str]
    instance_id: pulumi.Output[str]
    private_key: pulumi.Output[str]
    public_keys: list[pulumi.Output[str]]
    association: aws.ec2.EipAssociation

    def __init__(self, name: str, args: BrokerHostArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("agentkeys:host:BrokerHost", name, None, opts)
        profile, policies = self._instance_profile(name, args.names, args.ssm_managed)
        if args.existing is None:
            self._launch(name, args, profile, policies)
        else:
            self._take(name, args, args.existing, profile)
        self._give_address(name, args)
        self.register_outputs({"address": self.address, "instanceId": self.instance_id})

    def _launch(
        self, name: str, args: BrokerHostArgs, profile: aws.iam.InstanceProfile, policies: list[aws.iam.RolePolicy]
    ) -> None:
        names = args.names
        keys = [self._ssh_key(name, epoch, rotated=len(args.ssh_key_epochs) > 1) for epoch in args.ssh_key_epochs]
        # EC2 gives the key back without its line end, which would show as a replacement.
        self.public_keys = [key.public_key_openssh.apply(str.strip) for key in keys]
        key_pair = aws.ec2.KeyPair(
            f"{name}-key-pair",
            key_name=names.host,
            public_key=self.public_keys[0],
            # What a machine is launched with is asked once; another key is another pair of the same name.
            opts=pulumi.ResourceOptions(parent=self, protect=False, delete_before_replace=True),
        )
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
            # The pair's own output would take the machine along when the pair is replaced.
            key_name=names.host,
            vpc_security_group_ids=[firewall.id],
            iam_instance_profile=profile.name,
            metadata_options={
                "http_endpoint": METADATA["HttpEndpoint"],
                "http_tokens": METADATA["HttpTokens"],
                "http_put_response_hop_limit": METADATA["HttpPutResponseHopLimit"],
            },
            root_block_device={
                "encrypted": True,
                "volume_type": "gp3",
                "volume_size": args.root_volume_gib,
                # The secrets that stored data is encrypted with are on this disk and nowhere else.
                "delete_on_termination": not args.protect,
            },
            disable_api_termination=args.protect,
            tags={"Name": names.host, OWNER_TAG: names.host},
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[key_pair, *policies],
                # A newer image must not replace a running host; a new ami setting comes with a chosen replacement.
                ignore_changes=[] if args.ami else ["ami"],
            ),
        )
        self.instance_id = instance.id
        self.private_key = keys[0].private_key_openssh

    def _ssh_key(self, name: str, epoch: int, *, rotated: bool) -> tls.PrivateKey:
        """While two are there, either opens the host, so neither is protected: the older one is to go."""
        return tls.PrivateKey(
            # The first key had no number in its name before there were others.
            f"{name}-ssh-key" if epoch == 1 else f"{name}-ssh-key-{epoch}",
            algorithm="ED25519",
            opts=pulumi.ResourceOptions(parent=self, protect=False if rotated else None),
        )

    def _take(self, name: str, args: BrokerHostArgs, existing: ExistingHost, profile: aws.iam.InstanceProfile) -> None:
        aws.ec2.Tag(
            f"{name}-mark",
            resource_id=existing.instance_id,
            key=SERVES_TAG,
            value=args.names.host,
            opts=pulumi.ResourceOptions(parent=self, protect=False),
        )
        if existing.attach_profile:
            # pulumi-aws has a profile only as an argument of an instance of its own.
            command.local.Command(
                f"{name}-profile-association",
                create=_associate(args.names, existing.instance_id),
                delete=_disassociate(args.names, existing.instance_id),
                triggers=[existing.instance_id],
                add_previous_output_in_env=False,
                opts=pulumi.ResourceOptions(
                    parent=self, protect=False, depends_on=[profile], delete_before_replace=True
                ),
            )
        self.instance_id = pulumi.Output.from_input(existing.instance_id)
        self.private_key = pulumi.Output.secret(existing.private_key)
        self.public_keys = []

    def _give_address(self, name: str, args: BrokerHostArgs) -> None:
        names = args.names
        allocation_id: pulumi.Input[str]
        if args.allocation_id is not None:
            allocation_id, self.address = args.allocation_id, pulumi.Output.from_input(args.elastic_ip)
            aws.ec2.Tag(
                f"{name}-address-name",
                resource_id=allocation_id,
                key="Name",
                value=names.elastic_ip,
                opts=pulumi.ResourceOptions(parent=self, protect=False, retain_on_delete=True),
            )
        else:
            allocated = aws.ec2.Eip(
                f"{name}-address",
                domain="vpc",
                tags={"Name": names.elastic_ip, OWNER_TAG: names.host},
                opts=pulumi.ResourceOptions(parent=self),
            )
            allocation_id, self.address = allocated.id, allocated.public_ip
        self.association = aws.ec2.EipAssociation(
            f"{name}-association",
            allocation_id=allocation_id,
            instance_id=self.instance_id,
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=False,
                # Neither is this stack's, and they were together before it or are to stay so after it.
                retain_on_delete=args.existing is not None and args.allocation_id is not None,
            ),
        )

    def _instance_profile(
        self, name: str, names: Names, ssm_managed: bool
    ) -> tuple[aws.iam.InstanceProfile, list[aws.iam.RolePolicy]]:
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
        managed = [
            aws.iam.RolePolicyAttachment(f"{name}-ssm", role=role.name, policy_arn=arn, opts=child).policy_arn
            for arn in grants.host_role_managed(ssm_managed)
        ]
        exclusive.role(f"{name}-role", role, [grant.name for grant in policies], child, managed=managed)
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


def _associate(names: Names, instance_id: str) -> str:
    """Gives the instance the profile of its name, when it has none; another profile is never replaced."""
    return f"""\
region={names.region} instance={instance_id} profile={names.host}
{_ASSOCIATIONS}
case $seen in
  '') ;;
  *"/$profile") exit 0 ;;
  *) echo "instance $instance has the profile ${{seen##*/}}, whose place is not taken. Set hostInstanceProfile to\
 leave, or end its association: aws ec2 disassociate-iam-instance-profile --region $region\
 --association-id $association" >&2
    exit 1 ;;
esac
# EC2 gets to know a new profile some seconds after IAM.
for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
  said=$(aws ec2 associate-iam-instance-profile --region "$region" --instance-id "$instance" \
    --iam-instance-profile "Name=$profile" --output text 2>&1) && exit 0
  case $said in *"Invalid IAM Instance Profile"*) sleep 5 ;; *) break ;; esac
done
echo "$said" >&2
exit 1
"""


def _disassociate(names: Names, instance_id: str) -> str:
    """Takes the profile off again, before it is deleted; another one stays."""
    return f"""\
region={names.region} instance={instance_id} profile={names.host}
{_ASSOCIATIONS}
case $seen in
  *"/$profile") aws ec2 disassociate-iam-instance-profile --region "$region" --association-id "$association" \
    --output text ;;
esac
"""


#: Sets ``seen`` to the association's id, a tab and the profile's ARN; empty when the instance has no profile.
_ASSOCIATIONS = """\
seen=$(aws ec2 describe-iam-instance-profile-associations --region "$region" --output text \
  --filters "Name=instance-id,Values=$instance" Name=state,Values=associating,associated \
  --query 'IamInstanceProfileAssociations[].[AssociationId, IamInstanceProfile.Arn]') || exit 1
association=${seen%%[!a-z0-9-]*}"""
