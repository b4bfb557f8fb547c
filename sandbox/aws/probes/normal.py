"""Makes what two accounts answered comparable: ids, dates and account numbers become placeholders.

The same value gets the same number within one probe, as in LocalStack's snapshots. Its library for that, localstack-
snapshot, is made for pytest and whole answers; a probe shows single fields, so a few patterns are enough.
"""

import datetime
import re
from collections.abc import Iterator, Mapping
from typing import Any

#: Placeholder and pattern of the values that differ in every run. The first match wins.
PATTERNS = {
    "date": r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?",
    "role-id": r"\bAROA[A-Z0-9]{12,}\b",
    "user-id": r"\bAIDA[A-Z0-9]{12,}\b",
    "key-id": r"\bA[KS]IA[A-Z0-9]{12,}\b",
    "ec2-id": r"\b(?:i|ami|eni|sg|vol|subnet|vpc|eipalloc|eipassoc|r)-[0-9a-f]{8,17}\b",
    "zone-id": r"\bZ[A-Z0-9]{12,31}\b",
    "request-id": r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b",
    "address": r"\b(?:\d{1,3}\.){3}\d{1,3}\b",
}

_PATTERN = re.compile("|".join(f"(?P<{name.replace('-', '_')}>{pattern})" for name, pattern in PATTERNS.items()))

#: Differences in these fields are of words: they are shown, and are no difference of behaviour.
WORDS = ("message",)


def normalised(answers: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
    """The answers with placeholders. ``known`` has placeholders by value, for example the account's number."""
    numbers: dict[str, str] = {}
    counts: dict[str, int] = {}
    literal = sorted(known, key=len, reverse=True)

    def numbered(found: re.Match[str]) -> str:
        kind = str(found.lastgroup).replace("_", "-")
        if found[0] not in numbers:
            counts[kind] = counts.get(kind, 0) + 1
            numbers[found[0]] = f"<{kind}:{counts[kind]}>"
        return numbers[found[0]]

    def replaced(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {str(replaced(str(key))): replaced(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [replaced(one) for one in value]
        if isinstance(value, datetime.datetime):
            return "<date>"
        if not isinstance(value, str):
            return value
        for one in literal:
            value = value.replace(one, known[one])
        return _PATTERN.sub(numbered, value)

    return dict(replaced(answers))


def differences(aws: Any, emulated: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Path, AWS's value and the emulated account's value wherever they differ. A missing value is None."""
    if isinstance(aws, Mapping) and isinstance(emulated, Mapping):
        for key in sorted({*aws, *emulated}):
            yield from differences(aws.get(key), emulated.get(key), f"{path}.{key}".lstrip("."))
    elif aws != emulated:
        yield path, aws, emulated


def of_words(path: str) -> bool:
    """Whether a difference at the path is one of words."""
    return path.rpartition(".")[2] in WORDS
