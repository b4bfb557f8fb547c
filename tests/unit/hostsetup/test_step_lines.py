"""What a step says about itself, which of how many it is and how it ended, and its limit. The real script runs."""

import os
import shlex
import subprocess
import time
from pathlib import Path

import pytest

from hostsetup.families import TOOLKIT
from hostsetup.steps import KILL_SECONDS, authorized_keys, limited, steps
from tests.support.fake_host import FakeHost
from tests.support.sites import SCRIPTS, a_site

STEPS = "toolkit Install the scripts\nunits Install the units\n"


@pytest.fixture
def toolkit(tmp_path: Path) -> Path:
    script = tmp_path / "step"
    script.write_text((SCRIPTS / "step").read_text().replace(TOOLKIT, str(tmp_path)))
    (tmp_path / "steps").write_text(STEPS)
    return tmp_path


def command(toolkit: Path, body: str, name: str = "units", limit: int = 60) -> list[str]:
    script = toolkit / "script"
    script.write_text(f"#!/bin/bash\n{body}\n")
    script.chmod(0o755)
    return ["bash", str(toolkit / "step"), name, str(limit), "script", "revision", "one two"]


def said(toolkit: Path, body: str, **more: str) -> tuple[int, list[str]]:
    done = subprocess.run(command(toolkit, body, **more), input="in", capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize(
    ("body", "code", "outcome"),
    [
        ("echo unchanged a; echo changed b; echo unchanged c", 0, "changed"),
        ("echo unchanged a; echo unchanged b", 0, "skipped"),
        ("echo unchanged a; echo asked", 0, "ok"),
        ("", 0, "ok"),
        ("echo changed a; exit 3", 3, "failed"),
        ("echo changed a; kill -9 $$", 137, "failed"),
    ],
)
def test_a_step_says_its_number_before_and_its_outcome_after_its_own_lines(
    toolkit: Path, body: str, code: int, outcome: str
) -> None:
    ended, lines = said(toolkit, body)
    assert ended == code
    assert lines[0] == "step 2 of 2, units: Install the units"
    assert lines[-1] == f"step 2 of 2, units: {outcome}"


def test_the_script_has_its_arguments_its_input_and_its_errors(toolkit: Path) -> None:
    done = subprocess.run(
        command(toolkit, 'printf "%s|" "$@"; cat; echo; echo why >&2'),
        input="in", capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[1] == "revision|one two|in"
    assert done.stderr == "why\n"


def test_a_last_line_without_an_end_is_said_too(toolkit: Path) -> None:
    assert said(toolkit, "printf 'release x'")[1][1] == "release x"


def test_a_line_comes_as_it_is_said_and_not_at_the_end(toolkit: Path) -> None:
    with subprocess.Popen(
        command(toolkit, "echo first; read -r; echo second"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        assert running.stdin is not None
        assert [running.stdout.readline() for _ in range(2)][1] == "first\n"
        running.stdin.write("\n")
        running.stdin.close()
        assert running.stdout.readline() == "second\n"


def test_a_step_that_the_table_does_not_know_runs_under_its_name(toolkit: Path) -> None:
    assert said(toolkit, "echo changed a", name="other")[1] == ["changed a", "other: changed"]


LIMIT = (
    "it was not done within its limit of 1 seconds, and was ended with everything it had started. The lines before show"
    " how far it came. Run 'pulumi up' again: it continues with this step, which can run again as it is"
)


#: No other run of these tests sleeps as long.
NAP = f"sleep 61.{os.getpid()}"


@pytest.mark.parametrize(
    ("body", "least"),
    [
        pytest.param(NAP, 1, id="it hangs"),
        pytest.param(f"trap '' TERM; {NAP} & wait", 2, id="it ignores the first signal"),
        pytest.param(f"(trap '' TERM; exec {NAP}) & {NAP}", 1, id="what it started ignores the first signal"),
        pytest.param(f"(trap '' TERM; exec {NAP}) >/dev/null 2>&1 & {NAP}", 1, id="that, without the pipes"),
    ],
)
def test_a_step_ends_at_its_limit_with_everything_it_started(toolkit: Path, body: str, least: float) -> None:
    script = toolkit / "step"
    script.write_text(script.read_text().replace(f"grace={KILL_SECONDS}\n", "grace=1\n"))
    began = time.monotonic()
    done = subprocess.run(
        command(toolkit, f"echo changed a; {body}", limit=1), capture_output=True, text=True, check=False, timeout=30
    )
    assert time.monotonic() - began >= least
    assert done.returncode in (124, 137)
    assert done.stdout.splitlines()[1:] == ["changed a", "step 2 of 2, units: failed"]
    assert done.stderr.splitlines()[-1] == f"step 2 of 2, units: FAILED: {LIMIT}"
    left = subprocess.run(["pgrep", "-fx", NAP], capture_output=True, text=True, check=False).stdout
    assert left == ""


def test_a_step_that_ends_with_the_code_of_a_limit_before_its_limit_has_not_reached_it(toolkit: Path) -> None:
    done = subprocess.run(command(toolkit, "exit 124"), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (124, "")


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("true", 0, ""),
        ("sh -c 'exit 2'", 0, ""),
        ("sh -c 'exit 3'", 3, ""),
        ("sleep 61", 124, "booted: FAILED: it was not done within its limit of 1 seconds, and was ended. Run"),
    ],
)
def test_a_command_without_the_toolkit_ends_at_its_limit(command: str, code: int, said: str) -> None:
    done = subprocess.run(
        ["sh", "-c", limited("booted", 1, command, fine=(2,))], capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == code
    assert done.stderr.startswith(said)
    assert bool(said) == bool(done.stderr)


def test_the_table_on_the_host_has_every_step_in_order() -> None:
    site = a_site("test")
    every = [*steps(site), authorized_keys(["key"])]
    bundle = every[0].stdin
    table = bundle.split(f"{TOOLKIT}/steps\n", 1)[1].split("#=>", 1)[0]
    assert table == "".join(f"{step.name} {step.summary}\n" for step in every)


def test_the_command_of_a_step_runs_on_a_host_and_again_without_a_change(tmp_path: Path) -> None:
    """As the engine sends it, but for `sudo`: the revision, the script's own lines, the outcome."""
    step = authorized_keys(["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"])
    host = FakeHost(tmp_path)
    try:
        (host.toolkit / "steps").write_text(f"toolkit t\n{step.name} {step.summary}\n")
        command, login = shlex.split(step.command)[1:], {"SUDO_USER": "root"}
        first, again = (host.command(*command, stdin=step.stdin, surroundings=login) for _ in "12")
    finally:
        host.end()
    assert first.stdout.splitlines()[-1] == "step 2 of 2, authorized-keys: changed", first.stderr
    assert again.stdout.splitlines()[-1] == "step 2 of 2, authorized-keys: skipped", again.stderr
