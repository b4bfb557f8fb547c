"""How steps and drift judge what an operator has configured for sshd."""

import subprocess

import pytest

from tests.support.sites import SCRIPTS


@pytest.mark.parametrize(
    ("settings", "barring"),
    [
        ("port 22", ""),
        ("allowusers ubuntu\nallowusers admin", "allowusers ubuntu admin"),
        ("allowusers ub*\nallowusers r??t@10.0.0.0/8", ""),
        ("allowusers *", ""),
        ("denyusers root", "denyusers root"),
        ("denyusers somebody", ""),
        ("allowgroups sudo wheel", "allowgroups sudo wheel"),
        ("allowgroups ro*", ""),
        ("denygroups r*", "denygroups r*"),
        ("denyusers root\nallowgroups wheel", "denyusers root\nallowgroups wheel"),
    ],
)
def test_a_directive_that_keeps_a_user_out_is_printed(settings: str, barring: str) -> None:
    script = f'source {SCRIPTS}/checks; kept_out_by root "$1"'
    # In a folder whose file names an unquoted pattern would match.
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script, "bash", settings],
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
    )
    assert done.stdout.strip() == barring
