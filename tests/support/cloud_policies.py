"""Decides what policy documents of RAM and CAM allow. It shares no code with the programs that write them.

Its limits: it knows Allow and Deny, ``*`` in actions, resources and values, and the operators in ``_OPERATORS`` for the
keys of a request; anything else is an error. It does not know NotAction, NotResource, NotPrincipal, policy variables,
groups, permission boundaries, organisations' policies, ACLs, or requests across accounts, and it cannot see whether a
cloud understands an action or a key: the tests compare actions with the vendors' SDKs for that.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_OPERATORS = {
    "StringEquals": lambda wanted, value: value in wanted,
    "StringLike": lambda wanted, value: any(_matches(pattern, value) for pattern in wanted),
    "Bool": lambda wanted, value: value in wanted,
    "string_like": lambda wanted, value: any(_matches(pattern, value) for pattern in wanted),
    "bool_equal": lambda wanted, value: value in wanted,
}


def _matches(pattern: str, value: str) -> bool:
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), value, re.DOTALL) is not None


def _listed(value: Any) -> Sequence[str]:
    return [value] if isinstance(value, str) else value


def _statements(document: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """Statements with keys in lower case, as CAM writes them."""
    (found,) = [value for key, value in document.items() if key.lower() == "statement"]
    for statement in found:
        made = {key.lower(): value for key, value in statement.items()}
        unknown = made.keys() - {"effect", "action", "resource", "condition", "principal"}
        assert not unknown, f"the evaluator does not know {unknown}"
        yield made


def _applies(statement: Mapping[str, Any], action: str, resource: str, context: Mapping[str, str]) -> bool:
    return (
        any(_matches(pattern, action) for pattern in _listed(statement["action"]))
        and any(_matches(pattern, resource) for pattern in _listed(statement["resource"]))
        and all(
            key in context and _OPERATORS[operator](_listed(wanted), context[key])
            for operator, keys in statement.get("condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def allowed(
    layers: Sequence[Mapping[str, Any]],
    action: str,
    resource: str,
    context: Mapping[str, str],
    denying: Sequence[Mapping[str, Any]] = (),
) -> bool:
    """Whether every one of ``layers`` (a role's policy, a session's) allows the request, and nothing denies it."""

    def effects(document: Mapping[str, Any]) -> set[str]:
        return {one["effect"].lower() for one in _statements(document) if _applies(one, action, resource, context)}

    return all("allow" in effects(layer) for layer in layers) and not any(
        "deny" in effects(document) for document in (*layers, *denying)
    )
