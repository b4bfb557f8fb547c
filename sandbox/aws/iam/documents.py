"""Parses policy documents: their statements, principals and resources.

Leaves out whether AWS would store a document (sandbox/aws/services).
"""

import functools
import json
from collections.abc import Iterator, Mapping
from typing import Any

Document = str | bytes | Mapping[str, Any]
Statement = Mapping[str, Any]

#: First version in which `${...}` is a variable. In older documents it is literal.
_WITH_VARIABLES = "2012-10-17"


def parsed(document: Document) -> Mapping[str, Any]:
    """The document as a mapping. Raises ValueError if its text is not a JSON object."""
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
    """Whether `${...}` is a variable in this document."""
    return parsed(document).get("Version") == _WITH_VARIABLES


def principals(statement: Statement, element: str = "Principal") -> Iterator[tuple[str, str]]:
    """Every (kind, identifier) of one statement. A plain `*` is ("AWS", "*")."""
    named = statement.get(element)
    if named == "*":
        yield "AWS", "*"
    elif isinstance(named, Mapping):
        for kind, listed in named.items():
            for identifier in as_list(listed):
                yield kind, str(identifier)


def principals_named(document: Document) -> Iterator[tuple[str, str]]:
    """Every (kind, identifier) that a policy names as principal."""
    for statement in statements(document):
        for element in ("Principal", "NotPrincipal"):
            yield from principals(statement, element)


def resources_named(document: Document) -> Iterator[str]:
    """Every resource that a policy names."""
    for statement in statements(document):
        for element in ("Resource", "NotResource"):
            yield from (str(resource) for resource in as_list(statement.get(element)))


def as_list(value: Any) -> list[Any]:
    """The value as a list. AWS accepts a single value in place of a list."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def as_text(value: Any) -> str:
    """A condition's value as text. JSON booleans become true and false."""
    return str(value).lower() if isinstance(value, bool) else str(value)
