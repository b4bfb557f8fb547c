"""Implements `make bench AGAINST=<commit>`: measures this checkout and that commit in turns and prints a table.

Owns the other commit's checkout, the order of the runs and the table. Leaves out what a row measures (``measure``).
Each build runs in a cell of its own, both on one computer at the same time, but only one is measured at a time. The
builds alternate, so that a computer whose speed changes slows both down. The ratio is the median of the ratios of
neighbouring runs. Without a commit, only this checkout is measured. Nothing is asserted.
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
from sandbox.measure import ROWS, Samples, Values
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
LIMITS = {
    ("plan", "preview / plan wall s"): 0.45,
    ("up", "up / longest chain"): 1.05,
    **{
        ("stacks", f"tenth / first {what} {value}"): 1.10 for what in ("up", "preview") for value in ("wall s", "CPU s")
    },
}

#: The other commits' checkouts and the last table.
_FOLDER = cells.home("bench")


@dataclass(frozen=True, kw_only=True)
class Result:
    """The runs of one value, in order: ``before`` of the other commit, if there is one, ``now`` of this checkout."""

    row: str
    value: str
    before: list[float] = field(default_factory=list)
    now: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """Of this checkout to the other commit."""
        return statistics.median(now / before for before, now in zip(self.before, self.now, strict=True))

    @property
    def target(self) -> str:
        limit = LIMITS.get((self.row, self.value))
        ratio = TARGETS.get((self.row, self.value))
        return f"now ≤ {limit:.2f}" if limit else f"ratio ≤ {ratio:.2f}" if ratio else ""


def run(stack: str, commit: str, rows: str, runs: int, progress: Progress) -> None:
    """Measure this checkout, and the commit in turns with it unless it is empty, and print the table.

    Raises SandboxError and HostError.
    """
    names = chosen(rows)
    if runs < 1:
        raise SandboxError(f"RUNS is {runs}; it must be at least 1")
    folders = {"before": checkout(commit, progress)} if commit else {}
    folders["now"] = layout.CHECKOUT
    about = machine()
    results: list[Result] = []
    with contextlib.ExitStack() as open_cells:
        cells_of = {
            build: open_cells.enter_context(_cell(f"bench-{build}", folder, stack)) for build, folder in folders.items()
        }
        for name in names:
            progress(f"bench: {name}: making {'both builds' if commit else 'the build'} ready")
            for cell in cells_of.values():
                _tell(cell, "ready", name)
            for cell in cells_of.values():
                _answer(cell, name)
            for number in range(1, runs + 1):
                found: dict[str, Values | Samples] = {}
                for build, cell in cells_of.items():
                    _tell(cell, "run", name)
                    found[build] = _answer(cell, name)
                    shown = ", ".join(f"{value} {_spread(_listed(seen))}" for value, seen in found[build].items())
                    progress(f"bench: {name}, {build}, run {number} of {runs}: {shown}")
                add(results, name, found.get("before", {}), found["now"])
    text = table(results, commit, about)
    _FOLDER.mkdir(parents=True, exist_ok=True)
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


def add(results: list[Result], row: str, before: Values | Samples, now: Values | Samples) -> None:
    """Add one run to the results; ``before`` is empty if there is no other commit."""
    for value in now:
        result = next((known for known in results if (known.row, known.value) == (row, value)), None)
        if result is None:
            result = Result(row=row, value=value)
            results.append(result)
        result.before.extend(_listed(before[value]) if before else [])
        result.now.extend(_listed(now[value]))


def _listed(measured: float | Sequence[float]) -> Sequence[float]:
    return measured if isinstance(measured, Sequence) else [measured]


def table(results: Sequence[Result], commit: str, about: str) -> str:
    """The results as Markdown: minimum, median and maximum of each build, the other one's if there is a commit."""
    counts = sorted({len(result.now) for result in results})
    builds = (
        f"| row | value | {commit} | this build | ratio | target |"
        if commit
        else "| row | value | this build | target |"
    )
    lines = [
        f"{about}. Measured {' or '.join(map(str, counts))} times. Minimum / median / maximum.",
        "",
        builds,
        "|---" * (builds.count("|") - 1) + "|",
    ]
    for result in results:
        now, target = _spread(result.now), result.target if commit or "now" in result.target else ""
        measured = f"{_spread(result.before)} | {now} | {result.ratio:.2f}" if commit else now
        lines.append(f"| {result.row} | {result.value} | {measured} | {target} |")
    return "\n".join(lines) + "\n"


def _spread(values: Sequence[float]) -> str:
    shown = (min(values), statistics.median(values), max(values)) if len(values) > 1 else values
    return " / ".join(f"{value:.2f}" for value in shown)


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


def _answer(cell: "subprocess.Popen[str]", row: str) -> Values | Samples:
    """The values of one answer. Raises SandboxError."""
    if cell.stdout is None:
        raise AssertionError("it is a pipe")
    line = cell.stdout.readline()
    if not line:
        raise SandboxError("the cell of a build ended; its message is above")
    answer = json.loads(line)
    if "error" in answer:
        raise SandboxError(f"row {row}: {answer['error']}")
    values: Values | Samples = answer["values"]
    return values
