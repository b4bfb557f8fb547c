"""The table of `make bench AGAINST=<commit>`, and how it is asked for."""

import pytest

from sandbox import comparison
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
    assert text.startswith("2 of Some processor. Runs of each build: 3. ")
    assert "| preview | CPU s | 10.00 / 12.00 / 20.00 | 4.00 / 6.00 / 10.00 | 0.50 | ratio ≤ 0.50 |\n" in text


def test_a_value_that_is_a_ratio_itself_has_a_limit_of_its_own():
    results = []
    comparison.add(results, "plan", {"preview / plan wall s": 0.88}, {"preview / plan wall s": 0.4})
    assert "| 0.40 / 0.40 / 0.40 | 0.45 | now ≤ 0.45 |" in comparison.table(results, "2bbddb8", "")


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
