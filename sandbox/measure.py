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
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ops.events import EventLog, Step, longest_chain, total
from sandbox import layout
from sandbox.bench import HOST_STEP, span
from sandbox.engine import provider, warm
from sandbox.hosts import groups
from sandbox.rehearsal import DEPLOYMENT, bare, say
from sandbox.supervisor import SandboxError

#: Values by the name of what was measured, such as ``{"wall s": 3.2}``.
Values = dict[str, float]

#: As ``Values``, each with what one run found in turn.
Samples = Mapping[str, Sequence[float]]

TWIN = Path(__file__).parent / "twin.tf"

#: Longer than an idle plugin waits for the next run, in seconds.
_REST = warm.IDLE_SECONDS + 30

_OTHER = {"test": "prod", "prod": "test"}

#: Stacks of one account, how many of them that are not measured change at once, and previews of a measured one.
STACKS = 10
_AT_ONCE = 3
_PREVIEWS = 5


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
        self.call("pulumi", "stack", "init", self._stack, folder=bare(layout.HOME / "init" / DEPLOYMENT, DEPLOYMENT))
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

    def stacks(self) -> Samples:
        """The first stack of an account against the tenth: an ``up`` from nothing, then previews without a change.

        The first is measured while the account has no other stack, the tenth beside the nine others and their hosts.
        """
        self.call(self._python, "-m", "sandbox", "down", "--stack", self._stack)
        several = [_Several(self, number) for number in range(1, STACKS + 1)]
        first, *others, tenth = several
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            # Those of a run that failed.
            list(pool.map(_Several.destroy, several))
            alone = first.samples()
            list(pool.map(_Several.up, others))
            beside = tenth.samples()
            list(pool.map(_Several.destroy, several))
        return compared(alone, beside)

    def settings(self) -> str:
        """The content of the stack's file."""
        return (self._checkout / f"Pulumi.{self._stack}.yaml").read_text()

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


class _Several:
    """One of several stacks of a build in one account. Its file is in the sandbox's home, not in the checkout."""

    def __init__(self, build: Build, number: int) -> None:
        self._build = build
        self._name = f"of-ten-{number}"
        self._folder = layout.HOME / "several"
        self._file = self._folder / f"Pulumi.{self._name}.yaml"

    def samples(self) -> Samples:
        """An ``up`` from nothing, and previews after one that does not count."""
        upped = self._build.timed(self.up)
        self._preview()
        previewed = [self._build.timed(self._preview) for _ in range(_PREVIEWS)]
        return {f"up {name}": [value] for name, value in upped.items()} | {
            f"preview {name}": [values[name] for values in previewed] for name in upped
        }

    def up(self) -> None:
        bare(self._folder, DEPLOYMENT)
        self._file.write_text(suffixed(self._build.settings(), self._name.replace("of-ten-", "-n")))
        # It also writes its salt into the file.
        self._build.call("pulumi", "stack", "init", self._name, folder=self._folder)
        self._call("up", "--yes", "--skip-preview")

    def destroy(self) -> None:
        """Destroy the stack if there is one."""
        known = self._build.call("pulumi", "stack", "ls", "--json", folder=bare(self._folder, DEPLOYMENT))
        if self._name in {stack["name"] for stack in json.loads(known)}:
            self._call("destroy", "--yes")
            self._build.call("pulumi", "stack", "rm", "--yes", "--stack", self._name, folder=self._folder)

    def _preview(self) -> None:
        self._call("preview", "--expect-no-changes")

    def _call(self, *arguments: str) -> None:
        self._build.call("pulumi", *arguments, "--stack", self._name, "--config-file", str(self._file))


def suffixed(settings: str, suffix: str) -> str:
    """The content of a stack's file with another suffix, and with buckets that a destroy deletes."""
    content = yaml.safe_load(settings)
    changed = {"suffix": suffix, "protect": False, "bucketsOnDestroy": "delete"}
    content["config"] |= {f"{DEPLOYMENT}:{key}": value for key, value in changed.items()}
    return yaml.safe_dump(content)


def compared(first: Samples, tenth: Samples) -> Samples:
    """The samples of both stacks, and the ratios of those taken in the same turn."""
    found: dict[str, Sequence[float]] = {}
    for name, before in first.items():
        found[f"first {name}"] = before
        found[f"tenth {name}"] = tenth[name]
        found[f"tenth / first {name}"] = [now / then for then, now in zip(before, tenth[name], strict=True)]
    return found


@dataclass(frozen=True, kw_only=True)
class Row:
    """What one name measures."""

    measure: Callable[[Build], Values | Samples]
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
    "stacks": Row(measure=Build.stacks, is_up=True),
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
