"""The installed command: whose code it runs, what a shell completes, how a signal ends it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dev.recorder import PROJECT


@pytest.fixture
def clone(tmp_path):
    """A checkout whose venv has the command, as `make setup` leaves it; code and settings are this checkout's."""
    made = tmp_path / "clone"
    binaries = made / "venv" / "bin"
    binaries.mkdir(parents=True)
    for part in (*PROJECT.glob("*.py"), *PROJECT.glob("Pulumi*.yaml"), PROJECT / "pyproject.toml"):
        (made / part.name).symlink_to(part)
    for part in ("ops", "components", "gates", "hostsetup", "clouds"):
        (made / part).symlink_to(PROJECT / part)
    shutil.copy(PROJECT / "ops" / "agentkeys", binaries)
    interpreter(binaries / "python")
    return made


def interpreter(path, *options):
    """Another interpreter's link would not find this one's packages."""
    path.write_text(f'#!/bin/sh\nexec {sys.executable} {" ".join(options)} "$@"\n')
    path.chmod(0o755)


def say_who(project, text):
    """A project with one command, which says where it comes from."""
    (project / "ops").mkdir(parents=True)
    (project / "ops" / "__main__.py").write_text(
        f"import json, os, sys\ndef run(name): print({text!r}, name, os.getcwd(), sys.argv[1:])\n"
    )


def called(*command, folder, **surroundings):
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **surroundings}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_make_setup_installs_this_file():
    rule = "venv/bin/agentkeys: ops/agentkeys venv/.installed\n\t@install -m 755 $< $@\n"
    makefile = (PROJECT / "Makefile").read_text()
    assert rule in makefile
    assert "\nsetup: venv/.installed venv/bin/agentkeys " in makefile


def test_it_is_called_in_any_folder_and_stays_there(tmp_path, clone):
    (clone / "ops").unlink()
    say_who(clone, "one")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    # Modules of the same names as the command's are not taken for them.
    say_who(elsewhere, "elsewhere")
    (elsewhere / "json.py").write_text("raise SystemExit(9)\n")
    said = f"one agentkeys {elsewhere} ['doctor', '-s', 'a b']"
    arguments = ("doctor", "-s", "a b")
    assert called(clone / "venv/bin/agentkeys", *arguments, folder=elsewhere) == [said]
    assert called("../clone/venv/bin/agentkeys", *arguments, folder=elsewhere) == [said]
    path = f"{clone}/venv/bin:{os.environ['PATH']}"
    assert called("sh", "-c", 'agentkeys "$@"', "sh", *arguments, folder=elsewhere, PATH=path) == [said]


def test_modules_of_pythonpath_are_not_taken(tmp_path, clone):
    """They are for other programs, and so is a PYTHONHOME, without whose library Python does not start."""
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules/json.py").write_text("raise SystemExit(9)\n")
    elsewhere = {"PYTHONPATH": str(tmp_path / "modules"), "PYTHONHOME": str(tmp_path)}
    (clone / "ops").unlink()
    say_who(clone, "one")
    assert called(clone / "venv/bin/agentkeys", folder=tmp_path, **elsewhere)[0].startswith("one ")


def test_a_clone_that_has_another_ones_venv_runs_its_own_code(tmp_path, clone):
    (clone / "ops").unlink()
    say_who(clone, "one")
    second = tmp_path / "second"
    say_who(second, "two")
    (second / "venv").symlink_to(clone / "venv")
    for command, folder in (("venv/bin/agentkeys", second), (second / "venv/bin/agentkeys", tmp_path)):
        assert called(command, folder=folder)[0].startswith("two ")
    (tmp_path / "agentkeys").symlink_to("second/venv/bin/agentkeys")
    assert called("./agentkeys", folder=tmp_path)[0].startswith("two ")
    assert called("venv/bin/agentkeys", folder=clone)[0].startswith("one ")


def test_a_copy_outside_of_a_project_says_where_it_belongs(tmp_path):
    shutil.copy(PROJECT / "ops" / "agentkeys", tmp_path)
    done = subprocess.run([tmp_path / "agentkeys"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Call <project>/venv/bin/agentkeys, or a link to it." in done.stderr


# --- completion, by click's protocol and in a bash with completion enabled


def completed(clone, *words):
    line = " ".join(("agentkeys", *words))
    told = called(
        clone / "venv/bin/agentkeys", folder=clone.parent,
        _AGENTKEYS_COMPLETE="bash_complete", COMP_WORDS=line, COMP_CWORD=str(len(words)),
    )  # fmt: skip
    return [item.partition(",")[2] for item in told]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["re"], ["records", "recover", "report", "restore", "retire"]),
        (["doctor", "-s", ""], ["prod", "test"]),
        (["doctor", "--stack", "t"], ["test"]),
        (["doctor", "--cloud", "gcp", "-s", ""], ["test"]),
        (["proof", "-s", "test", "--against", "p"], ["prod"]),
        (["doctor", "--j"], ["--json"]),
        (["records", "-s", "test", "--format", ""], ["table", "bind"]),
    ],
)
def test_commands_stacks_options_and_choices_are_completed(clone, words, offered):
    assert completed(clone, *words) == offered


def test_the_stacks_of_another_folder_are_completed(clone):
    assert completed(clone, "recover", "--folder", str(PROJECT / "account"), "-s", "") == ["litentry"]


@pytest.mark.parametrize("words", [["do"], ["adopt", "-s", "t"], ["proof", "-s", "test", "--against", ""]])
def test_nobody_waits_for_packages_to_complete_a_command_or_a_stack(clone, words):
    interpreter(clone / "venv" / "bin" / "python", "-X", "importtime")
    done = subprocess.run(
        [clone / "venv/bin/agentkeys"], capture_output=True, text=True, check=True,
        env={**os.environ, "_AGENTKEYS_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(["agentkeys", *words]),
             "COMP_CWORD": str(len(words))},
    )  # fmt: skip
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "ops.options" in loaded
    assert not loaded & {"boto3", "botocore", "pulumi", "pydantic", "rich", "settings", f"ops.commands.{words[0]}"}


def test_a_bash_with_the_activation_of_the_runbook_completes(clone):
    (activation,) = {
        line.strip()
        for line in (PROJECT / "docs" / "runbook.md").read_text().splitlines()
        if "_AGENTKEYS_COMPLETE=bash_source" in line
    }
    script = f"""set -e
{activation.partition("  #")[0]}
COMP_WORDS=(agentkeys retire -s p) COMP_CWORD=3
complete -p agentkeys | grep -q _agentkeys_completion
_agentkeys_completion agentkeys
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    path = f"{clone}/venv/bin:{os.environ['PATH']}"
    assert called("bash", "-c", script, folder=clone.parent, PATH=path) == ["prod"]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_shells_have_a_script_too(clone, shell):
    told = called(clone / "venv/bin/agentkeys", folder=clone, _AGENTKEYS_COMPLETE=f"{shell}_source")
    assert any("agentkeys" in line for line in told)


# --- signals

ENGINE = """#!/bin/bash
trap 'echo interrupted >>{told}; exit 1' INT
# A signal that comes while Python still starts this process ends the command before it knows the process.
sleep 0.5
echo asked >>{told}
while :; do sleep 0.05; done
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_command_with_one_line_and_its_engine_in_order(clone, tmp_path, number):
    told, engine, scratch = tmp_path / "told", tmp_path / "bin" / "pulumi", tmp_path / "scratch"
    engine.parent.mkdir()
    scratch.mkdir()
    engine.write_text(ENGINE.format(told=told))
    engine.chmod(0o755)
    running = subprocess.Popen(
        # nohup, and a shell in the background, would make the command ignore the signal.
        ["env", "--default-signal", clone / "venv/bin/agentkeys", "records", "-s", "test"],
        env={**os.environ, "PATH": f"{engine.parent}:{os.environ['PATH']}", "TMPDIR": str(scratch)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    until = time.monotonic() + 60
    while not told.exists() and running.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    running.send_signal(number)
    output, errors = running.communicate(timeout=60)
    assert (running.returncode, output, errors) == (128 + number, "", f"ended by {number.name}\n")
    assert told.read_text().splitlines() == ["asked", "interrupted"]
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "why"), [(["--help"], "the output cannot be written: "), (["env", "-s", "test", "--help"], "")]
)
def test_output_that_has_no_room_is_one_line(clone, arguments, why):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [clone / "venv/bin/agentkeys", *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr.splitlines()) == (3, [done.stderr.rstrip()])
    assert done.stderr.startswith(f"Error: {why}")
    assert "No space left on device" in done.stderr
