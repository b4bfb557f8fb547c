"""The condition keys of every request.

Leaves out keys of single services (`actions`). The endpoint is plain HTTP on loopback and stands for HTTPS, so
aws:SecureTransport is true.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

import datetime
import re

from sandbox.aws.iam.access import Access
from sandbox.aws.iam.callers import Caller
from sandbox.aws.iam.patterns import Values
from sandbox.aws.iam.received import Received

_TAG_KEY = re.compile(r"(?:Tags\.member|Tag|TagSpecification\.\d+\.Tag)\.(\d+)\.Key")


def context(received: Received, caller: Caller, access: Access) -> dict[str, Values]:
    """All condition keys for one access of a request."""
    now = datetime.datetime.now(datetime.UTC)
    found: dict[str, Values] = {
        "aws:CurrentTime": (now.strftime("%Y-%m-%dT%H:%M:%SZ"),),
        "aws:EpochTime": (str(int(now.timestamp())),),
        "aws:PrincipalIsAWSService": ("false",),
        "aws:PrincipalType": (caller.kind,),
        "aws:ResourceAccount": (access.account_id,),
        "aws:SecureTransport": ("true",),
        "aws:SourceIp": (str(received.environ.get("REMOTE_ADDR", "127.0.0.1")),),
        "aws:ViaAWSService": ("false",),
        "aws:userid": (caller.user_id,),
    }
    for header, key in (("user-agent", "aws:UserAgent"), ("referer", "aws:Referer")):
        if header in received.headers:
            found[key] = (received.headers[header],)
    if received.credential is not None:
        found["aws:RequestedRegion"] = (received.credential.region,)
    if caller.account_id is not None:
        found |= _of_caller(caller, caller.account_id)
    return {**found, **_request_tags(received), **access.keys}


def _of_caller(caller: Caller, account_id: str) -> dict[str, Values]:
    found: dict[str, Values] = {"aws:PrincipalAccount": (account_id,)}
    if caller.principal_arn:
        found["aws:PrincipalArn"] = (caller.principal_arn,)
    if caller.user_name:
        found["aws:username"] = (caller.user_name,)
    if caller.assumed is not None:
        # Only temporary credentials have this key. There are no MFA devices here.
        found["aws:MultiFactorAuthPresent"] = ("false",)
        provider = getattr(caller.assumed, "federated_provider", None)
        if provider:
            found["aws:FederatedProvider"] = (provider,)
    return {**found, **{f"aws:PrincipalTag/{key}": (value,) for key, value in caller.tags.items()}}


def _request_tags(received: Received) -> dict[str, Values]:
    if received.protocol not in ("query", "ec2"):
        return {}
    form = received.form
    tags = {
        value: form.get(f"{name.removesuffix('.Key')}.Value", "")
        for name, value in form.items()
        if _TAG_KEY.fullmatch(name)
    }
    if not tags:
        return {}
    return {"aws:TagKeys": tuple(tags), **{f"aws:RequestTag/{key}": (value,) for key, value in tags.items()}}
