"""Who signed a request: API 3.0's TC3-HMAC-SHA256, COS's own signature, and S3's, which COS accepts too.

https://www.tencentcloud.com/document/api/213/33224 and https://www.tencentcloud.com/document/product/436/7778
"""

import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

from sandbox.aws.iam import authentication
from sandbox.aws.iam.callers import Keys
from sandbox.aws.iam.received import Credential, Received
from sandbox.fronts.calls import Call
from sandbox.tencentcloud import tc3
from sandbox.tencentcloud.account import Account, Caller
from sandbox.tencentcloud.errors import ApiError, CosError

_S3 = "AWS4-HMAC-SHA256"
#: Seconds that the clock of a signature of API 3.0 may differ.
_SKEW = 300


def api_caller(account: Account, call: Call, service: str) -> Caller:
    """Who signed a call of API 3.0. Raises ApiError."""
    kind, _, rest = call.headers.get("authorization", "").partition(" ")
    fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    key_id, _, scope = fields.get("Credential", "").partition("/")
    if kind != tc3.ALGORITHM or not key_id:
        raise ApiError("AuthFailure.InvalidAuthorization", "The request has no signature of TC3-HMAC-SHA256.")
    timestamp = call.headers.get("x-tc-timestamp", "")
    if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > _SKEW:
        raise ApiError("AuthFailure.SignatureExpire", "The signature's time differs too much from the server's.")
    day = time.strftime("%Y-%m-%d", time.gmtime(int(timestamp)))
    if scope != f"{day}/{service}/tc3_request":
        raise ApiError("AuthFailure.InvalidAuthorization", f"The credential's scope {scope} is not of the request.")
    key = account.table("keys").get(key_id)
    if key is None or 0 < key["until"] < time.time():
        raise ApiError("AuthFailure.SecretIdNotFound", "The SecretId is not found.")
    signed = fields.get("SignedHeaders", "").split(";")
    if not {"content-type", "host"} <= set(signed):
        raise ApiError("AuthFailure.InvalidAuthorization", "content-type and host must be signed.")
    expected = tc3.signature(key["secret"], call, day, service, signed)
    if not hmac.compare_digest(expected, fields.get("Signature", "")):
        raise ApiError("AuthFailure.SignatureFailure", "The provided credentials could not be validated.")
    if call.headers.get("x-tc-token", "") != key["token"]:
        raise ApiError("AuthFailure.TokenFailure", "The token is not the key's.")
    caller = account.caller(key)
    if caller is None:
        raise ApiError("AuthFailure.SecretIdNotFound", "The SecretId is not found.")
    return caller


def cos_caller(account: Account, call: Call) -> Caller | None:
    """Who signed a call of COS, in its form or in S3's; None for nobody. Raises CosError."""
    given = call.headers.get("authorization", "")
    if not given:
        return None
    key_id = _s3_credential(given).access_key_id if given.startswith(_S3) else _cos_fields(given).get("q-ak", "")
    key = account.table("keys").get(key_id)
    if key is None or 0 < key["until"] < time.time():
        raise CosError(403, "InvalidAccessKeyId", "The Access Key Id you provided does not exist in our records")
    (_require_s3 if given.startswith(_S3) else _require_cos)(call, key)
    caller = account.caller(key)
    if caller is None:
        raise CosError(403, "InvalidAccessKeyId", "The Access Key Id you provided does not exist in our records")
    return caller


def _require_cos(call: Call, key: Mapping[str, Any]) -> None:
    fields = _cos_fields(call.headers["authorization"])
    span = fields.get("q-sign-time", "")
    begun, _, ended = span.partition(";")
    if not (begun.isdigit() and ended.isdigit()):
        raise CosError(403, "AccessDenied", "The signature has no time.")
    if not int(begun) <= time.time() <= int(ended):
        raise CosError(403, "RequestTimeTooSkewed", "The signature is not in force.")
    pairs = [pair.partition("=")[::2] for pair in call.raw_query.split("&") if pair]
    sent = {_encoded(unquote(name)).lower(): _encoded(unquote(value)) for name, value in pairs}
    headers, parameters = (
        "&".join(f"{name}={values.get(name, '')}" for name in fields.get(listed, "").split(";") if name)
        for listed, values in (
            ("q-header-list", {name: _encoded(value) for name, value in call.headers.items()}),
            ("q-url-param-list", sent),
        )
    )
    asked = f"{call.method.lower()}\n{unquote(call.path)}\n{parameters}\n{headers}\n"
    text = f"sha1\n{span}\n{hashlib.sha1(asked.encode()).hexdigest()}\n"  # noqa: S324 - COS's
    signing = hmac.digest(key["secret"].encode(), fields.get("q-key-time", "").encode(), "sha1").hex()
    expected = hmac.digest(signing.encode(), text.encode(), "sha1").hex()
    if not hmac.compare_digest(expected, fields.get("q-signature", "")):
        raise CosError(403, "SignatureDoesNotMatch", "The Signature you specified is invalid.")
    if call.headers.get("x-cos-security-token", "") != key["token"]:
        raise CosError(403, "AccessDenied", "The token is not the key's.")


def _require_s3(call: Call, key: Mapping[str, Any]) -> None:
    received = Received(
        environ={},
        method=call.method,
        path=call.path,
        query_string=call.raw_query,
        headers=call.headers,
        body=call.body,
        credential=_s3_credential(call.headers["authorization"]),
    )
    keys = Keys(
        secret=key["secret"],
        token=key["token"] or None,
        active=True,
        expired=False,
        account_id="",
        user_name=None,
        assumed=None,
    )
    try:
        authentication.verify(received, keys)
    except authentication.RefusedError as error:
        raise CosError(403, error.code, error.message) from None


def _s3_credential(text: str) -> Credential:
    fields = dict(part.strip().partition("=")[::2] for part in text.partition(" ")[2].split(","))
    key_id, date, region, service, *_ = [*fields.get("Credential", "").split("/"), "", "", ""]
    return Credential(
        access_key_id=key_id,
        date=date,
        region=region,
        service=service,
        signed_headers=tuple(fields.get("SignedHeaders", "").split(";")),
        signature=fields.get("Signature", ""),
        presigned=False,
    )


def _cos_fields(text: str) -> dict[str, str]:
    return dict(part.partition("=")[::2] for part in text.split("&"))


def _encoded(text: str) -> str:
    return quote(text, safe="-_.~")
