"""The accounts that the rows are asked in, and all answers of a run, for the table and for every mutant, in one go."""

from collections import defaultdict
from dataclasses import dataclass
from zlib import crc32

import pytest

from dev.recorder import Recorder
from tests.unit.components.policies.truth import attachments, mutations
from tests.unit.components.policies.truth.callers import ACCOUNT
from tests.unit.components.policies.truth.evaluator import Answers, Change, Request, evaluate
from tests.unit.components.policies.truth.rows import OWN_DOCUMENTS, Row, Stage
from tests.unit.components.policies.truth.table import every_row
from tests.unit.components.test_naming import names

STACKS = {"prod": names(""), "test": names("-test")}


@dataclass(frozen=True)
class Asked:
    row: Row
    layer: str
    request: Request
    expected: bool

    @property
    def documents(self) -> set[str]:
        return {*self.request.identity, *([self.request.policy] if self.request.policy else [])}


@dataclass(frozen=True)
class World:
    """An account and its questions. ``own`` are the ids of documents that no earlier world has."""

    label: str
    account: attachments.Attachments
    asked: list[Asked]
    own: frozenset[str]


@dataclass(frozen=True)
class Verdict:
    """``mutants`` are those of the world's own documents, each with the document's id."""

    world: World
    mutants: list[tuple[str, mutations.Mutant]]
    answers: Answers


@pytest.fixture(scope="session")
def worlds(
    programs: dict[str, Recorder],
    account: Recorder,
    before_federation: dict[str, Recorder],
    account_with_ids: Recorder,
) -> list[World]:
    """What the stack files make, and settings that change documents: before federation, and the repository's ids."""
    deployed = _world("as the stack files say", {**programs, "account": account}, "federated", False, {})
    return [
        deployed,
        _world(
            "before federation, with the repository's ids",
            {**before_federation, "account": account_with_ids},
            "static",
            True,
            deployed.account.documents,
        ),
    ]


def _world(label: str, recorded: dict[str, Recorder], stage: Stage, with_ids: bool, known: dict[str, tuple]) -> World:
    account = attachments.read(ACCOUNT, recorded)
    own = frozenset(name for name, document in account.documents.items() if known.get(name) != document)
    asked = [Asked(row, *question) for row in every_row(stage, with_ids, STACKS) for question in row.requests(account)]
    # In no order: a mutant is let go at the first row that notices it, so near misses must not sit at the end.
    asked = sorted((item for item in asked if item.documents & own), key=lambda item: crc32(repr(item).encode()))
    return World(label, account, asked, own)


@pytest.fixture(scope="session")
def verdicts(worlds: list[World]) -> list[Verdict]:
    return [_judged(world) for world in worlds]


def _judged(world: World) -> Verdict:
    asked_of: defaultdict[str, defaultdict[mutations.Subject, list[int]]] = defaultdict(lambda: defaultdict(list))
    for index, item in enumerate(world.asked):
        for name in item.documents:
            asked_of[name][mutations.subject(item.request)].append(index)
    pairs = dict(zip(STACKS, ((STACKS["prod"], STACKS["test"]), (STACKS["test"], STACKS["prod"])), strict=True))
    mutants, changes = [], []
    for name in sorted(world.own):
        stack = name.split("/")[0]
        neighbours = mutations.neighbours(*pairs[stack]) if stack in pairs else {}
        for mutant in mutations.mutants(world.account.documents[name][1], neighbours):
            concerned = sorted(
                index
                for subject, indices in asked_of[name].items()
                if mutant.concerns(subject)
                for index in indices
                if not mutant.seen_alone
                or world.asked[index].layer != "both"
                or world.asked[index].row.caller.unlimited
            )
            mutants.append((name, mutant))
            changes.append(Change(id=name, document=mutant.document, requests=concerned))
    answers = evaluate(
        {**world.account.documents, **OWN_DOCUMENTS},
        [item.request for item in world.asked],
        [item.expected for item in world.asked],
        changes,
    )
    return Verdict(world, mutants, answers)
