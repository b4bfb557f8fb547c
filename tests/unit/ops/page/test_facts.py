"""Every command is asked once, and one that cannot look leaves a reason in the place of its part."""

import dataclasses
import json

import click
import pytest
from botocore.exceptions import ClientError

from ops import session, stack
from ops.commands import drift
from ops.commands.audit import Audit
from ops.commands.doctor import Doctor
from ops.page import rendering, summary
from ops.page.facts import Asked, Facts, Once, Unseen, gather
from ops.verdicts import Line, Verdict
from tests.support.recordings import RELEASE
from tests.support.stacks import a_stack

WELL = Line(subject="a", claim="b", expected="", seen="c", verdict=Verdict.OK)
PARTS = {field.name for field in dataclasses.fields(Facts)} - {"name", "made", "other"}
#: As for a person without a right: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "is not authorized"}}, "GetRole")


class Commands:
    """Every command's function by its place, with an answer that a test may replace; ``counted`` has the questions."""

    def __init__(self, monkeypatch):
        self.counted = []
        self._monkeypatch = monkeypatch
        self.answer(stack, "read", lambda name: a_stack(name, RELEASE))
        self.answer(stack, "ask", self._engine)
        self.answer(stack, "preview", lambda _, log: log.write_text(json.dumps({"timestamp": 1}) + "\n"))
        self.answer(session, "of", lambda _: None)
        self.answer(Audit, "lines", lambda _: [WELL])
        self.answer(Doctor, "examine", lambda doctor: [*doctor.audited(), *([WELL] if doctor.compared() else [])])
        self.answer(drift, "look", lambda _: drift.Report())

    def answer(self, owner, name, reply):
        def asked(*arguments):
            self.counted.append(f"{owner.__name__.rpartition('.')[2]}.{name}")
            if isinstance(reply, Exception):
                raise reply
            return reply(*arguments)

        self._monkeypatch.setattr(owner, name, asked)

    @staticmethod
    def _engine(_name, *question):
        return {"deployment": {"resources": []}} if "export" in question else []


@pytest.fixture
def commands(monkeypatch):
    return Commands(monkeypatch)


def unseen(facts):
    return {name: getattr(facts, name).why for name in PARTS if isinstance(getattr(facts, name), Unseen)}


def test_every_command_is_asked_once_though_the_doctor_sums_up_two_of_them(commands):
    facts = gather(Asked(name="test", prove=False))
    assert unseen(facts).keys() == {"proven", "up"}
    asked = [question for question in commands.counted if question != "stack.ask"]
    assert sorted(asked) == [
        *("Audit.lines", "Doctor.examine", "drift.look", "session.of", "stack.preview", "stack.read"),
    ]


def test_a_stack_that_cannot_be_read_has_a_page_that_says_so_in_every_part(commands):
    commands.answer(stack, "read", stack.StackError("stack 'test' is not at the backend"))
    facts = gather(Asked(name="test", against="prod"))
    assert {why for name, why in unseen(facts).items() if name != "up"} == {"stack 'test' is not at the backend"}
    page = rendering.page(facts)
    # Components, proof, terms, timeline, cost, doctor, audit, host.
    assert page.count('<div class="unseen">') >= 8
    assert rendering.markdown(facts).count("not run |") == 5


def test_a_stack_that_is_not_up_shows_what_the_doctor_sees(commands):
    commands.answer(stack, "read", lambda name: a_stack(name, RELEASE, up=False))
    commands.answer(Doctor, "examine", lambda _: [WELL])
    facts = gather(Asked(name="test"))
    assert unseen(facts).keys() == {"audit", "host", "proven", "up"}
    assert "run `pulumi up -s test` first" in unseen(facts)["audit"]
    assert "not up" in dict(summary.part(facts).facts).values()
    rendering.page(facts)


def test_without_rights_the_state_is_shown_and_the_account_is_not(commands):
    commands.answer(session, "of", session.AccountError("AWS does not say who the credentials belong to"))
    facts = gather(Asked(name="test"))
    assert unseen(facts).keys() == {"audit", "doctor", "proven", "up"}
    assert commands.counted.count("Audit.lines") == 0


def test_what_aws_denies_is_said_in_its_part(commands):
    commands.answer(Audit, "lines", DENIED)
    facts = gather(Asked(name="test", prove=False))
    assert "AccessDenied" in unseen(facts)["audit"]
    assert commands.counted.count("Audit.lines") == 1, "the doctor does not ask again for what was refused"


def test_a_half_destroyed_stack_whose_answers_are_not_whole_has_a_page(commands):
    commands.answer(Audit, "lines", IndexError("list index out of range"))
    facts = gather(Asked(name="test", prove=False))
    assert unseen(facts)["audit"] == (
        "an answer was not whole (IndexError: list index out of range); a part of the stack may be gone."
    )
    rendering.page(facts)


def test_a_defect_of_the_program_is_not_taken_for_a_part_that_cannot_be_seen(commands):
    commands.answer(Audit, "lines", AttributeError("a defect"))
    with pytest.raises(AttributeError):
        gather(Asked(name="test", prove=False))


def test_a_previews_event_log_is_taken_in_place_of_another_preview(commands, tmp_path):
    log = tmp_path / "preview.json"
    summed = {"timestamp": 3, "summaryEvent": {"isPreview": True}}
    log.write_text("".join(json.dumps(event) + "\n" for event in ({"timestamp": 1}, summed)))
    facts = gather(Asked(name="test", prove=False, event_logs=[log]))
    assert facts.plan.seconds == 2
    assert "stack.preview" not in commands.counted


def test_a_file_that_is_no_event_log_costs_the_timeline_alone(commands, tmp_path):
    (tmp_path / "x").write_text("hello\n")
    facts = gather(Asked(name="test", prove=False, event_logs=[tmp_path / "x"]))
    assert unseen(facts)["up"].startswith(f"{tmp_path / 'x'} is not an event log")
    assert "plan" not in unseen(facts)


def test_a_question_that_was_refused_is_not_asked_again():
    asked = []

    def ask():
        asked.append(1)
        raise click.ClickException("no")

    once = Once(ask)
    assert once.seen() == once.seen() == Unseen(why="no")
    assert asked == [1]
