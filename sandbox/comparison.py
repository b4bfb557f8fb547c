"""Implements `make bench AGAINST=<commit>`: measures this checkout and that commit in turns and prints a table.

Owns the other commit's checkout, the order of the runs and the table. Leaves out what a row measures (``measure``).
Each build runs in a cell of its own, both on one computer at the same time, but only one is measured at a time. The
builds alternate, so that a computer whose speed changes slows both down. The ratio is the median of the ratios of
neighbouring runs. Nothing is asserted.
"""

import contextlib
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sandbox import cells, layout
from sandbox.measure import ROWS, Values
from sandbox.rehearsal import Progress
from sandbox.supervisor import SandboxError

#: The highest ratio that is wanted, by row and value.
TARGETS = {
    ("preview", "CPU s"): 0.50,
    ("preview", "wall s"): 0.60,
    ("steps", "wall s"): 0.60,
    ("memory", "PSS MiB"): 0.45,
    ("memory", "PSS MiB at rest"): 0.45,
    ("engine", "CPU s"): 0.65,
    ("fast", "wall s"): 0.35,
    ("test", "wall s"): 0.40,
}

#: The highest value of this build that is wanted, for values that are ratios themselves.
LIMITS = {("plan", "preview / plan wall s"): 0.45, ("up", "up / longest chain"): 1.05}

#: The other commits' checkouts and the last table.
_FOLDER = cells.home("bench")


@dataclass(frozen=True, kw_only=True)
class Result:
    """The runs of one value, in order: ``before`` of the other commit, ``now`` of this checkout."""

    row: str
    value: str
    before: list[float] = field(default_factory=list)
    now: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        return statistics.median(now / before for before, now in zip(self.before, self.now, strict=True))

    @property
    def target(self) -> str:
        limit = LIMITS.get((self.row, self.value))
        ratio = TARGETS.get((self.row, self.value))
        return f"now ≤ {limit:.2f}" if limit else f"ratio ≤ {ratio:.2f}" if ratio else ""


def run(stack: str, commit: str, rows: str, runs: int, progress: Progress) -> None:
    """Compare both builds and print the table. Raises SandboxError and HostError."""
    names = chosen(rows)
    if runs < 1:
        raise SandboxError(f"RUNS is {runs}; it must be at least 1")
    before = checkout(commit, progress)
    about = machine()
    results: list[Result] = []
    with _cell("bench-before", before, stack) as one, _cell("bench-now", layout.CHECKOUT, stack) as other:
        for name in names:
            progress(f"bench: {name}: making both builds ready")
            for cell in (one, other):
                _tell(cell, "ready", name)
            for cell in (one, other):
                _answer(cell, name)
            for number in range(1, runs + 1):
                found: dict[str, Values] = {}
                for build, cell in (("before", one), ("now", other)):
                    _tell(cell, "run", name)
                    found[build] = _answer(cell, name)
                    shown = ", ".join(f"{value} {seconds:.2f}" for value, seconds in found[build].items())
                    progress(f"bench: {name}, {build}, run {number} of {runs}: {shown}")
                add(results, name, found["before"], found["now"])
    text = table(results, commit, about)
    path = _FOLDER / "bench.md"
    path.write_text(text)
    print(text)
    progress(f"the table is in {path}")


def chosen(rows: str) -> list[str]:
    """The rows of a list separated by commas, all for an empty one. Raises SandboxError."""
    names = [name for name in rows.replace(" ", "").split(",") if name] or list(ROWS)
    for name in names:
        if name not in ROWS:
            raise SandboxError(f"ROWS names {name!r}; the rows are {', '.join(ROWS)}")
    return names


def add(results: list[Result], row: str, before: Values, now: Values) -> None:
    """Add one run of both builds to the results."""
    for value in now:
        result = next((known for known in results if (known.row, known.value) == (row, value)), None)
        if result is None:
            result = Result(row=row, value=value)
            results.append(result)
        result.before.append(before[value])
        result.now.append(now[value])


def table(results: Sequence[Result], commit: str, about: str) -> str:
    """The results as Markdown: minimum, median and maximum of each build."""
    runs = sorted({len(result.now) for result in results})
    lines = [
        f"{about}. Runs of each build: {' or '.join(map(str, runs))}. Minimum / median / maximum.",
        "",
        f"| row | value | {commit} | this build | ratio | target |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {result.row} | {result.value} | {_spread(result.before)} | {_spread(result.now)} | {result.ratio:.2f} "
        f"| {result.target} |"
        for result in results
    ]
    return "\n".join(lines) + "\n"


def _spread(values: Sequence[float]) -> str:
    return " / ".join(f"{value:.2f}" for value in (min(values), statistics.median(values), max(values)))


def machine() -> str:
    """What it runs on, and how busy it is."""
    model = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{time.strftime('%Y-%m-%d %H:%M')}, {os.cpu_count()} of {model[1] if model else platform.machine()}, "
        f"{memory:.0f} GiB, Linux {platform.release()}, load {os.getloadavg()[0]:.1f} at the start"
    )


def checkout(commit: str, progress: Progress) -> Path:
    """A checkout of the commit with its packages, made once below ``.sandbox/cells/bench``. Raises SandboxError."""
    full = _run("git", "rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}", folder=layout.CHECKOUT).strip()
    folder = _FOLDER / "checkouts" / full[:12]
    if not folder.exists():
        _run("git", "worktree", "add", "--detach", "--force", str(folder), full, folder=layout.CHECKOUT)
    progress(f"bench: packages of {commit} in {folder}")
    _run("make", "setup", folder=folder)
    return folder


def _run(*command: str, folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SandboxError(
            f"`{' '.join(command)}` in {folder} failed with exit code {done.returncode}: {done.stderr.strip()[-600:]}"
        )
    return done.stdout


@contextlib.contextmanager
def _cell(name: str, folder: Path, stack: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "sandbox.measure", str(folder), stack]
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "cell", name, "--", *command],
        cwd=layout.CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.stdin is not None:
            process.stdin.close()
        process.wait()


def _tell(cell: "subprocess.Popen[str]", verb: str, row: str) -> None:
    if cell.stdin is None:
        raise AssertionError("it is a pipe")
    # A cell that ended is reported when its answer is missing.
    with contextlib.suppress(BrokenPipeError):
        cell.stdin.write(f"{verb} {row}\n")
        cell.stdin.flush()


def _answer(cell: "subprocess.Popen[str]", row: str) -> Values:
    """The values of one answer. Raises SandboxError."""
    if cell.stdout is None:
        raise AssertionError("it is a pipe")
    line = cell.stdout.readline()
    if not line:
        raise SandboxError("the cell of a build ended; its message is above")
    answer = json.loads(line)
    if "error" in answer:
        raise SandboxError(f"row {row}: {answer['error']}")
    values: Values = answer["values"]
    return values
