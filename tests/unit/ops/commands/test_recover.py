"""Every type that the programs register can be recovered; the command's use of Pulumi. What it decides:
``tests/emulated/test_recovery.py``.
"""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from dev.recorder import PROJECT
from ops import exits, traces
from ops.commands import recover


def test_a_create_of_every_registered_type_has_an_answer(program, account):
    kinds = {item.type for item in (*program.registered, *account.registered) if item.request.custom}
    assert len(kinds) > 30
    unanswered = {kind for kind in kinds if kind.startswith("aws:")} - traces.REPEATED - traces.PARTS.keys()
    assert unanswered <= traces._FINDERS.keys()


@pytest.fixture
def pulumi(monkeypatch, tmp_path):
    """The command, which answers what a test gives it; ``asked`` has its calls."""
    fake, answers = tmp_path / "pulumi", tmp_path / "answers"
    answers.mkdir()
    fake.write_text(
        f'#!/bin/sh\necho "$@" >>{tmp_path}/asked\necho "pack=$PULUMI_OPTION_POLICY_PACK" >>{tmp_path}/pack\n'
        f'name={answers}/$1\n[ -e "$name.fails" ] && cat "$name.fails" && exit 1\n'
        f'[ -e "$name" ] && cat "$name"\nexit 0\n'
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("PULUMI_OPTION_POLICY_PACK", "pack")
    return tmp_path


def test_a_stack_that_never_made_anything_is_asked_once(pulumi):
    (pulumi / "answers" / "stack").write_text(json.dumps({"deployment": {"resources": []}}))
    done = CliRunner().invoke(recover.command, ["-s", "test"])
    assert (done.exit_code, done.stdout) == (0, "stack test has nothing to recover\n")
    assert (pulumi / "asked").read_text() == "stack export --stack test --non-interactive\n"
    assert (pulumi / "pack").read_text() == "pack=\n"


def test_what_the_program_refuses_is_told_without_its_json(pulumi):
    said = {
        "diagnostics": [{"severity": "error", "message": "accountId: wrong\n"}, {"severity": "info", "message": "x"}]
    }
    (pulumi / "answers" / "preview.fails").write_text(json.dumps(said))
    engine = recover.Pulumi(stack="test", folder=PROJECT)
    with pytest.raises(recover.RecoveryError) as caught:
        engine.creates()
    assert caught.value.message.endswith("recover stops there:\naccountId: wrong")


def test_a_preview_gives_the_creates_of_resources(pulumi):
    steps = [
        {"op": "create", "newState": {"urn": "a", "custom": True}},
        {"op": "create", "newState": {"urn": "component"}},
        {"op": "same", "newState": {"urn": "b", "custom": True}},
    ]
    (pulumi / "answers" / "preview").write_text(json.dumps({"steps": steps}))
    assert recover.Pulumi(stack="test", folder=PROJECT).creates() == [{"urn": "a", "custom": True}]


def test_the_former_name_tells_the_new_one():
    done = subprocess.run(
        [sys.executable, "-m", "ops.recover", "--stack", "test"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == exits.NOT_RUN
    assert "agentkeys recover -s <stack>" in done.stderr
