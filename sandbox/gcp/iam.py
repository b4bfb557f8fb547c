"""Whether a caller may do something: roles, bindings, conditions and what a workload identity pool makes of a token.

Conditions and mappings are CEL, which celpy evaluates. An expression that fails counts as false, as at Google. Owns the
roles that this repository uses; a binding with any other role is rejected, so that nothing is decided by accident.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from sandbox.gcp.calls import ApiError, Caller

#: By role, its permissions on buckets and objects: https://docs.cloud.google.com/storage/docs/access-control/iam-roles
ROLES: Mapping[str, frozenset[str]] = {
    "roles/storage.objectUser": frozenset(
        f"storage.objects.{action}" for action in ("create", "delete", "get", "list", "update")
    ),
    "roles/storage.objectCreator": frozenset({"storage.objects.create"}),
    "roles/storage.objectViewer": frozenset({"storage.objects.get", "storage.objects.list"}),
}

#: Members that mean everybody.
PUBLIC = ("allUsers", "allAuthenticatedUsers")

Policy = Mapping[str, Any]


def check_policy(policy: Policy) -> None:
    """Raises ApiError for a binding that this emulator cannot decide."""
    for binding in policy.get("bindings", ()):
        if binding["role"] not in ROLES:
            raise ApiError(400, f"Role {binding['role']} is not known to the sandbox's emulator of Google")
        if condition := binding.get("condition"):
            _program(condition["expression"])


def grants(policies: Iterable[Policy], caller: Caller, permission: str, resource_name: str) -> bool:
    """Whether one of the bindings grants the permission on the resource."""
    return any(
        permission in ROLES[binding["role"]]
        and not caller.members.isdisjoint(binding["members"])
        and _holds(binding.get("condition"), resource_name)
        for policy in policies
        for binding in policy.get("bindings", ())
    )


def is_public(policy: Policy) -> bool:
    """Whether a binding names everybody."""
    return any(member in PUBLIC for binding in policy.get("bindings", ()) for member in binding["members"])


def mapped(provider: Mapping[str, Any], claims: Mapping[str, Any]) -> dict[str, str]:
    """The attributes that a pool's provider makes of a token. Raises ApiError for a token that it does not accept."""
    attributes = {}
    for name, expression in provider["attributeMapping"].items():
        found = _evaluate(expression, {"assertion": claims})
        if not isinstance(found, str) or not found:
            raise ApiError(400, f"The mapped attribute '{name}' must be of type STRING.", "invalid_grant")
        attributes[name] = str(found)
    condition = provider.get("attributeCondition")
    seen = {
        "assertion": claims,
        "google": {"subject": attributes["google.subject"]},
        "attribute": {
            name.removeprefix("attribute."): value
            for name, value in attributes.items()
            if name.startswith("attribute.")
        },
    }
    if condition and _evaluate(condition, seen) is not True:
        raise ApiError(403, "The given credential is rejected by the attribute condition.", "unauthorized_client")
    return attributes


def _holds(condition: Mapping[str, str] | None, resource_name: str) -> bool:
    if condition is None:
        return True
    return _evaluate(condition["expression"], {"resource": {"name": resource_name}}) is True


def _evaluate(expression: str, values: Mapping[str, Any]) -> Any:
    """The value; None if the expression fails."""
    from celpy.adapter import json_to_cel
    from celpy.evaluation import CELEvalError

    activation = {name: json_to_cel(dict(value)) for name, value in values.items()}
    try:
        found = _program(expression).evaluate(activation)
    except (CELEvalError, KeyError, TypeError, ValueError):
        return None
    return bool(found) if type(found).__name__ == "BoolType" else found


@cache
def _program(expression: str) -> Any:
    import celpy
    from celpy.celparser import CELParseError

    environment = celpy.Environment()
    try:
        return environment.program(environment.compile(expression))
    except CELParseError as error:
        raise ApiError(400, f"The expression {expression!r} is no CEL: {error}") from None
