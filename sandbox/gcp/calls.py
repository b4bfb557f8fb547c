"""What a call to an API is: its request, its answer, and Google's errors."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who asks: the IAM members that stand for them. Nobody has none but ``allUsers``."""

    members: frozenset[str]
    #: What messages call them.
    name: str


ANYONE = Caller(members=frozenset({"allUsers"}), name="Anonymous caller")


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request to one host."""

    host: str
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        """The body. Raises ApiError."""
        try:
            return json.loads(self.body or b"{}")
        except ValueError:
            raise ApiError(400, "Parse Error: the body is no JSON") from None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the caller gets; ``body`` is JSON if it is not bytes."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class ApiError(Exception):
    """The call fails as Google's would: an HTTP status, a reason and a message."""

    def __init__(self, status: int, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.status, self.message, self.reason = status, message, reason or _REASONS.get(status, "backendError")

    @property
    def answer(self) -> Answer:
        error = {"code": self.status, "message": self.message, "errors": [{"reason": self.reason}]}
        return Answer(status=self.status, body={"error": error})


_REASONS = {401: "authError", 403: "forbidden", 404: "notFound", 409: "conflict", 412: "conditionNotMet"}
