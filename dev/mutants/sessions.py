"""Which tests belong to a module, and the run of its mutants: one session of cosmic-ray for each module.

Owns the folder ``.mutants/``: the copy of the project, the sessions, the traces of the tests. A session starts again
when its module changes. When only its tests changed, its survivors run again, and what was killed stays killed.
"""

import hashlib
import json
import shlex
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dev.locks import PROJECT
from dev.mutants.ask import NO_VERDICT
from dev.mutants.noise import Spec, noise, sample

HOME = PROJECT / ".mutants"

#: What is mutated: modules, and folders of modules.
PRODUCT = ("settings.py", "components", "gates", "hostsetup", "ops", "policypack")

#: Tests of a module beyond the file of its name, by the beginning of its path. A row of a module without such a file
#: replaces the files beside it.
MORE = {
    "settings.py": ("tests/unit/test_settings.py", "tests/unit/components/checks/test_existing_host.py"),
    "components/": ("tests/unit/test_program.py",),
    "components/checks/credentials.py": ("tests/unit/components/checks/test_whose_credentials.py",),
    "components/checks/preflight.py": (
        "tests/unit/components/checks/test_existing_host.py",
        "tests/unit/components/checks/test_github_provider.py",
        "tests/unit/test_settings.py",
    ),
    "components/checks/snapshot.py": ("tests/unit/components/checks/test_restore_check.py",),
    "components/checks/state.py": ("tests/unit/components/checks/test_own_state.py",),
    "components/policies/": (
        "tests/unit/components/policies/test_policies.py",
        "tests/unit/components/policies/truth/test_table.py",
    ),
    "components/advice.py": ("tests/unit/test_program.py",),
    "components/host.py": ("tests/unit/components/checks/test_existing_host.py",),
    "components/hostsetup.py": ("tests/unit/test_settings.py", "tests/unit/clouds/test_host_program.py"),
    "components/naming.py": ("tests/unit/test_limits.py", "tests/unit/test_settings.py"),
    "components/mail.py": ("tests/unit/components/test_unseen_identity.py",),
    "gates/dns.py": ("tests/unit/gates/test_gates.py", "tests/unit/components/test_dns.py"),
    "hostsetup/": ("tests/unit/hostsetup/test_steps.py", "tests/unit/hostsetup/test_rendered_files.py"),
    "hostsetup/environment.py": ("tests/unit/hostsetup/test_elsewhere.py", "tests/unit/ops/commands/test_env.py"),
    "hostsetup/services.py": ("tests/unit/hostsetup/test_elsewhere.py", "tests/unit/hostsetup/test_nginx.py"),
    "hostsetup/mail.py": ("tests/unit/hostsetup/test_elsewhere.py", "tests/unit/clouds/test_host_program.py"),
    "hostsetup/secret_files.py": ("tests/unit/ops/commands/test_backup.py",),
    "ops/backups.py": ("tests/unit/ops/commands/test_backup.py",),
    "ops/proof/": ("tests/unit/ops/commands/test_proof.py", "tests/unit/test_rows.py"),
    "ops/stack.py": ("tests/unit/clouds/test_host_commands.py", "tests/unit/ops/commands/test_env.py"),
    "ops/traces.py": ("tests/emulated/test_recovery.py",),
    "ops/leftovers.py": ("tests/emulated/test_doctor.py",),
    "ops/commands/adopt.py": (
        "tests/unit/ops/commands/test_adopt_address.py",
        "tests/unit/ops/commands/test_adopt_kinds.py",
        "tests/unit/ops/commands/test_adopt_rehearsal.py",
        "tests/unit/ops/commands/test_adopt_settings.py",
        "tests/unit/ops/test_commands.py",
        "tests/emulated/test_asked_regions.py",
    ),
    "ops/commands/proof.py": ("tests/unit/ops/proof/test_tokens.py",),
    "ops/commands/records.py": ("tests/unit/components/test_dns.py",),
    "ops/commands/restore.py": ("tests/unit/ops/commands/test_backup.py",),
    "ops/commands/recover.py": ("tests/emulated/test_recovery.py",),
    "ops/commands/doctor.py": ("tests/emulated/test_doctor.py", "tests/emulated/test_alarms_emulated.py"),
    "ops/commands/sender.py": ("tests/emulated/test_sender.py",),
}

#: Tests of the host's shell scripts, which take minutes and run no module of the product.
OF_SCRIPTS = ("build", "certificates", "release")

#: Seconds after which cosmic-ray gives up. ``forks.py`` ends a mutant earlier, by what its tests take.
LIMIT = 3600


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One change and what became of it. ``outcome`` is cosmic-ray's: killed, survived or incompetent."""

    module: str
    operator: str
    row: int
    line: str
    outcome: str
    diff: str
    output: str = ""

    @property
    def survived(self) -> bool:
        return self.outcome == "survived"


@dataclass(frozen=True, kw_only=True)
class Session:
    """The mutants of a module. ``worth`` counts those that are not left out, ``day`` is that of the last run."""

    module: str
    mutants: tuple[Mutant, ...] = ()
    offered: int = 0
    worth: int = 0
    day: str = ""
    commit: str = ""


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


def tests_of(module: str, tree: Path) -> list[str]:
    """The fast tests of a module, the closest first: the file of its name, or those beside it, then ``MORE``."""
    path = Path(module)
    folder = Path("tests/unit") / path.parent
    named = folder / f"test_{path.stem}.py"
    near: list[Path] = []
    if (tree / named).is_file():
        near = [named]
    elif path.parent != Path() and module not in MORE:
        beside = [one.relative_to(tree) for one in sorted((tree / folder).glob("test_*.py"))]
        near = [one for one in beside if one.stem.removeprefix("test_") not in OF_SCRIPTS]
    more = [test for start, several in MORE.items() if module.startswith(start) for test in several]
    return list(dict.fromkeys([*map(str, near), *more]))


def _file(module: str, end: str) -> Path:
    return HOME / f"{module.removesuffix('.py').replace('/', '.')}.{end}"


def _digest(*paths: str, tree: Path = PROJECT) -> str:
    return hashlib.sha256(b"\0".join((tree / path).read_bytes() for path in paths)).hexdigest()


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=PROJECT, capture_output=True, text=True, check=False).stdout.strip()


class Laboratory:
    """The copy of the project and the process that runs its tests. Use as a context manager.

    ``programs`` is the folder with cosmic-ray's program.
    """

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._tree = HOME / "tree"
        self._lines = HOME / "lines"
        self._folder = tempfile.TemporaryDirectory(prefix="agentkeys-mutants-")
        self._socket = Path(self._folder.name) / "forks"

    def __enter__(self) -> "Laboratory":
        shutil.rmtree(self._tree, ignore_errors=True)
        ignored = shutil.ignore_patterns("venv", ".git", ".mutants", ".sandbox", "__pycache__", ".*_cache")
        shutil.copytree(PROJECT, self._tree, ignore=ignored, symlinks=True)
        (self._tree / "venv").symlink_to(PROJECT / "venv")
        self._lines.mkdir(exist_ok=True)
        self._state = self._files()
        command: list[str | Path] = [sys.executable, "dev/mutants/forks.py", self._socket, self._lines]
        self._forks = subprocess.Popen(command, cwd=self._tree, stdin=subprocess.DEVNULL)
        until = time.monotonic() + 30
        while not self._socket.exists():
            if self._forks.poll() is not None or time.monotonic() > until:
                raise SystemExit("dev/mutants/forks.py did not start; its error is above.")
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self._forks.terminate()
        self._forks.wait()
        self._folder.cleanup()

    def _files(self) -> dict[str, str]:
        return {
            str(path.relative_to(self._tree)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in self._tree.rglob("*")
            if path.is_file()
            and "__pycache__" not in path.parts
            and "venv" not in path.relative_to(self._tree).parts[:1]
        }

    def left(self) -> list[str]:
        """What mutants and their tests changed in the copy and left so."""
        now = self._files()
        return sorted(path for path in {*now, *self._state} if now.get(path) != self._state.get(path))

    def _ask(self, request: dict[str, object]) -> list[str]:
        script = self._tree / "dev/mutants/ask.py"
        return [sys.executable, "-ISE", str(script), str(self._socket), json.dumps(request)]

    def run(self, module: str, size: int | None, until: float) -> str:
        """Run the mutants of a module that have no result yet, at most until a time of the monotonic clock.

        ``size`` is that of the sample, None for all. Returns why it did not begin, empty if it did.
        """
        tests = tests_of(module, self._tree)
        if not tests:
            return "no fast test belongs to it: add a row to MORE"
        session, config = _file(module, "sqlite"), _file(module, "toml")
        original = _file(module, "py")
        shutil.copyfile(self._tree / module, original)
        request = {"module": module, "original": str(original), "tests": tests}
        config.write_text(
            f"[cosmic-ray]\nmodule-path = {json.dumps(module)}\ntimeout = {LIMIT}.0\nexcluded-modules = []\n"
            f"test-command = {json.dumps(shlex.join(self._ask({'test': request})))}\n\n"
            '[cosmic-ray.distributor]\nname = "local"\n'
        )
        digests = [_digest(module, tree=self._tree), _digest(*tests, tree=self._tree)]
        known = _known(module)
        if not session.exists() or known.get("digests", [""])[0] != digests[0]:
            session.unlink(missing_ok=True)
            self._cosmic_ray("init", config, session)
        with _database(session) as database:
            if known.get("digests") != digests:
                database.execute("delete from work_results where test_outcome = 'SURVIVED'")
            _choose(database, original.read_text(), size)
            opened = _open(database)
        if not opened:
            return ""
        traced = subprocess.run(
            self._ask({"trace": {"tests": tests, "module": module}}), capture_output=True, text=True, check=False
        )
        if traced.returncode:
            if self._forks.poll() is not None:
                raise SystemExit("dev/mutants/forks.py ended; its error is above.")
            return "its tests fail without a mutant:\n" + traced.stdout[-2000:]
        made = {"day": f"{datetime.now(UTC):%Y-%m-%d}", "commit": _git("log", "-1", "--format=%h", "--", module)}
        _file(module, "json").write_text(json.dumps({"digests": digests, **made}))
        try:
            self._cosmic_ray("exec", config, session, until=until)
        except subprocess.TimeoutExpired:
            pass  # The last mutant has no result and runs again next time.
        finally:
            shutil.copyfile(original, self._tree / module)
        if self._forks.poll() is not None:
            raise SystemExit("dev/mutants/forks.py ended; its error is above. Run the same command again to continue.")
        return ""

    def _cosmic_ray(self, command: str, *arguments: Path, until: float | None = None) -> None:
        limit = None if until is None else max(0.1, until - time.monotonic())
        done = subprocess.run(
            [self._programs / "cosmic-ray", command, *arguments],
            cwd=self._tree,
            capture_output=True,
            text=True,
            check=False,
            timeout=limit,
        )
        if done.returncode:
            raise SystemExit(f"cosmic-ray {command} ended with {done.returncode}: {done.stderr[-2000:]}")


def _known(module: str) -> dict[str, list[str]]:
    path = _file(module, "json")
    return json.loads(path.read_text()) if path.exists() else {}


@contextmanager
def _database(session: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(session)) as database, database:
        yield database


def _specs(database: sqlite3.Connection) -> list[Spec]:
    rows = database.execute(
        "select job_id, operator_name, occurrence, start_pos_row, start_pos_col from mutation_specs"
    ).fetchall()
    return [
        Spec(job=job, operator=operator.removeprefix("core/"), occurrence=occurrence, row=row, column=column)
        for job, operator, occurrence, row, column in rows
    ]


def _choose(database: sqlite3.Connection, source: str, size: int | None) -> None:
    """Mark the mutants that are not to run as cosmic-ray's filters do, and the others as open, unless they ran."""
    specs = _specs(database)
    left = noise(source, specs)
    chosen = sample(specs, left, size)
    database.execute("delete from work_results where worker_outcome = 'SKIPPED' or output like ?", [f"{NO_VERDICT}%"])
    database.executemany("delete from work_results where job_id = ?", [(job,) for job in left])
    database.executemany(
        "insert or ignore into work_results (worker_outcome, output, job_id) values ('SKIPPED', ?, ?)",
        [(left.get(spec.job, "not in the sample"), spec.job) for spec in specs if spec.job not in chosen],
    )


def _open(database: sqlite3.Connection) -> int:
    """How many mutants have no result yet."""
    (count,) = database.execute(
        "select count(*) from mutation_specs where job_id not in (select job_id from work_results)"
    ).fetchone()
    return int(count)


def results(module: str) -> Session:
    """The mutants of a module that have a result, and the number of all. Empty if the module changed since."""
    session, known = _file(module, "sqlite"), _known(module)
    if not session.exists() or known.get("digests", [""])[0] != _digest(module):
        return Session(module=module)
    source = (PROJECT / module).read_text()
    lines = source.splitlines()
    with _database(session) as database:
        specs = _specs(database)
        rows = database.execute(
            "select spec.operator_name, spec.start_pos_row, result.test_outcome, result.diff, result.output"
            " from mutation_specs spec join work_results result on result.job_id = spec.job_id"
            " where result.worker_outcome != 'SKIPPED' and result.output not like ? order by spec.start_pos_row",
            [f"{NO_VERDICT}%"],
        ).fetchall()
    mutants = tuple(
        Mutant(
            module=module,
            operator=operator.removeprefix("core/"),
            row=row,
            line=lines[row - 1].strip() if row <= len(lines) else "",
            outcome=str(outcome).rpartition(".")[2].lower(),
            diff=diff or "",
            output=output or "",
        )
        for operator, row, outcome, diff, output in rows
    )
    return Session(
        module=module,
        mutants=mutants,
        offered=len(specs),
        worth=len(specs) - len(noise(source, specs)),
        **{key: known[key] for key in ("day", "commit") if key in known},  # type: ignore[arg-type]
    )
