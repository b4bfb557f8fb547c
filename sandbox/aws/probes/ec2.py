"""Probes of EC2. The safe ones use addresses, interfaces and volumes without an instance."""

from typing import Any

from sandbox.aws.probes.ground import Ground, observe
from sandbox.aws.probes.rows import Answers, probe

#: Account that publishes Amazon Linux: https://docs.aws.amazon.com/linux/al2023/ug/ec2.html
_AMAZON = "137112412989"

_INSTANCE = "launches an instance, which costs money until it ends"
_ADDRESS = ("an elastic IP", "a network interface in a default subnet")


@probe(
    "ElasticAddressBackend.release_address",
    calls="ec2 AllocateAddress, AssociateAddress, ReleaseAddress",
    makes=_ADDRESS,
    cents=0.1,
)
def address_in_use_is_not_released(ground: Ground) -> Answers:
    """An elastic IP that is associated is not released."""
    address = ground.address()
    ground.associate(address, ground.interface())
    return {"release": observe(ground.client("ec2").release_address, AllocationId=address)}


@probe(
    "ElasticAddressBackend.associate_address",
    calls="ec2 AllocateAddress, AssociateAddress, DescribeAddresses",
    makes=("two elastic IPs", "a network interface in a default subnet"),
    cents=0.2,
)
def second_address_replaces_the_first(ground: Ground) -> Answers:
    """The same association can be repeated, and a second address takes the place of the first."""
    ec2, interface = ground.client("ec2"), ground.interface()
    first, second = ground.address(), ground.address()
    made = ground.associate(first, interface)
    again = observe(ec2.associate_address, "AssociationId", AllocationId=first, NetworkInterfaceId=interface)
    if "answer" in again:
        again = {"same association": again["answer"]["AssociationId"] == made}
    other = observe(ec2.associate_address, AllocationId=second, NetworkInterfaceId=interface)
    found = ec2.describe_addresses(AllocationIds=[first, second])["Addresses"]
    held = {one["AllocationId"]: bool(one.get("AssociationId")) for one in found}
    for one in found:
        if one.get("AssociationId"):
            ground.undo("ec2", "disassociate_address", AssociationId=one["AssociationId"])
    return {"again": again, "second": other, "first is associated": held[first], "second is associated": held[second]}


@probe(
    "ElasticIPAddresses.associate_address",
    calls="ec2 AllocateAddress, AssociateAddress",
    makes=("an elastic IP", "two network interfaces in a default subnet"),
    cents=0.1,
)
def address_moves_to_another_interface(ground: Ground) -> Answers:
    """An associated elastic IP moves to another interface, unless the call forbids it."""
    ec2, address = ground.client("ec2"), ground.address()
    first, second = ground.interface(), ground.interface()
    ground.associate(address, first)
    forbidden = observe(
        ec2.associate_address, AllocationId=address, NetworkInterfaceId=second, AllowReassociation=False
    )
    moved = observe(ec2.associate_address, AllocationId=address, NetworkInterfaceId=second)
    (found,) = ec2.describe_addresses(AllocationIds=[address])["Addresses"]
    if found.get("AssociationId"):
        ground.undo("ec2", "disassociate_address", AssociationId=found["AssociationId"])
    return {
        "forbidden": forbidden.get("error"),
        "moved": "answer" in moved,
        "is there": found.get("NetworkInterfaceId") == second,
    }


@probe("AmisResponse.register_image", calls="ec2 RegisterImage, DescribeImages", unsafe="a snapshot takes minutes")
def image_has_the_snapshot_that_it_was_registered_with(ground: Ground) -> Answers:
    """An image that is registered from a snapshot has it as its root device."""
    ec2 = ground.client("ec2")
    zone = ec2.describe_availability_zones()["AvailabilityZones"][0]["ZoneName"]
    volume = ec2.create_volume(AvailabilityZone=zone, Size=1, TagSpecifications=ground.tagged("volume"))["VolumeId"]
    ground.undo("ec2", "delete_volume", VolumeId=volume)
    snapshot = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    ground.undo("ec2", "delete_snapshot", SnapshotId=snapshot)
    image = ec2.register_image(
        Name=ground.name(),
        Architecture="x86_64",
        RootDeviceName="/dev/sda1",
        VirtualizationType="hvm",
        BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": snapshot}}],
    )["ImageId"]
    ground.undo("ec2", "deregister_image", ImageId=image)
    (found,) = ec2.describe_images(ImageIds=[image])["Images"]
    root = found["BlockDeviceMappings"][0]["Ebs"]
    return {"architecture": found.get("Architecture"), "same snapshot": root.get("SnapshotId") == snapshot}


@probe("EC2Backend.create_volume", calls="ec2 CreateVolume", makes=("a volume of 1 GiB",), cents=0.1)
def gp3_volume_has_a_throughput(ground: Ground) -> Answers:
    """A gp3 volume without a throughput has 125 MiB/s."""
    ec2 = ground.client("ec2")
    zone = ec2.describe_availability_zones()["AvailabilityZones"][0]["ZoneName"]
    made = ec2.create_volume(AvailabilityZone=zone, Size=1, VolumeType="gp3", TagSpecifications=ground.tagged("volume"))
    ground.undo("ec2", "delete_volume", VolumeId=made["VolumeId"])
    return {"throughput": made.get("Throughput"), "type": made.get("VolumeType")}


def _read(ground: Ground, instance: str) -> dict[str, Any]:
    found = ground.client("ec2").describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    return dict(found)


@probe("Instance.terminate", calls="ec2 TerminateInstances, DescribeAddresses", unsafe=_INSTANCE)
def terminated_instance_loses_its_address(ground: Ground) -> Answers:
    """The elastic IP of a terminated instance is free."""
    ec2, instance, address = ground.client("ec2"), ground.instance(), ground.address()
    ec2.associate_address(AllocationId=address, InstanceId=instance)
    ec2.terminate_instances(InstanceIds=[instance])
    (found,) = ec2.describe_addresses(AllocationIds=[address])["Addresses"]
    return {"is associated": bool(found.get("AssociationId"))}


@probe(
    "seed.route_default_vpc",
    calls="ec2 DescribeVpcs, DescribeRouteTables",
    page="https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc-components.html",
)
def default_subnets_reach_the_internet(ground: Ground) -> Answers:
    """The default VPC's main route table, which serves its subnets, has a route to an internet gateway."""
    ec2 = ground.client("ec2")
    (vpc,) = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    filters = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}, {"Name": "association.main", "Values": ["true"]}]
    (table,) = ec2.describe_route_tables(Filters=filters)["RouteTables"]
    ways = {route.get("DestinationCidrBlock"): route.get("GatewayId", "") for route in table["Routes"]}
    return {"by an internet gateway": ways.get("0.0.0.0/0", "").startswith("igw-")}


@probe("InstanceResponse.run_instances", calls="ec2 RunInstances", unsafe=_INSTANCE)
def launch_keeps_protection_and_token(ground: Ground) -> Answers:
    """A launch keeps its termination protection, and a client token launches once."""
    ec2, token = ground.client("ec2"), ground.name()
    protected = ground.instance(DisableApiTermination=True)
    ground.undo("ec2", "modify_instance_attribute", InstanceId=protected, DisableApiTermination={"Value": False})
    read = ec2.describe_instance_attribute(InstanceId=protected, Attribute="disableApiTermination")
    first, second = ground.instance(ClientToken=token), ground.instance(ClientToken=token)
    return {"protected": read["DisableApiTermination"]["Value"], "launched once": first == second}


@probe("InstanceResponse.run_instances", calls="ec2 DescribeImages, RunInstances (dry run)")
def image_is_launched_as_its_own_architecture(ground: Ground) -> Answers:
    """An image for arm64 is not launched as a type with x86_64."""
    ec2 = ground.client("ec2")
    name = {"Name": "name", "Values": ["al2023-ami-2023.*-kernel-6.1-arm64"]}
    image = ec2.describe_images(Owners=[_AMAZON], Filters=[name])["Images"][0]["ImageId"]
    wanted = {"ImageId": image, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    return {"launch": observe(ec2.run_instances, **wanted, DryRun=True).get("error")}


@probe("InstanceResponse._validate_block_device_mapping", calls="ec2 RunInstances", unsafe=_INSTANCE)
def root_volume_needs_no_size(ground: Ground) -> Answers:
    """A root volume without a size has that of the image."""
    mapping = {"DeviceName": "/dev/sda1", "Ebs": {"VolumeType": "gp3"}}
    return {"launch": observe(lambda: {"Id": ground.instance(BlockDeviceMappings=[mapping])})}


@probe("InstanceBackend.modify_instance_metadata_options", calls="ec2 ModifyInstanceMetadataOptions", unsafe=_INSTANCE)
def metadata_options_are_kept(ground: Ground) -> Answers:
    """A change of one metadata option keeps the others."""
    instance = ground.instance(MetadataOptions={"HttpTokens": "optional", "HttpPutResponseHopLimit": 3})
    ground.client("ec2").modify_instance_metadata_options(InstanceId=instance, HttpTokens="required")
    options = _read(ground, instance)["MetadataOptions"]
    return {key: options.get(key) for key in ("HttpTokens", "HttpPutResponseHopLimit")}


def _shown(ground: Ground, instance: str, group: str) -> Answers:
    read = _read(ground, instance)
    places = {"instance": read["SecurityGroups"], "interface": read["NetworkInterfaces"][0]["Groups"]}
    return {place: [one["GroupId"] for one in groups] == [group] for place, groups in places.items()}


@probe("InstanceBackend.modify_instance_security_groups", calls="ec2 ModifyInstanceAttribute", unsafe=_INSTANCE)
def groups_of_an_instance_are_replaced(ground: Ground) -> Answers:
    """New security groups of an instance replace the old ones."""
    second = ground.group()
    instance = ground.instance(SecurityGroupIds=[ground.group()])
    ground.client("ec2").modify_instance_attribute(InstanceId=instance, Groups=[second])
    return _shown(ground, instance, second)


@probe(
    "NetworkInterfaceBackend.modify_network_interface_attribute",
    calls="ec2 ModifyNetworkInterfaceAttribute",
    unsafe=_INSTANCE,
)
def groups_of_an_interface_are_the_instances(ground: Ground) -> Answers:
    """The security groups of an instance's interface are the instance's."""
    second = ground.group()
    instance = ground.instance(SecurityGroupIds=[ground.group()])
    interface = _read(ground, instance)["NetworkInterfaces"][0]["NetworkInterfaceId"]
    ground.client("ec2").modify_network_interface_attribute(NetworkInterfaceId=interface, Groups=[second])
    return _shown(ground, instance, second)
