"""One run of the proof, on any cloud: its rows, how they are walked, and the lines of its report."""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ops.proof.matrix import Cast, Row, Session
from ops.proof.walk import Result, Walk
from ops.verdicts import Line


def _nothing_more(_session: Session) -> Sequence[Row]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What is tried, and how."""

    #: The stack to prove.
    name: str
    #: A second stack, whose tokens and sessions must not work at the first and vice versa; empty for none.
    against: str = ""
    #: The actors of the run.
    cast: Cast
    #: What is tried, in order.
    rows: Sequence[Row]
    #: Makes the requests; its results hold what ``run`` saw.
    walk: Walk
    #: The rows to add for a session that was issued although it must not be.
    further: Callable[[Session], Sequence[Row]] = _nothing_more
    #: A line for each thing that no row tries.
    left_out: Sequence[Line] = ()
    #: What must hold while the rows run, and is undone afterwards.
    around: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext

    @property
    def title(self) -> str:
        other = f" and of {self.against}" if self.against else ""
        return f"Isolation of stack {self.name}{other}: A is {self.cast.a[:8]}…, B is {self.cast.b[:8]}…"

    def run(self) -> None:
        """Run every row."""
        against = f" against {self.against}" if self.against else ""
        with self.around():
            self.walk.progress(f"trying every row of the matrix for stack {self.name}{against}")
            self.walk.run(self.rows, self.further)

    def lines(self) -> list[Line]:
        """One line for each row so far, then what no row tries."""
        return [*(_line(result, self.cast) for result in self.walk.results), *self.left_out]


def _line(result: Result, cast: Cast) -> Line:
    """A row's line, with the actors as A, B and C and without the run's id: their 64 digits would fill the row."""
    row = result.row
    target = row.target
    for shown, text in (("A", cast.a), ("B", cast.b), ("C", cast.stranger), ("…", cast.run)):
        target = target.replace(text, shown) if text else target
    return Line(
        subject=str(row.who),
        claim=f"{row.action} {target} ({row.what})",
        expected=row.expected,
        seen=result.seen,
        verdict=result.verdict,
    )
