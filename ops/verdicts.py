"""How a command's findings are shown: a table for a person, JSON and JUnit XML for programs.

Owns the verdicts, their exit code and the three forms, and every command's way to print a table or JSON. Leaves out
what is looked at.
"""

import enum
import json
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ops import exits

#: Columns of a table that is written to a file or a pipe.
WIDTH = 200


class Verdict(enum.Enum):
    """The result of a check. A warning is for a person to judge; it does not fail the command."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"
    NOT_RUN = "not run"


STYLES = {Verdict.OK: "green", Verdict.WARNING: "yellow", Verdict.WRONG: "bold red", Verdict.NOT_RUN: "yellow"}


@dataclass(frozen=True, kw_only=True)
class Gauge:
    """The number behind a finding."""

    #: What it measures: the time left, the age of a key or a snapshot, or the used part of a quota.
    kind: Literal["time left", "age", "used"]
    #: The measured value, in ``unit``.
    value: float
    #: The limit, in ``unit``.
    most: float
    #: For example ``days`` or ``roles``.
    unit: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """The result of one check."""

    #: What is checked, for example ``role agentkeys-data-role``.
    subject: str
    #: Which property is checked.
    claim: str
    #: What it should be; empty if the check has no fixed value.
    expected: str
    #: What it is, or why the check did not run.
    seen: str
    #: The result.
    verdict: Verdict
    #: What to do about it; empty if there is nothing to do.
    fix: str = ""
    #: The number behind the result, if it has one.
    gauge: Gauge | None = None


def exit_code(verdicts: Iterable[Verdict]) -> int:
    found = set(verdicts)
    if Verdict.WRONG in found:
        return exits.WRONG
    return exits.NOT_RUN if Verdict.NOT_RUN in found else exits.OK


def summary(lines: Sequence[Line]) -> str:
    counted = Counter(line.verdict for line in lines)
    return ", ".join(f"{counted[verdict]} {verdict.value}" for verdict in Verdict if counted[verdict]) or "nothing"


def show(title: str, columns: Sequence[str], lines: Sequence[Line], *, to_stderr: bool) -> None:
    """``columns`` are the headings of subject and claim. The table makes way for JSON on standard output."""
    console = _console(to_stderr=to_stderr)
    table = Table(title=title, title_justify="left", caption=summary(lines), caption_justify="left")
    for heading in (*columns, "expected", "seen", "verdict"):
        table.add_column(heading, overflow="fold")
    for line in lines:
        verdict = Text(line.verdict.value, style=STYLES[line.verdict])
        seen = "the same" if line.seen == line.expected else line.seen
        # Text, since a policy's brackets would be taken for rich's markup.
        table.add_row(*(Text(part) for part in (line.subject, line.claim, line.expected, seen)), verdict)
    console.print(table)
    for line in lines:
        if line.fix:
            console.print(Text(f"{line.verdict.value}: {line.subject}, {line.claim}. {line.fix}"), soft_wrap=True)


def listing(
    headings: Sequence[str], rows: Iterable[Sequence[str]], *, to_stderr: bool = False, whole: bool = False
) -> None:
    """A table of what has no verdict. A ``whole`` one breaks no cell in two, since it is copied from."""
    table = Table()
    for heading in headings:
        table.add_column(heading, no_wrap=whole, overflow="ignore" if whole else "fold")
    for row in rows:
        table.add_row(*map(Text, row))
    if whole:
        Console(stderr=to_stderr, width=10 * WIDTH).print(table, soft_wrap=True)
    else:
        _console(to_stderr=to_stderr).print(table)


def _console(*, to_stderr: bool) -> Console:
    console = Console(stderr=to_stderr, highlight=False)
    return console if console.is_terminal else Console(stderr=to_stderr, highlight=False, width=WIDTH)


def print_json(stack: str, **told: object) -> None:
    """Alone on standard output."""
    click.echo(json.dumps({"stack": stack, **told}, indent=2))


def as_json(lines: Sequence[Line]) -> dict[str, object]:
    """Findings for ``print_json``: ``{"summary", "lines": [{...}]}``."""
    return {
        "summary": {verdict.value: sum(line.verdict == verdict for line in lines) for verdict in Verdict},
        "lines": [
            {key: value for key, value in asdict(line).items() if key != "gauge" or value}
            | {"verdict": line.verdict.value}
            for line in lines
        ],
    }


def write_junit(path: Path, suite: str, lines: Sequence[Line]) -> None:
    """A failure for what is wrong, a skip for what did not run."""
    counted = Counter(line.verdict for line in lines)
    root = ET.Element(
        "testsuite",
        name=suite,
        tests=str(len(lines)),
        failures=str(counted[Verdict.WRONG]),
        skipped=str(counted[Verdict.NOT_RUN]),
        errors="0",
    )
    for line in lines:
        case = ET.SubElement(root, "testcase", classname=line.subject, name=line.claim)
        if line.verdict == Verdict.WRONG:
            ET.SubElement(case, "failure", message=f"expected {line.expected}, seen {line.seen}")
        elif line.verdict == Verdict.NOT_RUN:
            ET.SubElement(case, "skipped", message=line.seen)
    try:
        path.write_text(ET.tostring(root, encoding="unicode", xml_declaration=True))
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}. Name another file.") from None
