"""The campaign of faults without a sandbox: its cases, its judge and its ledger."""

import contextlib
import json
from collections import Counter
from dataclasses import replace

import pytest

from dev import chaos, inventory
from dev.chaos import CHANGE, HOST, STAGES, Campaign, Case, Ended, Recorded, cases_of
from ops.verdicts import Verdict
from sandbox.aws import faults
from sandbox.aws.faults import Fault
from sandbox.supervisor import SandboxError

USER = {"user agentkeys-daemon-test": "made"}
PROD = {"user agentkeys-daemon": ["prod's"]}
INCONSISTENT = "10 s of inconsistency"
FAILED = "error: context canceled\n  error: creating IAM User: lost\nNext: `agentkeys recover -s test`"


def case(kind="error", stage="up", nth=1):
    return Case(stage=stage, fault=Fault(service="iam", operation="CreateUser", kind=kind, nth=nth))


class ChaosLab:
    """A stack of one user. A run makes it, after ``failures`` runs that do not. A run makes ``reach`` of the calls."""

    def __init__(self, folder):
        self.plan = folder / "faults.json"
        self.saved = folder / "bases"
        self.account = dict(PROD)
        self.failures, self.reach, self.leaves, self.fails_with = 0, 99, "", FAILED
        self.preview, self.left = Ended(code=0, said="done"), []
        self.runs = []
        self.said = []
        self.project = None
        self.engine = self

    def progress(self, line):
        self.said.append(line)

    def steps(self):
        return ["setup-packages"]

    def begin(self, base, with_host=False):
        self.runs.append(f"begin {base}" + (" with its host" if with_host else ""))
        self.account = {**PROD, **(USER if base == "complete" else {})}

    def listing(self):
        return dict(self.account)

    def state(self, _project):
        return {"resources": self.left}

    def recover(self):
        self.runs.append("recover")

    @contextlib.contextmanager
    def struck(self, cases):
        self.faults = [wanted.fault for wanted in cases if wanted.fault]
        lines = [json.dumps({**fault.__dict__, "time": 1}) for fault in self.faults[: self.reach]]
        self.plan.with_suffix(".log").write_text("".join(f"{line}\n" for line in lines))
        yield

    def run(self, arguments):
        self.runs.append(arguments[0])
        if arguments[0] == "preview":
            self.previewed = arguments
            return self.preview
        if self.failures:
            self.failures -= 1
            return Ended(code=1, said=self.fails_with)
        self.account = {**PROD, **({} if arguments[0] == "destroy" else USER)}
        if self.leaves:
            self.account[self.leaves] = "left"
        return Ended(code=0, said="done")


@pytest.fixture
def campaign(tmp_path):
    made = Campaign(ground=ChaosLab(tmp_path), ledger=tmp_path / "chaos" / "ledger")
    made.others = dict(PROD)
    for stage in STAGES:
        there = PROD if stage == "destroy" else {**PROD, **USER}
        made.recorded[stage] = Recorded(calls=[], names=inventory.names(there))
    return made


def only(lines):
    (line,) = lines.values()
    return line


def test_every_recorded_call_has_a_case_of_every_kind_with_a_name_of_its_own():
    calls = [{"service": "iam", "operation": name} for name in ("CreateUser", "CreateRole", "CreateUser")]
    cases = list(cases_of("up", calls, ["error", "hang"]))
    assert len(list(cases_of("up", calls, ["throttled"]))) == 2, "a throttled operation refuses every call"
    assert [item.name for item in cases] == [
        f"up: iam {call}: {kind}"
        for kind in ("error", "hang")
        for call in ("CreateUser 1", "CreateRole 1", "CreateUser 2")
    ]
    assert [item.fault.seconds for item in cases] == [0, 0, 0, 120, 120, 120]


def test_the_host_loses_power_in_each_of_its_steps(campaign):
    campaign.recorded["up"] = Recorded(calls=[{"service": "iam", "operation": "CreateUser"}], names=Counter())
    cases = campaign.cases()
    assert len(cases) == len(chaos.KINDS) + 1
    assert {item.kind for item in cases} == set(chaos.ORDER)
    assert cases[-1].name == "up, with the host: setup-packages: power-loss"


def test_a_case_that_ends_like_a_run_without_a_fault_is_well_and_tells_what_failed(campaign):
    campaign.ground.failures = 1
    line = only(campaign.run([case()]))
    assert line.verdict == Verdict.OK
    assert line.seen == "failed (error: creating IAM User: lost), then recovered"
    assert campaign.ground.runs == ["begin nothing", "up", "recover", "up", "preview"]


def test_a_run_that_goes_through_is_recovered_too_and_not_run_again(campaign):
    assert only(campaign.run([case()])).seen == "went through"
    assert campaign.ground.runs == ["begin nothing", "up", "recover", "preview"]


@pytest.mark.parametrize("stage", STAGES)
def test_a_case_begins_with_what_its_stage_needs(campaign, stage):
    assert only(campaign.run([case(stage=stage)])).verdict == Verdict.OK
    assert campaign.ground.runs[0] == f"begin {STAGES[stage].base}" + (" with its host" if stage == HOST else "")


def test_faults_of_one_kind_share_a_run_and_those_that_it_does_not_reach_get_another(campaign):
    campaign.ground.reach = 2
    cases = [case(nth=nth) for nth in (1, 2, 3)]
    campaign.run_all(cases, limit=0)
    assert campaign.ground.runs.count("begin nothing") == 2
    assert {name: together for name, (_, together) in campaign.entries().items()} == {
        cases[0].name: 2,
        cases[1].name: 2,
        cases[2].name: 1,
    }


def test_what_no_run_reaches_is_not_said_to_be_well(campaign):
    campaign.ground.reach = 0
    campaign.run_all([case()], limit=0)
    assert campaign.done()[case().name].verdict == Verdict.NOT_RUN


def test_each_fault_of_a_run_that_ends_wrong_is_run_alone(campaign):
    campaign.ground.failures = 2
    campaign.run_all([case(nth=1), case(nth=2)], limit=0)
    assert campaign.ground.runs.count("begin nothing") == 3
    assert [line.verdict for line in campaign.done().values()] == [Verdict.OK, Verdict.OK]
    assert {together for _, together in campaign.entries().values()} == {1}


def test_a_second_command_that_would_be_needed_is_wrong(campaign):
    campaign.ground.failures = 2
    line = only(campaign.run([case()]))
    assert line.verdict == Verdict.WRONG
    assert line.seen == "the run after recover fails: error: creating IAM User: lost"


def test_a_failed_run_that_does_not_name_the_one_command_is_wrong(campaign):
    campaign.ground.failures, campaign.ground.fails_with = 1, "error: lost"
    assert "does not name" in only(campaign.run([case()])).seen
    campaign.ground.failures = 1
    assert only(campaign.run([case(kind="kill-engine-after")])).verdict == Verdict.OK, "a killed engine says nothing"


def test_a_failed_run_with_a_traceback_is_wrong(campaign):
    campaign.ground.failures, campaign.ground.fails_with = 1, FAILED + "\nTraceback (most recent call last)"
    assert "a traceback" in only(campaign.run([case()])).seen


@pytest.mark.parametrize("left", ["address agentkeys-broker-eip-test eipalloc-2", "user agentkeys-daemon-other"])
def test_what_is_left_over_is_wrong(campaign, left):
    campaign.ground.leaves = left
    line = only(campaign.run([case()]))
    assert line.verdict == Verdict.WRONG
    assert left.rsplit(" eipalloc", 1)[0] in line.seen


def test_what_happens_to_another_stack_is_wrong(campaign):
    campaign.ground.leaves = next(iter(PROD))
    assert "another stack changed: ['user agentkeys-daemon']" in only(campaign.run([case()])).seen


def test_the_preview_after_a_run_must_be_empty(campaign):
    assert only(campaign.run([case(stage="change")])).verdict == Verdict.OK
    assert set(CHANGE) <= set(campaign.ground.previewed), "of the settings that the run had"
    campaign.ground.preview = Ended(
        code=1, said="Previewing\n ~  aws:iam:User daemon update\nerror: no changes expected"
    )
    assert "['~  aws:iam:User daemon update']" in only(campaign.run([case()])).seen


def test_a_destroy_must_leave_nothing_in_the_state(campaign):
    campaign.ground.left = [{"urn": "urn::user"}]
    assert only(campaign.run([case(stage="destroy")])).seen == "the state still has ['urn::user']"


def test_the_ledger_says_what_is_done_and_a_later_run_counts(campaign):
    one = only(campaign.run([case()]))
    campaign.ground.failures = 2
    campaign.note(case(), only(campaign.run([case()])), 1)
    campaign.note(case(), one, 3.21)
    again = Campaign(ground=campaign.ground, ledger=campaign.ledger)
    assert again.done() == {case().name: one}
    ran = len(campaign.ground.runs)
    again.run_all([case()], limit=0)
    assert len(campaign.ground.runs) == ran


def test_what_was_wrong_runs_again_once_if_asked(campaign):
    campaign.ground.leaves = "user of-nobody"
    campaign.run_all([case(), case(kind="reset")], limit=0)
    campaign.ground.leaves = ""
    campaign.again = {case().name}
    campaign.run_all([case(), case(kind="reset")], limit=0)
    done = campaign.done()
    assert (done[case().name].verdict, done[case(kind="reset").name].verdict) == (Verdict.OK, Verdict.WRONG)
    assert campaign.again == set()


def test_a_campaign_leaves_to_another_what_that_runs_now(campaign):
    other = Campaign(ground=campaign.ground, ledger=campaign.ledger)
    with other._claimed("up error") as mine:
        assert mine
        campaign.run_all([case(), case(kind="hang")], limit=0)
    assert list(campaign.done()) == [case(kind="hang").name]


def test_a_failure_without_a_fault_ends_the_campaign(campaign):
    campaign.ground.failures = 1
    with pytest.raises(SandboxError, match="up fails without a fault"):
        campaign.record()


def test_what_a_run_without_a_fault_left_is_kept_beside_the_bases_and_not_run_again(campaign):
    faults.write(campaign.ground.plan, [], record=True)
    campaign.record()
    ran = len(campaign.ground.runs)
    Campaign(ground=campaign.ground, ledger=campaign.ground.saved.with_name("other") / "ledger").record()
    assert len(campaign.ground.runs) == ran
    assert campaign.recorded["up"].names == inventory.names({**PROD, **USER})
    assert campaign.others == PROD


def test_a_run_has_time_for_all_its_faults_one_after_another(tmp_path):
    lab = object.__new__(chaos.ChaosLab)
    lab.plan = tmp_path / "faults.json"
    hanging = [Case(stage="up", fault=replace(case(kind="hang", nth=nth).fault, seconds=120)) for nth in (1, 2)]
    with lab.struck(hanging):
        assert lab.patience == chaos.PATIENCE + 240
    assert lab.patience == chaos.PATIENCE


def test_campaigns_in_cells_share_one_ledger(monkeypatch, tmp_path):
    started = []

    class Cell:
        def __init__(self, command, cwd):
            self.command = command
            started.append(command)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def wait(self):
            return 3 if "chaos-2" in self.command else 0

    monkeypatch.setattr(chaos.subprocess, "Popen", Cell)
    monkeypatch.setattr(chaos.sys, "argv", ["chaos", "--stack", "prod", "--cells", "2"])
    monkeypatch.setattr(chaos.layout, "HOME", tmp_path)
    assert chaos.main() == 3
    python = [chaos.sys.executable, "-m"]
    options = ["--stack", "prod", "--cells", "2", "--ledger", str(tmp_path / "chaos" / "ledger.jsonl"), "--cells", "0"]
    assert started == [
        [*python, "sandbox", "cell", f"chaos-{number}", "--", *python, "dev.chaos", *options] for number in (1, 2)
    ]


def test_names_of_an_inventory_leave_out_the_identifiers_of_aws():
    found = {"address eip a-1": 1, "address eip a-2": 2, "user u": 3, "record a.b. A": 4}
    assert inventory.names(found) == Counter({"address eip": 2, "user u": 1, "record a.b. A": 1})


def test_a_destroy_is_given_no_option_that_it_does_not_have():
    assert "--exclude-dependents" in STAGES["up"].arguments
    assert "--exclude-dependents" not in STAGES["destroy"].arguments


def test_the_report_has_every_call_by_kind_and_says_what_did_not_run(campaign):
    cases = [*(case(nth=nth) for nth in (1, 2)), case(kind="reset"), Case(stage=HOST, step="setup-packages")]
    campaign.run_all(cases[:2], limit=0)
    campaign.ground.leaves = "user of-nobody"
    campaign.run_all(cases[2:3], limit=0)
    told = chaos.report(cases, campaign.entries())
    assert "Of 4 cases, 3 ran in 2 runs: 2 ended as a run without a fault, 1 did not. 1 did not run." in told
    assert "| up | iam CreateUser | 2/2 | 0/1 |  |" in told
    assert "| up, with the host | setup-packages |  |  | 0/1 (1) |" in told
    assert "- `up: iam CreateUser 1: reset`: too much: ['user of-nobody']" in told


def test_a_report_is_written_from_what_a_cell_recorded_and_starts_no_sandbox(monkeypatch, tmp_path):
    monkeypatch.setattr(chaos.layout, "HOME", tmp_path / "home")
    monkeypatch.setattr(chaos.cells, "STATES", tmp_path / "cells")
    monkeypatch.setattr(chaos.rehearsal, "prepare", pytest.fail)
    bases = tmp_path / "cells" / "chaos-2" / "chaos" / "bases"
    state = bases / "complete" / "state" / ".pulumi" / "stacks" / "agentkeys-cloud" / "test.json"
    state.parent.mkdir(parents=True)
    step = {"type": "command:remote:Command", "urn": "urn:pulumi:test::agentkeys-cloud::x::setup-packages"}
    state.write_text(json.dumps({"checkpoint": {"latest": {"resources": [step]}}}))
    calls = [{"service": "iam", "operation": "CreateUser"}]
    recorded = {"others": {}, "stages": {"up": {"calls": calls, "names": {}}}}
    bases.with_name("recorded.json").write_text(json.dumps(recorded))
    page = tmp_path / "page.md"
    monkeypatch.setattr(chaos.sys, "argv", ["chaos", "--report", str(page), "--ledger", str(tmp_path / "none")])
    assert chaos.main() == 0
    assert f"Of {len(faults.KINDS) + 1} cases, 0 ran" in page.read_text()


def test_a_report_before_a_campaign_says_what_to_run(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(chaos.layout, "HOME", tmp_path / "home")
    monkeypatch.setattr(chaos.cells, "STATES", tmp_path / "cells")
    monkeypatch.setattr(chaos.sys, "argv", ["chaos", "--report", str(tmp_path / "page.md")])
    with pytest.raises(SystemExit) as ended:
        chaos.main()
    assert ended.value.code == 2
    assert "run `make chaos`" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--limit", "--weather", "--cells"])
def test_a_negative_number_is_refused(monkeypatch, capsys, option):
    monkeypatch.setattr(chaos.sys, "argv", ["chaos", option, "-1"])
    with pytest.raises(SystemExit):
        chaos.main()
    assert f"argument {option}: invalid" in capsys.readouterr().err


def test_bad_weather_may_lengthen_an_up_by_a_third_at_most(campaign, monkeypatch):
    ground, clock = campaign.ground, iter([0, 100, 100, 230, 230, 361, 400, 520, 520, 649, 649, 779])
    seen = []
    monkeypatch.setattr(chaos.time, "monotonic", lambda: next(clock))
    ground.weather = seen.append
    lines = list(chaos.compare_weather(ground, 2))
    assert [(line.claim, line.verdict) for line in lines] == [
        ("fair", Verdict.OK),
        ("10 s of inconsistency", Verdict.OK),
        ("throttled", Verdict.OK),
    ]
    assert lines[1].seen == "129.0 s, 1.29 times (130.0, 129.0)"
    assert seen[0::2] == [*chaos.WEATHERS.values()] * 2
    clock = iter([0, 100, 100, 200, 200, 331])
    assert [line.verdict for line in chaos.compare_weather(ground, 1)] == [Verdict.OK, Verdict.OK, Verdict.WRONG]


def test_the_time_of_an_up_that_stops_includes_its_recovery(campaign, monkeypatch):
    ground, clock = campaign.ground, iter([0, 100, 100, 240, 240, 340, *range(6)])
    monkeypatch.setattr(chaos.time, "monotonic", lambda: next(clock))
    ground.weather = lambda wanted: setattr(ground, "failures", 2 if wanted == chaos.WEATHERS[INCONSISTENT] else 0)
    _, inconsistent, _ = chaos.compare_weather(ground, 1)
    assert inconsistent.seen.startswith("140.0 s, 1.40 times (140.0); recovered after 2 stops, the last: error:")
    assert inconsistent.verdict == Verdict.WRONG
    host = ["begin nothing with its host", "up"]
    assert ground.runs == [*host, *host, "recover", "up", "recover", "up", *host]
    ground.weather = lambda wanted: setattr(ground, "failures", 3 if wanted == chaos.WEATHERS[INCONSISTENT] else 0)
    with pytest.raises(SandboxError, match="inconsistency fails"):
        list(chaos.compare_weather(ground, 1))
    ground.fails_with = "error: something else"
    with pytest.raises(SandboxError, match="inconsistency fails"):
        list(chaos.compare_weather(ground, 1))
