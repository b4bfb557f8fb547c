"""Renders a refusal in the form of each protocol, with AWS's codes and messages."""

import json
import secrets
from dataclasses import dataclass
from xml.sax.saxutils import escape

from sandbox.aws import cbor
from sandbox.aws.iam.received import Received

Response = tuple[str, list[tuple[str, str]], bytes]


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A refusal, with the code of IAM's own API."""

    code: str
    message: str


#: S3's code by IAM's.
_S3 = {
    "InvalidClientTokenId": ("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."),
    "ExpiredToken": ("ExpiredToken", "The provided token has expired."),
    "MissingAuthenticationToken": ("AccessDenied", "Access Denied"),
    "MalformedRequest": ("InvalidRequest", None),
}

#: EC2's code by IAM's.
_EC2 = {
    "InvalidClientTokenId": ("AuthFailure", "AWS was not able to validate the provided access credentials"),
    "InvalidToken": ("AuthFailure", "AWS was not able to validate the provided access credentials"),
    "SignatureDoesNotMatch": ("AuthFailure", "AWS was not able to validate the provided access credentials"),
    "ExpiredToken": ("RequestExpired", "Request has expired."),
    "AccessDenied": ("UnauthorizedOperation", None),
    "MalformedRequest": ("InvalidRequest", None),
}

#: Code of services with a JSON or CBOR protocol, by IAM's.
_JSON = {
    "InvalidClientTokenId": ("UnrecognizedClientException", None),
    "InvalidToken": ("UnrecognizedClientException", "The security token included in the request is invalid."),
    "SignatureDoesNotMatch": ("InvalidSignatureException", None),
    "RequestTimeTooSkewed": ("InvalidSignatureException", None),
    "ExpiredToken": ("ExpiredTokenException", None),
    "AccessDenied": ("AccessDeniedException", None),
    "MissingAuthenticationToken": ("MissingAuthenticationTokenException", "Missing Authentication Token"),
    "MalformedRequest": ("ValidationException", None),
}

#: Code of the other services (IAM, STS, Route 53, SES version 1), by IAM's.
_OTHERS = {
    "InvalidToken": ("InvalidClientTokenId", "The security token included in the request is invalid."),
    "RequestTimeTooSkewed": ("SignatureDoesNotMatch", None),
    "MalformedRequest": ("InvalidAction", None),
}

_UNAUTHORIZED = (401, "401 Unauthorized")
_BAD = (400, "400 Bad Request")
_FORBIDDEN = (403, "403 Forbidden")

_BAD_CODES = (
    "AuthorizationQueryParametersError",
    "ExpiredTokenException",
    "InvalidRequest",
    "InvalidToken",
    "RequestExpired",
    "ValidationException",
    "XAmzContentSHA256Mismatch",
)


def answer(refusal: Refusal, received: Received) -> Response:
    """The HTTP response of a refusal."""
    if received.protocol == "ec2":
        return _ec2(refusal)
    if received.protocol == cbor.PROTOCOL:
        return cbor.error(_BAD[1], *_named(refusal, _JSON))
    if received.protocol in ("json", "rest-json"):
        return _json(refusal, received)
    if received.service == "s3":
        return _s3(refusal, received)
    code, message = _named(refusal, _OTHERS)
    body = (
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        f"<RequestId>{_request_id()}</RequestId></ErrorResponse>"
    )
    return _status(code), [("Content-Type", "text/xml")], body.encode()


def _named(refusal: Refusal, names: dict[str, tuple[str, str | None]]) -> tuple[str, str]:
    code, message = names.get(refusal.code, (refusal.code, None))
    return code, refusal.message if message is None else message


def _status(code: str) -> str:
    if code == "AuthFailure":
        return _UNAUTHORIZED[1]
    return _BAD[1] if code in _BAD_CODES else _FORBIDDEN[1]


def _ec2(refusal: Refusal) -> Response:
    code, message = _named(refusal, _EC2)
    if code == "UnauthorizedOperation":
        message = f"You are not authorized to perform this operation. {message}"
    body = (
        f"<Response><Errors><Error><Code>{code}</Code><Message>{escape(message)}</Message></Error></Errors>"
        f"<RequestID>{_request_id()}</RequestID></Response>"
    )
    return _status(code), [("Content-Type", "text/xml")], body.encode()


def _json(refusal: Refusal, received: Received) -> Response:
    code, message = _named(refusal, _JSON)
    # Services with a single path answer 400, those with paths 403.
    status = _FORBIDDEN[1] if received.protocol == "rest-json" and code not in _BAD_CODES else _BAD[1]
    return json_error(status, code, message)


def json_error(status: str, code: str, message: str) -> Response:
    """An error in the form of the protocols json and rest-json."""
    body = json.dumps({"__type": code, "message": message}).encode()
    return status, [("Content-Type", "application/json"), ("X-Amzn-ErrorType", code)], body


def _s3(refusal: Refusal, received: Received) -> Response:
    code, message = _named(refusal, _S3)
    # A HEAD response has no body, so its caller sees only the status.
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{escape(message)}</Message>'
        f"<RequestId>{_request_id()}</RequestId></Error>"
    )
    return _status(code), [("Content-Type", "application/xml")], b"" if received.method == "HEAD" else body.encode()


def _request_id() -> str:
    return secrets.token_hex(8).upper()
