"""Cells: what a command sees in one, what two of them share, and what is left of one however it ends."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox import cells, layout
from sandbox.hosts import groups

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(not (sys.platform == "linux" and os.geteuid() == 0), reason="cells need Linux and root"),
]

NAMES = ("test-first", "test-second")

#: Prints what is the cell's own.
LOOK = """
import json, os, pathlib, socket
print(json.dumps({
    "devices": sorted(os.listdir("/sys/class/net")),
    "group": [line.split(":", 2)[2] for line in open("/proc/self/cgroup").read().splitlines()],
    "home": os.environ["AGENTKEYS_SANDBOX_HOME"],
    "namespaces": os.listdir("/run/netns"),
    "processes": len([name for name in os.listdir("/proc") if name.isdecimal()]),
}), flush=True)
"""


@pytest.fixture(autouse=True)
def _remove_homes() -> Iterator[None]:
    yield
    for name in NAMES:
        cells.home(name).with_name(f"{name}.lock").unlink(missing_ok=True)
        shutil.rmtree(cells.home(name), ignore_errors=True)


@contextlib.contextmanager
def start(name: str, *command: str, session: bool = False) -> "Iterator[subprocess.Popen[str]]":
    """The command in a cell; its output is read to the end."""
    with subprocess.Popen(
        [sys.executable, "-m", "sandbox", "cell", name, "--", *command],
        cwd=layout.CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.PIPE, text=True,
        start_new_session=session,
    ) as cell:  # fmt: skip
        try:
            yield cell
        except BaseException:
            cell.kill()
            raise
        if cell.stdin and not cell.stdin.closed:
            cell.stdin.close()
        if cell.stdout:
            cell.stdout.read()


def line(cell: "subprocess.Popen[str]", last: str) -> str:
    """The first line of output that starts with ``last``."""
    assert cell.stdout is not None
    for text in cell.stdout:
        if text.startswith(last):
            return text
    raise AssertionError(f"{last} is not in the output of {cell.args}")


def left() -> set[str]:
    """What of cells can be seen on the machine."""
    seen = {path.name for path in Path("/sys/class/net").glob("akcell*")}
    seen |= {str(path) for parent in groups.paths("") for path in parent.glob("agentkeys-cell-*")}
    tables = json.loads(subprocess.run(["nft", "-j", "list", "tables"], capture_output=True, check=True).stdout)
    seen |= {entry["table"]["name"] for entry in tables["nftables"] if "table" in entry}
    return {name for name in seen if "cell" in name}


def eventually(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 60
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
    return true()


def test_a_cell_has_its_own_of_what_a_sandbox_needs_and_ends_with_its_command() -> None:
    before = left()
    with start(NAMES[0], sys.executable, "-c", f"{LOOK}\nraise SystemExit(7)") as cell:
        seen = json.loads(line(cell, "{"))
    assert cell.returncode == 7
    assert seen["devices"] == ["eth0", "lo"]
    assert set(seen["group"]) == {"/"}
    assert seen["home"] == str(layout.CHECKOUT / ".sandbox/cells" / NAMES[0])
    assert seen["namespaces"] == []
    assert seen["processes"] == 2
    assert left() == before


SERVE = """
import socket, sys
with socket.create_server(("127.0.0.1", 14566)):
    print("listening", flush=True)
    sys.stdin.read()
"""


def test_two_cells_listen_on_the_same_address_and_do_not_reach_each_other() -> None:
    with start(NAMES[0], sys.executable, "-c", SERVE) as first, start(NAMES[1], sys.executable, "-c", SERVE) as second:
        line(first, "listening")
        line(second, "listening")
        networks = {name for name in left() if name.startswith("akcell")}
        assert len(networks) >= 2
        for cell in (first, second):
            assert cell.stdin is not None
            cell.stdin.close()
    assert first.returncode == second.returncode == 0


def test_a_cell_does_not_reach_the_computer() -> None:
    reach = (
        "import socket, subprocess, sys\n"
        "gateway = subprocess.check_output(['ip', 'route', 'show', 'default'], text=True).split()[2]\n"
        "for target in (gateway, '127.0.0.1'):\n"
        "    try: socket.create_connection((target, int(sys.argv[1])), 5)\n"
        "    except ConnectionRefusedError: print('refused')\n"
    )
    with (
        socket.create_server(("0.0.0.0", 0)) as server,  # noqa: S104 - what the cell must not reach
        start(NAMES[0], sys.executable, "-c", reach, str(server.getsockname()[1])) as cell,
    ):
        assert cell.stdout is not None
        assert cell.stdout.read().count("refused") == 2


def test_a_name_is_one_cell() -> None:
    with start(NAMES[0], sys.executable, "-c", SERVE) as cell:
        line(cell, "listening")
        with start(NAMES[0], "true") as again:
            assert f"cell {NAMES[0]} of this checkout is in use by process {cell.pid}" in line(again, "[")
        assert again.returncode == 1
        assert cell.stdin is not None
        cell.stdin.close()


LEAVE_ONE = "import subprocess; subprocess.Popen(['sleep', '654321']); print('ready', flush=True); {}"


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGTERM, 128 + signal.SIGTERM), (signal.SIGKILL, -signal.SIGKILL)],
    ids=["told", "killed"],
)
def test_a_cell_that_is_ended_takes_its_processes_along(number: int, code: int) -> None:
    before = left()
    with start(NAMES[0], sys.executable, "-c", LEAVE_ONE.format("import time; time.sleep(600)")) as cell:
        line(cell, "ready")
        assert eventually(lambda: sleeping() == 1)
        cell.send_signal(number)
    assert cell.returncode == code
    assert eventually(lambda: sleeping() == 0)
    if number == signal.SIGKILL:
        assert left() - before
        with start(NAMES[0], "true") as following:
            line(following, "[")
    assert left() == before


def test_an_interrupt_from_the_terminal_is_the_commands() -> None:
    before = left()
    ends = "import sys, time\ntry: print('ready', flush=True); time.sleep(600)\nexcept KeyboardInterrupt: sys.exit(5)"
    with start(NAMES[0], sys.executable, "-c", ends, session=True) as cell:
        line(cell, "ready")
        os.killpg(cell.pid, signal.SIGINT)
    assert cell.returncode == 5
    assert left() == before


STARTED = """
from sandbox import rehearsal, supervisor
supervisor.start(rehearsal.say)
print(f"runs as {supervisor.holder()['pid']}", flush=True)
"""


def test_the_sandbox_in_a_cell_stops_with_it_and_the_computers_is_another() -> None:
    with start(NAMES[0], sys.executable, "-c", STARTED) as cell:
        said = cell.stdout.read() if cell.stdout else ""
    assert cell.returncode == 0, said
    assert f"stopping the sandbox; its state in {cells.home(NAMES[0])} is kept" in said
    log = (cells.home(NAMES[0]) / "sandbox.log").read_text()
    assert "the sandbox answers" in log
    assert not (cells.home(NAMES[0]) / "ready").exists()


def sleeping() -> int:
    found = 0
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += path.read_bytes() == b"sleep\0" + b"654321\0"
        except OSError:
            continue
    return found


def test_a_cell_has_room_for_another_one() -> None:
    nested = f"exec {sys.executable} -m sandbox cell {NAMES[1]} -- getent hosts deb.debian.org"
    with start(NAMES[0], "sh", "-c", nested) as cell:
        assert cell.stdout is not None
        said = cell.stdout.read()
    assert cell.returncode == 0, said


def test_an_unknown_command_is_named() -> None:
    with start(NAMES[0], "no-such-command") as cell:
        assert cell.stdout is not None
        assert "error: no-such-command: No such file or directory" in cell.stdout.read()
    assert cell.returncode == 127
