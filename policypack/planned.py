"""A resource as the rules see it, and the two kinds of rules."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from policypack.facts import Facts


class Unknown:
    """A value that is not known before the `up` creates a resource."""

    def __repr__(self) -> str:
        return "unknown until up"


UNKNOWN = Unknown()


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource of a stack: ``props`` are its inputs, in a rule about the whole stack its outputs.

    ``sources`` maps a property to the URNs of the resources that its value comes from; only whole-stack rules have it.
    """

    type: str
    name: str
    urn: str
    props: Mapping[str, Any]
    protect: bool = False
    sources: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def get(self, *path: str | int) -> Any:
        """The value at a path: None if there is none, UNKNOWN if the value or one above it is unknown."""
        value: Any = self.props
        for step in path:
            if value is UNKNOWN:
                return UNKNOWN
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def documents(self) -> Iterator[tuple[str, Mapping[str, Any] | None]]:
        """The known IAM documents of the resource, by property; None for a text that is not a document."""
        texts = [("policy", self.get("policy")), ("assumeRolePolicy", self.get("assumeRolePolicy"))]
        texts += [("inlinePolicies", inline.get("policy")) for inline in known_list(self.get("inlinePolicies"))]
        for key, text in texts:
            if text is None or text is UNKNOWN:
                continue
            try:
                made = json.loads(text) if isinstance(text, str) else text
            except ValueError:
                made = None
            yield key, made if isinstance(made, Mapping) else None


@dataclass(frozen=True, kw_only=True)
class ResourceRule:
    """Runs for one resource before it is created or changed. ``check`` yields a sentence for each violation."""

    over: ClassVar[str] = "each resource"

    name: str
    forbids: str
    fix: str
    check: Callable[[Resource, Facts], Iterator[str]]


@dataclass(frozen=True, kw_only=True)
class StackRule:
    """Runs over all resources at the end of a preview and at the end of an ``up``.

    ``check`` gives the resource to blame (None: the stack) and a sentence.
    """

    over: ClassVar[str] = "the whole stack"

    name: str
    forbids: str
    fix: str
    check: Callable[[Sequence[Resource], Facts], Iterator[tuple[Resource | None, str]]]


def known_list(value: Any) -> list[Any]:
    """The known members of a list."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return []
    return [item for item in value if item is not UNKNOWN and item is not None]


def listed(value: Any) -> list[Any]:
    """A value as a list; IAM also accepts a single element in place of a list of one."""
    if value is None:
        return []
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]


def statements(document: Mapping[str, Any], effect: str) -> list[Mapping[str, Any]]:
    found = document.get("Statement")
    every = [found] if isinstance(found, Mapping) else listed(found)
    return [item for item in every if isinstance(item, Mapping) and item.get("Effect") == effect]


def titled(statement: Mapping[str, Any]) -> str:
    return f"statement {statement.get('Sid', 'without Sid')!r}"
