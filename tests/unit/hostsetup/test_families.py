"""The table of distributions: reviewed as a golden file, its names held against the package lists that are here.

Amazon Linux cannot run here: what its row says is its documents' word, and its scripts' branches run before stand-ins
of dnf and rpm (``tests/sandbox/machine/test_5_families.py``).
"""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hostsetup.families import FAMILIES, UPDATES, Family, family_table
from hostsetup.rendering import fill
from hostsetup.steps import steps
from sandbox.hosts.image import BASES, image_path
from tests.support.sites import SCRIPTS, a_site

#: Ubuntu has it in its own archive; Debian 12 has it not, so Debian's row has none.
UBUNTU_ALONE = {"ec2-instance-connect"}


def packages_of(base: str) -> set[str]:
    """What Debian's package lists name, in the host image of ``base`` if it was built here."""
    lists = image_path(base).glob("var/lib/apt/lists/*_Packages")
    return {name for file in lists for name in re.findall(r"^Package: (\S+)$", file.read_text(), re.MULTILINE)}


def test_the_table_is_the_reviewed_one(golden: Callable[[str, str], None]) -> None:
    golden("hostsetup/families.txt", family_table().content)


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("family", [f for f in FAMILIES if f.manager == "apt"], ids=lambda f: f.id)
def test_apts_names_are_in_the_images_package_lists(family: Family, base: str) -> None:
    known = packages_of(base)
    if not known:
        pytest.skip("this host image was not built on this machine")
    wanted = {*family.packages, *family.build_packages, "cargo", "git", family.clock_package} - UBUNTU_ALONE
    assert wanted - known == set()


def test_every_fact_that_a_script_asks_for_is_in_every_row() -> None:
    asked = {fact for script in SCRIPTS.iterdir() for fact in re.findall(r"\$\(fact ([a-z-]+)", script.read_text())}
    rows = {tuple(line.split(" ")[:2]) for line in family_table().content.splitlines()}
    assert rows == {(family.id, fact) for family in FAMILIES for fact in asked}


def test_a_rows_update_files_are_all_handed_to_the_host() -> None:
    handed = {step.name: step.stdin for step in steps(a_site("test"))}["updates"]
    for family in FAMILIES:
        for fragment, _ in family.updates:
            assert f" {UPDATES}{fragment}\n" in handed


@pytest.mark.parametrize(("stack", "expected"), [("prod", "false"), ("test", "true")])
def test_a_host_restarts_itself_only_where_a_time_is_set(stack: str, expected: str) -> None:
    handed = {step.name: step.stdin for step in steps(a_site(stack))}["updates"]
    assert f'Unattended-Upgrade::Automatic-Reboot "{expected}";' in handed
    assert ("shutdown -r 04:00" in handed) == (expected == "true")


def test_apt_reads_the_updates_file(tmp_path: Path) -> None:
    (tmp_path / "apt.conf").write_text(fill("updates-apt.conf", reboot="false", time="02:00"))
    done = subprocess.run(
        ["apt-config", "-c", tmp_path / "apt.conf", "dump", "Unattended-Upgrade"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    origins = re.findall(r'Origins-Pattern:: "(.*)"', done.stdout)
    assert len(origins) == 2
    assert all("-security" in origin for origin in origins)
