"""What EC2 shows of an instance is what was asked for; what the hosts get to know of it."""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from components import images
from sandbox.aws import seed
from sandbox.aws.server import Account

Client = Callable[..., Any]
UBUNTU = seed.UBUNTU.id


def public_key() -> str:
    key = ed25519.Ed25519PrivateKey.generate().public_key()
    return key.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()


@pytest.fixture
def group(client: Client, unique: str) -> str:
    return str(client("ec2").create_security_group(GroupName=unique, Description="test")["GroupId"])


def run(ec2: Any, group: str, **changes: Any) -> dict[str, Any]:
    arguments = {
        "ImageId": "ami-0a22042026090100a",
        "MinCount": 1,
        "MaxCount": 1,
        "InstanceType": "t3.small",
        "SecurityGroupIds": [group],
        **changes,
    }
    return dict(ec2.run_instances(**arguments)["Instances"][0])


def describe(ec2: Any, instance_id: str) -> dict[str, Any]:
    return dict(ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0])


def test_an_instance_reads_back_as_it_was_run(client: Client, group: str, unique: str) -> None:
    ec2, iam = client("ec2"), client("iam")
    ec2.import_key_pair(KeyName=unique, PublicKeyMaterial=public_key().encode())
    trust = '{"Version":"2012-10-17","Statement":[]}'
    iam.create_role(RoleName=unique, AssumeRolePolicyDocument=trust)
    profile = iam.create_instance_profile(InstanceProfileName=unique)["InstanceProfile"]["Arn"]
    iam.add_role_to_instance_profile(InstanceProfileName=unique, RoleName=unique)
    metadata = {"HttpTokens": "required", "HttpPutResponseHopLimit": 2, "HttpEndpoint": "enabled"}
    made = run(
        ec2,
        group,
        KeyName=unique,
        UserData="#!/bin/sh\ntrue\n",
        IamInstanceProfile={"Name": unique},
        MetadataOptions=metadata,
        DisableApiTermination=True,
        InstanceInitiatedShutdownBehavior="stop",
        EbsOptimized=True,
        Monitoring={"Enabled": False},
        CreditSpecification={"CpuCredits": "standard"},
        BlockDeviceMappings=[
            {
                "DeviceName": "/dev/sda1",
                "Ebs": {"VolumeSize": 30, "VolumeType": "gp3", "Encrypted": True, "DeleteOnTermination": True},
            }
        ],
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": unique}]}],
    )
    read = describe(ec2, made["InstanceId"])
    assert {key: read["MetadataOptions"][key] for key in metadata} == metadata
    assert read["IamInstanceProfile"]["Arn"] == profile
    assert read["SourceDestCheck"] is True
    assert read["EbsOptimized"] is True
    assert read["KeyName"] == unique
    assert read["RootDeviceName"] == "/dev/sda1"
    assert read["Tags"] == [{"Key": "Name", "Value": unique}]

    def attribute(name: str) -> Any:
        key = name[0].upper() + name[1:]
        return ec2.describe_instance_attribute(InstanceId=made["InstanceId"], Attribute=name)[key]["Value"]

    assert attribute("disableApiTermination") is True
    assert attribute("instanceInitiatedShutdownBehavior") == "stop"
    assert base64.b64decode(attribute("userData")) == b"#!/bin/sh\ntrue\n"
    (mapping,) = read["BlockDeviceMappings"]
    assert mapping["DeviceName"] == "/dev/sda1"
    assert mapping["Ebs"]["DeleteOnTermination"] is True
    (volume,) = ec2.describe_volumes(VolumeIds=[mapping["Ebs"]["VolumeId"]])["Volumes"]
    assert (volume["VolumeType"], volume["Size"], volume["Encrypted"]) == ("gp3", 30, True)
    assert (volume["Iops"], volume.get("Throughput")) == (3000, 125)


def test_the_same_client_token_launches_once(client: Client, group: str, unique: str) -> None:
    """A provider that lost the answer asks again with the token of its first attempt."""
    ec2 = client("ec2")
    wanted = {
        "ImageId": "ami-0a22042026090100a",
        "InstanceType": "t3.micro",
        "MinCount": 1,
        "MaxCount": 1,
        "SecurityGroupIds": [group],
    }
    launched = [ec2.run_instances(**wanted, ClientToken=token) for token in (unique, unique, f"{unique}-other")]
    first, again, other = (done["Instances"][0]["InstanceId"] for done in launched)
    assert (first == again, first == other) == (True, False)


def test_metadata_options_change_only_where_asked(client: Client, group: str) -> None:
    ec2 = client("ec2")
    made = run(ec2, group, MetadataOptions={"HttpTokens": "optional", "HttpPutResponseHopLimit": 3})
    ec2.modify_instance_metadata_options(InstanceId=made["InstanceId"], HttpTokens="required")
    options = describe(ec2, made["InstanceId"])["MetadataOptions"]
    assert (options["HttpTokens"], options["HttpPutResponseHopLimit"]) == ("required", 3)
    assert (options["HttpEndpoint"], options["State"]) == ("enabled", "applied")


def test_a_root_volume_without_a_size_is_as_large_as_its_image(client: Client, group: str) -> None:
    ec2 = client("ec2")
    made = run(ec2, group, BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"VolumeType": "gp3"}}])
    volume_id = describe(ec2, made["InstanceId"])["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    (volume,) = ec2.describe_volumes(VolumeIds=[volume_id])["Volumes"]
    assert (volume["Size"], volume["VolumeType"], volume["Throughput"]) == (8, "gp3", 125)


@pytest.mark.parametrize("by_interface", [False, True])
def test_groups_are_replaced_not_added_to(
    client: Client, account: Account, group: str, unique: str, by_interface: bool
) -> None:
    ec2 = client("ec2")
    other = ec2.create_security_group(GroupName=f"{unique}b", Description="test")["GroupId"]
    for opened, port in ((group, 22), (other, 443)):
        rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        ec2.authorize_security_group_ingress(GroupId=opened, IpPermissions=[rule])
    instance_id = run(ec2, group)["InstanceId"]
    ec2.associate_address(AllocationId=ec2.allocate_address(Domain="vpc")["AllocationId"], InstanceId=instance_id)
    if by_interface:
        interface = describe(ec2, instance_id)["NetworkInterfaces"][0]["NetworkInterfaceId"]
        ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, Groups=[other])
    else:
        ec2.modify_instance_attribute(InstanceId=instance_id, Groups=[other])
    read = describe(ec2, instance_id)
    assert [one["GroupId"] for one in read["SecurityGroups"]] == [other]
    assert [one["GroupId"] for one in read["NetworkInterfaces"][0]["Groups"]] == [other]
    assert [one.port for one in account.exposures() if one.instance_id == instance_id] == [443]


def test_encryption_by_default_encrypts_the_root_volume(client: Client, group: str) -> None:
    ec2 = client("ec2")
    ec2.enable_ebs_encryption_by_default()
    try:
        assert ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"] is True
        made = run(ec2, group)
        volume_id = describe(ec2, made["InstanceId"])["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
        (volume,) = ec2.describe_volumes(VolumeIds=[volume_id])["Volumes"]
        assert volume["Encrypted"] is True
        assert volume["KmsKeyId"].startswith("arn:aws:kms:")
    finally:
        ec2.disable_ebs_encryption_by_default()


def test_running_instances_are_hosts_until_they_stop(client: Client, account: Account, group: str, unique: str) -> None:
    ec2 = client("ec2")
    key = public_key()
    ec2.import_key_pair(KeyName=unique, PublicKeyMaterial=f"{key} operator\n".encode())
    made = run(ec2, group, KeyName=unique, UserData="#cloud-config\n{}\n")

    def spec() -> Any:
        return next((spec for spec in account.host_specs() if spec.instance_id == made["InstanceId"]), None)

    assert spec().public_key == f"{key} operator"
    assert spec().user_data == "#cloud-config\n{}\n"
    assert spec().private_name == made["PrivateDnsName"].split(".")[0]
    ec2.stop_instances(InstanceIds=[made["InstanceId"]])
    assert spec() is None
    ec2.start_instances(InstanceIds=[made["InstanceId"]])
    assert spec()
    ec2.terminate_instances(InstanceIds=[made["InstanceId"]])
    assert spec() is None


def test_open_ports_are_exposed_at_the_elastic_address(client: Client, account: Account, group: str) -> None:
    ec2 = client("ec2")

    def permission(first: int, last: int, *cidrs: str, protocol: str = "tcp") -> dict[str, Any]:
        ranges = [{"CidrIp": cidr} for cidr in cidrs]
        return {"IpProtocol": protocol, "FromPort": first, "ToPort": last, "IpRanges": ranges}

    ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[
            permission(80, 80, "0.0.0.0/0"),
            permission(22, 22, "127.0.0.1/32", "10.0.0.0/8"),
            permission(53, 53, "0.0.0.0/0", protocol="udp"),
        ],
    )
    made = run(ec2, group)
    address = ec2.allocate_address(Domain="vpc")

    def exposed() -> dict[int, tuple[str, ...]]:
        return {one.port: one.cidrs for one in account.exposures() if one.instance_id == made["InstanceId"]}

    assert exposed() == {}
    ec2.associate_address(AllocationId=address["AllocationId"], InstanceId=made["InstanceId"])
    assert exposed() == {22: ("10.0.0.0/8", "127.0.0.1/32"), 80: ("0.0.0.0/0",)}
    assert {e.address for e in account.exposures() if e.instance_id == made["InstanceId"]} == {address["PublicIp"]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission(0, 65535, "127.0.0.0/8")])
    assert exposed()[443] == ("127.0.0.0/8",)
    assert exposed()[80] == ("0.0.0.0/0", "127.0.0.0/8")
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[permission(80, 80, "0.0.0.0/0")])
    assert exposed()[80] == ("127.0.0.0/8",)
    ec2.stop_instances(InstanceIds=[made["InstanceId"]])
    assert exposed() == {}


def test_on_change_has_been_called_when_a_change_of_ec2_is_answered(client: Client, changes: list[str]) -> None:
    ec2 = client("ec2")
    seen = len(changes)
    ec2.describe_instances()
    client("s3").list_buckets()
    client("iam").list_users()
    assert len(changes) == seen
    ec2.allocate_address(Domain="vpc")
    assert len(changes) == seen + 1


@pytest.mark.parametrize("instance_type", ["t3.small", "t4g.small"])
@pytest.mark.parametrize("row", images.IMAGES, ids=lambda row: row.name)
def test_every_image_of_the_table_is_found_for_both_architectures(
    client: Client, row: images.Image, instance_type: str
) -> None:
    """The names are those that the publishers use, on two sides: the program's patterns and the account's images."""
    wanted = [{"Name": "name", "Values": [images.name_filter(row.name, instance_type)]}]
    (found,) = client("ec2").describe_images(Owners=[row.owner], Filters=wanted)["Images"]
    assert found["Architecture"] == images.architecture(instance_type)
    assert images.named(found["Name"], found["OwnerId"]) is row
    assert next(image for image in seed.IMAGES if image.id == found["ImageId"]).login_user == row.login_user
