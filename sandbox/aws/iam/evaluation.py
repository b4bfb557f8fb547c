"""Decides whether policy documents allow a request. Pure functions without account state.

The order is that of AWS, within one account and between two: an explicit Deny, then the grants of identity and resource
policies together, then the limits of a permissions boundary and session policies.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html

What cannot be evaluated counts against the request: an Allow with an unknown operator does not allow, a Deny with one
denies. Policies of AWS Organizations are left out; the sandbox has none.
"""

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.aws.iam.conditions import UnsupportedError, conditions_hold
from sandbox.aws.iam.documents import Document, Statement, as_list, has_variables, principals, statements
from sandbox.aws.iam.patterns import LITERAL, Values, Variables, matches, substituted

_TYPE = re.compile(r"([^/:]*)[/:]")


@dataclass(frozen=True, kw_only=True)
class Principal:
    """The caller, by the names that policies may use."""

    #: "AWS", "Service" or "Federated", as in a policy's Principal element.
    kind: str = "AWS"

    #: Account id; None for anonymous callers, services and identity providers.
    account_id: str | None = None

    #: ARN and unique id of the user or of the role, or the name of the service or the provider.
    names: frozenset[str] = frozenset()

    #: The ARN of exactly this session of a role.
    session: str | None = None


ANONYMOUS = Principal()


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request.

    `resource` is an ARN, "*" for an action without resources, or None for a resource that is not modelled, which only
    `Resource: "*"` allows. `context` holds condition keys, compared without case.
    """

    action: str
    principal: Principal
    resource: str | None = None
    resource_account: str | None = None
    context: Mapping[str, Values] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Policies:
    """The policies that apply to a request."""

    identity: tuple[Document, ...] = ()
    resource: Document | None = None
    boundary: Document | None = None

    #: If there are any, one of them must allow the request too.
    session: tuple[Document, ...] = ()

    #: Whether the resource policy must allow the request, as a role's trust policy must.
    resource_decides: bool = False


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The decision, with AWS's reason for a refusal."""

    allowed: bool
    reason: str = ""


class _Grant(enum.IntEnum):
    """Strength of a resource policy's Allow, weakest first."""

    NONE = 0
    #: Allows the principal's account, whose identity policies decide.
    ACCOUNT = 1
    #: Allows everybody or the role. Boundaries and session policies still limit it.
    PRINCIPAL = 2
    #: Allows exactly this user or session. Only an explicit Deny limits it.
    EXACT = 3


def decide(request: Request, policies: Policies) -> Decision:
    """Decide a request."""
    context = {key.lower(): values for key, values in request.context.items()}
    identity = [_Reading(document, request, context, resource_policy=False) for document in policies.identity]
    resource = [
        _Reading(document, request, context, resource_policy=True)
        for document in (policies.resource,)
        if document is not None
    ]
    boundary = [
        _Reading(document, request, context, resource_policy=False)
        for document in (policies.boundary,)
        if document is not None
    ]
    session = [_Reading(document, request, context, resource_policy=False) for document in policies.session]

    for kind, readings in (
        ("identity-based policy", identity),
        ("resource-based policy", resource),
        ("permissions boundary", boundary),
        ("session policy", session),
    ):
        if any(reading.denies() for reading in readings):
            return _denied(f"with an explicit deny in {_article(kind)}")

    grant = max((reading.grant() for reading in resource), default=_Grant.NONE)
    if request.principal.kind != "AWS" or request.principal.account_id is None:
        return _allowed() if grant else _without(request, "resource-based policy")
    by_identity = any(reading.grant() for reading in identity)
    same_account = request.resource_account in (None, request.principal.account_id)
    if (policies.resource_decides or not same_account) and not grant:
        return _without(request, "resource-based policy")
    if not by_identity and (not same_account or grant < _Grant.PRINCIPAL):
        return _without(request, "identity-based policy")
    if grant < _Grant.EXACT:
        if boundary and not boundary[0].grant():
            return _without(request, "permissions boundary")
        if session and not any(reading.grant() for reading in session):
            return _without(request, "session policy")
    return _allowed()


def allows(document: Document, request: Request) -> bool:
    """Whether a resource policy allows the request without other policies, as services and identity providers need."""
    context = {key.lower(): values for key, values in request.context.items()}
    reading = _Reading(document, request, context, resource_policy=True)
    return not reading.denies() and reading.grant() > _Grant.NONE


def _allowed() -> Decision:
    return Decision(allowed=True)


def _denied(reason: str) -> Decision:
    return Decision(allowed=False, reason=reason)


def _without(request: Request, kind: str) -> Decision:
    return _denied(f"because no {kind} allows the {request.action} action")


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


class _Reading:
    """One policy document, evaluated for one request."""

    def __init__(
        self, document: Document, request: Request, context: Mapping[str, Values], *, resource_policy: bool
    ) -> None:
        self._statements = statements(document)
        self._request = request
        self._variables = Variables(context=context, active=has_variables(document))
        self._resource_policy = resource_policy

    def denies(self) -> bool:
        return any(self._denies(statement) for statement in self._statements if statement.get("Effect") == "Deny")

    def grant(self) -> _Grant:
        """The strongest Allow. That of an identity policy is EXACT."""
        allowing = (statement for statement in self._statements if statement.get("Effect") == "Allow")
        return max((self._granted(statement) for statement in allowing), default=_Grant.NONE)

    def _denies(self, statement: Statement) -> bool:
        if self._resource_policy and not self._denied_principal(statement):
            return False
        try:
            return self._matches(statement, if_unmodelled=True)
        except UnsupportedError:
            return True

    def _granted(self, statement: Statement) -> _Grant:
        grant = self._granted_principal(statement) if self._resource_policy else _Grant.EXACT
        try:
            return grant if grant and self._matches(statement, if_unmodelled=False) else _Grant.NONE
        except UnsupportedError:
            return _Grant.NONE

    def _granted_principal(self, statement: Statement) -> _Grant:
        if "NotPrincipal" in statement:
            excluded = [self._named(kind, name) for kind, name in principals(statement, "NotPrincipal")]
            return _Grant.NONE if any(excluded) else _Grant.PRINCIPAL
        return max((self._named(kind, name) for kind, name in principals(statement)), default=_Grant.NONE)

    def _denied_principal(self, statement: Statement) -> bool:
        if "NotPrincipal" in statement:
            # The Deny exempts only a caller that is named in every way: account, role or user, and session.
            # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
            listed = {self._named(kind, name) for kind, name in principals(statement, "NotPrincipal")}
            needed = {_Grant.ACCOUNT, _Grant.EXACT} | ({_Grant.PRINCIPAL} if self._request.principal.session else set())
            return not needed <= listed
        return any(self._named(kind, name) for kind, name in principals(statement))

    def _named(self, kind: str, name: str) -> _Grant:
        principal = self._request.principal
        if kind == "AWS" and name == "*":
            return _Grant.PRINCIPAL
        if kind != principal.kind:
            return _Grant.NONE
        if name in principal.names:
            return _Grant.PRINCIPAL if principal.session else _Grant.EXACT
        if principal.session is not None and name == principal.session:
            return _Grant.EXACT
        account = principal.account_id
        return _Grant.ACCOUNT if account and name in (account, f"arn:aws:iam::{account}:root") else _Grant.NONE

    def _matches(self, statement: Statement, *, if_unmodelled: bool) -> bool:
        return (
            self._action_matches(statement)
            and self._resource_matches(statement, if_unmodelled=if_unmodelled)
            and conditions_hold(statement.get("Condition") or {}, self._variables)
        )

    def _action_matches(self, statement: Statement) -> bool:
        def listed(element: str) -> bool:
            action = self._request.action.lower()
            return any(matches(str(pattern).lower(), action, LITERAL) for pattern in as_list(statement[element]))

        if "Action" in statement:
            return listed("Action")
        return "NotAction" in statement and not listed("NotAction")

    def _resource_matches(self, statement: Statement, *, if_unmodelled: bool) -> bool:
        if "Resource" not in statement and "NotResource" not in statement:
            # The statements of a trust policy apply to its role.
            return self._resource_policy
        resource = self._request.resource
        element = "Resource" if "Resource" in statement else "NotResource"
        patterns = [str(pattern) for pattern in as_list(statement[element])]
        if resource is None:
            return if_unmodelled or (element == "Resource" and "*" in patterns)
        if element == "NotResource" and any(substituted(pattern, self._variables) is None for pattern in patterns):
            raise UnsupportedError("unresolved variable in NotResource")
        listed = any(
            _has_fixed_type(pattern) and matches(pattern, resource, self._variables, arn=True) for pattern in patterns
        )
        return listed == (element == "Resource")


def _has_fixed_type(pattern: str) -> bool:
    """Whether a pattern has no wildcard in the resource type, the part before the first / or : of an ARN's last part.

    S3 has no resource types.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """
    parts = pattern.split(":", 5)
    if len(parts) < 6 or parts[2:5] == ["s3", "", ""]:
        return True
    named = _TYPE.match(parts[5])
    return named is None or not set("*?") & set(named[1])
