"""A stack as the operator's commands read it, with the engine's answers in its place."""

import os
import subprocess

import pytest

from dev.recorder import ADDRESS, PROJECT, configuration
from ops import stack
from settings import MASKED


@pytest.fixture
def engine(monkeypatch, release):
    """The engine's configuration, for a test to change; what it answers is what `pulumi config --json` prints."""
    configured = {key: {"value": value, "secret": False} for key, value in configuration(PROJECT, "test").items()} | {
        f"agentkeys-cloud:{key}": {"value": value, "secret": False} for key, value in release.items()
    }
    answers = {"config": configured, "stack": {"elasticIp": ADDRESS}}
    monkeypatch.setattr(stack, "ask", lambda _name, what, *_, **_how: answers[what])
    return configured


def test_a_stack_is_read_without_its_secrets(engine):
    engine["agentkeys-cloud:hostInstanceId"] = {"value": "i-0123456789abcdef0", "secret": False}
    engine["agentkeys-cloud:hostPrivateKey"] = {"secret": True}
    read = stack.read("test")
    assert read.settings.host_private_key.get_secret_value() == MASKED
    assert read.output("elasticIp") == read.address == ADDRESS
    assert MASKED not in repr(read.settings)


def test_settings_that_are_not_usable_are_told_as_the_program_tells_them(engine):
    engine["agentkeys-cloud:hostInstanceId"] = {"value": "prod", "secret": False}
    with pytest.raises(stack.StackError, match="hostInstanceId: 'prod' string should match pattern"):
        stack.read("test")


def test_the_operators_defaults_of_flags_do_not_reach_the_engine(tmp_path, monkeypatch):
    """With PULUMI_OPTION_SHOW_SECRETS set, `pulumi stack output` prints secrets."""
    monkeypatch.setenv("PULUMI_OPTION_SHOW_SECRETS", "true")
    monkeypatch.setenv("PULUMI_OPTION_CONFIG_FILE", "other.yaml")
    monkeypatch.setenv("PULUMI_HOME", "kept")
    for env in (None, {**os.environ, "PULUMI_OPTION_TARGET": "x"}):
        said = stack.called(["env"], folder=tmp_path, env=env).stdout
        assert [line for line in said.splitlines() if line.startswith("PULUMI_OPTION")] == [
            "PULUMI_OPTION_CONFIG_FILE=other.yaml"
        ]
        assert "PULUMI_HOME=kept" in said.splitlines()


def test_output_that_is_not_utf_8_is_read(tmp_path):
    assert "caf" in stack.called(["printf", r"caf\351"], folder=tmp_path).stdout


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ("no stack named 'test' found", "stack 'test' does not exist in the backend"),
        (
            "current stack does not have output property 'sshPrivateKey'",
            "stack 'test' has no output 'sshPrivateKey'. Run `pulumi up -s test` first.",
        ),
        ("the passphrase is wrong", "`pulumi stack output sshPrivateKey --stack test` failed: the passphrase is wrong"),
    ],
)
def test_an_error_of_the_engine_names_the_stack_and_the_next_step(monkeypatch, error, message):
    code = 255
    monkeypatch.setattr(
        stack, "called", lambda command, folder: subprocess.CompletedProcess(command, code, '"an output"', error)
    )
    with pytest.raises(stack.StackError) as refused:
        stack.ask("test", "stack", "output", "sshPrivateKey")
    assert refused.value.message.startswith(message)
    code = 0
    assert stack.ask("test", "stack", "output", "sshPrivateKey") == "an output", "a warning is no error"


def test_an_engine_that_is_not_installed_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(stack.StackError, match="there is no `pulumi` on PATH"):
        stack.ask("test", "config", "--json")
