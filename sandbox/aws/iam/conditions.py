"""Evaluates the conditions of a statement: operators, their IfExists and set forms, and missing keys.

An unknown operator raises UnsupportedError, which the evaluation counts against the request.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

import base64
import binascii
import datetime
import ipaddress
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.aws.iam.documents import as_list, as_text
from sandbox.aws.iam.patterns import Values, Variables, has_arn_parts, matches, substituted


class UnsupportedError(ValueError):
    """A policy uses a feature that this evaluator does not support."""


Test = Callable[[str, str, Variables], bool]


def conditions_hold(conditions: Mapping[str, Mapping[str, Any]], variables: Variables) -> bool:
    """Whether all conditions hold for the context. Raises UnsupportedError."""
    return all(
        _holds(operator, [as_text(value) for value in as_list(wanted)], variables.context.get(key.lower()), variables)
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def _holds(operator: str, wanted: list[str], actual: Values | None, variables: Variables) -> bool:
    quantifier, _, name = operator.rpartition(":")
    if name == "Null":
        return any((actual is None) == (value.lower() == "true") for value in wanted)
    optional = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    negated = "Not" in name
    test = _TESTS.get(name.replace("Not", ""))
    if test is None or quantifier not in ("", "ForAllValues", "ForAnyValue"):
        raise UnsupportedError(operator)
    if variables.active and any("${" in value for value in wanted):
        _check_variables(operator, name, wanted, variables, negated=negated)

    def holds(value: str) -> bool:
        return any(test(pattern, value, variables) for pattern in wanted) != negated

    if quantifier == "ForAllValues":
        return all(holds(value) for value in actual or ())
    if actual is None:
        return optional or (negated and quantifier != "ForAnyValue")
    if quantifier == "ForAnyValue":
        return any(holds(value) for value in actual)
    return all(holds(value) for value in actual) if negated else any(holds(value) for value in actual)


def _check_variables(operator: str, name: str, wanted: list[str], variables: Variables, *, negated: bool) -> None:
    if not name.startswith(("String", "Arn")):
        raise UnsupportedError(f"variable under {operator}")
    # "Not equal to an unresolved variable" would always hold.
    if negated and any(substituted(value, variables) is None for value in wanted):
        raise UnsupportedError(f"unresolved variable under {operator}")


def _equal(wanted: str, value: str, variables: Variables) -> bool:
    return substituted(wanted, variables) == value


def _equal_ignoring_case(wanted: str, value: str, variables: Variables) -> bool:
    expected = substituted(wanted, variables)
    return expected is not None and expected.lower() == value.lower()


def _like(wanted: str, value: str, variables: Variables) -> bool:
    return matches(wanted, value, variables)


def _arn_like(wanted: str, value: str, variables: Variables) -> bool:
    return (wanted == "*" or has_arn_parts(wanted)) and matches(wanted, value, variables, arn=True)


def _boolean(wanted: str, value: str, _variables: Variables) -> bool:
    return wanted.lower() == value.lower()


def _binary(wanted: str, value: str, _variables: Variables) -> bool:
    try:
        return base64.b64decode(wanted, validate=True) == base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False


def _address(wanted: str, value: str, _variables: Variables) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False


def _moment(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        moment = datetime.datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).timestamp()


def _ordered(read: Callable[[str], float], compare: Callable[[float, float], bool]) -> Test:
    def test(wanted: str, value: str, _variables: Variables) -> bool:
        try:
            return compare(read(value), read(wanted))
        except ValueError:
            return False

    return test


_ORDERS: dict[str, Callable[[float, float], bool]] = {
    "Equals": lambda value, wanted: value == wanted,
    "LessThan": lambda value, wanted: value < wanted,
    "LessThanEquals": lambda value, wanted: value <= wanted,
    "GreaterThan": lambda value, wanted: value > wanted,
    "GreaterThanEquals": lambda value, wanted: value >= wanted,
}

_TESTS: dict[str, Test] = {
    "StringEquals": _equal,
    "StringEqualsIgnoreCase": _equal_ignoring_case,
    "StringLike": _like,
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html: the two
    # ARN operators behave alike.
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": _boolean,
    "BinaryEquals": _binary,
    "IpAddress": _address,
    **{f"Numeric{name}": _ordered(float, compare) for name, compare in _ORDERS.items()},
    **{f"Date{name}": _ordered(_moment, compare) for name, compare in _ORDERS.items()},
}
