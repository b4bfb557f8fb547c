"""Who calls Google's APIs, what they send, and Google's errors."""

import json
from dataclasses import dataclass
from typing import Any

from sandbox.fronts.calls import Answer, Call, RefusedError


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who asks: the IAM members that stand for them. Nobody has none but ``allUsers``."""

    members: frozenset[str]
    #: What messages call them.
    name: str


ANYONE = Caller(members=frozenset({"allUsers"}), name="Anonymous caller")


def decoded(call: Call) -> Any:
    """The JSON body of a call. Raises ApiError."""
    try:
        return json.loads(call.body or b"{}")
    except ValueError:
        raise ApiError(400, "Parse Error: the body is no JSON") from None


class ApiError(RefusedError):
    """The call fails as Google's would: an HTTP status, a reason and a message."""

    def __init__(self, status: int, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.status, self.message, self.reason = status, message, reason or _REASONS.get(status, "backendError")

    @property
    def answer(self) -> Answer:
        error = {"code": self.status, "message": self.message, "errors": [{"reason": self.reason}]}
        return Answer(status=self.status, body={"error": error})


_REASONS = {401: "authError", 403: "forbidden", 404: "notFound", 409: "conflict", 412: "conditionNotMet"}
