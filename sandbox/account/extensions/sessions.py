"""Sessions of roles: what a session takes with it from the request that made it.

Owns AssumeRole's limits, tags (passed, and inherited through a chain of roles) and session policies. Leaves out whether
the role may be assumed, which the door has decided.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.sts.models import AssumedRole
from moto.sts.responses import TokenResponse
from werkzeug.exceptions import HTTPException

from sandbox.account.authorization.callers import CURRENT, policy_text, role_by_arn
from sandbox.account.extensions.patching import replaces

#: A role assumed with another role's session.
_LONGEST_CHAINED = 3600

_SHORTEST = 900


class AccessDeniedError(HTTPException):
    """The role, or its trust policy, does not let the caller in.

    With a status of its own: moto answers 400 for an error that is in no service's model, STS 403.
    """

    code = 403

    def __init__(self, message: str) -> None:
        error = f"<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>{escape(message)}</Message></Error>"
        super().__init__(f"<ErrorResponse>{error}</ErrorResponse>")

    def get_headers(self, *_: Any, **__: Any) -> list[tuple[str, str]]:
        return [("Content-Type", "text/xml")]


class StsValidationError(ServiceException):
    """A parameter is out of its bounds."""

    code = "ValidationError"


class InvalidParameterValueError(ServiceException):
    """A parameter contradicts what the session inherits."""

    code = "InvalidParameterValue"


def check_duration(role: Any, seconds: int, *, chained: bool = False) -> None:
    """Raises StsValidationError for a session that is too long or too short for the role."""
    if chained and seconds > _LONGEST_CHAINED:
        raise StsValidationError(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
        )
    if seconds > int(role.max_session_duration or 3600):
        raise StsValidationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
    if seconds < _SHORTEST:
        raise StsValidationError(
            f"1 validation error detected: Value '{seconds}' at 'durationSeconds' failed to satisfy constraint: "
            "Member must have value greater than or equal to 900"
        )


def bind(
    response: Any, assumed: AssumedRole, role: Any, *, tags: Mapping[str, str], transitive: tuple[str, ...]
) -> None:
    """Leave on the session what authorisation asks it for later."""
    # A role made again under the same name is another role.
    assumed.role_id = role.id  # type: ignore[attr-defined]
    assumed.session_tags = dict(tags)  # type: ignore[attr-defined]
    assumed.transitive_tag_keys = tuple(transitive)  # type: ignore[attr-defined]
    assumed.session_policies = tuple(_session_policies(response, role.account_id))  # type: ignore[attr-defined]


@replaces(TokenResponse, because="tags, transitive tags, session policies and the role's longest session count")
def assume_role(original: Any, self: Any) -> ActionResult:
    caller = CURRENT.get()
    role = role_by_arn(self._get_param("RoleArn"))
    check_duration(role, self._get_int_param("DurationSeconds", 3600), chained=caller.assumed is not None)
    passed = {tag["Key"]: tag.get("Value", "") for tag in self._get_param("Tags") or []}
    inherited = _inherited(caller.assumed)
    conflicts = {key.lower() for key in passed} & {key.lower() for key in inherited}
    if conflicts:
        raise InvalidParameterValueError(
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from "
            "the calling session."
        )
    wanted = tuple(self._get_param("TransitiveTagKeys") or ())
    if not set(wanted) <= set(passed):
        raise InvalidParameterValueError("The specified transitive tag key must be included in the requested tags.")
    result: ActionResult = original(self)
    content: Any = result.result
    assumed = content["Credentials"]
    bind(self, assumed, role, tags={**inherited, **passed}, transitive=(*inherited, *wanted))
    return result


def _inherited(calling: AssumedRole | None) -> dict[str, str]:
    tags: Mapping[str, str] = getattr(calling, "session_tags", {})
    return {key: tags[key] for key in getattr(calling, "transitive_tag_keys", ()) if key in tags}


def _session_policies(response: Any, account_id: str) -> Iterator[str]:
    if response._get_param("Policy"):
        yield response._get_param("Policy")
    for listed in response._get_param("PolicyArns") or []:
        text = policy_text(account_id, listed["arn"])
        if text is None:
            raise StsValidationError(f"The policy {listed['arn']} does not exist or is not attachable.")
        yield text
