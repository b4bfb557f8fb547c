"""`make chaos`: one fault in one run of a stack, then the one command, then the run again, for every call and kind.

Owns the list of cases, the way one is run and judged, and the ledger that lets a campaign continue where it ended.
Leaves out how a fault is done (``sandbox/aws/faults.py``) and what is recovered (``agentkeys recover``).

Each stage is first run without a fault, and every call that changes something is recorded. Every case must end with
what the account holds then. A call that a run without the host makes too (``LIGHT``) is struck in such a run, since the
host costs minutes. The campaign has a sandbox of its own.
"""

import argparse
import configparser
import contextlib
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from dev import inventory
from ops import verdicts
from ops.verdicts import Line, Verdict
from sandbox import layout, rehearsal, supervisor
from sandbox.aws import faults
from sandbox.aws.faults import KINDS, Fault, Kind
from sandbox.aws.seed import OPERATOR
from sandbox.hosts import machines
from sandbox.rehearsal import Engine, Progress, Project
from sandbox.supervisor import SandboxError

#: Seconds that a fault with a duration lasts.
SECONDS = {"throttled": 30.0, "hang": 120.0}

#: A run that goes on longer than this hangs, and is ended.
PATIENCE = 1500

#: Without what runs on the host and what waits for it. Patterns of URNs.
LIGHT = ("--exclude", "**HostSetup**", "--exclude", "**Federation**", "--exclude-dependents")

KEY = "agentkeys-cloud:"

#: An `up` that changes: it adds, replaces and updates.
CHANGE = (
    "--config-path",
    *("--config", f"{KEY}ssmManaged=true"),
    *("--config", f"{KEY}versioning=true"),
    *("--config", f"{KEY}sshCidrs[0]=127.0.0.0/8"),
    *("--config", f"{KEY}accessKeyEpochs[0]=1"),
    *("--config", f"{KEY}accessKeyEpochs[1]=2"),
)

#: Engine's arguments by stage. A stage after the first begins with the stack that the first makes.
STAGES: dict[str, tuple[str, ...]] = {
    "up": ("up", "--yes", "--skip-preview", "--suppress-outputs"),
    "change": ("up", "--yes", "--skip-preview", "--suppress-outputs", *CHANGE),
    "destroy": ("destroy", "--yes", "--skip-preview"),
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One fault in one run. ``step`` is a step of the host that loses its power, in place of ``fault``."""

    stage: str
    light: bool
    fault: Fault | None = None
    step: str = ""

    @property
    def name(self) -> str:
        """Unique, and the same in every campaign."""
        if self.fault is None:
            return f"{self.stage}: power loss during {self.step}"
        return f"{self.stage}: {self.fault.service} {self.fault.operation} {self.fault.nth}: {self.fault.kind}"


def cases_of(stage: str, recorded: Sequence[dict[str, Any]], kinds: Sequence[Kind], *, light: bool) -> Iterator[Case]:
    """Every recorded call with every kind."""
    counted: Counter[tuple[str, str]] = Counter()
    for call in recorded:
        key = (call["service"], call["operation"])
        counted[key] += 1
        for kind in kinds:
            fault = Fault(service=key[0], operation=key[1], kind=kind, nth=counted[key], seconds=SECONDS.get(kind, 0.0))
            yield Case(stage=stage, light=light, fault=fault)


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a run of the engine ended; ``said`` is its output."""

    code: int
    said: str


class Ground:
    """The sandbox of a campaign, one stack in it, and another whose things must stay as they are."""

    def __init__(self, stack: str, progress: Progress) -> None:
        self.project: Project = rehearsal.deployment(stack)
        surroundings = rehearsal.prepare(progress)
        # A part of the program is no program for the policy pack to judge.
        surroundings.pop("PULUMI_OPTION_POLICY_PACK", None)
        self.engine = Engine(surroundings)
        self.progress = progress
        self.plan = layout.HOME / "faults.json"
        self.light: Sequence[str] = LIGHT

    def client(self, service: str) -> Any:
        parsed = configparser.ConfigParser()
        parsed.read(layout.HOME / "credentials.ini")
        session = boto3.Session(**dict(parsed[OPERATOR]))
        return session.client(service, endpoint_url=layout.AWS_ENDPOINT, region_name=supervisor.emulated().region)

    def listing(self) -> dict[str, Any]:
        return inventory.listing(self.client, supervisor.emulated().zone_id)

    def command(self, stage: str, *, light: bool) -> list[str]:
        # A destroy takes what there is, and it has no --exclude-dependents.
        left_out = self.light if light and stage != "destroy" else ()
        return ["pulumi", *STAGES[stage], *left_out, "--stack", self.project.stack]

    def run(self, stage: str, *, light: bool) -> Ended:
        """One run of a stage. The account is started again when the run's fault kills it."""
        self.engine.init(self.project)
        alive = threading.Event()
        keeper = threading.Thread(target=self._keep_account, args=(alive,), daemon=True)
        keeper.start()
        try:
            done = subprocess.run(
                self.command(stage, light=light),
                cwd=self.project.folder,
                env=self.engine.environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=PATIENCE,
            )
            return Ended(code=done.returncode, said=done.stdout + done.stderr)
        except subprocess.TimeoutExpired:
            return Ended(code=-1, said=f"the run did not end in {PATIENCE} s")
        finally:
            alive.set()
            keeper.join()

    def _keep_account(self, ended: threading.Event) -> None:
        while not ended.wait(0.5):
            if supervisor.holder() is None:
                # The plan that killed it would do so again.
                self.plan.unlink(missing_ok=True)
                supervisor.start(self.progress)

    @contextlib.contextmanager
    def struck(self, case: Case) -> Iterator[None]:
        """The case's fault is in force."""
        if case.fault is not None:
            faults.write(self.plan, [case.fault])
            try:
                yield
            finally:
                self.plan.unlink(missing_ok=True)
            return
        ended = threading.Event()
        watcher = threading.Thread(target=self._lose_power, args=(case.step, ended), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()

    def _lose_power(self, step: str, ended: threading.Event) -> None:
        """End the host's processes as soon as the step is under way, then let EC2 start it again."""
        while not ended.wait(0.2):
            pending = self.engine.state(self.project).get("pending_operations") or []
            if any(operation["resource"]["urn"].endswith(f"::{step}") for operation in pending):
                break
        else:
            return
        ec2 = self.client("ec2")
        named = [{"Name": "tag:Name", "Values": [f"agentkeys-broker-host-{self.project.stack}"]}]
        for several in ec2.describe_instances(Filters=named)["Reservations"]:
            for instance in several["Instances"]:
                machines.lose_power(instance["InstanceId"])
                ec2.reboot_instances(InstanceIds=[instance["InstanceId"]])

    def recover(self) -> str:
        """The one command; what it says. Raises SandboxError when it fails."""
        self.engine.repair(self.project)
        return ""

    def down(self) -> None:
        if self.engine.has_stack(self.project):
            self.engine.destroy(self.project)


@dataclass(kw_only=True)
class Campaign:
    """Cases with one judge. ``expected`` are the names that the account holds after a stage without a fault."""

    ground: Ground
    ledger: Path
    kinds: Sequence[Kind]
    stages: Sequence[str]

    def __post_init__(self) -> None:
        self.expected: dict[tuple[str, bool], Counter[str]] = {}
        self.others: dict[str, Any] = {}

    def record(self, *, light: bool) -> list[Case]:
        """Run every stage without a fault; gives the cases."""
        ground, found = self.ground, list[Case]()
        ground.down()
        self.others = ground.listing()
        for stage in STAGES:
            faults.write(ground.plan, [], record=True)
            ended = ground.run(stage, light=light)
            if ended.code:
                raise SystemExit(f"{stage} fails without a fault:\n{ended.said}")
            recorded = [line for line in faults.struck(ground.plan) if not line["kind"]]
            ground.plan.unlink()
            self.expected[stage, light] = inventory.names(ground.listing())
            found += cases_of(stage, recorded, self.kinds, light=light)
            if stage == "up" and not light:
                steps = [
                    item["urn"].rsplit("::", 1)[-1]
                    for item in ground.engine.state(ground.project)["resources"]
                    if item["type"].startswith("command:remote:")
                ]
                found += [Case(stage=stage, light=False, step=step) for step in steps]
        return [case for case in found if case.stage in self.stages]

    def run(self, case: Case) -> Line:
        """One case from its beginning to its verdict."""
        ground = self.ground
        if case.stage == "up":
            ground.down()
        else:
            self._settle("up", light=case.light)
        with ground.struck(case):
            first = ground.run(case.stage, light=case.light)
        wrong = []
        if case.fault is not None and not [line for line in faults.struck(ground.plan) if line["kind"]]:
            wrong.append("the fault struck nothing")
        if case.stage == "up" and first.code and "agentkeys recover" not in first.said and "kill" not in case.name:
            self.ground.progress("the failed run names no command")
        wrong += self._judge(case)
        said = "went through" if first.code == 0 else _cause(first.said)
        return Line(
            subject=case.stage,
            claim=case.name.partition(": ")[2],
            expected="as without a fault",
            seen="; ".join(wrong) or said,
            verdict=Verdict.WRONG if wrong else Verdict.OK,
        )

    def _settle(self, stage: str, *, light: bool) -> None:
        """The stack as the stage leaves it, whatever there was. Raises SandboxError."""
        self.ground.recover()
        ended = self.ground.run(stage, light=light)
        if ended.code:
            raise SandboxError(f"{stage} fails without a fault:\n{ended.said}")

    def _judge(self, case: Case) -> list[str]:
        """Recover and finish; what is not as it must be."""
        ground = self.ground
        try:
            self._settle(case.stage, light=case.light)
        except SandboxError as error:
            return [f"recover and {case.stage} do not finish: {_cause(str(error))}"]
        wrong = []
        found = ground.listing()
        if (names := inventory.names(found)) != self.expected[case.stage, case.light]:
            more, less = names - self.expected[case.stage, case.light], self.expected[case.stage, case.light] - names
            wrong.append(f"too much: {sorted(more.elements())}, too little: {sorted(less.elements())}")
        if any(found.get(name) != content for name, content in self.others.items()):
            wrong.append("something of another stack changed")
        if case.stage != "destroy" and not case.light:
            # A part of a program always shows the rest as a change.
            changes = () if case.stage == "up" else CHANGE
            done = ground.engine.run(
                ground.project, "preview", "--refresh", "--expect-no-changes", *changes, capture=True, check=False
            )
            if done.returncode:
                wrong.append("a preview after it is not empty")
        return wrong

    def done(self) -> dict[str, Line]:
        """Lines of the ledger by the case's name."""
        if not self.ledger.exists():
            return {}
        lines = {}
        for text in self.ledger.read_text().splitlines():
            entry = json.loads(text)
            lines[entry["case"]] = Line(**{**entry["line"], "verdict": Verdict(entry["line"]["verdict"])})
        return lines

    def note(self, case: Case, line: Line, seconds: float) -> None:
        self.ledger.parent.mkdir(parents=True, exist_ok=True)
        entry = {
            "case": case.name,
            "seconds": round(seconds, 1),
            "line": {**line.__dict__, "verdict": line.verdict.value},
        }
        with self.ledger.open("a") as ledger:
            ledger.write(json.dumps(entry) + "\n")


def _cause(said: str) -> str:
    """The first error that is one."""
    errors = [line.strip() for line in said.splitlines() if "error: " in line and "context canceled" not in line]
    return (errors or said.strip().splitlines() or ["ended without a word"])[0][-300:]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.chaos", description=__doc__)
    parser.add_argument("--stack", default="test", help="stack of this project (default test)")
    parser.add_argument("--stage", action="append", choices=list(STAGES), help="one stage (default: all)")
    parser.add_argument("--kind", action="append", choices=[*KINDS, "power-loss"], help="one kind (default: all)")
    parser.add_argument("--limit", type=int, default=0, help="end after so many cases (default: all)")
    parser.add_argument("--light", action="store_true", help="leave out what needs the host")
    given = parser.parse_args()
    campaign = Campaign(
        ground=Ground(given.stack, rehearsal.say),
        ledger=layout.HOME / "chaos" / "ledger.jsonl",
        kinds=[kind for kind in KINDS if not given.kind or kind in given.kind],
        stages=given.stage or list(STAGES),
    )
    campaign.ground.engine.up(rehearsal.ACCOUNT)
    cases = campaign.record(light=True)
    if not given.light:
        known = {case.name for case in cases}
        cases += [case for case in campaign.record(light=False) if case.name not in known]
    if given.kind and "power-loss" not in given.kind:
        cases = [case for case in cases if case.fault is not None]
    lines = campaign.done()
    left = [case for case in cases if case.name not in lines]
    for number, case in enumerate(left[: given.limit or None], start=1):
        rehearsal.say(f"case {number} of {len(left)}, {len(lines)} done before: {case.name}")
        began = time.monotonic()
        lines[case.name] = line = campaign.run(case)
        campaign.note(case, line, time.monotonic() - began)
        rehearsal.say(f"{line.verdict.value}: {line.seen}")
    shown = list(lines.values())
    verdicts.show("Campaign of faults", ("stage", "fault"), shown, to_stderr=False)
    print(f"The ledger is {campaign.ledger}; delete it to begin anew.")
    verdicts.write_junit(campaign.ledger.with_name("chaos.xml"), "chaos", shown)
    return verdicts.exit_code(line.verdict for line in shown)


if __name__ == "__main__":
    sys.exit(main())
