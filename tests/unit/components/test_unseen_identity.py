"""When `up` waits for SES to show a new mail identity, and when it does not."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from components import mail
from components.checks import credentials

UNREADABLE = "reading SESv2 Email Identity (bots.example.org): couldn't find resource"


class Ses:
    """Answers with a refusal while ``answers`` says so."""

    def __init__(self, *answers: bool) -> None:
        self._answers = list(answers)
        self.asked = 0

    def get_email_identity(self, **wanted: str) -> None:
        assert wanted == {"EmailIdentity": "bots.example.org"}
        self.asked += 1
        if not (self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]):
            raise ValueError("NotFoundException")


def failed(**changed: Any) -> pulumi.ErrorHookArgs:
    return pulumi.ErrorHookArgs(
        **{
            "urn": "urn:pulumi:test::agentkeys-cloud::aws:sesv2/emailIdentity:EmailIdentity::mail-domain",
            "id": "",
            "name": "mail-domain",
            "type": "aws:sesv2/emailIdentity:EmailIdentity",
            "new_inputs": {"emailIdentity": "bots.example.org"},
            "failed_operation": "create",
            "errors": [UNREADABLE],
            **changed,
        }
    )


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the hook answers, with a clock that only its sleeping moves."""
    now = 0.0

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    monkeypatch.setattr(asyncio, "sleep", sleep)
    monkeypatch.setattr(mail.time, "monotonic", lambda: now)
    monkeypatch.setattr(pulumi.log, "info", lambda _said: None)
    monkeypatch.setattr(pulumi.log, "debug", lambda _said: None)

    def run(ses: Ses, **changed: Any) -> bool:
        monkeypatch.setattr(
            credentials, "client", lambda service, region: {("sesv2", "us-east-1"): ses}[service, region]
        )
        return asyncio.run(mail.identity_appears("us-east-1")(failed(**changed)))

    return run


def test_the_engine_tries_again_when_ses_shows_the_identity(answer: Any) -> None:
    ses = Ses(False, False, True)
    assert answer(ses)
    assert ses.asked == 2 + mail.SEEN


def test_one_server_that_knows_it_is_not_enough(answer: Any) -> None:
    ses = Ses(True, False, True)
    assert answer(ses)
    assert ses.asked == 2 + mail.SEEN


def test_an_identity_that_ses_shows_at_once_is_read_no_more_than_it_must(answer: Any) -> None:
    ses = Ses(True)
    assert answer(ses)
    assert ses.asked == mail.SEEN


def test_the_tokens_are_those_of_ses_and_empty_where_the_run_excludes_the_identity() -> None:
    assert mail._tokens(SimpleNamespace(tokens=["a", "b", "c"])) == ["a", "b", "c"]
    assert mail._tokens(SimpleNamespace(tokens=None)) == ["", "", ""]


def test_an_identity_that_ses_never_shows_ends_the_run(answer: Any) -> None:
    ses = Ses(False)
    assert not answer(ses)
    assert ses.asked == mail.UNSEEN


@pytest.mark.parametrize(
    "changed",
    [
        {"type": "aws:iam/role:Role"},
        {"failed_operation": "update"},
        {"errors": ["AlreadyExistsException: the identity exists", UNREADABLE]},
    ],
)
def test_another_failure_ends_the_run_at_once(answer: Any, changed: dict[str, Any]) -> None:
    ses = Ses(True)
    assert not answer(ses, **changed)
    assert ses.asked == 0
