"""Programs run in forks of an interpreter as they run in a new one."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.engine import preloaded, warm

#: What a program can see of how it was started, beside whether an installed package is imported already.
SEEN = """
import json, os, sys
before = "yaml" in sys.modules
import yaml, own
seen = [sys.argv, sys.path[0], os.getcwd(), sorted(os.environ.items()), sys.stdin.read(), __name__, own.VALUE]
print(json.dumps(seen))
print(before, file=sys.stderr)
sys.exit(int(os.environ["CODE"]))
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    # Deeper than a socket's address may be.
    path = tmp_path / ("deep" * 20)
    path.mkdir()
    yield path
    warm.stop(path)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    (tmp_path / "own.py").write_text("VALUE = 1\n")
    path = tmp_path / "program.py"
    path.write_text(SEEN)
    return path


def run(home: Path, *program: object, packages: str = "", **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, preloaded.__file__, "run", "test", str(warm.folder(home)), packages, *map(str, program)],
        env={**os.environ, **variables},
        input="from stdin",
        capture_output=True,
        text=True,
        check=False,
    )


def new(*program: object, **variables: str) -> "subprocess.CompletedProcess[str]":
    """The same in a new interpreter."""
    command = [sys.executable, *map(str, program)]
    variables = {**os.environ, **variables}
    return subprocess.run(command, env=variables, input="from stdin", capture_output=True, text=True, check=False)


def wait_for(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def interpreters(home: Path) -> list[int]:
    return warm.processes(home)


def test_a_program_sees_what_it_sees_in_a_new_interpreter(home: Path, program: Path) -> None:
    wanted = new(program, "one", "two", CODE="7", PULUMI_SECRET="x")
    for imported in ("False", "True"):
        found = run(home, program, "one", "two", CODE="7", PULUMI_SECRET="x")
        assert (found.returncode, found.stdout) == (wanted.returncode, wanted.stdout) == (7, wanted.stdout)
        assert found.stderr == f"{imported}\n"


@pytest.mark.parametrize(
    "arguments",
    [("-m", "json.tool", "--no-such-option"), ("-c", "import sys; print(sys.argv, __name__); sys.exit('said')", "one")],
)
def test_modules_and_code_run_as_by_python(home: Path, arguments: tuple[str, ...]) -> None:
    wanted = new(*arguments)
    found = run(home, *arguments)
    assert (found.returncode, found.stdout) == (wanted.returncode, wanted.stdout)
    assert found.stderr.splitlines()[-1:] == wanted.stderr.splitlines()[-1:]


def test_an_error_ends_it_with_a_traceback(home: Path) -> None:
    found = run(home, "-c", "raise TimeoutError('too long')")
    assert found.returncode == 1
    assert found.stderr.endswith("TimeoutError: too long\n")


ENDS = """
import atexit, sys, threading, time
def later():
    time.sleep(0.3)
    print("thread")
threading.Thread(target=later).start()
atexit.register(print, "handler")
print("program")
sys.exit(5)
"""


def test_threads_and_handlers_of_its_end_run(home: Path) -> None:
    found = run(home, "-c", ENDS)
    assert (found.returncode, found.stdout) == (5, "program\nthread\nhandler\n")


def test_the_projects_own_modules_are_imported_by_each_run(home: Path, program: Path) -> None:
    assert json.loads(run(home, program, CODE="0").stdout)[-1] == 1
    (program.parent / "own.py").write_text("VALUE = 22\n")
    assert json.loads(run(home, program, CODE="0").stdout)[-1] == 22


def test_named_packages_are_imported_before_the_first_run(home: Path, program: Path) -> None:
    assert run(home, program, packages="yaml", CODE="0").stderr == "True\n"


def test_an_interpreter_keeps_nothing_of_a_runs_settings(home: Path, program: Path) -> None:
    run(home, program, CODE="0", PULUMI_CONFIG_PASSPHRASE="x")
    (interpreter,) = interpreters(home)
    assert b"PULUMI_" not in Path(f"/proc/{interpreter}/environ").read_bytes()


def test_a_program_has_its_runs_variables_only(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import json, os; print(json.dumps(dict(os.environ)))"
    assert json.loads(run(home, "-c", code, ONE="1").stdout) == {**os.environ, "ONE": "1"}
    monkeypatch.delenv("HOME")
    assert json.loads(run(home, "-c", code).stdout) == dict(os.environ)
    assert len(interpreters(home)) == 1


def test_another_interpreter_follows_one_that_was_killed(home: Path, program: Path) -> None:
    run(home, program, CODE="0")
    (first,) = interpreters(home)
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: not interpreters(home))
    assert run(home, program, CODE="3").returncode == 3
    (second,) = interpreters(home)
    assert second != first


def test_variables_that_python_reads_at_its_start_have_an_interpreter_of_their_own(home: Path) -> None:
    code = "import sys; print(sys.flags.utf8_mode)"
    assert [run(home, "-c", code, PYTHONUTF8=mode).stdout for mode in ("0", "1")] == ["0\n", "1\n"]
    assert len(interpreters(home)) == 2


WAITS = """
import os, signal, sys, time
signal.signal(signal.SIGINT, lambda *_: sys.exit(42))
print(os.getpid(), flush=True)
time.sleep(60)
"""


def started(home: Path) -> "tuple[subprocess.Popen[str], int]":
    command = [sys.executable, preloaded.__file__, "run", "test", str(warm.folder(home)), "", "-c", WAITS]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def test_a_signal_reaches_the_program(home: Path) -> None:
    process, _ = started(home)
    with process:
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 42


def test_a_program_ends_with_the_process_that_stands_for_it(home: Path) -> None:
    process, program = started(home)
    with process:
        process.kill()
        wait_for(lambda: not Path(f"/proc/{program}").exists())


def test_a_fork_ends_if_what_to_run_does_not_arrive(home: Path) -> None:
    run(home, "-c", "")
    pool = warm.folder(home)
    (address,) = pool.glob("*.fork")
    folder = os.open(pool, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(f"/proc/self/fd/{folder}/{address.name}")
        socket.send_fds(connection, [(10).to_bytes(4, "big")], [0, 1, 2])
        wait_for(lambda: len(working_in(pool)) == 2)
    os.close(folder)
    wait_for(lambda: len(working_in(pool)) == 1)


def working_in(folder: Path) -> list[Path]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (entry / "cwd").readlink() == folder:
                found.append(entry)
    return found


def test_a_killed_program_is_reported_as_a_shell_does(home: Path) -> None:
    process, program = started(home)
    with process:
        os.kill(program, signal.SIGKILL)
        assert process.wait(15) == 128 + signal.SIGKILL


def test_without_a_pool_the_program_runs_in_the_process_itself(tmp_path: Path, program: Path) -> None:
    (tmp_path / "file").touch()
    found = run(tmp_path / "file", program, "one", CODE="7")
    assert (found.returncode, found.stdout) == (7, new(program, "one", CODE="7").stdout)
