"""What CAM's policy documents allow: https://www.tencentcloud.com/document/product/598/10603

A document with anything that this module cannot decide is rejected when it is stored, so that nothing is decided by
accident. Leaves out who has which documents (``account``).
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

Document = dict[str, Any]

_PARTS = {"effect", "action", "resource", "condition", "principal"}


def _like(wanted: Sequence[str], value: str) -> bool:
    return any(matches(pattern, value) for pattern in wanted)


def _equal(wanted: Sequence[str], value: str) -> bool:
    return value in wanted


_OPERATORS: Mapping[str, Callable[[Sequence[str], str], bool]] = {
    "string_like": _like,
    "string_equal": _equal,
    "bool_equal": _equal,
}
#: Keys that a request of COS has here: https://www.tencentcloud.com/document/product/436/46206
_KEYS = {"cos:prefix", "cos:secure-transport"}


def parsed(text: str) -> Document:
    """A document that can be decided. Raises ValueError."""
    document = json.loads(text)
    if not isinstance(document, dict) or document.get("version") != "2.0":
        raise ValueError("the version of a policy is 2.0")
    for statement in _statements(document):
        conditions = statement.get("condition", {})
        unknown = (statement.keys() - _PARTS) | (conditions.keys() - _OPERATORS.keys())
        unknown |= {key for keys in conditions.values() for key in keys} - _KEYS
        if unknown or statement.get("effect") not in ("allow", "deny"):
            raise ValueError(f"the sandbox's emulator of Tencent Cloud cannot decide {statement}: {sorted(unknown)}")
    return document


def matches(pattern: str, value: str) -> bool:
    """Whether a pattern with ``*`` matches."""
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), value, re.DOTALL) is not None


def allows(
    layers: Iterable[Iterable[Document]],
    action: str,
    resource: str,
    context: Mapping[str, str],
    denying: Iterable[Document] = (),
) -> bool:
    """Whether every layer allows the request and nothing denies it. ``denying`` are policies of the resource."""
    decided = [
        [effect for document in layer for effect in _effects(document, action, resource, context)] for layer in layers
    ]
    refused = [effect for document in denying for effect in _effects(document, action, resource, context)]
    return all("allow" in effects and "deny" not in effects for effects in decided) and "deny" not in refused


def trusts(document: Document, kind: str, principal: str) -> bool:
    """Whether a role's document lets a principal of ``qcs`` or ``service`` assume the role."""
    return any(
        statement["effect"] == "allow"
        and _like(_listed(statement["action"]), "name/sts:AssumeRole")
        and principal in _listed(statement.get("principal", {}).get(kind, []))
        for statement in _statements(document)
    )


def _effects(document: Document, action: str, resource: str, context: Mapping[str, str]) -> Iterator[str]:
    for statement in _statements(document):
        conditions = statement.get("condition", {}).items()
        if (
            _like(_listed(statement["action"]), action)
            and _like(_listed(statement["resource"]), resource)
            and all(
                key in context and _OPERATORS[operator](_listed(wanted), context[key])
                for operator, keys in conditions
                for key, wanted in keys.items()
            )
        ):
            yield statement["effect"]


def _statements(document: Document) -> list[dict[str, Any]]:
    found = document.get("statement", [])
    return found if isinstance(found, list) else [found]


def _listed(value: str | Sequence[str]) -> Sequence[str]:
    return [value] if isinstance(value, str) else value
