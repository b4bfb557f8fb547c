"""Smithy RPC v2 CBOR: the bodies, headers and errors of the protocol that newer SDKs speak with CloudWatch.

Leaves out event streams. How moto gets the protocol is in ``services/protocols.py``.
https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
"""

from typing import Any

import cbor2

#: Name in botocore's models.
PROTOCOL = "smithy-rpc-v2-cbor"

CONTENT_TYPE = "application/cbor"

#: A client requires this header in every answer.
HEADER = ("smithy-protocol", "rpc-v2-cbor")

_EPOCH = 1


class CborError(ValueError):
    """A body is no structure in CBOR."""


def structure(body: bytes) -> dict[str, Any]:
    """The members of a body; none for an empty one. Raises CborError, also for a member that is there twice."""
    if not body:
        return {}
    try:
        content = cbor2.loads(body, allow_duplicate_keys=False)
    except (cbor2.CBORError, ValueError, OverflowError) as error:
        raise CborError("The body is not valid CBOR.") from error
    if not isinstance(content, dict):
        raise CborError("The body is not a structure.")
    return content


def text(members: dict[str, Any]) -> bytes:
    """A structure as a body."""
    return cbor2.dumps(members)


def moment(seconds: float) -> Any:
    """A timestamp, by its seconds since 1970."""
    return cbor2.CBORTag(_EPOCH, seconds)


def error(status: str, code: str, message: str) -> tuple[str, list[tuple[str, str]], bytes]:
    """The HTTP response of an error."""
    return status, [("Content-Type", CONTENT_TYPE), HEADER], text({"__type": code, "message": message})
