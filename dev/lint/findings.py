"""A linter's findings and whether they are allowed. A new finding is an error, and so is an unused allowance."""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path


class LintError(RuntimeError):
    """A linter cannot run, or its allow-list cannot be read. The message says what to do."""


@dataclass(frozen=True, order=True)
class Finding:
    """One finding of a linter."""

    #: The linter's name of the check.
    check: str
    #: Stack, resource name in the program and, for a document, the statement's Sid.
    where: str
    #: The linter's message.
    said: str


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """Findings of one check that are allowed."""

    #: The linter's name of the check.
    check: str
    #: Patterns for ``Finding.where``.
    where: tuple[str, ...]
    #: Why the findings are correct as they are.
    reason: str


def allowed(path: Path) -> list[Allowed]:
    """The entries of an allow-list. Raises LintError for one without a reason or with a key that means nothing."""
    entries = []
    for entry in tomllib.loads(path.read_text()).get("allowed", []):
        if set(entry) != {"check", "where", "reason"} or not entry["where"] or len(entry["reason"].split()) < 4:
            raise LintError(f"{path.name}: {entry} must have a check, a list of places and a reason in a sentence.")
        entries.append(Allowed(check=entry["check"], where=tuple(entry["where"]), reason=entry["reason"]))
    return entries


def judge(findings: Iterable[Finding], entries: Sequence[Allowed], name: str) -> list[str]:
    """A line for each finding that no entry allows, and for each place of an entry that allows nothing."""
    found = sorted(set(findings))
    told = [
        f"{finding.where}: {finding.check}: {finding.said}"
        for finding in found
        if not any(_covers(entry, finding) for entry in entries)
    ]
    for entry in entries:
        for where in entry.where:
            if not any(finding.check == entry.check and fnmatchcase(finding.where, where) for finding in found):
                told.append(f"{name}: {entry.check} at {where!r} is allowed and no longer found: take the entry out")
    return told


def _covers(entry: Allowed, finding: Finding) -> bool:
    return entry.check == finding.check and any(fnmatchcase(finding.where, where) for where in entry.where)
