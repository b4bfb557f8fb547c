"""Which tests belong to a module, and the report of `make mutants`; cosmic-ray itself is not run."""

import sqlite3

import pytest

from dev import mutants
from dev.mutants import Equivalent, Mutant
from dev.recorder import PROJECT


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
    ],
)
def test_the_closest_tests_of_a_module_come_first(module, first):
    assert mutants.tests_of(module)[0] == first


def test_every_test_that_is_named_exists_and_every_row_is_of_a_module():
    for start, tests in mutants.MORE.items():
        assert any(module.startswith(start) for module in mutants.modules([])), start
        for test in tests:
            assert (PROJECT / test).is_file(), test
    for row in mutants.equivalents():
        assert row.line in {line.strip() for line in (PROJECT / row.module).read_text().splitlines()}, row


def test_a_module_that_is_none_of_the_products_is_an_error():
    with pytest.raises(SystemExit, match="sandbox is no module of the product"):
        mutants.modules(["sandbox"])
    assert mutants.modules(["gates/wait.py"]) == ["gates/wait.py"]
    assert set(mutants.modules(["gates"])) == {f"gates/{path.name}" for path in (PROJECT / "gates").glob("*.py")}


def test_the_report_names_survivors_that_no_row_explains():
    lines = list(mutants.report([a_mutant(), a_mutant(outcome="killed"), a_mutant(outcome="incompetent")], []))
    assert lines[:3] == ["gates/wait.py:3: ReplaceTrueWithFalse", "    -x = True", "    +x = False"]
    assert "3 mutants: 2 killed, 1 survived, 0 of them equivalent" in lines[-1]
    assert "66.7%" in lines[-1]


def test_a_row_explains_its_survivor_and_a_row_without_one_must_go():
    row = Equivalent(module="gates/wait.py", operator="Replace*", line="x = True", reason="r")
    (line,) = mutants.report([a_mutant()], [row])
    assert line.startswith("1 mutants: 0 killed, 1 survived, 1 of them equivalent. The fast tests kill 100.0%")
    gone = list(mutants.report([a_mutant(outcome="killed")], [row]))
    assert gone[0].endswith("no survivor of gates/wait.py is Replace* of 'x = True': remove the row")


def test_results_are_read_from_a_session_that_was_interrupted(tmp_path, monkeypatch):
    monkeypatch.setattr(mutants, "HOME", tmp_path)
    with sqlite3.connect(tmp_path / "gates.wait.sqlite") as database:
        database.execute("create table mutation_specs (job_id, operator_name, start_pos_row)")
        database.execute("create table work_results (job_id, test_outcome, diff)")
        database.execute("insert into mutation_specs values ('1', 'core/AddNot', 1), ('2', 'core/AddNot', 2)")
        database.execute("insert into work_results values ('2', 'TestOutcome.SURVIVED', 'd')")
    (found,), every = mutants.results("gates/wait.py")
    assert (found.operator, found.row, found.survived, every) == ("AddNot", 2, True, 2)
    assert mutants.results("gates/dns.py") == ([], 0)
