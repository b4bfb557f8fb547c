"""The scripts that swap a release in and take it back, run on a fake host; also killed wherever that is possible."""

import platform
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.support.fake_host import EXITS, NAMES, SILENT, UNITS, FakeHost, Release

#: An architecture that this machine does not have.
OTHER = "aarch64" if platform.machine() == "x86_64" else "x86_64"


@pytest.fixture
def host(tmp_path: Path) -> Iterator[FakeHost]:
    made = FakeHost(tmp_path)
    try:
        yield made
    finally:
        made.end()


@pytest.fixture
def first(host: FakeHost) -> Release:
    """The release that the host runs."""
    release = host.archive("first")
    done = host.upgrade(release)
    assert done.returncode == 0, done.stdout + done.stderr
    return release


def runs(host: FakeHost, release: Release) -> None:
    """Nothing of any other release runs, lies in place or is said to."""
    assert host.in_place() == dict.fromkeys(NAMES, release.name)
    assert host.running() == {unit: release.name for unit, _, _ in UNITS}
    assert host.release() == f"sha256:{release.sha256}"


def test_a_new_host_starts_every_unit_in_order(host: FakeHost, first: Release) -> None:
    runs(host, first)
    assert host.starts() == [unit for unit, _, _ in UNITS]
    assert host.leftovers() == []
    assert host.in_place(".bak") == {}


def test_a_second_run_starts_nothing(host: FakeHost, first: Release) -> None:
    before = host.starts()
    assert "\nchanged" not in host.upgrade(first).stdout
    assert host.starts() == before


def test_only_units_of_changed_binaries_are_started_again_in_order(host: FakeHost, first: Release) -> None:
    second = host.archive("second", kept=("beta", "gamma"))
    before = len(host.starts())
    done = host.upgrade(second)
    assert done.returncode == 0, done.stderr
    assert host.starts()[before:] == ["one", "four"]
    assert done.stdout.splitlines()[-1] == f"release sha256:{second.sha256}"
    assert host.in_place(".bak") == {"alpha": "first"}


@pytest.mark.parametrize(("binary", "fault"), [("alpha", EXITS), ("gamma", SILENT)])
def test_a_broken_release_is_taken_back_and_stays_broken(
    host: FakeHost, first: Release, binary: str, fault: str
) -> None:
    broken = host.archive("broken", **{binary: fault})
    for _ in range(2):
        done = host.upgrade(broken)
        assert done.returncode != 0
        unit = next(unit for unit, _, name in UNITS if name == binary)
        assert f"status of {unit}\n" in done.stdout
        assert f"{unit} did not answer" in done.stderr
        assert f"The release sha256:{broken.sha256} was taken back: sha256:{first.sha256} runs again" in done.stderr
        runs(host, first)
    good = host.archive("good")
    assert host.upgrade(good).returncode == 0
    runs(host, good)
    assert host.in_place(".bak") == dict.fromkeys(NAMES, "first")


def test_the_first_release_of_a_host_cannot_be_taken_back(host: FakeHost) -> None:
    done = host.upgrade(host.archive("broken", gamma=EXITS))
    assert done.returncode != 0
    assert "This host has no earlier release to restore" in done.stderr
    good = host.archive("good")
    assert host.upgrade(good).returncode == 0
    runs(host, good)


def test_a_fault_that_no_release_has_brought_is_not_blamed_on_one(host: FakeHost, first: Release) -> None:
    (host.folder / "silenced").write_text("two")
    for again in (host.start, lambda: host.upgrade(first), lambda: host.upgrade(host.archive("renamed", kept=NAMES))):
        done = again()
        assert done.returncode != 0
        assert "two did not answer" in done.stderr
        assert "the cause is another one" in done.stderr


def test_a_host_that_this_program_did_not_set_up_goes_back_to_what_it_ran(host: FakeHost, first: Release) -> None:
    for name in ("binaries.sha256", "release"):
        (host.root / "usr/local/share/agentkeys" / name).unlink()
    done = host.upgrade(host.archive("broken", beta=SILENT))
    assert "was taken back: what this host ran before runs again" in done.stderr
    assert host.in_place() == dict.fromkeys(NAMES, "first")
    assert host.running() == {unit: "first" for unit, _, _ in UNITS}


def test_what_broken_binaries_left_beside_is_never_restored(host: FakeHost, first: Release) -> None:
    for name in NAMES:
        (host.root / "usr/local/bin" / f"{name}.bak").write_bytes(b"#!/bin/false\nrelease older exits\n")
    assert host.upgrade(host.archive("broken", beta=EXITS)).returncode != 0
    runs(host, first)


def test_a_service_that_systemd_started_from_a_binary_that_was_taken_back_is_started_again(
    host: FakeHost, first: Release
) -> None:
    beta = host.root / "usr/local/bin/beta"
    kept = beta.with_name("kept")
    beta.rename(kept)
    beta.write_bytes(kept.read_bytes().replace(b"release first", b"release other"))
    beta.chmod(0o755)
    host.command("systemctl", "restart", "two")
    assert host.running()["two"] == "other"
    kept.rename(beta)
    assert host.start().returncode == 0
    runs(host, first)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("missing", "must contain at its top level"),
        ("digest", "expected"),
        ("gone", "copy the file there first"),
        ("architecture", f"is for {OTHER}, and this host is {platform.machine()}: set release to an archive for"),
    ],
)
def test_an_archive_that_is_not_what_it_should_be_changes_nothing(
    host: FakeHost, first: Release, name: str, says: str
) -> None:
    other = host.archive("other")
    if name == "missing":
        other = host.archive("other", names=NAMES[:-1])
    elif name == "digest":
        other.sha256 = "0" * 64
    elif name == "architecture":
        other = host.archive("other", architecture=OTHER)
    else:
        other.path.unlink()
    before = host.starts()
    done = host.upgrade(other)
    assert done.returncode != 0
    assert says in done.stderr
    runs(host, first)
    assert (host.starts(), host.leftovers()) == (before, [])


#: Of the commands that an upgrade to a broken release takes and then taking it back; the last are hardly reached.
POINTS = range(30, 620, 80)


@pytest.mark.parametrize("then", ["the same again", "a corrected one", "the first again"])
@pytest.mark.parametrize(
    "points", [(150,), pytest.param(POINTS, marks=pytest.mark.sandbox)], ids=["in the middle", "anywhere"]
)
def test_a_killed_run_is_put_right_by_the_next(
    host: FakeHost, first: Release, then: str, points: Sequence[int]
) -> None:
    broken, good = host.archive("broken", gamma=EXITS), host.archive("good")
    killed = 0
    for point in points:
        host.lay_ready(broken)
        killed += host.start(crash_at=point).returncode < 0
        if then == "the same again":
            assert "was taken back" in host.upgrade(broken).stderr
            runs(host, first)
        elif then == "a corrected one":
            done = host.upgrade(good)
            assert done.returncode == 0, (point, done.stderr)
            runs(host, good)
            assert host.upgrade(first).returncode == 0
        else:
            # The step 'units' has nothing to do then: its inputs are what they were.
            done = host.lay_ready(first)
            assert done.returncode == 0, (point, done.stderr)
        runs(host, first)
        assert "broken" not in host.in_place(".bak").values()
    assert killed > len(points) / 2


@pytest.mark.sandbox
def test_laying_a_release_ready_can_be_killed_anywhere(host: FakeHost, first: Release) -> None:
    good = host.archive("good")
    killed = 0
    for point in range(5, 165, 40):
        killed += host.lay_ready(good, crash_at=point).returncode < 0
        runs(host, first)
        assert host.upgrade(good).returncode == 0
        runs(host, good)
        assert host.upgrade(first).returncode == 0
    assert killed > 2
