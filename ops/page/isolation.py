"""The proof as two matrices with their requests: which token gets a session, and what each session can reach.

Owns the grouping of the proof's rows. A cell has a sign and a word, so that it is readable in black and white.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ops.page.facts import Facts, Proven, Unseen
from ops.proof.matrix import Row
from ops.proof.walk import Result
from ops.verdicts import Line, Verdict

#: Columns of the sessions' matrix, each with a test for its rows of the proof (``ops/proof/matrix.py``).
COLUMNS: dict[str, Callable[[Row], bool]] = {
    "own data": lambda row: row.what in ("own prefix", "own object"),
    "another actor's": lambda row: (
        row.what in ("another actor's prefix", "an actor's data without a tag", "the policy's own words as a key")
    ),
    "whole bucket": lambda row: (
        row.what.startswith("the whole bucket")
        or row.what in ("all actors", "own id without its slash", "all of own classes", "outside of every prefix")
    ),
    "other class": lambda row: row.what.startswith("own bucket, class") or row.what == "own mail",
    "wrong bucket": lambda row: row.what.startswith("the ") and row.what.endswith(" bucket, own prefix"),
    "raw mail": lambda row: row.what == "raw mail",
    "other stack": lambda row: row.what.startswith("the other stack's") and row.action != "assume",
}

TOKENS = {
    "A": "actor A",
    "B": "actor B",
    "untagged": "without tag",
    "forged": "forged id",
    "unsigned": "unsigned",
    "other": "other stack's",
}

#: Sign of a cell by its word. ``allowed``, ``refused`` and ``mixed`` are as expected.
SIGNS = {"allowed": "✓", "refused": "⊘", "mixed": "✓⊘", "wrong": "✗", "not run": "?"}


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request: what was tried, AWS's expected answer and its answer."""

    tried: str
    expected: str
    seen: str
    verdict: str


@dataclass(frozen=True, kw_only=True)
class Cell:
    """``key`` is the HTML id of the cell's requests. ``state`` is a key of ``SIGNS``."""

    key: str
    column: str
    state: str
    requests: Sequence[Request]

    @property
    def sign(self) -> str:
        return SIGNS[self.state]


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """``rows``: a heading, and for each of ``columns`` a cell or None if the cell has no requests."""

    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Cell | None]]]


@dataclass(frozen=True, kw_only=True)
class Isolation:
    tokens: Matrix
    sessions: Matrix
    counts: dict[str, int]
    left_out: Sequence[Line]
    stays: Sequence[str]


def part(facts: Facts) -> Isolation | Unseen:
    if isinstance(facts.proven, Unseen):
        return facts.proven
    proven = facts.proven
    return Isolation(
        tokens=_tokens(proven),
        sessions=_sessions(proven),
        counts={
            verdict.value: sum(result.verdict == verdict for result in proven.results)
            for verdict in (Verdict.OK, Verdict.WRONG, Verdict.NOT_RUN)
        },
        left_out=proven.left_out,
        stays=proven.stays,
    )


def _tokens(proven: Proven) -> Matrix:
    assumed = [result for result in proven.results if result.row.action == "assume"]
    roles = list(dict.fromkeys(result.row.target for result in assumed))
    tokens = [token for token in TOKENS if any(result.row.who.token == token for result in assumed)]
    return Matrix(
        columns=[TOKENS[token] for token in tokens],
        rows=[
            (
                _short(role),
                [
                    _cell(
                        f"token-{number}-{token}",
                        TOKENS[token],
                        [result for result in assumed if (result.row.target, result.row.who.token) == (role, token)],
                        proven,
                    )
                    for token in tokens
                ],
            )
            for number, role in enumerate(roles)
        ],
    )


def _sessions(proven: Proven) -> Matrix:
    tried = [result for result in proven.results if result.row.action != "assume"]
    columns = [
        *(name for name, belongs in COLUMNS.items() if any(belongs(result.row) for result in tried)),
        *(["more"] if any(column_of(result.row) == "more" for result in tried) else []),
    ]
    sessions = list(dict.fromkeys(result.row.who for result in tried))
    return Matrix(
        columns=columns,
        rows=[
            (
                f"{_short(who.role.rpartition('/')[2])}, {TOKENS[who.token]}",
                [
                    _cell(
                        f"session-{number}-{place}",
                        column,
                        [result for result in tried if result.row.who == who and column_of(result.row) == column],
                        proven,
                    )
                    for place, column in enumerate(columns)
                ],
            )
            for number, who in enumerate(sessions)
        ],
    )


def _short(role: str) -> str:
    """A role's short name for the heading of a row: ``vault-test`` for ``agentkeys-vault-role-test``."""
    return role.removeprefix("agentkeys-").replace("-role", "")


def column_of(row: Row) -> str:
    """The first column of ``COLUMNS`` that the row belongs to, or ``more``."""
    return next((name for name, belongs in COLUMNS.items() if belongs(row)), "more")


def _cell(key: str, column: str, results: Sequence[Result], proven: Proven) -> Cell | None:
    if not results:
        return None
    return Cell(
        key=key, column=column, state=_state(results), requests=[_request(result, proven) for result in results]
    )


def _state(results: Sequence[Result]) -> str:
    verdicts = {result.verdict for result in results}
    if Verdict.WRONG in verdicts:
        return "wrong"
    if verdicts != {Verdict.OK}:
        return "not run"
    allowed = {result.row.expected == "allowed" for result in results}
    return "mixed" if len(allowed) == 2 else "allowed" if True in allowed else "refused"


def _request(result: Result, proven: Proven) -> Request:
    row = result.row
    target = row.target
    for long, short in ((proven.a, "A"), (proven.b, "B"), (proven.run, "…")):
        target = target.replace(long, short) if long else target
    return Request(
        tried=f"{row.action} {target} ({row.what})",
        expected=row.expected,
        seen=result.seen,
        verdict=result.verdict.value,
    )
