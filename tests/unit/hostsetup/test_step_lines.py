"""The lines that a step says about itself: which of how many it is, and how it ended. The real script runs."""

import shlex
import subprocess
from pathlib import Path

import pytest

from hostsetup.families import TOOLKIT
from hostsetup.steps import authorized_keys, steps
from tests.support.fake_host import FakeHost
from tests.support.sites import SCRIPTS, a_site

STEPS = "toolkit Install the scripts\nunits Install the units\n"


@pytest.fixture
def toolkit(tmp_path: Path) -> Path:
    script = tmp_path / "step"
    script.write_text((SCRIPTS / "step").read_text().replace(TOOLKIT, str(tmp_path)))
    (tmp_path / "steps").write_text(STEPS)
    return tmp_path


def command(toolkit: Path, body: str, name: str = "units") -> list[str]:
    script = toolkit / "script"
    script.write_text(f"#!/bin/bash\n{body}\n")
    script.chmod(0o755)
    return ["bash", str(toolkit / "step"), name, "script", "revision", "one two"]


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
