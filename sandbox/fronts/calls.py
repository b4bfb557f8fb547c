"""What a call to a cloud's API is: its request, its answer, and an answer that refuses it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request to one host."""

    host: str
    method: str
    #: As it was sent, with its percent signs.
    path: str
    #: Parameters with a value; the last one of a name.
    query: Mapping[str, str] = field(default_factory=dict)
    #: The whole query as it was sent.
    raw_query: str = ""
    #: By name in lower case.
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the caller gets; ``body`` is JSON if it is not bytes."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class RefusedError(Exception):
    """The call fails as it would at the cloud."""

    @property
    def answer(self) -> Answer:
        """The error in the form of the cloud's API."""
        raise NotImplementedError
