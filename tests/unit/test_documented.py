"""Every command of README and runbook is one that a test runs, most of them test_2_commands."""

import pytest

from dev.recorder import PROJECT
from tests.support.documented import ELSEWHERE, FOUND, HERE, NAMED_ONLY, SETTINGS


def test_every_command_of_the_documents_is_run_somewhere():
    told = [*HERE, *ELSEWHERE, *NAMED_ONLY]
    missing = [
        command
        for command in FOUND
        if not SETTINGS.fullmatch(command)
        and not any(command == one or command.startswith(f"{one} ") or command.startswith(f"{one}=") for one in told)
    ]
    assert missing == []


@pytest.mark.parametrize("command", ELSEWHERE)
def test_the_test_that_runs_a_command_is_there(command):
    path, piece = ELSEWHERE[command]
    assert piece in (PROJECT / path).read_text()
