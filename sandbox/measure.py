"""Measures one build in a cell: reads names of rows from standard input, writes one JSON object for each.

Owns what each row of ``make bench AGAINST=<commit>`` measures. Leaves out choosing builds, their order and the table
(``comparison``). A build is a checkout of any commit: everything here runs it by the commands that every build has.

The cell has control groups and process ids of its own, so CPU time and memory are those of every process in it, the
hosts' included.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops.events import EventLog, Step, longest_chain, total
from sandbox import layout
from sandbox.bench import HOST_STEP, span
from sandbox.engine import provider, warm
from sandbox.hosts import groups
from sandbox.rehearsal import say
from sandbox.supervisor import SandboxError

#: Values by the name of what was measured, such as ``{"wall s": 3.2}``.
Values = dict[str, float]

TWIN = Path(__file__).parent / "twin.tf"

#: Longer than an idle plugin waits for the next run, in seconds.
_REST = warm.IDLE_SECONDS + 30

_OTHER = {"test": "prod", "prod": "test"}


class Build:
    """A checkout in this cell, and one of its stacks."""

    def __init__(self, checkout: Path, stack: str) -> None:
        self._checkout = checkout
        self._stack = stack
        self._python = str(checkout / "venv" / "bin" / "python")
        self._variables: dict[str, str] = {}
        self._unset: set[str] = set()

    def call(self, *command: str, folder: Path | None = None, **variables: str) -> str:
        """The standard output of a command. Raises SandboxError if it fails."""
        done = subprocess.run(
            command,
            cwd=folder or self._checkout,
            env={
                **{name: value for name, value in os.environ.items() if name not in self._unset},
                **self._variables,
                **variables,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SandboxError(
                f"`{shlex.join(command)}` in {folder or self._checkout} failed with exit code {done.returncode}:\n"
                f"{(done.stdout + done.stderr)[-3000:]}"
            )
        return done.stdout

    def timed(self, work: Callable[[], object]) -> Values:
        """CPU and wall time of some work."""
        cpu, wall = _cpu_seconds(), time.monotonic()
        work()
        return {"wall s": time.monotonic() - wall, "CPU s": _cpu_seconds() - cpu}

    def enter(self) -> None:
        """Start the sandbox and take its environment."""
        printed = self.call(self._python, "-m", "sandbox", "env")
        lines = printed.splitlines()
        assignments = (line.removeprefix("export ") for line in lines if line.startswith("export "))
        self._unset = {line.removeprefix("unset ") for line in lines if line.startswith("unset ")}
        self._variables = dict(shlex.split(line)[0].split("=", 1) for line in assignments)

    def bring_up(self, stack: str = "") -> None:
        """Bring the stack up with the account's project, or find that both are."""
        self.call(self._python, "-m", "sandbox", "up", "--stack", stack or self._stack)
        self.enter()

    def preview(self) -> Values:
        return self.timed(lambda: self.call("pulumi", "preview", "--stack", self._stack, "--expect-no-changes"))

    def plan(self) -> Values:
        """A preview of the stack, and Terraform's plan of its twin right after it."""
        previewed = self.preview()
        planned = self.timed(lambda: self.call("terraform", "plan", "-input=false", folder=self._twin()))
        return {f"preview / plan {name}": previewed[name] / planned[name] for name in previewed} | {
            f"terraform plan {name}": seconds for name, seconds in planned.items()
        }

    def _twin(self) -> Path:
        folder = layout.HOME / "twin"
        if not (folder / "applied").exists():
            folder.mkdir(exist_ok=True)
            shutil.copy(TWIN, folder)
            # Terraform's layout of a mirror: registry.terraform.io/hashicorp/aws/<version>/<system>/<file>.
            mirror = provider.ensure(say).path.parents[5]
            self.call("terraform", "init", "-input=false", f"-plugin-dir={mirror}", folder=folder)
            self.call("terraform", "apply", "-input=false", "-auto-approve", "-parallelism=32", folder=folder)
            (folder / "applied").touch()
        return folder

    def steps(self) -> Values:
        """From the start of the first host step to the end of the last, when all run again and change nothing."""
        state = json.loads(self.call("pulumi", "stack", "export", "--stack", self._stack))["deployment"]
        urns = [resource["urn"] for resource in state["resources"] if resource["type"] == HOST_STEP]
        replaced = [part for urn in urns for part in ("--target-replace", urn)]
        done: list[Step] = []
        values = self.timed(lambda: done.extend(self._up(*replaced)))
        return {"wall s": span(done, urns), "CPU s": values["CPU s"]}

    def up(self) -> Values:
        """An ``up`` from nothing, and its longest chain of dependent operations."""
        self.call(self._python, "-m", "sandbox", "down", "--stack", self._stack)
        self.call("pulumi", "stack", "init", self._stack)
        done: list[Step] = []
        values = self.timed(lambda: done.extend(self._up()))
        state = json.loads(self.call("pulumi", "stack", "export", "--stack", self._stack))["deployment"]
        chain = total(longest_chain(done, state["resources"]))
        return {**values, "longest chain s": chain, "up / longest chain": values["wall s"] / chain}

    def _up(self, *arguments: str) -> list[Step]:
        command = ("pulumi", "up", "--stack", self._stack, "--yes", "--skip-preview", *arguments)
        with EventLog(layout.HOME / "measured.json") as log:
            self.call(*command, "--event-log", str(log.path), PULUMI_DEBUG_COMMANDS="1")
        return log.steps()

    def memory(self) -> Values:
        """Proportional set size of every process in the cell, with both stacks up: at once, and after a rest."""
        self.bring_up(_OTHER.get(self._stack, self._stack))
        self.bring_up()
        at_once = self._size()
        time.sleep(_REST)
        return {"PSS MiB": at_once, "PSS MiB at rest": self._size()}

    @staticmethod
    def _size() -> float:
        sizes = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                # This process and the cell's first belong to no build.
                if int(process.name) not in (1, os.getpid()):
                    found = re.search(r"^Pss:\s+(\d+)", (process / "smaps_rollup").read_text(), re.MULTILINE)
                    sizes.append(int(found[1]) / 1024 if found else 0)
            except OSError:
                continue
        return sum(sizes)

    def engine(self) -> Values:
        """Build the engine without a cache. Downloaded modules are kept, since only the network decides their time."""
        cold = layout.HOME / "cold"
        shutil.rmtree(cold, ignore_errors=True)
        try:
            return self.timed(
                lambda: self.call(
                    *(self._python, "-m", "sandbox.engine", "build"),
                    XDG_CACHE_HOME=str(cold / "cache"),
                    GOCACHE=str(cold / "go"),
                )
            )
        finally:
            shutil.rmtree(cold, ignore_errors=True)

    def fast(self) -> Values:
        return self.timed(lambda: self.call("make", "test-fast"))

    def gate(self) -> Values:
        return self.timed(lambda: self.call("make", "test"))


@dataclass(frozen=True, kw_only=True)
class Row:
    """What one name measures."""

    measure: Callable[[Build], Values]
    """One run."""
    is_up: bool = False
    """Whether the stack is brought up before the first run."""
    is_warmed: bool = False
    """Whether one run that does not count comes before the others."""


ROWS: Mapping[str, Row] = {
    "preview": Row(measure=Build.preview, is_up=True, is_warmed=True),
    "plan": Row(measure=Build.plan, is_up=True, is_warmed=True),
    "steps": Row(measure=Build.steps, is_up=True, is_warmed=True),
    "memory": Row(measure=Build.memory),
    "up": Row(measure=Build.up, is_up=True),
    "engine": Row(measure=Build.engine),
    "fast": Row(measure=Build.fast),
    "test": Row(measure=Build.gate),
}


def _cpu_seconds() -> float:
    """CPU seconds of the whole cell, from the root of its control groups."""
    for hierarchy in groups.hierarchies():
        if hierarchy.kind == "cgroup2":
            found = re.search(r"^usage_usec (\d+)", (hierarchy.mount / "cpu.stat").read_text(), re.MULTILINE)
            if found:
                return int(found[1]) / 1e6
    raise SandboxError("no cgroup2 hierarchy is mounted, which counts the CPU time of a build: mount -t cgroup2")


def main(checkout: str, stack: str) -> None:
    """Answer each line of standard input, ``ready <row>`` or ``run <row>``, until it ends."""
    build = Build(Path(checkout), stack)
    for line in sys.stdin:
        verb, name = line.split()
        answer: dict[str, Any]
        try:
            if verb == "ready":
                if ROWS[name].is_up:
                    build.bring_up()
                if ROWS[name].is_warmed:
                    ROWS[name].measure(build)
                answer = {"values": {}}
            else:
                answer = {"values": ROWS[name].measure(build)}
        except SandboxError as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
