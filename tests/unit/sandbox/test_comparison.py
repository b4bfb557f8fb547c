"""The table of `make bench AGAINST=<commit>`, how it is asked for, and which stacks its row `stacks` has when."""

import json

import pytest
import yaml

from sandbox import comparison, measure
from sandbox.measure import ROWS
from sandbox.supervisor import SandboxError


def measured(*pairs):
    results = []
    for before, now in pairs:
        comparison.add(results, "preview", {"CPU s": before}, {"CPU s": now})
    return results


def test_the_ratio_is_of_neighbours_so_that_a_slower_computer_changes_nothing():
    (result,) = measured((10, 5), (30, 15), (12, 6))
    assert result.ratio == 0.5


def test_a_row_shows_both_builds_with_ratio_and_target():
    text = comparison.table(measured((10, 4), (20, 10), (12, 6)), "2bbddb8", "2 of Some processor")
    assert text.startswith("2 of Some processor. Measured 3 times. ")
    assert "| preview | CPU s | 10.00 / 12.00 / 20.00 | 4.00 / 6.00 / 10.00 | 0.50 | ratio ≤ 0.50 |\n" in text


def test_a_value_that_is_a_ratio_itself_has_a_limit_of_its_own():
    results = []
    comparison.add(results, "plan", {"preview / plan wall s": 0.88}, {"preview / plan wall s": 0.4})
    assert "| 0.88 | 0.40 | 0.45 | now ≤ 0.45 |" in comparison.table(results, "2bbddb8", "")


def test_without_another_commit_the_table_has_one_build_and_no_target_of_a_ratio():
    results = []
    comparison.add(results, "stacks", {}, {"tenth / first up CPU s": [0.9, 1.3, 1.0]})
    comparison.add(results, "stacks", {}, {"tenth / first up CPU s": [1.1]})
    comparison.add(results, "preview", {}, {"CPU s": 3.0})
    assert comparison.table(results, "", "").splitlines()[2:] == [
        "| row | value | this build | target |",
        "|---|---|---|---|",
        "| stacks | tenth / first up CPU s | 0.90 / 1.05 / 1.30 | now ≤ 1.10 |",
        "| preview | CPU s | 3.00 |  |",
    ]


def test_rows_are_chosen_by_name():
    assert comparison.chosen("preview, memory") == ["preview", "memory"]
    assert comparison.chosen("") == list(ROWS)
    with pytest.raises(SandboxError, match=r"ROWS names 'previews'; the rows are preview, plan, "):
        comparison.chosen("previews")


def test_every_target_is_of_a_row():
    assert {row for row, _ in (*comparison.TARGETS, *comparison.LIMITS)} <= set(ROWS)


def test_a_commit_that_is_not_there_is_refused():
    with pytest.raises(SandboxError, match="git rev-parse"):
        comparison.checkout("no-such-commit", lambda _line: None)


class Recorded(measure.Build):
    """A build whose stacks exist only as the commands that it is given."""

    def __init__(self, checkout):
        super().__init__(checkout, "test")
        (checkout / "Pulumi.test.yaml").write_text("config:\n  agentkeys-cloud:suffix: -test\n")
        self.up = set()
        self.timed_beside = []

    def call(self, *command, folder=None, **_variables):
        named = command[command.index("--stack") + 1] if "--stack" in command else ""
        if command[1] == "up":
            self.up.add(named)
        if command[1] == "destroy":
            self.up.remove(named)
        return json.dumps([{"name": name} for name in list(self.up)])

    def timed(self, work):
        before = set(self.up)
        work()
        self.timed_beside.append(len(before))
        return {"CPU s": 1.0 + len(before)}


def test_the_first_stack_is_measured_alone_and_the_tenth_beside_nine(tmp_path, monkeypatch):
    monkeypatch.setattr(measure.layout, "HOME", tmp_path / "home")
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    build = Recorded(checkout)
    # Of a run that failed.
    build.up.add("of-ten-4")
    found = build.stacks()
    assert build.timed_beside == [0, *[1] * 5, 9, *[10] * 5]
    assert found["tenth / first up CPU s"] == [10.0]
    assert found["tenth / first preview CPU s"] == [5.5] * 5
    assert build.up == set()
    assert [path.name for path in checkout.iterdir()] == ["Pulumi.test.yaml"]
    suffixes = {
        yaml.safe_load(path.read_text())["config"]["agentkeys-cloud:suffix"]
        for path in (tmp_path / "home" / "several").glob("Pulumi.of-ten-*.yaml")
    }
    assert suffixes == {f"-n{number}" for number in range(1, 11)}
