"""The lock files are what the requirements ask for, with hashes, and the same for everybody."""

import re
from importlib.metadata import PackageNotFoundError, distribution
from itertools import pairwise
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from dev.locks import APART, LOCKS, OPTIONAL, PROJECT, locked, version

STALE = "run `make lock`, and `make setup` for the packages"


def direct(path: Path) -> list[Requirement]:
    """What a requirements file and the ones that it includes ask for."""
    found = []
    for line in path.read_text().splitlines():
        if line.startswith("-r "):
            found += direct(path.parent / line.removeprefix("-r "))
        elif line and not line.startswith("#"):
            found.append(Requirement(line))
    return found


def needed(requirements: list[Requirement], lock: dict[str, Requirement]) -> set[str]:
    """Everything that the requirements need here, by the installed distributions' own word."""
    found: set[tuple[str, str]] = set()
    waiting = [(asked, "") for asked in requirements]
    while waiting:
        asked, by = waiting.pop()
        if asked.marker and not asked.marker.evaluate({**default_environment(), "extra": by}):
            continue
        name = canonicalize_name(asked.name)
        assert name in lock, f"{name} is not in the lock: {STALE}"
        assert asked.specifier.contains(version(lock[name]), prereleases=True), f"{asked}: {STALE}"
        for extra in ("", *asked.extras):
            if (name, extra) not in found:
                found.add((name, extra))
                try:
                    wants = distribution(name).requires or []
                except PackageNotFoundError:
                    pytest.fail(f"{name} is in the requirements and not installed: run `make setup`")
                waiting += [(Requirement(text), extra) for text in wants]
    return {name for name, _ in found}


@pytest.fixture(params=LOCKS + OPTIONAL + APART)
def name(request):
    return request.param


@pytest.fixture
def lock(name):
    return locked(name)


def test_what_is_required_is_locked_at_its_version(name, lock):
    for asked in direct(PROJECT / f"{name}.txt"):
        pin = lock[canonicalize_name(asked.name)]
        assert version(asked) == version(pin), f"{asked}: {STALE}"


@pytest.mark.parametrize("name", LOCKS)
def test_the_lock_holds_what_is_needed_and_nothing_else(name):
    lock = locked(name)
    here = {package for package, pin in lock.items() if pin.marker is None or pin.marker.evaluate()}
    assert needed(direct(PROJECT / f"{name}.txt"), lock) == here, STALE


def test_every_locked_package_has_hashes(name):
    for entry in re.split(r"\n(?=\w)", (PROJECT / f"{name}.lock").read_text())[1:]:
        assert re.fullmatch(r"[^\n]+ \\\n( +--hash=sha256:[0-9a-f]{64}( \\)?\n?)+", entry), entry


def test_the_lock_names_no_host_and_no_index(name):
    text = (PROJECT / f"{name}.lock").read_text()
    assert "://" not in text
    assert set(re.findall(r"--[a-z-]+", text)) == {"--hash"}


@pytest.mark.parametrize(("part", "whole"), list(pairwise(LOCKS)))
def test_a_smaller_lock_is_part_of_the_greater(part, whole):
    # By version: a package that more packages need has a wider marker in the greater lock.
    pins, others = ({name: version(pin) for name, pin in locked(lock).items()} for lock in (part, whole))
    assert pins.items() <= others.items()


@pytest.mark.parametrize("name", OPTIONAL)
def test_an_optional_lock_has_the_programs_versions(name):
    assert locked("requirements").items() <= locked(name).items()
    everything = locked(LOCKS[-1])
    assert all(everything.get(package, pin) == pin for package, pin in locked(name).items())


def test_every_requirements_file_is_locked():
    found = [path for pattern in ("requirements.txt", "requirements/*.txt") for path in PROJECT.glob(pattern)]
    assert {str(path.relative_to(PROJECT).with_suffix("")) for path in found} == {*LOCKS, *OPTIONAL, *APART}


def test_setup_installs_from_the_lock():
    makefile = (PROJECT / "Makefile").read_text()
    assert re.search(r"^venv/\.installed: requirements/dev\.lock$", makefile, re.MULTILINE)
    assert "--require-hashes -r $<" in makefile
