"""`make chaos`: one fault in one run of a stack, then recovery, then the run again, for every call and kind of fault.

Owns the list of cases, how a case is run and judged, and the ledger from which a later campaign continues. Leaves out
how a fault is injected (``sandbox/aws/faults.py``) and how a stack recovers (``agentkeys recover``).

A campaign first runs each stage without a fault and records every call that changes something. After every case, the
account must contain the same as after that run. If a run without the host (``LIGHT``) also makes a call, the fault is
injected in such a run, because the host takes minutes. The campaign has its own sandbox.
"""

import argparse
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

from dev import inventory
from ops import verdicts
from ops.verdicts import Line, Verdict
from sandbox import layout, rehearsal, supervisor
from sandbox.aws import faults
from sandbox.aws.faults import KINDS, Fault, Kind
from sandbox.hosts import machines
from sandbox.rehearsal import Engine, Progress, Project
from sandbox.supervisor import SandboxError

#: Seconds that a fault with a duration lasts.
SECONDS = {"throttled": 30.0, "hang": 120.0}

#: Seconds after which a run counts as hanging and is ended.
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

#: The engine's arguments by stage. Each stage after the first starts from the stack that the first creates.
STAGES: dict[str, tuple[str, ...]] = {
    "up": ("up", "--yes", "--skip-preview", "--suppress-outputs"),
    "change": ("up", "--yes", "--skip-preview", "--suppress-outputs", *CHANGE),
    "destroy": ("destroy", "--yes", "--skip-preview"),
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One fault in one run. Instead of ``fault``, ``step`` names the host step during which the host loses power."""

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
    """One case for each recorded call and each kind of fault."""
    counted: Counter[tuple[str, str]] = Counter()
    for call in recorded:
        key = (call["service"], call["operation"])
        counted[key] += 1
        for kind in kinds:
            fault = Fault(service=key[0], operation=key[1], kind=kind, nth=counted[key], seconds=SECONDS.get(kind, 0.0))
            yield Case(stage=stage, light=light, fault=fault)


@dataclass(frozen=True, kw_only=True)
class Ended:
    """Exit code and output (``said``) of a run of the engine."""

    code: int
    said: str


class ChaosLab:
    """The sandbox of a campaign and one stack in it. All other resources in the account must stay unchanged."""

    def __init__(self, stack: str, progress: Progress) -> None:
        self.project: Project = rehearsal.deployment(stack)
        environment = rehearsal.prepare(progress)
        # The policy pack cannot judge a run that leaves out a part of the program.
        environment.pop("PULUMI_OPTION_POLICY_PACK", None)
        self.engine = Engine(environment)
        self.progress = progress
        self.plan = layout.HOME / "faults.json"
        self.light: Sequence[str] = LIGHT

    def listing(self) -> dict[str, Any]:
        return inventory.listing(supervisor.client, supervisor.emulated().zone_id)

    def command(self, stage: str, *, light: bool) -> list[str]:
        # A destroy removes whatever exists, and it has no --exclude-dependents.
        left_out = self.light if light and stage != "destroy" else ()
        return ["pulumi", *STAGES[stage], *left_out, "--stack", self.project.stack]

    def run(self, stage: str, *, light: bool) -> Ended:
        """Run a stage once. Restarts the account if the fault kills it."""
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
                # With the same plan, the account would be killed again.
                self.plan.unlink(missing_ok=True)
                supervisor.start(self.progress)

    @contextlib.contextmanager
    def struck(self, case: Case) -> Iterator[None]:
        """Apply the case's fault inside the block."""
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

    def recover(self) -> None:
        """Run the recovery command. Raises SandboxError if it fails."""
        self.engine.repair(self.project)

    def down(self) -> None:
        if self.engine.has_stack(self.project):
            self.engine.destroy(self.project)


@dataclass(kw_only=True)
class Campaign:
    """Runs and judges cases. ``expected`` are the names in the account after a stage without a fault."""

    ground: ChaosLab
    ledger: Path
    kinds: Sequence[Kind]
    stages: Sequence[str]

    def __post_init__(self) -> None:
        self.expected: dict[tuple[str, bool], Counter[str]] = {}
        self.others: dict[str, Any] = {}

    def record(self, *, light: bool) -> list[Case]:
        """Run every stage without a fault and return the cases."""
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
        """Run one case and return its verdict."""
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
        """Bring the stack, whatever its state, to the end of the stage. Raises SandboxError."""
        self.ground.recover()
        ended = self.ground.run(stage, light=light)
        if ended.code:
            raise SandboxError(f"{stage} fails without a fault:\n{ended.said}")

    def _judge(self, case: Case) -> list[str]:
        """Recover, finish the stage and return what is wrong after it."""
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
            # After a light run, a preview always shows the rest of the program as a change.
            changes = () if case.stage == "up" else CHANGE
            done = ground.engine.run(
                ground.project, "preview", "--refresh", "--expect-no-changes", *changes, capture=True, check=False
            )
            if done.returncode:
                wrong.append("a preview after it is not empty")
        return wrong

    def done(self) -> dict[str, Line]:
        """The ledger's lines by case name."""
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
    """The first error in the output that is not a consequence of a cancellation."""
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
        ground=ChaosLab(given.stack, rehearsal.say),
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
