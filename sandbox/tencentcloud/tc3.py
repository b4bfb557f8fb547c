"""The signature of API 3.0, which the front verifies and a client of ours makes. It imports little.

https://www.tencentcloud.com/document/api/213/33224
"""

import hashlib
import hmac
import json
import os
import time
from typing import Any

from sandbox.fronts.calls import Call

ALGORITHM = "TC3-HMAC-SHA256"

_SECONDS = 30


def signature(secret: str, call: Call, day: str, service: str, signed: list[str]) -> str:
    """The signature that a call of API 3.0 must have. ``day`` is of the header X-TC-Timestamp."""
    headers = "".join(f"{name}:{call.headers.get(name, '').strip().lower()}\n" for name in signed)
    payload = hashlib.sha256(call.body).hexdigest()
    canonical = f"{call.method}\n/\n{call.raw_query}\n{headers}\n{';'.join(signed)}\n{payload}"
    scope = f"{day}/{service}/tc3_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"{ALGORITHM}\n{call.headers['x-tc-timestamp']}\n{scope}\n{digest}"
    key = f"TC3{secret}".encode()
    for part in (day, service, "tc3_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


def asked(service: str, version: str, action: str, given: dict[str, Any]) -> dict[str, Any]:
    """What a call answers, with the key, proxy and authority of this process's environment. Raises ValueError."""
    import requests

    host, moment = f"{service}.tencentcloudapi.com", int(time.time())
    headers = {
        "content-type": "application/json", "host": host, "x-tc-action": action, "x-tc-version": version,
        "x-tc-timestamp": str(moment),
    }  # fmt: skip
    body, day = json.dumps(given).encode(), time.strftime("%Y-%m-%d", time.gmtime(moment))
    signed = ["content-type", "host"]
    call = Call(host=host, method="POST", path="/", headers=headers, body=body)
    made = signature(os.environ["TENCENTCLOUD_SECRET_KEY"], call, day, service, signed)
    scope = f"{os.environ['TENCENTCLOUD_SECRET_ID']}/{day}/{service}/tc3_request"
    headers["authorization"] = f"{ALGORITHM} Credential={scope}, SignedHeaders={';'.join(signed)}, Signature={made}"
    answer = requests.post(f"https://{host}/", data=body, headers=headers, timeout=_SECONDS)
    found: dict[str, Any] = answer.json()["Response"]
    if "Error" in found:
        raise ValueError(f"{action}: {found['Error']['Code']}: {found['Error']['Message']}")
    return found
