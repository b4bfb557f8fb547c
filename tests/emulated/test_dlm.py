"""Data Lifecycle Manager, and images of snapshots, in the emulated account."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from components.naming import OWNER_TAG
from components.policies import grants, trust
from components.policies.document import text
from sandbox.aws.server import Account
from sandbox.aws.services import dlm
from tests.support.emulated import ACCOUNT_ID, REGION, Somebody, refused, statement, tags
from tests.unit.components.test_naming import names

Client = Callable[..., Any]
PROD, TEST = names(""), names("-test")
IMAGE = "ami-0a22042026090100a"


def role(client: Client, name: str, of: Any) -> str:
    iam = client("iam")
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=text(trust.snapshots(REGION, ACCOUNT_ID)))
    for policy, document in grants.snapshot_role(of, OWNER_TAG).items():
        iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=text(document))
    return str(made["Role"]["Arn"])


def details(of: Any, kept: int) -> dict[str, Any]:
    return {
        "PolicyType": "EBS_SNAPSHOT_MANAGEMENT",
        "ResourceTypes": ["INSTANCE"],
        "TargetTags": tags(**{OWNER_TAG: of.host}),
        "Schedules": [
            {
                "Name": "daily",
                "CreateRule": {"Interval": 24, "IntervalUnit": "HOURS", "Times": ["03:00"]},
                "RetainRule": {"Count": kept},
                "TagsToAdd": tags(**{OWNER_TAG: of.host}),
            }
        ],
    }


@pytest.fixture
def make(client: Client, unique: str):
    """Makes a policy for a stack's host, run as a role with a stack's grants; deletes it at the end."""
    made = []

    def policy(target: Any, grants_of: Any, kept: int = 2) -> str:
        arn = role(client, f"{unique}{len(made)}", grants_of)
        given = client("dlm").create_lifecycle_policy(
            ExecutionRoleArn=arn, Description=f"Daily snapshots of {target.host}", State="ENABLED",
            PolicyDetails=details(target, kept), Tags={OWNER_TAG: target.host},
        )  # fmt: skip
        made.append(given["PolicyId"])
        return made[-1]

    yield policy
    for identifier in made:
        client("dlm").delete_lifecycle_policy(PolicyId=identifier)


@pytest.fixture
def instance(client: Client):
    """Launches an instance with an encrypted disk and a stack's owner tag; ends it at the end."""
    made = []

    def launch(of: Any, image: str = IMAGE, **changes: Any) -> dict[str, Any]:
        (one,) = client("ec2").run_instances(
            ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1,
            TagSpecifications=[{"ResourceType": "instance", "Tags": tags(**{OWNER_TAG: of.host})}],
            BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 30, "Encrypted": True}}], **changes,
        )["Instances"]  # fmt: skip
        made.append(one["InstanceId"])
        return one

    yield launch
    client("ec2").terminate_instances(InstanceIds=made)


def of_host(client: Client, of: Any) -> list[dict[str, Any]]:
    filters = [{"Name": f"tag:{OWNER_TAG}", "Values": [of.host]}]
    found = client("ec2").describe_snapshots(OwnerIds=["self"], Filters=filters)["Snapshots"]
    return sorted(found, key=lambda item: item["StartTime"])


@pytest.fixture(autouse=True)
def none_left(client: Client):
    yield
    for of in (PROD, TEST):
        for item in of_host(client, of):
            client("ec2").delete_snapshot(SnapshotId=item["SnapshotId"])


def test_a_policy_looks_as_it_was_made_and_changes_in_place(client: Client, make) -> None:
    service, identifier = client("dlm"), make(PROD, PROD, 14)
    seen = service.get_lifecycle_policy(PolicyId=identifier)["Policy"]
    assert (seen["State"], seen["PolicyDetails"]) == ("ENABLED", details(PROD, 14) | {"ResourceLocations": ["CLOUD"]})
    assert seen["Tags"] == {OWNER_TAG: PROD.host}
    service.update_lifecycle_policy(PolicyId=identifier, State="DISABLED", PolicyDetails=details(PROD, 3))
    seen = service.get_lifecycle_policy(PolicyId=identifier)["Policy"]
    assert (seen["State"], seen["PolicyDetails"]["Schedules"][0]["RetainRule"]) == ("DISABLED", {"Count": 3})
    (listed,) = service.get_lifecycle_policies(TargetTags=[f"{OWNER_TAG}={PROD.host}"])["Policies"]
    assert (listed["PolicyId"], listed["Tags"]) == (identifier, {OWNER_TAG: PROD.host})
    assert not service.get_lifecycle_policies(TargetTags=[f"{OWNER_TAG}={TEST.host}"])["Policies"]


def test_a_policy_that_dlm_refuses_is_refused(client: Client, unique: str) -> None:
    service, arn = client("dlm"), role(client, unique, PROD)
    for changes, told in (
        ({"PolicyDetails": details(PROD, 0)}, "RetainRule.Count is 0"),
        ({"ExecutionRoleArn": f"{arn}x"}, "does not exist"),
        ({"Description": "of prod's host"}, "Description"),
    ):
        given = {"ExecutionRoleArn": arn, "Description": "d", "State": "ENABLED", "PolicyDetails": details(PROD, 1)}
        with refused("InvalidRequestException", told):
            service.create_lifecycle_policy(**{**given, **changes})
    with refused("ResourceNotFoundException"):
        service.get_lifecycle_policy(PolicyId="policy-0123456789abcdef0")


def test_snapshots_are_made_of_the_tagged_host_encrypted_and_the_oldest_go(
    client: Client, account: Account, make, instance
) -> None:
    make(PROD, PROD, 2)
    host, _other = instance(PROD), instance(TEST)
    for _ in range(3):
        dlm.take(ACCOUNT_ID, REGION)
    found = of_host(client, PROD)
    assert len(found) == 2
    volumes = {device["Ebs"]["VolumeId"] for device in host["BlockDeviceMappings"]}
    assert {item["VolumeId"] for item in found} == volumes
    assert {item["Encrypted"] for item in found} == {True}
    assert not of_host(client, TEST)


def test_a_stacks_role_makes_and_deletes_no_snapshots_of_another_stack(client: Client, make, instance) -> None:
    """The policy targets prod's host, and its role has test's grants."""
    instance(PROD)
    make(PROD, TEST, 1)
    assert any("may not call ec2:CreateSnapshots" in line for line in dlm.take(ACCOUNT_ID, REGION))
    assert not of_host(client, PROD)


def test_a_role_that_trusts_another_service_is_not_used(client: Client, make, instance, unique: str) -> None:
    instance(PROD)
    make(PROD, PROD)
    client("iam").update_assume_role_policy(RoleName=f"{unique}0", PolicyDocument=text(trust.ec2()))
    assert any("does not trust dlm.amazonaws.com" in line for line in dlm.take(ACCOUNT_ID, REGION))
    assert not of_host(client, PROD)


def test_snapshots_stay_when_the_policy_and_the_host_go(client: Client, make, instance) -> None:
    identifier, host = make(PROD, PROD), instance(PROD)
    dlm.take(ACCOUNT_ID, REGION)
    client("dlm").update_lifecycle_policy(PolicyId=identifier, State="DISABLED")
    client("ec2").terminate_instances(InstanceIds=[host["InstanceId"]])
    dlm.take(ACCOUNT_ID, REGION)
    assert len(of_host(client, PROD)) == 1


def test_a_caller_needs_the_permission_and_to_pass_the_role(client: Client, somebody: Somebody, unique: str) -> None:
    arn = role(client, f"{unique}r", PROD)
    given = {"ExecutionRoleArn": arn, "Description": "d", "State": "ENABLED", "PolicyDetails": details(PROD, 1)}
    with refused("AccessDeniedException", "dlm:CreateLifecyclePolicy"):
        somebody.client("dlm").create_lifecycle_policy(**given)
    somebody.may(statement("dlm:CreateLifecyclePolicy"))
    with refused("AccessDeniedException", "iam:PassRole"):
        somebody.client("dlm").create_lifecycle_policy(**given)
    somebody.may(
        statement("dlm:CreateLifecyclePolicy"),
        statement("iam:PassRole", arn, Condition={"StringEquals": {"iam:PassedToService": "dlm.amazonaws.com"}}),
    )
    made = somebody.client("dlm").create_lifecycle_policy(**given)["PolicyId"]
    client("dlm").delete_lifecycle_policy(PolicyId=made)


def test_an_image_of_a_snapshot_launches_with_its_disk(client: Client, account: Account, instance, unique: str) -> None:
    ec2, host = client("ec2"), instance(PROD)
    volume = host["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    snapshot = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    image = ec2.register_image(
        Name=unique, Architecture="x86_64", RootDeviceName="/dev/sda1", VirtualizationType="hvm", EnaSupport=True,
        BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": snapshot}}],
    )["ImageId"]  # fmt: skip
    (seen,) = ec2.describe_images(Owners=["self"], Filters=[{"Name": "name", "Values": [unique]}])["Images"]
    assert (seen["ImageId"], seen["Architecture"], seen["RootDeviceName"]) == (image, "x86_64", "/dev/sda1")
    assert (seen["EnaSupport"], seen.get("BootMode")) == (True, None)
    assert seen["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"] == snapshot
    launched = instance(PROD, image)
    root = launched["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    (made,) = ec2.describe_volumes(VolumeIds=[root])["Volumes"]
    assert (made["SnapshotId"], made["Encrypted"]) == (snapshot, True)
    (spec,) = [one for one in account.host_specs() if one.instance_id == launched["InstanceId"]]
    assert (spec.volume, spec.snapshot) == (root, snapshot)
    copy = ec2.copy_snapshot(SourceRegion=REGION, SourceSnapshotId=snapshot)["SnapshotId"]
    disks = account.disks()
    assert (disks.snapshots[snapshot], disks.snapshots[copy]) == (volume, snapshot)
    with refused("InvalidSnapshot.InUse"):
        ec2.delete_snapshot(SnapshotId=snapshot)
    ec2.deregister_image(ImageId=image)
    ec2.delete_snapshot(SnapshotId=copy)
    ec2.delete_snapshot(SnapshotId=snapshot)


def test_policies_and_images_are_saved_with_the_account(account: Account, client: Client, make) -> None:
    identifier = make(PROD, PROD)
    from sandbox.aws import snapshot

    assert identifier in json.dumps(str(snapshot._state()["backends"]["ec2"][ACCOUNT_ID][REGION].lifecycle_policies))
