"""Every version of the program has its entries, its upgrade notes and its expected preview."""

import datetime
import re

import pytest
from packaging.version import Version

from dev.recorder import PROJECT
from settings import VERSION

GOLDEN = PROJECT / "tests/golden"
CHANGELOG = (PROJECT / "CHANGELOG.md").read_text()
UPGRADES = (PROJECT / "docs/upgrade.md").read_text()
RELEASES = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (\S+)$", CHANGELOG, re.MULTILINE)
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def section(text: str, heading: str) -> str:
    (found,) = re.findall(rf"^## {re.escape(heading)}.*?$(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    return found


def entries(text: str) -> list[str]:
    return [" ".join(entry.split()) for entry in re.findall(r"^- (.*?)(?=^- |^#|\Z)", text, re.DOTALL | re.MULTILINE)]


def test_the_newest_version_is_the_programs():
    assert RELEASES[0][0] == VERSION


def test_versions_go_down_and_dates_with_them():
    versions = [Version(number) for number, _ in RELEASES]
    dates = [datetime.date.fromisoformat(date) for _, date in RELEASES]
    assert versions == sorted(set(versions), reverse=True)
    assert dates == sorted(dates, reverse=True)


@pytest.mark.parametrize("number", [number for number, _ in RELEASES])
def test_a_version_has_entries_of_the_known_kinds(number):
    told = section(CHANGELOG, f"[{number}]")
    assert set(re.findall(r"^### (.*)$", told, re.MULTILINE)) <= KINDS
    assert entries(told)


@pytest.mark.parametrize("number", [number for number, _ in RELEASES])
def test_a_version_has_upgrade_notes_with_the_expected_preview(number):
    assert re.search(r"^Expected preview", section(UPGRADES, number), re.MULTILINE)


def test_what_replaces_or_deletes_is_bold():
    for entry in entries(CHANGELOG):
        plain = re.sub(r"\*\*.*?\*\*|`[^`]*`", "", entry)
        assert not re.search(r"\b(replaces?|replaced|deletes?|deleted|taken off)\b", plain), f"make it bold: {entry}"


def test_bold_entries_of_unreleased_have_upgrade_notes():
    if "**" in section(CHANGELOG, "[Unreleased]"):
        assert "Expected preview" in section(UPGRADES, "Unreleased")


def test_a_stack_tells_the_version_that_made_it():
    # Under mocks there is no stack that would keep outputs.
    assert 'pulumi.export("programVersion", VERSION)' in (PROJECT / "__main__.py").read_text().splitlines()


@pytest.mark.parametrize(("whose", "inventories"), [("a stack", ("test", "prod")), ("the account", ("account",))])
def test_the_expected_preview_is_what_the_program_has_gained_and_lost(whose, inventories):
    """Against the version before: what is not told as forgotten is deleted."""
    told = UPGRADES.partition("\n## ")[2]
    (numbers,) = re.findall(
        rf"Expected preview of {whose}: (\d+) to create, \d+ to update, (\d+) to delete, (\d+) forgotten",
        told[: told.index("\n## ")],
    )
    created, deleted, forgotten = map(int, numbers)
    (more,) = re.findall(r"A stack with `snapshots`, such as prod, has (\d+)\s+more to create", told) or ["0"]
    for name in inventories:
        before, now = (
            set((GOLDEN / folder / f"inventory.{name}.txt").read_text().splitlines()) for folder in ("released", "")
        )
        assert (len(now - before), len(before - now)) == (
            created + int(more) * (name == "prod"),
            deleted + forgotten,
        ), name


def test_an_upgrade_restarts_no_service_unless_it_says_so():
    """A service restarts when its unit or its environment file changes, also for another comment."""
    told = UPGRADES.partition("\n## ")[2].partition("\n## ")[0]
    changed = [
        f"{name}.{stack}"
        for name in ("environment", "units")
        for stack in ("prod", "test")
        if (GOLDEN / "released" / f"{name}.{stack}.txt").read_text()
        != (GOLDEN / "hostsetup" / stack / f"{name}.txt").read_text()
    ]
    assert ("no service restarts" in " ".join(told.split())) == (changed == []), changed
