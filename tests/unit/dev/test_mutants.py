"""`make mutants`: which mutants run, which tests judge one, and the report. Real forks judge, without cosmic-ray."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import pytest

from dev.mutants import __main__ as command
from dev.mutants import forks, sessions
from dev.mutants.__main__ import Equivalent
from dev.mutants.noise import Spec, noise, sample
from dev.mutants.sessions import Mutant, Session
from dev.recorder import PROJECT
from tests.support.processes import is_running


def a_mutant(**changed):
    given = {"module": "gates/wait.py", "operator": "ReplaceTrueWithFalse", "row": 3, "line": "x = True",
             "outcome": "survived", "diff": "--- a\n+++ b\n-x = True\n+x = False\n"}  # fmt: skip
    return Mutant(**{**given, **changed})


@pytest.mark.parametrize(
    ("module", "first"),
    [
        ("components/dns.py", "tests/unit/components/test_dns.py"),
        ("components/checks/preflight.py", "tests/unit/components/checks/test_preflight.py"),
        ("gates/issuer.py", "tests/unit/gates/test_gates.py"),
        ("settings.py", "tests/unit/test_settings.py"),
        ("ops/commands/audit.py", "tests/unit/ops/commands/test_audit.py"),
        ("ops/commands/adopt.py", "tests/unit/ops/commands/test_adopt_address.py"),
    ],
)
def test_the_closest_tests_of_a_module_come_first(module, first):
    assert sessions.tests_of(module, PROJECT)[0] == first


def test_every_test_that_is_named_exists_and_every_row_is_of_a_module():
    for start, tests in sessions.MORE.items():
        assert any(module.startswith(start) for module in sessions.modules([])), start
        for test in tests:
            assert (PROJECT / test).is_file(), test
    for row in command.equivalents():
        assert row.line in {line.strip() for line in (PROJECT / row.module).read_text().splitlines()}, row


def test_a_module_that_is_none_of_the_products_is_an_error():
    with pytest.raises(SystemExit, match="sandbox is no module of the product"):
        sessions.modules(["sandbox"])
    assert sessions.modules(["gates/wait.py"]) == ["gates/wait.py"]
    assert set(sessions.modules(["gates"])) == {f"gates/{path.name}" for path in (PROJECT / "gates").glob("*.py")}


SOURCE = """\
from dataclasses import dataclass
from functools import cache

ANSWER_TIMEOUT = 5.0
BRIEFLY = {"read_timeout": 8}
Text = str | bytes


@dataclass(frozen=True)
class Row:
    name: str | None = None


@cache
def f(a: int | None, b=3, *, seconds=600, rows=4) -> str | None:
    return a | 2 if isinstance(a, int | str) else read(a, timeout=7)


if __name__ == "__main__":
    f(1)
"""


@pytest.mark.parametrize(
    ("operator", "text", "left"),
    [
        ("NumberReplacer", "5.0", True),
        ("NumberReplacer", "7)", True),
        ("NumberReplacer", "8}", True),
        ("NumberReplacer", "2 if", False),
        ("NumberReplacer", "3, *", False),
        ("NumberReplacer", "600", True),
        ("NumberReplacer", "4)", False),
        ("NumberReplacer", "1)", True),
        ("ReplaceBinaryOperator_BitOr_Add", "| bytes", True),
        ("ReplaceBinaryOperator_BitOr_Add", "| None = None", True),
        ("ReplaceBinaryOperator_BitOr_Add", "| None:", True),
        ("ReplaceBinaryOperator_BitOr_Add", "| 2", False),
        ("ReplaceBinaryOperator_BitOr_Add", "| str)", True),
        ("ReplaceTrueWithFalse", "True", True),
        ("RemoveDecorator", "@cache", True),
        ("RemoveDecorator", "@dataclass", False),
    ],
)
def test_a_mutant_that_says_nothing_about_the_tests_is_left_out(operator, text, left):
    before = SOURCE[: SOURCE.index(text)]
    column = len(before.rpartition("\n")[2])
    spec = Spec(job="1", operator=operator, occurrence=0, row=before.count("\n") + 1, column=column)
    assert bool(noise(SOURCE, [spec])) is left


def test_one_replacement_stands_for_the_others_at_its_place_and_a_larger_sample_contains_the_smaller():
    specs = [
        Spec(job=f"{row} {to}", operator=f"ReplaceComparisonOperator_Eq_{to}", occurrence=row, row=row, column=2)
        for row in range(1, 9)
        for to in ("NotEq", "Lt", "Is")
    ]
    left = noise("x == 1\n" * 8, specs)
    assert len(left) == 16
    assert {spec.row for spec in specs if spec.job not in left} == set(range(1, 9))
    three, five, every = (sample(specs, left, size) for size in (3, 5, None))
    assert three < five < every
    assert (len(three), len(every)) == (3, 8)


def test_a_statement_ends_where_its_body_begins():
    source = "if a and (\n    b\n):\n    c(\n        d,\n    )\n"
    assert forks.statement(source, 2) == {1, 2, 3}
    assert forks.statement(source, 5) == {4, 5, 6}
    assert forks.changed_rows("a\nb\nc\n", "a\nB\nc\n") == {2}
    assert forks.changed_rows("a\n@b\nc\n", "a\nc\n") == {2}


def a_trace(**tests):
    rows = {name: {"seconds": seconds, "lines": {"m.py": lines}} for name, (seconds, lines) in tests.items()}
    return {"tests": rows, "imports": {"m.py": [1]}}


def test_the_tests_of_a_line_judge_it_quickest_first_and_all_judge_a_line_that_runs_at_import():
    traces = [a_trace(slow=(2, [2]), quick=(1, [2, 3]), other=(1, [3])), a_trace(far=(0.1, [2]), never=(99, [2]))]
    assert forks.order("m.py", "X = 1\nf()\ng()\n", {2}, traces) == (["quick", "slow", "far"], pytest.approx(3.1))
    assert forks.order("m.py", "X = 1\nf()\ng()\n", {1}, traces)[0] == ["other", "quick", "slow", "far"]
    many = a_trace(**{f"t{number:02}": (7, [2]) for number in range(9)})
    assert forks.order("m.py", "X = 1\nf()\n", {2}, [many]) == ([f"t{number:02}" for number in range(5)], 35)


def test_a_module_under_a_trace_reports_its_statements():
    source = (
        '"""Text."""\nfrom __future__ import annotations\ndef f(n):\n    try:\n        return 1 / n\n'
        "    except ZeroDivisionError:\n"
        "        match n:\n            case 0:\n                return 0\n"
    )
    ran = []
    scope = {forks._REPORT: lambda path, row: ran.append(row)}
    exec(compile(forks.reporting(source, "m.py"), "m.py", "exec"), scope)  # noqa: S102 - what it is for
    assert scope["__doc__"] == "Text."
    assert scope["f"](0) == 0
    assert ran == [3, 4, 5, 6, 7, 8, 9]


PRODUCT = "ROW = 1\n\n\ndef half(n):\n    if n < 0:\n        raise ValueError(n)\n    return n // 2\n"
TESTS = """\
import subprocess
import pytest
import half

HALF = half.half

@pytest.fixture(scope="session")
def four():
    return half.half(8)

def test_four(four):
    assert four == 4

def test_negative():
    with pytest.raises(ValueError):
        half.half(-2)

def test_row():
    subprocess.Popen(["sleep", "600"], start_new_session=True)
    assert half.ROW == 1
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A small project whose tests leave a process running, and the process that forks to test it."""
    tree = tmp_path_factory.mktemp("tree")
    (tree / "tests").mkdir()
    (tree / "half.py").write_text(PRODUCT)
    (tree / "original.py").write_text(PRODUCT)
    (tree / "tests/test_half.py").write_text(TESTS)
    (tree / "tests/conftest.py").write_text("import half\n\nNEXT = half.ROW + 1\n")
    (tree / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    address, lines = tree / "socket", tree / "lines"
    lines.mkdir()
    process = subprocess.Popen([sys.executable, PROJECT / "dev/mutants/forks.py", address, lines], cwd=tree)
    while not address.exists():
        assert process.poll() is None
        time.sleep(0.02)
    given = {"tests": ["tests/test_half.py"], "module": "half.py"}
    assert ask(tree, {"trace": given})[0] == 0
    yield tree
    assert Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text() == "", "a test left a process running"
    process.terminate()
    process.wait()


def ask(tree, request):
    command = [sys.executable, "-ISE", PROJECT / "dev/mutants/ask.py", tree / "socket", json.dumps(request)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        ("n // 2", "n // 3", 1, "test_four"),  # run by a fixture of the session
        ("n < 0", "n > 0", 1, "ValueError"),
        ("n < 0", "n <= 0", 0, "2 passed"),  # a survivor, judged by the tests that run the line
        ("ROW = 1", "ROW = 2", 1, "test_row"),
        ("def half", "def third", 2, "error"),
        ("ROW = 1", "ROW = None", 4, "conftest"),
    ],
)
def test_a_fork_judges_the_mutant_on_disk(project, old, new, code, said):
    (project / "half.py").write_text(PRODUCT.replace(old, new))
    given = {"module": "half.py", "original": str(project / "original.py"), "tests": ["tests/test_half.py"]}
    found, output = ask(project, {"test": given})
    assert (found, said in output) == (code, True), output


#: A run whose first module takes a minute.
DRIVER = """
import subprocess, sys
from pathlib import Path
from dev.mutants import __main__ as command, sessions
home = Path(sys.argv[1])
command.HOME = sessions.HOME = home
command.virtualenv.cached = lambda *_: home
def run(*_):
    with subprocess.Popen(["sleep", "60"]) as sleeping:
        try:
            print("ready", flush=True)
            sleeping.wait()
        except SystemExit:
            # As subprocess.run does, once its process has started.
            sleeping.kill()
            raise
command.Laboratory.run = run
command.main(["gates/wait.py"])
"""


@pytest.fixture
def temporary():
    """A folder whose path is short: a socket's path has at most 107 bytes, and with pytest-xdist tmp_path is longer."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


def test_a_terminated_run_ends_its_processes_and_removes_its_folder(tmp_path, temporary):
    with subprocess.Popen(
        [sys.executable, "-c", DRIVER, tmp_path / "home"],
        cwd=PROJECT, env={**os.environ, "TMPDIR": str(temporary)}, stdout=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        assert running.stdout.readline() == "ready\n"
        assert [path.name[:18] for path in temporary.iterdir()] == ["agentkeys-mutants-"]
        children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
        running.terminate()
    assert running.returncode == 128 + signal.SIGTERM
    assert list(temporary.iterdir()) == []
    assert children
    assert not [child for child in children if is_running(child)]


def test_a_request_that_nobody_answers_is_no_verdict(tmp_path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        server.listen()
        asking = subprocess.Popen(
            [sys.executable, "-ISE", PROJECT / "dev/mutants/ask.py", tmp_path / "socket", "{}"], stdout=subprocess.PIPE
        )
        server.accept()[0].close()
        assert asking.communicate()[0] == b"no verdict\n"


def test_the_report_names_survivors_that_no_row_explains():
    mutants = [a_mutant(), a_mutant(outcome="killed"), a_mutant(outcome="incompetent")]
    lines = list(command.report(mutants, [], whole=True))
    assert lines[:3] == ["gates/wait.py:3: ReplaceTrueWithFalse", "    -x = True", "    +x = False"]
    assert "3 mutants: 2 killed, 1 survived, 0 of them equivalent" in lines[-1]
    assert "66.7%" in lines[-1]


def test_a_row_explains_its_survivor_and_a_row_without_one_must_go():
    row = Equivalent(module="gates/wait.py", operator="Replace*", line="x = True", reason="r")
    (line,) = command.report([a_mutant()], [row], whole=True)
    assert line.startswith("1 mutants: 0 killed, 1 survived, 1 of them equivalent. The fast tests kill 100.0%")
    gone = list(command.report([a_mutant(outcome="killed")], [row], whole=True))
    assert gone[0].endswith("no survivor of gates/wait.py is Replace* of 'x = True': remove the row")
    assert len(list(command.report([a_mutant(outcome="killed")], [row], whole=False))) == 1, "a sample may lack it"


def test_the_page_keeps_rows_of_modules_without_results():
    made = {"day": "2026-11-29", "commit": "abc1234"}
    late = a_mutant(outcome="killed", output=f"{forks.TIMEOUT}\n")
    first = Session(module="gates/wait.py", mutants=(a_mutant(), late), worth=9, **made)
    second = Session(module="settings.py", mutants=(a_mutant(outcome="killed"),), worth=1, **made)
    text = command.page([second], [], command.page([first], [], ""))
    assert "| `gates/wait.py` | 2 of 9 | 1 | 1 | 0 | 1 | 50% | 2026-11-29 | abc1234 |\n" in text
    assert "| `settings.py` | 1 of 1 | 1 | 0 | 0 | 0 | 100% | 2026-11-29 | abc1234 |\n" in text
    assert text.endswith("| all | 3 | 2 | 1 | 0 | 1 | 66.7% | | |\n")
    assert command.page([Session(module="settings.py")], [], text) == text


def test_results_are_read_from_a_session_that_was_interrupted(tmp_path, monkeypatch):
    monkeypatch.setattr(sessions, "HOME", tmp_path)
    digest = sessions._digest("gates/wait.py")
    (tmp_path / "gates.wait.json").write_text(json.dumps({"digests": [digest, ""], "day": "2026-11-29", "commit": "a"}))
    with sqlite3.connect(tmp_path / "gates.wait.sqlite") as database:
        database.executescript(
            textwrap.dedent("""\
            create table mutation_specs (job_id, operator_name, occurrence, start_pos_row, start_pos_col);
            create table work_results (worker_outcome, output, test_outcome, diff, job_id);
            insert into mutation_specs values
                ('1', 'core/AddNot', 0, 1, 0), ('2', 'core/AddNot', 1, 2, 0), ('3', 'core/AddNot', 2, 3, 0);
            insert into work_results values
                ('NORMAL', '', 'SURVIVED', 'd', '2'), ('NORMAL', 'no verdict', 'KILLED', 'd', '1'),
                ('SKIPPED', 'not in the sample', null, null, '3');
            """)
        )
    found = sessions.results("gates/wait.py")
    (mutant,) = found.mutants
    assert (mutant.operator, mutant.row, mutant.survived) == ("AddNot", 2, True)
    assert (found.offered, found.worth, found.day) == (3, 3, "2026-11-29")
    assert sessions.results("gates/dns.py") == Session(module="gates/dns.py")
    (tmp_path / "gates.wait.json").write_text(json.dumps({"digests": ["of another text", ""]}))
    assert not sessions.results("gates/wait.py").mutants, "the module changed since"
