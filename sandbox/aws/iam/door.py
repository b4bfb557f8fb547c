"""Checks each request before moto handles it: the caller, the required access, and whether policies allow it.

Owns the order of the checks and the messages of a refusal.
"""

import contextvars
from collections.abc import MutableMapping
from typing import Any

from sandbox.aws.iam import actions
from sandbox.aws.iam.access import Access
from sandbox.aws.iam.actions import s3, sts
from sandbox.aws.iam.authentication import RefusedError, authenticate
from sandbox.aws.iam.callers import CURRENT, NOBODY, Caller
from sandbox.aws.iam.evaluation import Decision, Policies, Request, decide
from sandbox.aws.iam.keys import context
from sandbox.aws.iam.received import Credential, MalformedError, Received
from sandbox.aws.iam.refusals import Refusal

#: Paths of moto that AWS does not have.
_MOTOS_OWN = ("/moto-api", "/favicon.ico", "/latest/meta-data/", "/latest/api/")

#: Resources of the current request that its caller may not access, if the rest of the request is allowed.
FORBIDDEN: contextvars.ContextVar[frozenset[str]] = contextvars.ContextVar("forbidden", default=frozenset())


def ask(received: Received, environ: MutableMapping[str, Any], account_id: str) -> Refusal | None:
    """Return the refusal, or None if the request is allowed, and set CURRENT. An anonymous caller asks `account_id`."""
    CURRENT.set(NOBODY)
    FORBIDDEN.set(frozenset())
    if received.path.startswith(_MOTOS_OWN):
        return Refusal(code="AccessDenied", message="Access Denied")
    try:
        # The token is the only credential here: SDKs do not sign this request.
        caller = NOBODY if received.operation in sts.BY_TOKEN else authenticate(received)
        if received.service != "s3" and received.operation not in sts.BY_TOKEN and caller is NOBODY:
            return Refusal(code="MissingAuthenticationToken", message="Request is missing Authentication Token")
        refusal = _authorise(received, caller, caller.account_id or account_id)
    except MalformedError as error:
        return Refusal(code="MalformedRequest", message=str(error))
    except RefusedError as error:
        return Refusal(code=error.code, message=error.message)
    if refusal is not None:
        return refusal
    CURRENT.set(caller)
    if received.credential is not None and received.credential.presigned:
        # Moto reads service and key only from the header.
        environ["HTTP_AUTHORIZATION"] = _as_header(received.credential)
    return None


def _authorise(received: Received, caller: Caller, account_id: str) -> Refusal | None:
    if received.service == "s3" and _is_of_missing_bucket(received, caller):
        return None
    needed = actions.needs(received, caller, account_id)
    refused = [(access, decision) for access in needed if not (decision := _decide(received, caller, access)).allowed]
    if received.operation == "DeleteObjects" and caller is not NOBODY:
        # S3 reports each refused key and deletes the others.
        FORBIDDEN.set(frozenset(str(access.resource) for access, _ in refused))
        return None
    if refused:
        return _refusal(received, caller, *refused[0])
    if received.service == "s3":
        listing = s3.look_for_missing(received, caller, account_id)
        if listing is not None and not (decision := _decide(received, caller, listing)).allowed:
            return _refusal(received, caller, listing, decision)
    return None


def _is_of_missing_bucket(received: Received, caller: Caller) -> bool:
    return (
        caller is not NOBODY
        and received.operation != "CreateBucket"
        and bool(received.labels.get("Bucket"))
        and not s3.bucket_exists(received)
    )


def _decide(received: Received, caller: Caller, access: Access) -> Decision:
    request = Request(
        action=access.action,
        principal=caller.principal,
        resource=access.resource,
        resource_account=access.account_id,
        context=context(received, caller, access),
    )
    policies = Policies(
        identity=caller.identity,
        resource=access.policy,
        boundary=caller.boundary,
        session=caller.session,
        resource_decides=access.policy_decides,
    )
    return decide(request, policies)


def _refusal(received: Received, caller: Caller, access: Access, decision: Decision) -> Refusal:
    if caller is NOBODY:
        return Refusal(code="AccessDenied", message="Access Denied")
    resource = access.resource or "*"
    shown = f'"{resource}"' if received.service == "s3" else resource
    message = f"User: {caller.arn} is not authorized to perform: {access.action} on resource: {shown}"
    # STS gives no reason if a trust policy does not allow the call.
    reason = (
        "" if access.policy_decides and decision.reason.startswith("because no resource") else f" {decision.reason}"
    )
    return Refusal(code="AccessDenied", message=f"{message}{reason}")


def _as_header(credential: Credential) -> str:
    return (
        f"AWS4-HMAC-SHA256 Credential={credential.access_key_id}/{credential.scope}, "
        f"SignedHeaders={';'.join(credential.signed_headers)}, Signature={credential.signature}"
    )
