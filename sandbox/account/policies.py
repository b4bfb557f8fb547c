"""Whether a policy document allows one request: trust policies and the bucket policies that SES writes under.

Owns matching of principals, actions, resources and the condition operators in use. Leaves out identity policies,
boundaries and policy variables. What it cannot evaluate counts against the request: an Allow with an unknown operator
does not allow, a Deny with one denies.
"""

import fnmatch
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Values = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request: who asks (by principal type), for what, and the context keys it carries."""

    action: str
    principals: Mapping[str, frozenset[str]]
    resource: str | None = None
    context: Mapping[str, Values] = field(default_factory=dict)


class UnsupportedError(ValueError):
    """A policy uses something this evaluator does not know."""


def allows(document: str | bytes | Mapping[str, Any], request: Request) -> bool:
    """An Allow matches the request and no Deny does."""
    parsed = json.loads(document) if isinstance(document, (str, bytes)) else document
    statements = _as_list(parsed.get("Statement"))
    denied = any(s.get("Effect") == "Deny" and _matches(s, request, if_unknown=True) for s in statements)
    return not denied and any(s.get("Effect") == "Allow" and _matches(s, request, if_unknown=False) for s in statements)


def matches_pattern(pattern: str, value: str) -> bool:
    """AWS's wildcards: * for any run of characters, ? for one; brackets mean themselves."""
    return re.fullmatch(fnmatch.translate(pattern.replace("[", "[[]")), value) is not None


def _matches(statement: Mapping[str, Any], request: Request, *, if_unknown: bool) -> bool:
    try:
        return (
            _principal_matches(statement, request)
            and _element_matches(statement, "Action", request.action, fold=True)
            and (request.resource is None or _element_matches(statement, "Resource", request.resource, fold=False))
            and conditions_hold(statement.get("Condition", {}), request.context)
        )
    except UnsupportedError:
        return if_unknown


def _principal_matches(statement: Mapping[str, Any], request: Request) -> bool:
    if "NotPrincipal" in statement:
        raise UnsupportedError("NotPrincipal")
    principal = statement.get("Principal")
    if principal == "*":
        return True
    if not isinstance(principal, Mapping):
        return False
    if "*" in _as_list(principal.get("AWS")):
        return True
    return any(
        candidate in request.principals.get(kind, frozenset())
        for kind, listed in principal.items()
        for candidate in _as_list(listed)
    )


def _element_matches(statement: Mapping[str, Any], element: str, value: str, *, fold: bool) -> bool:
    def listed(name: str) -> bool:
        patterns = [str(pattern) for pattern in _as_list(statement[name])]
        if any("${" in pattern for pattern in patterns):
            raise UnsupportedError("policy variable")
        return any(
            matches_pattern(pattern.lower(), value.lower()) if fold else matches_pattern(pattern, value)
            for pattern in patterns
        )

    if element in statement:
        return listed(element)
    return f"Not{element}" in statement and not listed(f"Not{element}")


def conditions_hold(conditions: Mapping[str, Mapping[str, Any]], context: Mapping[str, Values]) -> bool:
    """Every key of every operator holds for the context (keys compared without case)."""
    present = {key.lower(): values for key, values in context.items()}
    return all(
        _condition_holds(operator, [_text(value) for value in _as_list(wanted)], present.get(key.lower()))
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def _condition_holds(operator: str, wanted: list[str], actual: Values | None) -> bool:
    quantifier, _, name = operator.rpartition(":")
    if name == "Null":
        return any((actual is None) == (value.lower() == "true") for value in wanted)
    optional = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    negated = "Not" in name
    test = _TESTS.get(name.replace("Not", ""))
    if test is None or quantifier not in ("", "ForAllValues", "ForAnyValue") or any("${" in v for v in wanted):
        raise UnsupportedError(operator)

    def holds(value: str) -> bool:
        return any(test(pattern, value) for pattern in wanted) != negated

    if quantifier == "ForAllValues":
        return all(holds(value) for value in actual or ())
    if quantifier == "ForAnyValue":
        return any(holds(value) for value in actual or ())
    if actual is None:
        return optional or negated
    return all(holds(value) for value in actual) if negated else any(holds(value) for value in actual)


def _number(compare: Callable[[float, float], bool]) -> Callable[[str, str], bool]:
    def test(wanted: str, value: str) -> bool:
        try:
            return compare(float(value), float(wanted))
        except ValueError:
            return False

    return test


_TESTS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda wanted, value: wanted == value,
    "StringEqualsIgnoreCase": lambda wanted, value: wanted.lower() == value.lower(),
    "StringLike": matches_pattern,
    "ArnEquals": matches_pattern,
    "ArnLike": matches_pattern,
    "Bool": lambda wanted, value: wanted.lower() == value.lower(),
    "NumericEquals": _number(lambda value, wanted: value == wanted),
    "NumericLessThan": _number(lambda value, wanted: value < wanted),
    "NumericLessThanEquals": _number(lambda value, wanted: value <= wanted),
    "NumericGreaterThan": _number(lambda value, wanted: value > wanted),
    "NumericGreaterThanEquals": _number(lambda value, wanted: value >= wanted),
}


def principals_named(document: str | bytes | Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Every (kind, identifier) a policy names as principal."""
    parsed = json.loads(document) if isinstance(document, (str, bytes)) else document
    for statement in _as_list(parsed.get("Statement")):
        for element in ("Principal", "NotPrincipal"):
            principal = statement.get(element)
            if isinstance(principal, Mapping):
                for kind, listed in principal.items():
                    for identifier in _as_list(listed):
                        yield kind, str(identifier)


def resources_named(document: str | bytes | Mapping[str, Any]) -> Iterable[str]:
    """Every resource a policy names."""
    parsed = json.loads(document) if isinstance(document, (str, bytes)) else document
    for statement in _as_list(parsed.get("Statement")):
        for element in ("Resource", "NotResource"):
            yield from (str(resource) for resource in _as_list(statement.get(element)))


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
