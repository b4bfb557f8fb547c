"""`make chaos`: faults in one run of a stack, then recovery, then the run again, for every call and kind of fault.

Owns the list of cases, how a case is run and judged, and the ledger from which a later campaign continues. Leaves out
how a fault is injected (``sandbox/aws/faults.py``) and how a stack recovers (``agentkeys recover``).

A campaign first prepares what its stages start from (``BASES``), and saves account and state of each. Then it runs each
stage without a fault, and records every call that changes something. After every case, the account must contain the
same as after that run, and a preview must be empty. Each case starts from the saved account and state.

The faults of one stage and kind are injected in as few runs as possible: all calls that a run reaches get theirs in
that run. If the end of such a run is wrong, each of its faults is run again alone. Only a loss of power needs a running
host. Several campaigns, each in a cell of its own, can share a ledger.
"""

import argparse
import contextlib
import fcntl
import functools
import json
import re
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dev import inventory
from ops import verdicts
from ops.verdicts import Line, Verdict
from sandbox import cells, layout, rehearsal, supervisor
from sandbox.aws import faults, weather
from sandbox.aws.faults import KINDS, Fault, Kind
from sandbox.hosts import machines
from sandbox.rehearsal import Engine, Progress, Project
from sandbox.supervisor import SandboxError

#: Seconds that a fault with a duration lasts.
SECONDS = {"throttled": 30.0, "hang": 120.0}

#: Seconds after which a run counts as hanging and is ended, beside those that its faults last.
PATIENCE = 1500

#: Arguments that leave out the steps on the host and what depends on them. The patterns match URNs.
LIGHT = ("--exclude", "**HostSetup**", "--exclude", "**Federation**", "--exclude-dependents")

KEY = "agentkeys-cloud:"

#: Arguments of an `up` that adds, replaces and updates resources.
CHANGE = (
    "--config-path",
    *("--config", f"{KEY}ssmManaged=true"),
    *("--config", f"{KEY}versioning=true"),
    *("--config", f"{KEY}sshCidrs[0]=127.0.0.0/8"),
    *("--config", f"{KEY}accessKeyEpochs[0]=1"),
    *("--config", f"{KEY}accessKeyEpochs[1]=2"),
)

UP = ("up", "--yes", "--skip-preview", "--suppress-outputs")

#: The stack beside the campaign's. No case may change it.
NEIGHBOUR = "prod"

#: What a case can start from: the neighbour without a host, and of the stack nothing, all, or all without the OIDC
#: provider and what depends on it.
BASES = ("nothing", "complete", "served")


#: The kinds in the order in which they run: first what loses an answer, last what takes longest.
ORDER = (
    *("answer-lost", "kill-engine-after", "kill-account-after", "reset", "kill-engine-before", "error"),
    *("kill-account-before", "throttled", "power-loss", "hang"),
)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A run of the engine: its base, its arguments, and those of the preview after it that must be empty."""

    base: str
    arguments: tuple[str, ...]
    preview: tuple[str, ...] | None = ()
    """None after a destroy."""


STAGES: dict[str, Stage] = {
    "up": Stage(base="nothing", arguments=(*UP, *LIGHT), preview=LIGHT),
    # The rest of an up: what AWS creates when the host is set up.
    "up, after the host": Stage(base="served", arguments=UP),
    "change": Stage(base="complete", arguments=(*UP, *CHANGE), preview=CHANGE),
    "destroy": Stage(base="complete", arguments=("destroy", "--yes", "--skip-preview"), preview=None),
    "up, with the host": Stage(base="nothing", arguments=UP),
}

#: The account's weather in the runs that ``--weather`` times.
WEATHERS = {
    "fair": weather.Weather(),
    "10 s of inconsistency": weather.Weather(inconsistent=10),
    "throttled": weather.Weather(throttled=True),
}

#: Most that bad weather may lengthen a first `up`.
MOST_TIMES = 1.3

#: How often a first `up` may stop and be recovered: once for each mail identity, which the provider reads only once.
MOST_STOPS = 2

#: The one stage that needs a running host.
HOST = "up, with the host"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One fault in one run. Instead of ``fault``, ``step`` names the host step during which the host loses power."""

    stage: str
    fault: Fault | None = None
    step: str = ""

    @property
    def kind(self) -> str:
        return self.fault.kind if self.fault else "power-loss"

    @property
    def call(self) -> str:
        """Service and operation, or the step."""
        return f"{self.fault.service} {self.fault.operation}" if self.fault else self.step

    @property
    def name(self) -> str:
        """Unique, and the same in every campaign."""
        number = f" {self.fault.nth}" if self.fault else ""
        return f"{self.stage}: {self.call}{number}: {self.kind}"


def cases_of(stage: str, recorded: Iterable[Mapping[str, Any]], kinds: Sequence[Kind]) -> Iterator[Case]:
    """One case for each kind of fault and each recorded call. A throttled operation is one: it refuses all calls."""
    numbered, counted = list[tuple[str, str, int]](), Counter[tuple[str, str]]()
    for call in recorded:
        key = (call["service"], call["operation"])
        counted[key] += 1
        numbered.append((*key, counted[key]))
    for kind in kinds:
        for service, operation, nth in numbered:
            if kind == "throttled" and nth > 1:
                continue
            fault = Fault(service=service, operation=operation, kind=kind, nth=nth, seconds=SECONDS.get(kind, 0.0))
            yield Case(stage=stage, fault=fault)


@dataclass(frozen=True, kw_only=True)
class Ended:
    """Exit code and output (``said``) of a run of the engine."""

    code: int
    said: str


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A run of a stage without a fault: its changing calls, and the names in the account after it."""

    calls: list[dict[str, Any]]
    names: Counter[str]


class ChaosLab:
    """The sandbox of a campaign and one stack in it. All other resources in the account must stay unchanged."""

    def __init__(self, stack: str, progress: Progress) -> None:
        self.project: Project = rehearsal.deployment(stack)
        self.progress = progress
        self.plan = layout.HOME / "faults.json"
        self.patience = float(PATIENCE)
        self.saved = layout.HOME / "chaos" / "bases"

    @functools.cached_property
    def engine(self) -> Engine:
        """The engine in the sandbox, which is started if it does not run."""
        environment = rehearsal.prepare(self.progress)
        # The policy pack cannot judge a run that leaves out a part of the program.
        environment.pop("PULUMI_OPTION_POLICY_PACK", None)
        return Engine(environment)

    def listing(self) -> dict[str, Any]:
        return inventory.listing(supervisor.client, supervisor.emulated().zone_id)

    def prepare(self) -> None:
        """Save account and state of every base, if an earlier campaign has not."""
        if not (self.saved / "nothing").exists():
            self.down()
            self.engine.up(rehearsal.ACCOUNT)
            self._hosts_boot(after=3600)
            self.engine.up(rehearsal.deployment(NEIGHBOUR), *LIGHT)
            self.engine.init(self.project)
            self._save("nothing")
        if not (self.saved / "complete").exists():
            self.begin("nothing", with_host=True)
            self._run_well(*UP)
            self._save("complete")
        if not (self.saved / "served").exists():
            self.begin("complete")
            resources = self.engine.state(self.project)["resources"]
            (provider,) = (item["urn"] for item in resources if item["urn"].endswith("::federation-provider"))
            self._run_well("destroy", "--yes", "--skip-preview", "--target", provider, "--target-dependents")
            self._save("served")

    def _run_well(self, *arguments: str) -> None:
        ended = self.run(arguments)
        if ended.code:
            raise SandboxError(f"{arguments[0]} fails without a fault:\n{ended.said}")

    def _save(self, base: str) -> None:
        # A stop writes the account's last changes.
        supervisor.stop(self.progress)
        partial = self.saved / f"{base}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(layout.STATE, partial / "state")
        shutil.copyfile(layout.HOME / "account.snapshot", partial / "account.snapshot")
        partial.rename(self.saved / base)
        supervisor.start(self.progress)

    def begin(self, base: str, *, with_host: bool = False) -> None:
        """Go back to a base. Hosts boot only if a case needs one, because that takes minutes."""
        self.plan.unlink(missing_ok=True)
        self._hosts_boot(after=0 if with_host else 3600)
        if supervisor.holder() is None:
            supervisor.start(self.progress)
        supervisor.restore_account(self.saved / base / "account.snapshot")
        shutil.rmtree(layout.STATE)
        shutil.copytree(self.saved / base / "state", layout.STATE)

    def _hosts_boot(self, *, after: float) -> None:
        self.weather(weather.Weather(boot=after))

    def weather(self, wanted: weather.Weather) -> None:
        weather.write(layout.HOME / "weather.json", wanted)

    def run(self, arguments: Sequence[str]) -> Ended:
        """Run the engine once. Restarts the account if a fault kills it."""
        self.engine.init(self.project)
        alive = threading.Event()
        keeper = threading.Thread(target=self._keep_account, args=(alive,), daemon=True)
        keeper.start()
        try:
            done = subprocess.run(
                ["pulumi", *arguments, "--stack", self.project.stack],
                cwd=self.project.folder,
                env=self.engine.environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=self.patience,
            )
            return Ended(code=done.returncode, said=done.stdout + done.stderr)
        except subprocess.TimeoutExpired:
            return Ended(code=-1, said=f"the run did not end in {self.patience:.0f} s")
        finally:
            alive.set()
            keeper.join()

    def _keep_account(self, ended: threading.Event) -> None:
        while not ended.wait(0.5):
            if supervisor.holder() is None:
                supervisor.start(self.progress)

    @contextlib.contextmanager
    def struck(self, cases: Sequence[Case]) -> Iterator[None]:
        """Apply the cases' faults inside the block."""
        if planned := [case.fault for case in cases if case.fault]:
            faults.write(self.plan, planned)
            # Calls that depend on each other last one after another.
            self.patience = PATIENCE + sum(fault.seconds for fault in planned)
            try:
                yield
            finally:
                self.patience = PATIENCE
                self.plan.unlink(missing_ok=True)
            return
        ended = threading.Event()
        watcher = threading.Thread(target=self._lose_power, args=(cases[0].step, ended), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()

    def _lose_power(self, step: str, ended: threading.Event) -> None:
        """End the host's processes as soon as the step runs, then reboot the instance through EC2."""
        while not ended.wait(0.2):
            pending = self.engine.state(self.project).get("pending_operations") or []
            if any(operation["resource"]["urn"].endswith(f"::{step}") for operation in pending):
                break
        else:
            return
        ec2 = supervisor.client("ec2")
        named = [{"Name": "tag:Name", "Values": [f"agentkeys-broker-host-{self.project.stack}"]}]
        for several in ec2.describe_instances(Filters=named)["Reservations"]:
            for instance in several["Instances"]:
                machines.lose_power(instance["InstanceId"])
                ec2.reboot_instances(InstanceIds=[instance["InstanceId"]])

    def steps(self) -> list[str]:
        """Names of the steps on the host, from the complete stack's saved state."""
        folder = self.saved / "complete" / "state" / ".pulumi" / "stacks" / self.project.name
        saved = json.loads((folder / f"{self.project.stack}.json").read_text())["checkpoint"]["latest"]
        return [
            item["urn"].rsplit("::", 1)[-1] for item in saved["resources"] if item["type"].startswith("command:remote:")
        ]

    def recover(self) -> None:
        """Run the recovery command. Raises SandboxError if it fails."""
        self.engine.repair(self.project)

    def down(self) -> None:
        if self.engine.has_stack(self.project):
            self.engine.destroy(self.project)


@dataclass(kw_only=True)
class Campaign:
    """Runs and judges cases."""

    ground: ChaosLab
    ledger: Path
    recorded: dict[str, Recorded] = field(default_factory=dict)
    others: dict[str, Any] = field(default_factory=dict)
    """The account of the base without the stack."""
    again: set[str] = field(default_factory=set)
    """Names of cases to run although the ledger has them."""

    def record(self) -> None:
        """Run every stage without a fault, if an earlier campaign has not, and keep what it called and left."""
        if not self.recording.exists():
            self._record(self.recording)
        self.read()

    @property
    def recording(self) -> Path:
        """What the stages called and left without a fault. It is beside the bases, not the ledger, because it has
        identifiers of this account.
        """
        return self.ground.saved.with_name("recorded.json")

    def read(self) -> None:
        """Read what ``record`` kept."""
        path = self.recording
        told = json.loads(path.read_text())
        self.others = told["others"]
        self.recorded = {
            stage: Recorded(calls=item["calls"], names=Counter(item["names"])) for stage, item in told["stages"].items()
        }

    def _record(self, path: Path) -> None:
        ground, stages = self.ground, dict[str, Any]()
        ground.begin("nothing")
        others = ground.listing()
        for name, stage in STAGES.items():
            if name == HOST:
                continue
            ground.begin(stage.base)
            faults.write(ground.plan, [], record=True)
            ended = ground.run(stage.arguments)
            if ended.code:
                raise SandboxError(f"{name} fails without a fault:\n{ended.said}")
            calls = [line for line in faults.struck(ground.plan) if not line["kind"]]
            ground.plan.unlink()
            stages[name] = {"calls": calls, "names": inventory.names(ground.listing())}
            if wrong := self._preview(name):
                raise SandboxError(f"{name} without a fault: {wrong}")
        ground.begin("complete")
        stages[HOST] = {"calls": [], "names": inventory.names(ground.listing())}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".new").write_text(json.dumps({"others": others, "stages": stages}, default=str))
        path.with_suffix(".new").rename(path)

    def cases(self) -> list[Case]:
        """Every case, those of one stage and kind after another."""
        found = [case for stage, item in self.recorded.items() for case in cases_of(stage, item.calls, KINDS)]
        return [*found, *(Case(stage=HOST, step=step) for step in self.ground.steps())]

    def run(self, cases: Sequence[Case]) -> dict[Case, Line]:
        """Run the stage once with the faults of the cases, which have one stage and kind. Gives the verdict of those
        that struck; an empty result says that none did.
        """
        ground, stage = self.ground, cases[0].stage
        ground.begin(STAGES[stage].base, with_host=stage == HOST)
        with ground.struck(cases):
            first = ground.run(STAGES[stage].arguments)
        self._keep(cases[0], first.said)
        reached = {_identity(line) for line in faults.struck(ground.plan) if line["kind"]}
        struck = [case for case in cases if case.fault is None or _identity(case.fault.__dict__) in reached]
        if not struck:
            return {}
        wrong = self._judge(stage, first)
        with_kill = struck[0].kind.startswith("kill-engine")
        if stage != "destroy" and first.code and not with_kill and "agentkeys recover" not in first.said:
            wrong.append("the failed run does not name `agentkeys recover`")
        if "Traceback" in first.said:
            wrong.append("the failed run shows a traceback")
        said = "went through" if first.code == 0 else f"failed ({_cause(first.said)}), then recovered"
        verdict = Verdict.WRONG if wrong else Verdict.OK
        return {case: _line(case, "; ".join(wrong) or said, verdict) for case in struck}

    def _keep(self, case: Case, said: str) -> None:
        """The output of the last run with the case as its first fault, for a person."""
        path = self.ledger.with_name("said") / f"{re.sub(r'[^a-zA-Z0-9]+', '-', case.name)}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(said)

    def _judge(self, stage: str, first: Ended) -> list[str]:
        """Recover, finish the stage and return what is wrong after it."""
        ground, again = self.ground, first
        try:
            ground.recover()
            if first.code:
                again = ground.run(STAGES[stage].arguments)
        except SandboxError as error:
            return [f"recover fails: {_cause(str(error))}"]
        if again.code:
            return [f"the run after recover fails: {_cause(again.said)}"]
        wrong = []
        found = ground.listing()
        names, expected = inventory.names(found), self.recorded[stage].names
        if names != expected:
            more, less = names - expected, expected - names
            wrong.append(f"too much: {sorted(more.elements())}, too little: {sorted(less.elements())}")
        # As in the file: JSON has no tuples.
        now = json.loads(json.dumps(found, default=str))
        if changed := sorted(name for name, content in self.others.items() if now.get(name) != content):
            wrong.append(f"something of another stack changed: {changed}")
        if preview := self._preview(stage):
            wrong.append(preview)
        return wrong

    def _preview(self, stage: str) -> str:
        """What a preview after the stage would change; empty if nothing."""
        arguments = STAGES[stage].preview
        if arguments is None:
            left = [item["urn"] for item in self.ground.engine.state(self.ground.project).get("resources") or []]
            return f"the state still has {left}" if left else ""
        done = self.ground.run(("preview", "--refresh", "--expect-no-changes", *arguments))
        shown = [line.strip() for line in done.said.splitlines() if re.match(r" *[-+~]", line)]
        return f"a preview after it is not empty: {shown or _cause(done.said)}" if done.code else ""

    def run_all(self, cases: Sequence[Case], limit: int) -> None:
        """Run the cases that the ledger does not have. Cases of a stage and kind that another campaign runs now are
        left to it.
        """
        groups: dict[tuple[str, str], list[Case]] = {}
        for case in cases:
            groups.setdefault((case.stage, case.kind), []).append(case)
        ran = 0
        for (stage, kind), group in sorted(groups.items(), key=lambda item: ORDER.index(item[0][1])):
            with self._claimed(f"{stage} {kind}") as mine:
                while mine and (left := self._left(group)):
                    if limit and ran >= limit:
                        return
                    ran += 1
                    self._run_some(left if left[0].fault else left[:1])

    def _left(self, group: Sequence[Case]) -> list[Case]:
        done = self.done()
        return [case for case in group if case.name in self.again or case.name not in done]

    def _run_some(self, left: Sequence[Case]) -> None:
        """Run as many of the cases as one run reaches, and note them."""
        say = self.ground.progress
        say(f"{left[0].stage}: {left[0].kind} in up to {len(left)} calls")
        began = time.monotonic()
        lines = self.run(left)
        if not lines:
            for case in left:
                seen = "a run without the faults before it does not make this call"
                self.note(case, _line(case, seen, Verdict.NOT_RUN), time.monotonic() - began, together=len(left))
            return
        if len(lines) > 1 and any(line.verdict == Verdict.WRONG for line in lines.values()):
            say(f"wrong, so each of the {len(lines)} alone: {next(iter(lines.values())).seen}")
            for case in lines:
                began = time.monotonic()
                alone = self.run([case]) or {case: _line(case, "alone, it struck nothing", Verdict.NOT_RUN)}
                self.note(case, alone[case], time.monotonic() - began)
            return
        for case, line in lines.items():
            self.note(case, line, time.monotonic() - began, together=len(lines))

    @contextlib.contextmanager
    def _claimed(self, name: str) -> Iterator[bool]:
        folder = self.ledger.with_name("claims")
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / re.sub(r"\W+", "-", name)).open("w") as claim:
            try:
                fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    def done(self) -> dict[str, Line]:
        """The ledger's lines by case name; of a case that ran twice, the later one."""
        return {name: line for name, (line, _) in self.entries().items()}

    def entries(self) -> dict[str, tuple[Line, int]]:
        """The ledger's lines by case name, and how many faults were in the same run."""
        if not self.ledger.exists():
            return {}
        found = {}
        for text in self.ledger.read_text().splitlines():
            entry = json.loads(text)
            line = Line(**{**entry["line"], "verdict": Verdict(entry["line"]["verdict"])})
            found[entry["case"]] = (line, entry["together"])
        return found

    def note(self, case: Case, line: Line, seconds: float, *, together: int = 1) -> None:
        self.ledger.parent.mkdir(parents=True, exist_ok=True)
        entry = {
            "case": case.name,
            "seconds": round(seconds, 1),
            "together": together,
            "line": {**line.__dict__, "verdict": line.verdict.value},
        }
        self.again.discard(case.name)
        with self.ledger.open("a") as ledger:
            ledger.write(json.dumps(entry) + "\n")
        self.ground.progress(f"{line.verdict.value}: {case.name}: {line.seen}")


def compare_weather(ground: ChaosLab, rounds: int) -> Iterator[Line]:
    """Time a first `up` with its host in each weather, in turns, and compare the fastest with the fair one's.

    The time of an `up` that stops and names the recovery includes it and the `up` after it. It may stop as often as
    the stack has mail identities.
    """
    seconds: dict[str, list[float]] = {name: [] for name in WEATHERS}
    stopped: dict[str, str] = {}
    for _ in range(rounds):
        for name, wanted in WEATHERS.items():
            ground.begin(STAGES[HOST].base, with_host=True)
            ground.weather(wanted)
            began = time.monotonic()
            ended = ground.run(STAGES[HOST].arguments)
            for count in range(1, MOST_STOPS + 1):
                if ended.code == 0 or "agentkeys recover" not in ended.said:
                    break
                stopped[name] = f"; recovered after {count} stops, the last: {_cause(ended.said)}"
                ground.recover()
                ended = ground.run(STAGES[HOST].arguments)
            ground.weather(weather.Weather())
            if ended.code:
                raise SandboxError(f"the up in the weather {name} fails:\n{ended.said}")
            seconds[name].append(time.monotonic() - began)
    fair = min(seconds["fair"])
    for name, measured in seconds.items():
        times = min(measured) / fair
        seen = f"{min(measured):.1f} s, {times:.2f} times ({', '.join(f'{one:.1f}' for one in measured)})"
        verdict = Verdict.OK if times <= MOST_TIMES else Verdict.WRONG
        seen += stopped.get(name, "")
        yield Line(subject="first up", claim=name, expected=f"{MOST_TIMES} times", seen=seen, verdict=verdict)


def report(every: Sequence[Case], entries: Mapping[str, tuple[Line, int]]) -> str:
    """The page about a campaign: calls by kinds of fault, what ran, what was wrong and what did not run."""
    kinds = list(dict.fromkeys(case.kind for case in every))
    verdict = {case.name: entries[case.name][0].verdict for case in every if case.name in entries}
    counted = Counter(verdict.values())
    ran = counted[Verdict.OK] + counted[Verdict.WRONG]
    runs = sum(1 / entries[case.name][1] for case in every if verdict.get(case.name) in (Verdict.OK, Verdict.WRONG))
    rows = []
    for stage in dict.fromkeys(case.stage for case in every):
        calls = Counter(case.call for case in every if case.stage == stage)
        for call in calls:
            mine = {kind: [c for c in every if (c.stage, c.call, c.kind) == (stage, call, kind)] for kind in kinds}
            rows.append(f"| {stage} | {call} | " + " | ".join(_cell(mine[kind], verdict) for kind in kinds) + " |")
    wrong = [
        f"- `{name}`: {line.seen.replace('|', '/')}"
        for name, (line, _) in entries.items()
        if line.verdict == Verdict.WRONG
    ]
    return "\n".join(
        [
            "# The last campaign of faults",
            "",
            "`python -m dev.chaos --report` writes this page from the ledger of `make chaos` "
            "([the sandbox's account](sandbox-account.md)). Of "
            f"{len(every)} cases, {ran} ran in {runs:.0f} runs: {counted[Verdict.OK]} ended as a run without a fault, "
            f"{counted[Verdict.WRONG]} did not. {len(every) - ran} did not run.",
            "",
            "A cell has the cases that ended well, of those that there are. A number in brackets did not run, because "
            "no run made the call or the campaign ended before.",
            "",
            "| run | call, or step | " + " | ".join(kinds) + " |",
            "|---" * (len(kinds) + 2) + "|",
            *rows,
            "",
            "## What was wrong",
            *(wrong or ["Nothing."]),
            "",
        ]
    )


def run_in_cells(count: int, arguments: Sequence[str]) -> int:
    """Run so many campaigns at once, each in a cell. Returns the first exit code other than 0.

    The arguments name the ledger that they share.
    """
    program = [sys.executable, "-m", "sandbox", "cell"]
    with contextlib.ExitStack() as ending:
        running = [
            ending.enter_context(
                subprocess.Popen(
                    [*program, f"chaos-{number}", "--", sys.executable, "-m", "dev.chaos", *arguments],
                    cwd=layout.CHECKOUT,
                )
            )
            for number in range(1, count + 1)
        ]
        return next((code for code in [each.wait() for each in running] if code), 0)


def _cell(cases: Sequence[Case], verdict: Mapping[str, Verdict]) -> str:
    if not cases:
        return ""
    counted = Counter(verdict.get(case.name, Verdict.NOT_RUN) for case in cases)
    left = f" ({counted[Verdict.NOT_RUN]})" if counted[Verdict.NOT_RUN] else ""
    return f"{counted[Verdict.OK]}/{len(cases)}{left}"


def _identity(fault: Mapping[str, Any]) -> tuple[str, str, int]:
    return fault["service"], fault["operation"], fault["nth"]


def _line(case: Case, seen: str, verdict: Verdict) -> Line:
    return Line(
        subject=case.stage,
        claim=case.name.partition(": ")[2],
        expected="as without a fault",
        seen=seen,
        verdict=verdict,
    )


def _cause(said: str) -> str:
    """The first error in the output that is not a consequence of a cancellation."""
    errors = [line.strip() for line in said.splitlines() if "error: " in line and "context canceled" not in line]
    return (errors or said.strip().splitlines() or ["ended without a word"])[0][-300:]


def _count(text: str) -> int:
    count = int(text)
    if count < 0:
        raise ValueError
    return count


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.chaos", description=__doc__)
    parser.add_argument("--stack", default="test", help="stack of this project (default test)")
    parser.add_argument("--stage", action="append", choices=list(STAGES), help="one stage (default: all)")
    parser.add_argument("--kind", action="append", choices=[*KINDS, "power-loss"], help="one kind (default: all)")
    parser.add_argument("--call", action="append", help="one call, for example 's3 CreateBucket' (default: all)")
    parser.add_argument("--limit", type=_count, default=0, help="end after so many runs (default: all)")
    parser.add_argument("--again", action="store_true", help="run again what was wrong")
    parser.add_argument("--light", action="store_true", help="leave out what needs a running host")
    parser.add_argument(
        "--weather", type=_count, default=0, metavar="ROUNDS", help="time a first up in bad weather instead"
    )
    parser.add_argument("--report", type=Path, help="run no case; write the ledger's result to this Markdown file")
    parser.add_argument("--ledger", type=Path, default=layout.HOME / "chaos" / "ledger.jsonl", help="the ledger's file")
    parser.add_argument(
        "--cells", type=_count, default=0, help="run so many campaigns at once, each in a cell of its own"
    )
    given = parser.parse_args()
    if given.cells:
        # The last of two equal options counts.
        return run_in_cells(given.cells, [*sys.argv[1:], "--ledger", str(given.ledger.absolute()), "--cells", "0"])
    campaign = Campaign(ground=ChaosLab(given.stack, rehearsal.say), ledger=given.ledger)
    if given.report:
        homes = [layout.HOME, *sorted(cells.STATES.glob("chaos-*"))]
        if not (ran := [home / "chaos" / "bases" for home in homes if (home / "chaos" / "recorded.json").exists()]):
            parser.error(f"--report: no campaign has recorded its calls in {layout.HOME} or a cell; run `make chaos`")
        campaign.ground.saved = ran[0]
        campaign.read()
        given.report.write_text(report(campaign.cases(), campaign.entries()))
        return 0
    campaign.ground.prepare()
    if given.weather:
        timed = list(compare_weather(campaign.ground, given.weather))
        verdicts.show("A first up in bad weather", ("run", "weather"), timed, to_stderr=False)
        return verdicts.exit_code(line.verdict for line in timed)
    campaign.record()
    every = campaign.cases()
    if given.again:
        campaign.again = {name for name, line in campaign.done().items() if line.verdict == Verdict.WRONG}
    wanted = [
        case
        for case in every
        if (not given.stage or case.stage in given.stage)
        and (not given.kind or case.kind in given.kind)
        and (not given.call or case.call in given.call)
        and not (given.light and case.stage == HOST)
    ]
    campaign.run_all(wanted, given.limit)
    lines = campaign.done()
    shown = list(lines.values())
    verdicts.show("Campaign of faults", ("stage", "fault"), shown, to_stderr=False)
    print(f"{len(lines)} of {len(every)} cases ran. The ledger is {campaign.ledger}; delete it to begin again.")
    verdicts.write_junit(campaign.ledger.with_name("chaos.xml"), "chaos", shown)
    return verdicts.exit_code(line.verdict for line in shown)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SandboxError as error:
        sys.exit(f"error: {error}")
