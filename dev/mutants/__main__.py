"""The command behind ``make mutants`` and its report. ``__init__.py`` has the overview."""

import argparse
import re
import signal
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

import dev.mutants
from dev.locks import PROJECT
from dev.mutants.forks import BUDGET, SLOW, TIMEOUT
from dev.mutants.noise import NOISE
from dev.mutants.sessions import HOME, Laboratory, Mutant, Session, modules, results
from dev.toolchain import virtualenv

EQUIVALENT = Path(__file__).with_name("equivalent.toml")
PAGE = PROJECT / "docs/mutants.md"

#: Share of the mutants that the fast tests should kill.
GOAL = 0.95


@dataclass(frozen=True, kw_only=True)
class Equivalent:
    """A row of ``equivalent.toml``: survivors that change nothing that a test could see."""

    module: str
    operator: str
    line: str
    reason: str

    def covers(self, mutant: Mutant) -> bool:
        same = (self.module, self.line) == (mutant.module, mutant.line)
        return same and fnmatchcase(mutant.operator, self.operator)


def equivalents() -> list[Equivalent]:
    rows = tomllib.loads(EQUIVALENT.read_text()).get("equivalent", [])
    return [Equivalent(**row) for row in rows]


@dataclass(frozen=True, kw_only=True)
class Count:
    """The numbers of some mutants. ``late`` of those killed are killed because their tests did not end."""

    run: int
    killed: int
    late: int
    equivalent: int
    survivors: int

    @property
    def share(self) -> float:
        judged = self.killed + self.survivors
        return self.killed / judged if judged else 1.0


def count(mutants: Sequence[Mutant], known: Sequence[Equivalent]) -> Count:
    survived = [one for one in mutants if one.survived]
    equivalent = sum(any(row.covers(one) for row in known) for one in survived)
    return Count(
        run=len(mutants),
        killed=len(mutants) - len(survived),
        late=sum(one.output.startswith(TIMEOUT) for one in mutants),
        equivalent=equivalent,
        survivors=len(survived) - equivalent,
    )


def report(every: Sequence[Mutant], known: Sequence[Equivalent], *, whole: bool) -> Iterator[str]:
    """The survivors that no row explains, rows that explain none if the modules ran whole, and the numbers."""
    for one in every:
        if one.survived and not any(row.covers(one) for row in known):
            changed = [line for line in one.diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
            yield f"{one.module}:{one.row}: {one.operator}"
            yield from (f"    {line}" for line in changed)
    ran = {one.module for one in every}
    for row in known:
        if whole and row.module in ran and not any(row.covers(one) and one.survived for one in every):
            yield f"{EQUIVALENT.name}: no survivor of {row.module} is {row.operator} of {row.line!r}: remove the row"
    found = count(every, known)
    yield (
        f"{found.run} mutants: {found.killed} killed, {found.survivors + found.equivalent} survived, "
        f"{found.equivalent} of them equivalent. The fast tests kill {found.share:.1%} of the others; "
        f"the goal is {GOAL:.0%}."
    )


_HEAD = """\
# Mutants

`make mutants` changes the product's code in one place at a time and runs the fast tests of that module. A mutant that
they do not notice survives: a test is missing, or the change makes no difference. `dev/mutants/equivalent.toml` gives
the reason. The goal is that they kill 95 percent of the others. `venv/bin/python -m dev.mutants --page` writes this
page from the results in `.mutants/`, and keeps the rows of modules that have none there.

“Run” gives the size of the sample. New tests were written for its survivors, so its share says less about the mutants
that did not run. A larger `SAMPLE` contains the smaller one and runs only what is new.

    make mutants MODULES=gates/issuer.py     # a module or a folder; an interrupted run continues
    make mutants MODULES=ops SAMPLE=25       # of each module 25 mutants, chosen by a fixed seed

What does not run, because it says nothing about the tests:

"""


def page(sessions: Sequence[Session], known: Sequence[Equivalent], former: str) -> str:
    """The text of ``docs/mutants.md``. ``former`` is its text so far, whose rows stay for modules without a session."""
    rows = dict(re.findall(r"^\| `(.+?)` (\|.*)$", former, flags=re.MULTILINE))
    for session in sessions:
        if session.mutants:
            found = count(session.mutants, known)
            rows[session.module] = (
                f"| {found.run} of {session.worth} | {found.killed} | {found.late} | {found.equivalent} | "
                f"{found.survivors} | {found.share:.0%} | {session.day} | {session.commit} |"
            )
    cells = [[int(cell.split()[0]) for cell in row.split("|")[1:6]] for row in rows.values()]
    run, killed, late, equivalent, survivors = map(sum, zip(*cells, strict=True)) if cells else (0, 0, 0, 0, 0)
    share = killed / (killed + survivors) if killed + survivors else 1.0
    reasons = [
        *NOISE,
        "a second replacement of the same operator: one of each, chosen by the seed, stands for the others",
        f"tests of a module beyond the closest and quickest, which take {BUDGET:.0f} seconds, and any that takes "
        f"longer than {SLOW:.0f}",
    ]
    return (
        _HEAD
        + "".join(f"- {reason}\n" for reason in reasons)
        + "\n“Late” counts mutants among the killed whose tests did not end in time. The commit is the last one that"
        " changed the module.\n\n"
        "| module | run | killed | late | equivalent | survivors | killed of the others | date | commit |\n"
        "|---|---|---|---|---|---|---|---|---|\n"
        + "".join(f"| `{module}` {rows[module]}\n" for module in sorted(rows))
        + f"| all | {run} | {killed} | {late} | {equivalent} | {survivors} | {share:.1%} | | |\n"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.mutants", description=dev.mutants.__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="a module or folder; default: all of the product")
    parser.add_argument("--sample", type=int, metavar="N", help="at most N mutants of each module, by a fixed seed")
    parser.add_argument(
        "--minutes", type=float, default=7 * 24 * 60, help="end after this time; the next run continues"
    )
    parser.add_argument("--report", action="store_true", help="only report what earlier runs found")
    parser.add_argument("--page", action="store_true", help="write what earlier runs found to docs/mutants.md")
    given = parser.parse_args(arguments)
    chosen = modules(given.modules)
    say = partial(print, file=sys.stderr, flush=True)
    if not given.report and not given.page:
        _run(chosen, given.sample, time.monotonic() + 60 * given.minutes, say)
    sessions = [results(module) for module in chosen]
    known = equivalents()
    if given.page:
        PAGE.write_text(page(sessions, known, PAGE.read_text() if PAGE.exists() else ""))
    whole = all(len(session.mutants) >= session.worth for session in sessions)
    for line in report([one for session in sessions for one in session.mutants], known, whole=whole):
        print(line)
    return 0


def _run(chosen: Sequence[str], size: int | None, until: float, say: partial[None]) -> None:
    HOME.mkdir(exist_ok=True)
    # Without this, a terminated run leaves the forks' folder and cosmic-ray behind.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    programs = virtualenv.cached("cosmic-ray", PROJECT / "requirements/mutants.lock", say)
    with Laboratory(programs) as laboratory:
        for number, module in enumerate(chosen, start=1):
            begun = time.monotonic()
            if why := laboratory.run(module, size, until):
                say(f"[{number}/{len(chosen)}] {module}: {why}")
                continue
            found = results(module)
            lost = sum(one.survived for one in found.mutants)
            say(
                f"[{number}/{len(chosen)}] {module}: {len(found.mutants)} of {found.worth} mutants have run, "
                f"{lost} survived ({time.monotonic() - begun:.0f} s)"
            )
            if left := laboratory.left():
                say(f"{module}: the tests left changes in the copy of the project: {', '.join(left)}")
            if time.monotonic() > until:
                say("The time is over. Run the same command again to continue.")
                break


if __name__ == "__main__":
    sys.exit(main())
