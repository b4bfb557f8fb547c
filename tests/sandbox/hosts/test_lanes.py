"""Lanes (``tests/support/lanes.py``): a failure in one and an interrupt end all of them, and nothing is left."""

import os
import signal
import subprocess
import sys

import pytest

from sandbox import cells, layout
from tests.support import emulation, lanes

#: Each waits for the other's file, so both lanes run at once, and then ends as its name says.
TEST = """
import subprocess, time
from pathlib import Path

def test_{name}():
    folder = Path(__file__).parent
    (folder / "{name}").write_text(Path("/proc/sys/kernel/random/boot_id").read_text())
    while not (folder / "{other}").exists():
        time.sleep(0.1)
    subprocess.Popen(["sleep", "765432"])
    (folder / "{name}-ready").touch()
    {end}
"""


def running():
    """How many of the tests' processes are alive."""
    return subprocess.run(
        ["pgrep", "--count", "--full", "^sleep 765432"], capture_output=True, text=True
    ).stdout.strip()


@pytest.mark.parametrize("how", ["failure", "interrupt"])
def test_all_lanes_end_and_nothing_is_left(how, tmp_path):
    wait = "time.sleep(600)"
    fails = (
        f"while not (folder / 'slow-ready').exists(): time.sleep(0.1)\n    assert {how == 'interrupt'}, 'the reason'"
    )
    ends = {"slow": ("quick", wait), "quick": ("slow", fails + f"\n    {wait}")}
    for name, (other, end) in ends.items():
        (tmp_path / f"test_{name}.py").write_text(TEST.format(name=name, other=other, end=end))
    with subprocess.Popen(
        [sys.executable, "-m", "pytest", "-p", "tests.support.lanes", "-n", "2", "--dist", "loadscope", "-x",
         "--max-worker-restart", "0", "--rootdir", tmp_path, tmp_path],
        cwd=layout.CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    ) as run:  # fmt: skip
        assert run.stdout is not None
        if how == "interrupt":
            both = [tmp_path / f"{name}-ready" for name in ends]
            assert emulation.eventually(lambda: all(file.exists() for file in both), 120), run.stdout.read()
            os.killpg(run.pid, signal.SIGINT)
        said = run.stdout.read()
    assert run.returncode == {"failure": pytest.ExitCode.TESTS_FAILED, "interrupt": pytest.ExitCode.INTERRUPTED}[how], (
        said
    )
    if how == "failure":
        assert "AssertionError: the reason" in said
    assert running() == "0"
    assert not list(cells.home(lanes.cell("gw0")).parent.glob(lanes.cell("gw*"))), "homes are deleted"
