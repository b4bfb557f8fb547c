"""What a snapshot, a kept volume and a copy of a snapshot hold, without a host."""

import pytest

from sandbox.hosts.disks import Disks, Shelf, copy_disk


@pytest.fixture
def disk(tmp_path):
    """A host's disk as ``machines`` lays it, of the volume vol-1."""
    made = tmp_path / "hosts/i-1"
    (made / "upper/etc").mkdir(parents=True)
    (made / "upper/etc/secret").write_text("one")
    (made / "image").write_text("/images/debian-12")
    return made


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path / "disks")


@pytest.fixture
def copied(disk):
    """Copies the disk of the one host; notes which volumes it was asked for."""
    asked = []

    def copy(volume, target):
        asked.append(volume)
        if volume != "vol-1":
            return False
        copy_disk(disk, target)
        return True

    copy.asked = asked
    return copy


def content(shelf, identifier):
    kept = shelf.get(identifier)
    return kept and ((kept / "upper/etc/secret").read_text(), (kept / "image").read_text())


def test_a_snapshot_keeps_what_the_disk_had_then(shelf, disk, copied):
    disks = Disks(volumes=frozenset({"vol-1"}), snapshots={"snap-1": "vol-1"})
    shelf.follow(disks, copied)
    (disk / "upper/etc/secret").write_text("two")
    shelf.follow(disks, copied)
    assert copied.asked == ["vol-1"], "it is copied once"
    later = Disks(volumes=disks.volumes, snapshots={**disks.snapshots, "snap-2": "vol-1"})
    shelf.follow(later, copied)
    assert content(shelf, "snap-1") == ("one", "/images/debian-12")
    assert content(shelf, "snap-2") == ("two", "/images/debian-12")


def test_a_snapshot_of_a_volume_without_a_host_has_no_content(shelf, copied):
    shelf.follow(Disks(volumes=frozenset({"vol-9"}), snapshots={"snap-9": "vol-9"}), copied)
    assert shelf.get("snap-9") is None
    assert shelf.get("") is None


def test_a_volume_that_outlives_its_host_keeps_its_content_and_can_be_copied(shelf, disk, copied):
    shelf.keep("vol-2", disk)
    assert content(shelf, "vol-2") == ("one", "/images/debian-12")
    shelf.follow(Disks(volumes=frozenset({"vol-2"}), snapshots={"snap-1": "vol-2"}), copied)
    assert content(shelf, "snap-1") == ("one", "/images/debian-12")
    assert copied.asked == []


def test_a_copy_of_a_snapshot_has_its_content(shelf, copied):
    shelf.follow(Disks(volumes=frozenset({"vol-1"}), snapshots={"snap-1": "vol-1", "snap-2": "snap-1"}), copied)
    assert content(shelf, "snap-2") == content(shelf, "snap-1")


def test_what_the_account_no_longer_has_is_deleted_and_half_a_copy_is_made_again(shelf, tmp_path, copied):
    disks = Disks(volumes=frozenset({"vol-1"}), snapshots={"snap-1": "vol-1"})
    (tmp_path / "disks/snap-1.new/upper").mkdir(parents=True)
    shelf.follow(disks, copied)
    assert content(shelf, "snap-1") == ("one", "/images/debian-12")
    shelf.follow(Disks(volumes=disks.volumes), copied)
    assert [path.name for path in (tmp_path / "disks").iterdir()] == []
