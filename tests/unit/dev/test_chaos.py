"""The campaign of faults without a sandbox: its cases, its judge and its ledger."""

import contextlib
import json
from collections import Counter

import pytest

from dev import chaos, inventory
from dev.chaos import CHANGE, Campaign, Case, Ended, cases_of
from ops.verdicts import Verdict
from sandbox.aws import faults
from sandbox.aws.faults import Fault
from sandbox.supervisor import SandboxError

USER = {"user agentkeys-daemon-test": "made"}
PROD = {"user agentkeys-daemon": "prod's"}


def case(kind="error", stage="up", light=True):
    return Case(stage=stage, light=light, fault=Fault(service="iam", operation="CreateUser", kind=kind))


class ChaosLab:
    """A stack of one user. A run makes it, after ``failures`` runs that do not."""

    def __init__(self, folder):
        self.plan = folder / "faults.json"
        self.account = dict(PROD)
        self.failures, self.strikes, self.preview_fails, self.leaves = 0, True, False, ""
        self.said = []
        self.project = None
        self.engine = self

    def progress(self, line):
        self.said.append(line)

    def down(self):
        self.account = dict(PROD)

    def listing(self):
        return dict(self.account)

    def recover(self):
        self.said.append("recovered")

    @contextlib.contextmanager
    def struck(self, wanted):
        faults.write(self.plan, [wanted.fault])
        if self.strikes:
            self.plan.with_suffix(".log").write_text(json.dumps({"kind": wanted.fault.kind}) + "\n")
        yield
        self.plan.unlink()

    def run(self, *arguments, light=None, **_more):
        if light is None:
            self.previewed = arguments
            return type("Done", (), {"returncode": int(self.preview_fails)})
        self.said.append(arguments[0])
        if self.failures:
            self.failures -= 1
            return Ended(code=1, said="error: context canceled\n  error: creating IAM User: lost\nagentkeys recover")
        self.account = {**PROD, **({} if arguments[0] == "destroy" else USER)}
        if self.leaves:
            self.account[self.leaves] = "left"
        return Ended(code=0, said="done")


@pytest.fixture
def campaign(tmp_path):
    made = Campaign(ground=ChaosLab(tmp_path), ledger=tmp_path / "chaos" / "ledger", kinds=["error"], stages=["up"])
    made.others = dict(PROD)
    for stage in chaos.STAGES:
        for light in (True, False):
            made.expected[stage, light] = inventory.names(PROD if stage == "destroy" else {**PROD, **USER})
    return made


def test_every_recorded_call_has_a_case_of_every_kind_with_a_name_of_its_own():
    calls = [{"service": "iam", "operation": name} for name in ("CreateUser", "CreateRole", "CreateUser")]
    cases = list(cases_of("up", calls, ["error", "hang"], light=True))
    assert [item.name for item in cases] == [
        f"up: iam {call}: {kind}"
        for call in ("CreateUser 1", "CreateRole 1", "CreateUser 2")
        for kind in ("error", "hang")
    ]
    assert [item.fault.seconds for item in cases[:2]] == [0, 120]


def test_a_case_that_ends_like_a_run_without_a_fault_is_well_and_tells_what_failed(campaign):
    campaign.ground.failures = 1
    line = campaign.run(case())
    assert (line.verdict, line.seen) == (Verdict.OK, "error: creating IAM User: lost")
    assert campaign.ground.said == ["up", "recovered", "up"]


def test_a_case_begins_with_the_stack_when_its_stage_needs_one(campaign):
    assert campaign.run(case(stage="destroy")).verdict == Verdict.OK
    assert campaign.ground.said == ["recovered", "up", "destroy", "recovered", "destroy"]


def test_a_fault_that_struck_nothing_proves_nothing(campaign):
    campaign.ground.strikes = False
    line = campaign.run(case())
    assert (line.verdict, line.seen) == (Verdict.WRONG, "the fault struck nothing")


def test_a_second_command_that_would_be_needed_is_wrong(campaign):
    campaign.ground.failures = 2
    line = campaign.run(case())
    assert line.verdict == Verdict.WRONG
    assert line.seen.startswith("recover and up do not finish: ")


@pytest.mark.parametrize("left", ["address agentkeys-broker-eip-test eipalloc-2", "user agentkeys-daemon-other"])
def test_what_is_left_over_is_wrong(campaign, left):
    campaign.ground.leaves = left
    line = campaign.run(case())
    assert line.verdict == Verdict.WRONG
    assert left.rsplit(" eipalloc", 1)[0] in line.seen


def test_what_happens_to_another_stack_is_wrong(campaign):
    campaign.ground.leaves = next(iter(PROD))
    assert "another stack changed" in campaign.run(case()).seen


def test_the_preview_after_a_whole_run_must_be_empty(campaign):
    assert campaign.run(case(stage="change", light=False)).verdict == Verdict.OK
    assert set(CHANGE) <= set(campaign.ground.previewed), "of the settings that the run had"
    campaign.ground.preview_fails = True
    assert campaign.run(case(light=False)).seen == "a preview after it is not empty"


def test_the_ledger_says_what_is_done(campaign):
    one = campaign.run(case())
    campaign.note(case(), one, 3.21)
    again = Campaign(ground=campaign.ground, ledger=campaign.ledger, kinds=[], stages=[])
    assert again.done() == {case().name: one}


def test_a_failure_without_a_fault_ends_the_campaign(campaign):
    campaign.ground.failures = 1
    with pytest.raises(SandboxError, match="up fails without a fault"):
        campaign._settle("up", light=True)


def test_names_of_an_inventory_leave_out_the_identifiers_of_aws():
    found = {"address eip a-1": 1, "address eip a-2": 2, "user u": 3, "record a.b. A": 4}
    assert inventory.names(found) == Counter({"address eip": 2, "user u": 1, "record a.b. A": 1})


def test_a_destroy_is_given_no_option_that_it_does_not_have(monkeypatch):
    monkeypatch.setattr(chaos.rehearsal, "prepare", lambda _progress: {})
    ground = chaos.ChaosLab("test", lambda _line: None)
    assert "--exclude-dependents" in ground.command("change", light=True)
    assert "--exclude-dependents" not in ground.command("change", light=False)
    assert ground.command("destroy", light=True) == ["pulumi", *chaos.STAGES["destroy"], "--stack", "test"]
