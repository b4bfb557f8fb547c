"""Which tests share a lane, and in which order lanes take them (``tests/support/lanes.py``)."""

import pytest

from dev.recorder import PROJECT
from tests.support import lanes


@pytest.mark.parametrize(
    ("nodeid", "group"),
    [
        ("tests/sandbox/up/test_1_up.py::test_a_preview_is_empty", "tests/sandbox/up"),
        ("tests/sandbox/up/test_2_drift.py::test_x[tests/engine/a.py::b]", "tests/sandbox/up"),
        ("tests/engine/test_warm.py::test_stop_ends_them_all", "tests/engine/test_warm.py"),
        ("tests/unit/dev/test_pins.py::TestPins::test_x", "tests/unit/dev/test_pins.py"),
    ],
)
def test_tests_that_use_one_sandbox_after_another_are_one_group(nodeid, group):
    assert lanes.group_of(nodeid) == group


def test_a_group_that_starts_first_exists():
    assert [group for group in lanes.LONGEST_FIRST if not (PROJECT / group).exists()] == []


def test_the_longest_come_first_and_the_others_by_name():
    groups = ["tests/unit/a.py", "tests/engine/b.py", *reversed(lanes.LONGEST_FIRST)]
    assert sorted(groups, key=lanes.order) == [*lanes.LONGEST_FIRST, "tests/engine/b.py", "tests/unit/a.py"]


def test_a_folder_of_tests_has_a_sandbox_of_its_own():
    """A fixture of a folder above would keep one folder's sandbox for the next."""
    folders = {path.parent for path in (PROJECT / "tests/sandbox").glob("*/test_*.py")}
    assert len(folders) >= 6
    for folder in folders:
        assert (folder / "__init__.py").is_file(), "the scope package needs it"
        text = (folder / "conftest.py").read_text() if (folder / "conftest.py").is_file() else ""
        needs = any(word in path.read_text() for path in folder.glob("test_*.py") for word in ("(ground", "(machine"))
        assert ("from tests.support.live import" in text) == (needs and folder.name != "hosts"), folder
