"""Verifies a request's Signature Version 4 with botocore's own signer.

Supports the header form, the query (presigned) form, and S3's payload forms: signed, unsigned, and chunked with or
without signed chunks. Not supported: Version 2 and 4A, which `received` rejects, S3's POST forms and checksum
trailers. The region of a credential's scope is not checked.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
"""

import datetime
import hashlib
import hmac
from urllib.parse import quote, unquote

from botocore.auth import EMPTY_SHA256_HASH, SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

from sandbox.aws.iam.callers import NOBODY, Caller, Keys, caller_of, find_keys
from sandbox.aws.iam.received import Credential, Received

#: Largest clock difference, and longest validity of a presigned request in seconds.
_SKEW = datetime.timedelta(minutes=15)
_LONGEST_PRESIGNED = 7 * 24 * 3600

_UNSIGNED = "UNSIGNED-PAYLOAD"
_UNSIGNED_CHUNKS = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
_SIGNED_CHUNKS = ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER")

#: Headers that a signature must cover if they are sent.
_MUST_BE_SIGNED = ("host", "x-amz-security-token", "x-amz-date", "x-amz-target", "x-amz-copy-source")


class RefusedError(Exception):
    """The signature is invalid. `code` is that of query services; `refusals` translates it for the others."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def authenticate(received: Received) -> Caller:
    """The caller who signed the request, or NOBODY for an unsigned one. Raises RefusedError."""
    credential = received.credential
    if credential is None:
        return NOBODY
    keys = find_keys(credential.access_key_id)
    if keys is None or not keys.active:
        raise RefusedError("InvalidClientTokenId", "The security token included in the request is invalid.")
    verify(received, keys)
    caller = caller_of(keys)
    if caller is None:
        raise RefusedError("InvalidClientTokenId", "The security token included in the request is invalid.")
    return caller


def verify(received: Received, keys: Keys) -> None:
    """The holder of the keys signed the request. Raises RefusedError."""
    credential = received.credential
    if credential is None:
        raise RefusedError("MissingAuthenticationToken", "The request is not signed.")
    timestamp = _timestamp(received, credential)
    signer = _Signer(keys, credential, received.service)
    canonical = signer.canonical_request(signer.request(received, timestamp))
    text = signer.string_to_sign(signer.context(timestamp), canonical)
    expected = signer.signature(text, signer.context(timestamp))
    if not hmac.compare_digest(expected, credential.signature):
        raise _mismatch()
    _check_token(received, credential, keys)
    _check_covered(received, credential)
    _check_payload(received, signer, timestamp)


def _mismatch(message: str = "") -> RefusedError:
    return RefusedError(
        "SignatureDoesNotMatch",
        message
        or "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
        "Access Key and signing method. Consult the service documentation for details.",
    )


def _check_token(received: Received, credential: Credential, keys: Keys) -> None:
    given = (
        received.query.get("X-Amz-Security-Token")
        if credential.presigned
        else received.headers.get("x-amz-security-token")
    )
    if (given or None) != keys.token:
        raise RefusedError("InvalidToken", "The provided token is malformed or otherwise invalid.")
    if keys.expired:
        raise RefusedError("ExpiredToken", "The security token included in the request is expired")


def _check_covered(received: Received, credential: Credential) -> None:
    left_out = [name for name in _MUST_BE_SIGNED if name in received.headers and name not in credential.signed_headers]
    if left_out:
        raise _mismatch(f"'{left_out[0]}' must be a 'SignedHeader' in the AWS Authorization.")


def _timestamp(received: Received, credential: Credential) -> str:
    text = (received.query if credential.presigned else received.headers).get(
        "X-Amz-Date" if credential.presigned else "x-amz-date", ""
    )
    try:
        moment = datetime.datetime.strptime(text, SIGV4_TIMESTAMP).replace(tzinfo=datetime.UTC)
    except ValueError as error:
        raise _mismatch("The request needs its time in X-Amz-Date, as YYYYMMDD'T'HHMMSS'Z'.") from error
    if not text.startswith(credential.date):
        raise _mismatch("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP")
    now = datetime.datetime.now(datetime.UTC)
    if not credential.presigned:
        if abs(now - moment) > _SKEW:
            raise RefusedError(
                "RequestTimeTooSkewed",
                "The difference between the request time and the current time is too large.",
            )
        return text
    seconds = received.query.get("X-Amz-Expires", "")
    if not seconds.isdigit() or not 0 < int(seconds) <= _LONGEST_PRESIGNED:
        raise RefusedError("AuthorizationQueryParametersError", "X-Amz-Expires must be between 1 and 604800 seconds.")
    if moment - now > _SKEW:
        raise RefusedError("AccessDenied", "Request is not valid yet")
    if now > moment + datetime.timedelta(seconds=int(seconds)):
        raise RefusedError("AccessDenied", "Request has expired")
    return text


def _check_payload(received: Received, signer: "_Signer", timestamp: str) -> None:
    declared = received.headers.get("x-amz-content-sha256")
    if declared in _SIGNED_CHUNKS and received.service == "s3":
        _check_chunks(received, signer, timestamp)
        return
    if declared is None or (received.service == "s3" and declared in (_UNSIGNED, _UNSIGNED_CHUNKS)):
        return
    if declared != hashlib.sha256(received.body).hexdigest():
        raise RefusedError(
            "XAmzContentSHA256Mismatch",
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        )


def _check_chunks(received: Received, signer: "_Signer", timestamp: str) -> None:
    """Verify the chain of chunk signatures, which starts with the request's signature.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
    """
    credential = signer.credential
    previous = credential.signature
    rest = received.body
    size = -1
    while size != 0:
        line, _, rest = rest.partition(b"\r\n")
        length, _, given = line.partition(b";chunk-signature=")
        try:
            size = int(length, 16)
        except ValueError as error:
            raise _mismatch("The chunked body ends before its last chunk.") from error
        chunk, rest = rest[:size], rest[size:].removeprefix(b"\r\n")
        text = "\n".join(
            (
                "AWS4-HMAC-SHA256-PAYLOAD",
                timestamp,
                credential.scope,
                previous,
                EMPTY_SHA256_HASH,
                hashlib.sha256(chunk).hexdigest(),
            )
        )
        previous = signer.signature(text, signer.context(timestamp))
        if not hmac.compare_digest(previous.encode(), given):
            raise _mismatch("A chunk's signature does not match its content.")


class _Signer(SigV4Auth):  # type: ignore[misc]
    """botocore's signer, applied to a received request."""

    def __init__(self, keys: Keys, credential: Credential, service: str) -> None:
        super().__init__(Credentials("", keys.secret), credential.service, credential.region)
        self.credential = credential
        self._s3 = service in ("s3", "s3control")

    def context(self, timestamp: str) -> AWSRequest:
        request = AWSRequest()
        request.context["timestamp"] = timestamp
        return request

    def request(self, received: Received, timestamp: str) -> AWSRequest:
        """The request as its sender signed it."""
        unsigned_payload = self._s3 and self.credential.presigned
        headers = dict(received.headers)
        if unsigned_payload:
            headers.setdefault("x-amz-content-sha256", _UNSIGNED)
        request = AWSRequest(
            method=received.method,
            url=f"http://{received.host}{received.path}?{received.query_string}",
            headers=headers,
            data=received.body,
        )
        request.context["timestamp"] = timestamp
        return request

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
        headers = HTTPHeaders()
        for name in self.credential.signed_headers:
            for value in request.headers.get_all(name) or []:
                headers[name] = value
        return headers

    def canonical_query_string(self, request: AWSRequest) -> str:
        # Not every client sends its query in canonical form.
        pairs = [
            (quote(unquote(name), safe="-_.~"), quote(unquote(value), safe="-_.~"))
            for name, _, value in (pair.partition("=") for pair in request.url.partition("?")[2].split("&") if pair)
            if name != "X-Amz-Signature"
        ]
        return "&".join(f"{name}={value}" for name, value in sorted(pairs))

    def _normalize_url_path(self, path: str) -> str:
        if self._s3:
            return quote(unquote(path), safe="/-_.~")
        return str(super()._normalize_url_path(path))
