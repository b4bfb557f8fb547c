"""The broker host in EC2: its address, firewall, SSH key, role, instance profile and instance.

An existing instance keeps its key, firewall and disk. It gets an address, a tag and, if asked for, the instance
profile. Leaves out what runs on the host (``hostsetup/``) and the checks of an existing instance
(``components/checks/existing.py``). User data holds no secret, because any process that reaches the metadata service
can read it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_command as command
import pulumi_tls as tls

from components import cli, exclusive, images
from components.naming import OWNER_TAG, SERVES_TAG, Names
from components.policies import grants, trust
from components.policies.document import text
from hostsetup.services import PUBLIC_PORTS, SSH_PORT

ANYWHERE = "0.0.0.0/0"

#: Device name of the root volume of a restored image. The system finds its file systems by their ids:
#: https://docs.aws.amazon.com/ebs/latest/userguide/nvme-ebs-volumes.html
ROOT_DEVICE = "/dev/sda1"

#: Options of the instance metadata service, by EC2's names: only with a token (IMDSv2), and only from the host itself.
METADATA: dict[str, Any] = {"HttpEndpoint": "enabled", "HttpTokens": "required", "HttpPutResponseHopLimit": 1}

#: Resource name of each policy of the host role, by policy name.
GRANTS = {"BrokerAssumeData": "assume-data", "BrokerSendEmail": "send-email", "BrokerPutMetrics": "put-metrics"}


def opened(ssh_cidrs: Sequence[str]) -> list[tuple[int, Sequence[str], str]]:
    """The firewall's open TCP ports: port, networks that may reach it, purpose. All outgoing traffic is allowed."""
    return [(SSH_PORT, ssh_cidrs, "SSH"), *((port, [ANYWHERE], why) for port, why in PUBLIC_PORTS.items())]


@dataclass(frozen=True, kw_only=True)
class ExistingHost:
    """An instance that Pulumi did not launch."""

    #: EC2 instance id.
    instance_id: str
    #: Private SSH key of the login user in PEM form, without a passphrase. Secret.
    private_key: str = field(repr=False)
    #: Give the instance the stack's instance profile. Default of the setting: false.
    attach_profile: bool


@dataclass(frozen=True, kw_only=True)
class BrokerHostArgs:
    """Arguments of ``BrokerHost``. The defaults are those of the settings of the same name (``Pulumi.yaml``)."""

    #: Physical names of the stack.
    names: Names
    #: The instance to use. None: an instance is launched.
    existing: ExistingHost | None
    #: EC2 instance type to launch. Default: ``t3.small``.
    instance_type: str
    #: Name of the image to launch, of ``images.IMAGES``; its newest at the first `up`. Default: ``ubuntu-22.04``.
    image: str
    #: AMI id to launch instead. Default: empty.
    ami: str
    #: VPC of the security group. Empty: the default VPC.
    vpc_id: str
    #: Public subnet of ``vpc_id`` to launch in. Empty, the default: EC2 chooses one of the default VPC.
    subnet_id: str
    #: Size of the root volume in GiB. Default: 30.
    root_volume_gib: int
    #: Snapshot of the root volume to launch from, in place of the image. Empty, the default: the image.
    restore_from: str
    #: Public IPv4 address of an existing elastic IP. Empty, the default: an address is allocated.
    elastic_ip: str
    #: Allocation id of ``elastic_ip``; None if that is empty.
    allocation_id: str | None
    #: IPv4 networks that may reach port 22. Default: everyone.
    ssh_cidrs: Sequence[str]
    #: One SSH key of the login user for every number; the instance is launched with the first. Default: ``[1]``.
    ssh_key_epochs: Sequence[int]
    #: Allow Systems Manager to run commands on the host. Default: false.
    ssm_managed: bool
    #: Let the host write the metrics of the stack's alarms. Default: false.
    puts_metrics: bool
    #: Also enable EC2's termination protection and keep the root volume when the instance is terminated. Default: true.
    protect: bool


class BrokerHost(pulumi.ComponentResource):
    """One instance behind one elastic IP (runbook quick start 1, sections 6 and 10)."""

    #: Public IPv4 address of the elastic IP.
    address: pulumi.Output[str]
    #: EC2 instance id.
    instance_id: pulumi.Output[str]
    #: Private key of the login user, in OpenSSH or PEM form. Secret.
    private_key: pulumi.Output[str]
    #: All keys that the login user should have, as authorized_keys lines; empty for an existing instance.
    public_keys: list[pulumi.Output[str]]
    #: Attaches the address to the instance.
    association: aws.ec2.EipAssociation

    def __init__(self, name: str, args: BrokerHostArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("agentkeys:host:BrokerHost", name, None, opts)
        profile, policies = self._instance_profile(name, args)
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
        # EC2 returns the key without its newline, which would show as a replacement.
        self.public_keys = [key.public_key_openssh.apply(str.strip) for key in keys]
        key_pair = aws.ec2.KeyPair(
            f"{name}-key-pair",
            key_name=names.host,
            public_key=self.public_keys[0],
            tags={OWNER_TAG: names.host},
            # EC2 reads the key pair only at launch; a new key replaces the pair under the same name.
            opts=pulumi.ResourceOptions(parent=self, protect=False, delete_before_replace=True),
        )
        firewall = self._firewall(name, names, args.ssh_cidrs, args.vpc_id)
        image = (
            args.ami
            or self._restored(name, args)
            or aws.ec2.get_ami_output(
                most_recent=True,
                owners=[images.image(args.image).owner],
                filters=[{"name": "name", "values": [images.name_filter(args.image, args.instance_type)]}],
                opts=pulumi.InvokeOutputOptions(parent=self),
            ).id
        )
        instance = aws.ec2.Instance(
            _instance_name(name, args),
            ami=image,
            instance_type=args.instance_type,
            # With the key pair's output here, replacing the pair would replace the instance.
            key_name=names.host,
            vpc_security_group_ids=[firewall.id],
            subnet_id=args.subnet_id or None,
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
                # This disk holds the only copy of the secrets that encrypt the stored data.
                "delete_on_termination": not args.protect,
            },
            disable_api_termination=args.protect,
            tags={"Name": names.host, OWNER_TAG: names.host},
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[key_pair, *policies],
                # A newer image of the same name must not replace a running host, nor must the end of a restore.
                ignore_changes=[] if args.ami or args.restore_from else ["ami"],
            ),
        )
        self.instance_id = instance.id
        self.private_key = keys[0].private_key_openssh

    def _restored(self, name: str, args: BrokerHostArgs) -> pulumi.Output[str] | None:
        """Id of an image with the snapshot as its root device, since EC2 launches images only; None without one."""
        if not args.restore_from:
            return None
        return aws.ec2.Ami(
            # Another snapshot is another resource: the block devices of one never change.
            f"{name}-image-{args.restore_from}",
            name=args.names.restored_image(args.restore_from),
            description=f"Disk of {args.names.host}, restored from {args.restore_from}",
            architecture=images.architecture(args.instance_type),
            virtualization_type="hvm",
            ena_support=True,
            root_device_name=ROOT_DEVICE,
            ebs_block_devices=[{"device_name": ROOT_DEVICE, "snapshot_id": args.restore_from}],
            tags={OWNER_TAG: args.names.host},
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=False,
                # EC2 adds what it derives from the snapshot, such as its encryption, and that would replace the image.
                ignore_changes=["ebsBlockDevices"],
                # Two images of an account cannot have one name.
                delete_before_replace=True,
            ),
        ).id

    def _ssh_key(self, name: str, epoch: int, *, rotated: bool) -> tls.PrivateKey:
        """The key of an epoch. During rotation both keys work, so neither is protected."""
        return tls.PrivateKey(
            # The first key's name had no number before there could be others, and it is in the state.
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
            # pulumi-aws can set a profile only on an instance that it manages.
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
                # The stack owns neither the instance nor the address, so a destroy leaves them associated.
                retain_on_delete=args.existing is not None and args.allocation_id is not None,
            ),
        )

    def _instance_profile(
        self, name: str, args: BrokerHostArgs
    ) -> tuple[aws.iam.InstanceProfile, list[aws.iam.RolePolicy]]:
        names, child = args.names, pulumi.ResourceOptions(parent=self, protect=False)
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
            for policy_name, policy in grants.host_role(names, puts_metrics=args.puts_metrics).items()
        ]
        managed = [
            aws.iam.RolePolicyAttachment(f"{name}-ssm", role=role.name, policy_arn=arn, opts=child).policy_arn
            for arn in grants.host_role_managed(args.ssm_managed)
        ]
        exclusive.role(f"{name}-role", role, [grant.name for grant in policies], child, managed=managed)
        return aws.iam.InstanceProfile(f"{name}-profile", name=names.host, role=role.name, opts=child), policies

    def _firewall(self, name: str, names: Names, ssh_cidrs: Sequence[str], vpc_id: str) -> aws.ec2.SecurityGroup:
        child = pulumi.ResourceOptions(parent=self, protect=False)
        # Inline rules are exclusive. Separate rule resources would not remove a rule that was added by hand.
        return aws.ec2.SecurityGroup(
            f"{name}-firewall",
            name=names.host,
            description="AgentKeys broker host",
            vpc_id=vpc_id or None,
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
            tags={OWNER_TAG: names.host},
            opts=child,
        )


def _instance_name(name: str, args: BrokerHostArgs) -> str:
    """The resource's name. Another image or architecture is another instance, so that a change replaces the host.

    EC2 does not change the architecture of an instance:
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resize-limitations.html
    """
    parts = [f"{name}-instance"]
    if not args.ami:
        parts += [args.image] * (args.image != images.FIRST)
        parts += ["arm64"] * (images.architecture(args.instance_type) == "arm64")
    return "-".join(parts)


def _associate(names: Names, instance_id: str) -> str:
    """Shell command that gives the instance the stack's profile if it has none. It never replaces another profile."""
    return f"""\
{cli.PLAIN}region={names.region} instance={instance_id} profile={names.host}
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
    """Shell command that removes the stack's profile from the instance before it is deleted. Another profile stays."""
    return f"""\
{cli.PLAIN}region={names.region} instance={instance_id} profile={names.host}
{_ASSOCIATIONS}
case $seen in
  *"/$profile") aws ec2 disassociate-iam-instance-profile --region "$region" --association-id "$association" \
    --output text ;;
esac
"""


#: Sets ``seen`` to the association's id, a tab and the profile's ARN; empty if the instance has no profile.
_ASSOCIATIONS = """\
seen=$(aws ec2 describe-iam-instance-profile-associations --region "$region" --output text \
  --filters "Name=instance-id,Values=$instance" Name=state,Values=associating,associated \
  --query 'IamInstanceProfileAssociations[].[AssociationId, IamInstanceProfile.Arn]') || exit 1
association=${seen%%[!a-z0-9-]*}"""
