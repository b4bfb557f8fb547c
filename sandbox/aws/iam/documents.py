"""Policy documents as read: statements, what they name, one list where AWS allows a single value.

Owns parsing. Leaves out whether a document is one that AWS would store (the extensions check that when it is written).
"""

import functools
import json
from collections.abc import Iterator, Mapping
from typing import Any

Document = str | bytes | Mapping[str, Any]
Statement = Mapping[str, Any]

#: The version from which on `${...}` is a variable; in older documents it means itself.
_WITH_VARIABLES = "2012-10-17"


def parsed(document: Document) -> Mapping[str, Any]:
    """The document as a mapping. Raises ValueError when its text is no JSON object."""
    if isinstance(document, Mapping):
        return document
    return _parsed(document)


@functools.lru_cache(maxsize=512)
def _parsed(text: str | bytes) -> Mapping[str, Any]:
    content = json.loads(text)
    if not isinstance(content, Mapping):
        raise ValueError("a policy is a JSON object")  # noqa: TRY004  (for callers it is text that cannot be parsed)
    return content


def statements(document: Document) -> list[Statement]:
    """The document's statements."""
    return as_list(parsed(document).get("Statement"))


def has_variables(document: Document) -> bool:
    """`${...}` is replaced in this document."""
    return parsed(document).get("Version") == _WITH_VARIABLES


def principals(statement: Statement, element: str = "Principal") -> Iterator[tuple[str, str]]:
    """Every (kind, identifier) of one statement; the bare `*` is ("AWS", "*")."""
    named = statement.get(element)
    if named == "*":
        yield "AWS", "*"
    elif isinstance(named, Mapping):
        for kind, listed in named.items():
            for identifier in as_list(listed):
                yield kind, str(identifier)


def principals_named(document: Document) -> Iterator[tuple[str, str]]:
    """Every (kind, identifier) a policy names as principal."""
    for statement in statements(document):
        for element in ("Principal", "NotPrincipal"):
            yield from principals(statement, element)


def resources_named(document: Document) -> Iterator[str]:
    """Every resource a policy names."""
    for statement in statements(document):
        for element in ("Resource", "NotResource"):
            yield from (str(resource) for resource in as_list(statement.get(element)))


def as_list(value: Any) -> list[Any]:
    """AWS takes one value in place of a list of one."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def as_text(value: Any) -> str:
    """A condition's value as AWS compares it: JSON's booleans are words."""
    return str(value).lower() if isinstance(value, bool) else str(value)
