"""A stack as the operator's commands read it, with the engine's answers in its place."""

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
    monkeypatch.setattr(stack, "ask", lambda _name, what, *_: answers[what])
    return configured


def test_a_stack_is_read_without_its_secrets(engine):
    engine["agentkeys-cloud:hostInstanceId"] = {"value": "i-0123456789abcdef0", "secret": False}
    engine["agentkeys-cloud:hostPrivateKey"] = {"secret": True}
    read = stack.read("test")
    assert read.settings.host_private_key.get_secret_value() == MASKED
    assert read.output("elasticIp") == ADDRESS
    assert MASKED not in repr(read.settings)


def test_settings_that_are_not_usable_are_told_as_the_program_tells_them(engine):
    engine["agentkeys-cloud:hostInstanceId"] = {"value": "prod", "secret": False}
    with pytest.raises(stack.StackError, match="hostInstanceId: 'prod' string should match pattern"):
        stack.read("test")
