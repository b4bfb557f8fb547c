"""The sandbox's command plugin answers as the official one, case by case, and rejects what it does not have."""

from collections.abc import Iterator

import pytest

from sandbox.engine.conformance import judge
from sandbox.engine.conformance.cases import CASES, LOCAL, REMOTE, Case, World
from sandbox.engine.conformance.plugin import Failed


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with judge.world(None) as running:
        yield running


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_plugin_answers_as_the_official_one(world: World, case: Case) -> None:
    assert judge.answer(case, world, None) == case.answer


@pytest.mark.parametrize(
    ("kind", "name", "instead"),
    [
        (LOCAL, "assetPaths", "read the files in the program instead"),
        (REMOTE, "environment", "pass values by stdin"),
    ],
)
def test_what_the_plugin_does_not_have_is_rejected_by_name(world: World, kind: str, name: str, instead: str) -> None:
    inputs = {"connection": {"host": "h"}} if kind == REMOTE else {}
    (failure,) = world.plugin.check(kind, {**inputs, name: {}}).values()
    assert isinstance(failure, Failed)
    assert failure.message.startswith(f"{name} of {kind} is unsupported by the sandbox's command plugin")
    assert instead in failure.message


def test_no_two_cases_have_the_same_name() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
