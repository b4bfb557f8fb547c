"""The commands of README and runbook, run as they stand; ``tests/support/documented.py`` lists them."""

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from sandbox import layout, rehearsal
from tests.support.documented import ADDED, FOUND, HERE, SETTINGS


@pytest.fixture
def shell(ground, tmp_path):
    """Runs a command as a person in the sandbox's shell would, its files in a folder of the test."""
    credentials = tmp_path / "credentials.ini"
    shutil.copy(ground.engine.environment["AWS_SHARED_CREDENTIALS_FILE"], credentials)

    def run(command: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["bash", "-c", command.replace("<folder>", shlex.quote(str(tmp_path / "folder")))],
            cwd=layout.CHECKOUT,
            env={**ground.engine.environment, "AWS_SHARED_CREDENTIALS_FILE": str(credentials)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.parametrize("command", HERE)
def test_a_command_does_what_the_document_says(command, shell):
    assert any(command == found or found.startswith(f"{command} ") for found in FOUND), "no document has it any more"
    code, said = HERE[command]
    done = shell(f"{command} {ADDED.get(command, '')}")
    assert done.returncode == code, done.stdout + done.stderr
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "command", [command for command in FOUND if SETTINGS.fullmatch(command) and "<" not in command]
)
def test_a_setting_is_taken_by_the_engine(command, ground, shell, tmp_path):
    stack = "prod" if "-s prod" in command else "test"
    ground.engine.init(rehearsal.deployment(stack))
    copy = Path(shutil.copy(layout.CHECKOUT / f"Pulumi.{stack}.yaml", tmp_path))
    before = copy.read_text()
    if " rm " in command:
        key = command.split()[-1]
        copy.write_text(f"{before}  agentkeys-cloud:{key}: x\n")
        before = copy.read_text()
    done = shell(f"{command} --config-file {copy}")
    assert done.returncode == 0, done.stderr
    assert copy.read_text() != before
