"""What a host may be restored from, and what is refused before anything is created."""

import datetime
from types import SimpleNamespace

import pulumi
import pytest

from components.checks import snapshot
from dev.recorder import run
from tests.unit.components.test_naming import names

SNAPSHOT, AMI = "snap-0123456789abcdef0", "ami-0fedcba9876543210"
HOST, VOLUME = "i-0aaaaaaaaaaaaaaaa", "vol-0aaaaaaaaaaaaaaaa"
OWNER, TEST = "agentkeys:owned-by", names("-test")
GOOD = {
    "snapshot_id": SNAPSHOT, "owner_id": "429071895007", "state": "completed", "storage_tier": "standard",
    "encrypted": True, "volume_size": 30, "volume_id": VOLUME, "tags": {OWNER: "agentkeys-broker-host-test"},
}  # fmt: skip


class Ec2:
    """AWS's answers: the snapshot, and present hosts with a newer snapshot of their disk, ``minutes`` old."""

    def __init__(self, *, hosts=(), minutes=5, ami="ami-0old", images=(), missing=False, **changed):
        self.minutes, self.missing, self.changed = minutes, missing, changed
        disk = SimpleNamespace(volume_id=VOLUME)
        self.ebs = SimpleNamespace(
            get_snapshot=self.get_snapshot,
            get_snapshot_ids=lambda **_: SimpleNamespace(ids=[] if minutes is None else ["snap-0new", "snap-0old"]),
        )
        self.ec2 = SimpleNamespace(
            get_instances=lambda **_: SimpleNamespace(ids=list(hosts)),
            get_instance=lambda **_: SimpleNamespace(ami=ami, root_block_devices=[disk]),
            get_ami_ids=lambda **_: SimpleNamespace(ids=list(images)),
        )

    def get_snapshot(self, *, snapshot_ids, opts):
        if self.missing:
            raise ValueError("Your query returned no results")
        if snapshot_ids == [SNAPSHOT]:
            return SimpleNamespace(**{**GOOD, **self.changed})
        assert snapshot_ids == ["snap-0new"], "the newest comes first"
        taken = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=self.minutes)
        return SimpleNamespace(start_time=taken.isoformat())


@pytest.fixture
def require(monkeypatch):
    """The check over an ``Ec2``, without the rest of the program."""
    monkeypatch.setattr(pulumi, "get_stack", lambda: "test")

    def check(ec2):
        monkeypatch.setattr(snapshot, "aws", ec2)
        snapshot.require(None, SNAPSHOT, TEST, 30)

    return check


@pytest.fixture
def refused(require):
    def check(ec2):
        with pytest.raises(pulumi.RunError) as error:
            require(ec2)
        assert "Nothing was created." in str(error.value)
        return str(error.value)

    return check


def test_the_host_is_launched_from_an_image_of_the_snapshot(release, programs):
    answer = {key.title().replace("_", "")[0].lower() + key.title().replace("_", "")[1:]: GOOD[key] for key in GOOD}
    lookups = {
        "aws:ebs/getSnapshot:getSnapshot": answer,
        "aws:ec2/getInstances:getInstances": {"ids": []},
    }
    recorded = run("test", changed={**release, "restoreFrom": SNAPSHOT}, lookups=lookups)
    image = recorded.named(f"host-image-{SNAPSHOT}")
    assert image.type == "aws:ec2/ami:Ami"
    (device,) = image.inputs["ebsBlockDevices"]
    assert (device["snapshotId"], device["deviceName"]) == (SNAPSHOT, image.inputs["rootDeviceName"])
    assert (image.inputs["architecture"], image.inputs["tags"]) == ("x86_64", {OWNER: "agentkeys-broker-host-test"})
    instance = recorded.named("host-instance")
    assert instance.inputs["ami"] == f"host-image-{SNAPSHOT}-id"
    assert list(instance.request.ignoreChanges) == []
    others = {item.name for item in recorded.registered} - {image.name}
    assert others == {item.name for item in programs["test"].registered}, "no URN changes"


def test_without_the_setting_another_image_replaces_no_host(programs):
    """So a restored host stays when the setting is removed."""
    assert list(programs["test"].named("host-instance").request.ignoreChanges) == ["ami"]


@pytest.mark.parametrize(
    ("changed", "told", "way"),
    [
        ({"missing": True}, f"there is no snapshot {SNAPSHOT} in account 429071895007, region us-east-1", ""),
        ({"tags": {OWNER: "agentkeys-broker-host"}}, "is a copy of the disk of agentkeys-broker-host, the host of", ""),
        ({"tags": {OWNER: "agentkeys-broker-host-z"}}, "is a copy of the disk of agentkeys-broker-host-z, the", ""),
        ({"tags": {}}, "has no tag agentkeys:owned-by", "aws ec2 create-tags --region us-east-1"),
        ({"owner_id": "111122223333"}, "belongs to account 111122223333", "Copy it into account 429071895007"),
        ({"encrypted": False}, "is not encrypted", "aws ec2 copy-snapshot --region us-east-1"),
        ({"state": "pending"}, "is pending, not completed", "Wait"),
        ({"state": "error"}, "is error, not completed", ""),
        ({"storage_tier": "archive"}, "is in the archive", "restore-snapshot-tier"),
        ({"volume_size": 31}, "is of a disk of 31 GiB, and rootVolumeGib is 30", "rootVolumeGib 31"),
    ],
)
def test_another_snapshot_is_refused(require, refused, changed, told, way):
    require(Ec2())
    said = refused(Ec2(**changed))
    assert told in said
    assert way in said
    assert "agentkeys snapshots -s test" in said


def test_a_present_disk_without_a_new_snapshot_is_not_replaced(require, refused):
    for minutes in (61, None):
        said = refused(Ec2(hosts=[HOST], minutes=minutes))
        assert f"replaces instance {HOST} and deletes its disk {VOLUME}" in said
        assert "agentkeys snapshots -s test --take" in said
    require(Ec2(hosts=[HOST], minutes=59))


def test_a_second_run_finds_the_restored_host_and_asks_for_no_snapshot(require):
    require(Ec2(hosts=[HOST], minutes=None, ami=AMI, images=[AMI]))
