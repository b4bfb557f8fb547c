"""``make mutants``: changes the product's code in one place at a time and reports which changes no fast test notices.

cosmic-ray makes the changes and keeps the results, one session per module in ``.mutants/``, so an interrupted run
continues. It writes each change into a copy of the project. Owns which tests belong to a module, and the report. A
survivor is killed by a new test, or has a row in ``mutants-equivalent.toml`` with the reason.
"""

import argparse
import hashlib
import shlex
import shutil
import sqlite3
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

from dev.locks import PROJECT
from dev.toolchain import virtualenv

HOME = PROJECT / ".mutants"
EQUIVALENT = Path(__file__).with_name("mutants-equivalent.toml")

#: What is mutated: modules, and folders of modules.
PRODUCT = ("settings.py", "components", "gates", "hostsetup", "ops")

#: Tests of a module beyond those that its place in the tree names, by the beginning of its path.
MORE = {
    "settings.py": ("tests/unit/test_settings.py", "tests/unit/components/checks/test_existing_host.py"),
    "components/": ("tests/unit/test_program.py",),
    "components/checks/preflight.py": (
        "tests/unit/components/checks/test_existing_host.py",
        "tests/unit/components/checks/test_github_provider.py",
    ),
    "components/policies/": ("tests/unit/components/policies/test_policies.py",),
    "components/advice.py": ("tests/unit/test_program.py",),
    "hostsetup/": ("tests/unit/hostsetup/test_steps.py", "tests/unit/hostsetup/test_rendered_files.py"),
    "ops/traces.py": ("tests/emulated/test_recovery.py",),
    "ops/leftovers.py": ("tests/emulated/test_doctor.py",),
    "ops/commands/recover.py": ("tests/emulated/test_recovery.py",),
    "ops/commands/doctor.py": ("tests/emulated/test_doctor.py", "tests/emulated/test_alarms_emulated.py"),
    "ops/commands/sender.py": ("tests/emulated/test_sender.py",),
}

#: A mutant that makes the tests this many times slower than they are without one does not end.
PATIENCE = 5
#: Share of the mutants that the fast tests should kill.
GOAL = 0.95


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One change and what became of it. ``outcome`` is cosmic-ray's: killed, survived or incompetent."""

    module: str
    operator: str
    row: int
    line: str
    outcome: str
    diff: str

    @property
    def survived(self) -> bool:
        return self.outcome == "survived"


@dataclass(frozen=True, kw_only=True)
class Equivalent:
    """A row of ``mutants-equivalent.toml``: survivors that change nothing that a test could see."""

    module: str
    operator: str
    line: str
    reason: str

    def covers(self, mutant: Mutant) -> bool:
        same = (self.module, self.line) == (mutant.module, mutant.line)
        return same and fnmatchcase(mutant.operator, self.operator)


def modules(asked: Sequence[str]) -> list[str]:
    """The modules below ``asked``, as paths in the project. Raises SystemExit for one that is none of the product."""
    every = [
        str(path.relative_to(PROJECT))
        for place in PRODUCT
        for path in sorted((PROJECT / place).rglob("*.py") if (PROJECT / place).is_dir() else [PROJECT / place])
    ]
    chosen = [path for path in every if not asked or any(path == one or path.startswith(f"{one}/") for one in asked)]
    for one in asked:
        if not any(path == one or path.startswith(f"{one}/") for path in every):
            raise SystemExit(f"{one} is no module of the product. Name a file or folder of: {', '.join(PRODUCT)}.")
    return chosen


def tests_of(module: str) -> list[str]:
    """The fast tests of a module, the closest first: the file of its name, else those beside it, then ``MORE``."""
    path = Path(module)
    folder = Path("tests/unit") / path.parent
    named = folder / f"test_{path.stem}.py"
    near: list[Path] = []
    if (PROJECT / named).is_file():
        near = [named]
    elif path.parent != Path():
        near = [one.relative_to(PROJECT) for one in sorted((PROJECT / folder).glob("test_*.py"))]
    more = [test for start, several in MORE.items() if module.startswith(start) for test in several]
    return list(dict.fromkeys([*map(str, near), *more]))


def _copy() -> Path:
    """The project as it is now, in a folder that may be changed."""
    folder = HOME / "tree"
    shutil.rmtree(folder, ignore_errors=True)
    ignored = shutil.ignore_patterns("venv", ".git", ".mutants", ".sandbox", "__pycache__", ".*_cache")
    shutil.copytree(PROJECT, folder, ignore=ignored, symlinks=True)
    (folder / "venv").symlink_to(PROJECT / "venv")
    return folder


def _digest(module: str) -> str:
    """Of the module and its tests: another one makes a session useless."""
    texts = [(PROJECT / path).read_bytes() for path in (module, *tests_of(module))]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()


def _baseline(tree: Path, command: Sequence[str]) -> float | None:
    """Seconds that the tests take without a mutant, None if they fail without one."""
    begun = time.monotonic()
    done = subprocess.run(command, cwd=tree, capture_output=True, check=False)
    return None if done.returncode else time.monotonic() - begun


def run(module: str, tree: Path, programs: Path, until: float) -> str:
    """Run the mutants of a module that have no result yet, at most until a time of the monotonic clock.

    Returns why it did not begin, empty if it did.
    """
    tests = tests_of(module)
    if not tests:
        return "no fast test belongs to it: add a row to MORE"
    name = module.removesuffix(".py").replace("/", ".")
    session, marker, config = (HOME / f"{name}.{end}" for end in ("sqlite", "digest", "toml"))
    digest = _digest(module)
    # No bytecode: a change within one second that keeps the size would not be noticed.
    command = ["env", "PYTHONDONTWRITEBYTECODE=1", sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    if not session.exists() or not marker.exists() or marker.read_text() != digest:
        session.unlink(missing_ok=True)
        seconds = _baseline(tree, [*command, *tests])
        if seconds is None:
            return "its tests fail without a mutant"
        config.write_text(
            f'[cosmic-ray]\nmodule-path = "{module}"\ntimeout = {max(30.0, PATIENCE * seconds):.1f}\n'
            f'excluded-modules = []\ntest-command = """{shlex.join([*command, *tests])}"""\n\n'
            '[cosmic-ray.distributor]\nname = "local"\n'
        )
        subprocess.run([programs / "cosmic-ray", "init", config, session], cwd=tree, check=True, capture_output=True)
        marker.write_text(digest)
    left = until - time.monotonic()
    if left <= 0:
        return ""
    original = (tree / module).read_bytes()
    try:
        subprocess.run(
            [programs / "cosmic-ray", "exec", config, session], cwd=tree, check=False, capture_output=True, timeout=left
        )
    except subprocess.TimeoutExpired:
        # The last mutant has no result and runs again next time.
        (tree / module).write_bytes(original)
    return ""


def results(module: str) -> tuple[list[Mutant], int]:
    """The mutants of a module that have a result, and the number of all."""
    session = HOME / f"{module.removesuffix('.py').replace('/', '.')}.sqlite"
    if not session.exists():
        return [], 0
    lines = (PROJECT / module).read_text().splitlines()
    with sqlite3.connect(session) as database:
        (every,) = database.execute("select count(*) from mutation_specs").fetchone()
        rows = database.execute(
            "select spec.operator_name, spec.start_pos_row, result.test_outcome, result.diff from mutation_specs spec"
            " join work_results result on result.job_id = spec.job_id order by spec.start_pos_row"
        ).fetchall()
    return [
        Mutant(
            module=module,
            operator=operator.removeprefix("core/"),
            row=row,
            line=lines[row - 1].strip(),
            outcome=str(outcome).rpartition(".")[2].lower(),
            diff=diff or "",
        )
        for operator, row, outcome, diff in rows
    ], int(every)


def equivalents() -> list[Equivalent]:
    rows = tomllib.loads(EQUIVALENT.read_text()).get("equivalent", [])
    return [Equivalent(**row) for row in rows]


def report(every: Sequence[Mutant], known: Sequence[Equivalent]) -> Iterator[str]:
    """The survivors that no row explains, rows that explain none, and the numbers."""
    counted = Counter("killed" if not one.survived else "survived" for one in every)
    explained = [one for one in every if one.survived and any(row.covers(one) for row in known)]
    for one in every:
        if one.survived and one not in explained:
            changed = [line for line in one.diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
            yield f"{one.module}:{one.row}: {one.operator}"
            yield from (f"    {line}" for line in changed)
    ran = {one.module for one in every}
    for row in known:
        if row.module in ran and not any(row.covers(one) and one.survived for one in every):
            yield f"{EQUIVALENT.name}: no survivor of {row.module} is {row.operator} of {row.line!r}: remove the row"
    judged = len(every) - len(explained)
    share = counted["killed"] / judged if judged else 1.0
    yield (
        f"{len(every)} mutants: {counted['killed']} killed, {counted['survived']} survived, {len(explained)} of them "
        f"equivalent. The fast tests kill {share:.1%} of the others; the goal is {GOAL:.0%}."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.mutants", description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="a module or folder; default: all of the product")
    parser.add_argument("--minutes", type=float, default=1e6, help="end after this time; the next run continues")
    parser.add_argument("--report", action="store_true", help="only report what earlier runs found")
    given = parser.parse_args(arguments)
    chosen = modules(given.modules)
    say = partial(print, file=sys.stderr, flush=True)
    if not given.report:
        HOME.mkdir(exist_ok=True)
        programs = virtualenv.cached("cosmic-ray", PROJECT / "requirements/mutants.lock", say)
        tree, until = _copy(), time.monotonic() + 60 * given.minutes
        for number, module in enumerate(chosen, start=1):
            if why := run(module, tree, programs, until):
                say(f"[{number}/{len(chosen)}] {module}: {why}")
                continue
            found, every = results(module)
            lost = sum(one.survived for one in found)
            say(f"[{number}/{len(chosen)}] {module}: {len(found)} of {every} mutants run, {lost} survived")
            if time.monotonic() > until:
                say("The time is over. Run the same command again to continue.")
                break
    mutants = [one for module in chosen for one in results(module)[0]]
    for line in report(mutants, equivalents()):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
