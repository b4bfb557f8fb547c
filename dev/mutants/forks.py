"""Runs tests in forks of a process that has the packages imported, and those first that run the changed line.

``python forks.py SOCKET LINES``, started in the copy of the project. The process imports packages, and nothing of the
project: each fork imports the mutated module and everything that uses it. Before the first mutant, each test file runs
once without one, with a trace of the product's lines that each of its tests runs. These traces are in ``LINES``.

A mutant is judged by the tests that ran its line. A line that runs at import, or that only a subprocess runs, is judged
by all tests of the module: the closest and quickest first, up to ``BUDGET``, none longer than ``SLOW``. A survivor may
be one that the others would notice; what is killed is killed.
"""

import ast
import builtins
import contextlib
import ctypes
import difflib
import hashlib
import importlib
import importlib.util
import json
import os
import re
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from importlib.machinery import SourceFileLoader
from importlib.metadata import entry_points
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

#: Seconds of a test that mutants are not tested with.
SLOW = 8.0
#: Seconds of tests, as they took without a mutant, that judge one mutant at most, and at least one test.
BUDGET = 40.0
#: A mutant whose tests take this many times longer than without it, and ``GRACE`` seconds, does not end.
PATIENCE, GRACE = 5, 20.0
#: What stands in the output of a mutant that did not end.
TIMEOUT = "timeout: the tests did not end"
#: What stands in the output of a run that says nothing about the mutant, such as one with an internal error of pytest.
NO_VERDICT = "no verdict"

_TREE = Path.cwd()
_FLAGS = ("-x", "-q", "-p", "no:cacheprovider", "--no-header", "--tb=line", "--show-capture=no")
#: The name of the function that modules under a trace call.
_REPORT = "__agentkeys_ran__"
#: PR_SET_PDEATHSIG and PR_SET_CHILD_SUBREAPER of linux/prctl.h: this process ends with the one that started it, and
#: what a test leaves running becomes its child, which it ends.
_END_WITH_PARENT, _SUBREAPER = 1, 36


class Tracing:
    """Records for each test the lines of the product that it runs, its fixtures of a larger scope included.

    Runs the tests in reverse: a test that needs another one before it fails here, and not later as if by a mutant.
    """

    def __init__(self) -> None:
        self.tests: dict[str, dict[str, set[int]]] = {}
        self.fixtures: dict[str, dict[str, set[int]]] = {}
        self.imports: dict[str, set[int]] = {}
        self.seconds: dict[str, float] = {}
        self.texts: dict[str, str] = {}
        self._uses: dict[str, list[str]] = {}
        self._now = self.imports

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Make every module of the product, when it is imported, report the statements that it runs."""
        kept = SourceFileLoader.get_code

        def get_code(loader: SourceFileLoader, name: str) -> CodeType | None:
            path = Path(loader.get_filename(name))
            inside = path.is_relative_to(_TREE) and path.relative_to(_TREE).parts[0] not in ("tests", "venv", "dev")
            if not inside:
                return kept(loader, name)
            self.texts[str(path.relative_to(_TREE))] = _digest(path)
            return compile(reporting(path.read_text(), str(path.relative_to(_TREE))), str(path), "exec")

        monkeypatch.setattr(SourceFileLoader, "get_code", get_code)
        monkeypatch.setattr(builtins, _REPORT, self._ran, raising=False)

    def _ran(self, path: str, row: int) -> None:
        self._now.setdefault(path, set()).add(row)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items.reverse()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._uses[item.nodeid] = list(getattr(item, "fixturenames", ()))
        self._now = self.tests.setdefault(item.nodeid, {})
        result = yield
        self._now = self.imports
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        before = self._now
        if fixturedef.scope != "function":
            self._now = self.fixtures.setdefault(fixturedef.argname, {})
        try:
            return (yield)
        finally:
            self._now = before

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0) + report.duration

    def found(self) -> dict[str, Any]:
        """The trace as JSON: seconds and lines of each test, lines that run at import, what was imported."""
        for test, lines in self.tests.items():
            for fixture in self._uses[test]:
                for path, rows in self.fixtures.get(fixture, {}).items():
                    lines.setdefault(path, set()).update(rows)
        return {
            "tests": {
                test: {
                    "seconds": self.seconds.get(test, 0),
                    "lines": {path: sorted(rows) for path, rows in lines.items()},
                }
                for test, lines in self.tests.items()
            },
            "imports": {path: sorted(rows) for path, rows in self.imports.items()},
            "texts": self.texts,
            "packages": sorted(filter(_is_a_package, list(sys.modules))),
        }


def reporting(source: str, path: str) -> ast.Module:
    """The module with a call before each statement that reports its row. A tracer would slow down every package too."""
    tree = ast.parse(source)
    for node in list(ast.walk(tree)):
        for field in ("body", "orelse", "finalbody"):
            statements = getattr(node, field, None)
            if not isinstance(statements, list):
                continue
            at = (
                [node]
                if isinstance(node, ast.ExceptHandler)
                else [node.pattern]
                if isinstance(node, ast.match_case)
                else []
            )
            changed: list[ast.stmt] = [_report(path, one) for one in at]
            for one in statements:
                text = isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)
                future = isinstance(one, ast.ImportFrom) and one.module == "__future__"
                changed += [one] if text or future else [_report(path, one), one]
            setattr(node, field, changed)
    return ast.fix_missing_locations(tree)


def _report(path: str, node: ast.AST) -> ast.stmt:
    arguments: list[ast.expr] = [ast.Constant(path), ast.Constant(node.lineno)]  # type: ignore[attr-defined]
    call = ast.Expr(ast.Call(ast.Name(_REPORT, ast.Load()), arguments, []))
    return ast.copy_location(call, node)


def _is_a_package(name: str) -> bool:
    """Whether a module may be imported before the fork: installed, and no plugin of pytest, which rewrites those.

    Pulumi's providers import their parts when they are used, and fail if somebody else did.
    """
    file = getattr(sys.modules[name], "__file__", None) or ""
    plugins = {"_pytest", *(one.value.partition(".")[0] for one in entry_points(group="pytest11"))}
    excluded = name.partition(".")[0] in plugins or re.match(r"pulumi_\w+\.", name)
    return "site-packages" in file and not excluded


class Chosen:
    """Runs only some tests, in the given order. A mutant may rename its tests, so all run if none of them is there."""

    def __init__(self, tests: Sequence[str]) -> None:
        self.order = {test: place for place, test in enumerate(tests)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        chosen = sorted((one for one in items if one.nodeid in self.order), key=lambda one: self.order[one.nodeid])
        items[:] = chosen or items


def statement(source: str, row: int) -> set[int]:
    """The lines of the innermost statement around a row; of one with a body, its lines before the body."""
    found = {row}
    size = sys.maxsize
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case):
            continue
        first = node.pattern.lineno if isinstance(node, ast.match_case) else node.lineno
        body = getattr(node, "body", None)
        last = max(first, body[0].lineno - 1) if body else getattr(node, "end_lineno", first) or first
        if first <= row <= last and last - first < size:
            found, size = set(range(first, last + 1)), last - first
    return found


def changed_rows(original: str, mutated: str) -> set[int]:
    """The rows of the original that the mutant changed."""
    matcher = difflib.SequenceMatcher(None, original.splitlines(), mutated.splitlines(), autojunk=False)
    return {
        row + 1
        for kind, first, last, *_ in matcher.get_opcodes()
        if kind != "equal"
        for row in range(first, max(last, first + 1))
    }


def order(module: str, original: str, rows: set[int], traces: Sequence[dict[str, Any]]) -> tuple[list[str], float]:
    """The tests that judge a change of these rows, the closest and quickest first, and the seconds that they take."""
    lines = set[int]().union(*(statement(original, row) for row in rows))
    everywhere = any(lines & set(trace["imports"].get(module, ())) for trace in traces)
    ran: list[tuple[int, float, str]] = []
    every: list[tuple[int, float, str]] = []
    for place, trace in enumerate(traces):
        for test, known in trace["tests"].items():
            if known["seconds"] <= SLOW:
                every.append((place, known["seconds"], test))
                if lines & set(known["lines"].get(module, ())):
                    ran.append(every[-1])
    chosen: list[str] = []
    total = 0.0
    for _, seconds, test in sorted(every if everywhere or not ran else ran):
        if chosen and total + seconds > BUDGET:
            break
        chosen.append(test)
        total += seconds
    return chosen, total


class Forks:
    """The process that forks. One request at a time."""

    def __init__(self, lines: Path) -> None:
        self._lines = lines
        self._originals: dict[str, str] = {}

    def serve(self, address: str) -> None:
        """Answer requests until the process is ended. Each is one line of JSON: the key ``trace`` or ``test``."""
        ctypes.CDLL(None).prctl(_END_WITH_PARENT, int(signal.SIGTERM), 0, 0, 0)
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(address)
            server.listen()
            while True:
                connection, _ = server.accept()
                with connection, connection.makefile("r") as given:
                    request = json.loads(given.readline())
                    answer = (
                        self._trace(**request["trace"])
                        if "trace" in request
                        else self._test(connection, **request["test"])
                    )
                    with contextlib.suppress(OSError):
                        connection.sendall(answer)

    def _trace(self, tests: Sequence[str], module: str) -> bytes:
        """Trace the test files that have no trace with this text of the module. The last byte is 0 if all passed."""
        text = _digest(_TREE / module)
        for test in tests:
            kept = self._kept(test)
            if not kept.exists() or json.loads(kept.read_text())["texts"].get(module, text) != text:
                kept.unlink(missing_ok=True)
                code, output = self._fork(lambda test=test, kept=kept: _traced(test, kept), None, 1800)  # type: ignore[misc]
                if code or not kept.exists():
                    return output + f"{test} ended with {code}\n".encode() + b"\1"
            for name in json.loads(kept.read_text())["packages"]:
                # Some are there only in a test, and some need another one first.
                with contextlib.suppress(BaseException):
                    importlib.import_module(name)
        return b"\0"

    def _kept(self, test: str) -> Path:
        return self._lines / f"{Path(test).stem}-{_digest(_TREE / test)}.json"

    def _test(self, connection: socket.socket, module: str, original: str, tests: Sequence[str]) -> bytes:
        """Judge the mutant on disk: what pytest printed, and its exit code as the last byte."""
        source = Path(original).read_text()
        traces = [json.loads(self._kept(test).read_text()) for test in tests]
        rows = changed_rows(source, (_TREE / module).read_text())
        chosen, seconds = order(module, source, rows, traces)
        files = list(dict.fromkeys(test.partition("::")[0] for test in chosen))
        code, output = self._fork(
            lambda: _judged(module, files, Chosen(chosen)), connection, GRACE + PATIENCE * seconds
        )
        if code is None:
            return TIMEOUT.encode() + b"\1"
        # 4: a conftest.py cannot be imported. 5: no test is left. 3: pytest failed. Above: a signal.
        return (
            output + b"\n" + bytes([code])
            if code in (0, 1, 2, 4)
            else f"{NO_VERDICT}: pytest ended with {code}".encode() + b"\1"
        )

    def _fork(self, task: Callable[[], int], client: socket.socket | None, seconds: float) -> tuple[int | None, bytes]:
        """Run a task in a fork. Returns its exit code, None if it had to be ended, and what it printed."""
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            code = 3
            try:
                os.setsid()
                os.close(reading)
                for stream in (1, 2):
                    os.dup2(writing, stream)
                code = task()
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        os.close(writing)
        output, until = b"", time.monotonic() + seconds
        descriptor = os.pidfd_open(child)
        ended = False
        waiting: list[int | socket.socket] = [reading, descriptor, *([client] if client else [])]
        while not ended and (left := until - time.monotonic()) > 0:
            ready, _, _ = select.select(waiting, [], [], left)
            if reading in ready and not (part := os.read(reading, 1 << 16)):
                waiting.remove(reading)
            elif reading in ready:
                output += part
            elif descriptor in ready:
                ended = True
            elif client in ready:
                break  # cosmic-ray gave up
        os.close(descriptor)
        os.close(reading)
        result = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) if ended else None
        _end_children()
        return result, output


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _traced(test: str, kept: Path) -> int:
    tracing = Tracing()
    with pytest.MonkeyPatch.context() as monkeypatch:
        tracing.install(monkeypatch)
        code = pytest.main([*_FLAGS, test], plugins=[tracing])
    if code == pytest.ExitCode.OK:
        kept.write_text(json.dumps(tracing.found()))
    return int(code)


def _judged(module: str, files: Sequence[str], chosen: Chosen) -> int:
    # A mutant may have the size and the second of what was compiled before it.
    Path(importlib.util.cache_from_source(str(_TREE / module))).unlink(missing_ok=True)
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    return int(pytest.main([*_FLAGS, *files], plugins=[chosen]))


def _end_children() -> None:
    """End what a test left running, also in a session of its own."""
    while children := Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
        for child in map(int, children):
            with contextlib.suppress(OSError):
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)


if __name__ == "__main__":
    sys.path[0] = str(_TREE)
    Forks(Path(sys.argv[2])).serve(sys.argv[1])
