"""Runs slow tests in lanes: workers of pytest-xdist, each in a cell (``sandbox.cells``) with a sandbox of its own.

A folder below ``tests/sandbox``, and a file elsewhere, is a group, which one lane runs from its first test to its last.
A pytest plugin: ``make test`` names it with ``-p``. Without it, all slow tests run in one process, in one sandbox at a
time.
"""

import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence

import execnet
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from sandbox import cells
from sandbox.rehearsal import say

#: Groups that start first, because they take longest. The others follow in the order of their names.
LONGEST_FIRST = (
    "tests/sandbox/beside",
    "tests/sandbox/operate",
    "tests/sandbox/up",
    "tests/sandbox/machine",
    "tests/sandbox/taken",
    "tests/engine/test_adopt.py",
)

#: A lane needs about 2 GB while two stacks are up in it, and waits more than it computes.
LANES_ON_FEW_CORES, LANES = 3, 4


def group_of(nodeid: str) -> str:
    """The group of a test: its folder below ``tests/sandbox``, else its file."""
    file = nodeid.partition("::")[0]
    return file.rpartition("/")[0] if file.startswith("tests/sandbox/") else file


def order(group: str) -> tuple[int, str]:
    """What groups are sorted by."""
    return (LONGEST_FIRST.index(group) if group in LONGEST_FIRST else len(LONGEST_FIRST), group)


class ByGroup(LoadScopeScheduling):
    """Gives each group to one lane. ``--dist loadgroup`` of this version does nothing with this version of pytest."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByGroup:
    return ByGroup(config, log)


class EndAfterFailures:
    """Ends all lanes after as many failures as ``-x`` or ``--maxfail`` allows.

    xdist itself would wait for the tests that run in other lanes, which take minutes.
    """

    def __init__(self, allowed: int) -> None:
        self._allowed = allowed

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Iterator[None]:
        yield
        self._allowed -= report.failed
        if self._allowed <= 0 and report.failed:
            pytest.exit(f"{report.nodeid} failed; ending the other lanes", returncode=pytest.ExitCode.TESTS_FAILED)


def pytest_configure(config: pytest.Config) -> None:
    if config.option.maxfail and not hasattr(config, "workerinput"):
        config.pluginmanager.register(EndAfterFailures(config.option.maxfail))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: order(group_of(item.nodeid)))


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_auto_num_workers() -> int:
    return LANES if (os.cpu_count() or 1) >= 4 else LANES_ON_FEW_CORES


def pytest_xdist_setupnodes(specs: Sequence[execnet.XSpec]) -> None:
    for spec in specs:
        spec.python = shlex.join([sys.executable, "-m", "sandbox", "cell", cell(spec.id), "--", sys.executable])


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove what lanes left that did not end by themselves, for example after a failure in another lane."""
    if hasattr(config, "workerinput"):
        return
    cells.sweep(say)
    for home in cells.home(cell("gw0")).parent.glob(cell("gw*")):
        shutil.rmtree(home) if home.is_dir() else home.unlink()


def cell(worker: str) -> str:
    """The name of a lane's cell. A run inside a lane, as that of test_lanes.py, has names of its own."""
    return "-".join(("lane", *filter(None, [os.environ.get("PYTEST_XDIST_WORKER")]), worker))
