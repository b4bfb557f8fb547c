"""SES identities: DKIM tokens, verification by DNS for domains and by a click for addresses.

Owns an identity's status and the verification mail. Leaves out receiving that mail (receiving.py).
"""

import base64
import hashlib
import json
import logging
import time
from typing import Any
from urllib.parse import parse_qs, urlencode

from moto.core.exceptions import JsonRESTError
from moto.ses.models import EmailIdentity, SESBackend, ses_backends
from moto.sesv2.models import SESV2Backend
from moto.sesv2.responses import SESV2Response

from sandbox.account.extensions import receiving
from sandbox.account.extensions.context import current
from sandbox.account.extensions.patching import replaces
from sandbox.account.records import canonical, lookup

log = logging.getLogger(__name__)

_DKIM_ZONE = "dkim.amazonses.com"
_DEFAULT_KEY_LENGTH = "RSA_2048_BIT"
Response = tuple[str, list[tuple[str, str]], bytes]


def _tokens(account_id: str, domain: str) -> list[str]:
    # Derived, so that an identity made again keeps the records that verify it.
    digests = (hashlib.sha256(f"{account_id} {domain} {number}".encode()).digest() for number in range(3))
    return [base64.b32encode(digest).decode().lower()[:32] for digest in digests]


def _arn(backend: Any, name: str) -> str:
    return f"arn:aws:ses:{backend.region_name}:{backend.account_id}:identity/{name}"


def _is_verified(account_id: str, identity: EmailIdentity) -> bool:
    if identity.identity_type == "EMAIL_ADDRESS":
        return bool(identity.verified_for_sending_status)
    return all(
        any(
            record.type == "CNAME" and record.data == canonical(f"{token}.{_DKIM_ZONE}")
            for record in lookup(account_id, f"{token}._domainkey.{identity.email_identity}", "CNAME").records
        )
        for token in _tokens(account_id, identity.email_identity)
    )


def _dkim(account_id: str, identity: EmailIdentity, *, verified: bool) -> dict[str, Any]:
    if identity.identity_type == "EMAIL_ADDRESS":
        return {"SigningEnabled": False, "Status": "NOT_STARTED"}
    return {
        "SigningEnabled": True,
        "Status": "SUCCESS" if verified else "PENDING",
        "Tokens": _tokens(account_id, identity.email_identity),
        "SigningHostedZone": _DKIM_ZONE,
        "SigningAttributesOrigin": "AWS_SES",
        "NextSigningKeyLength": identity.dkim_attributes["NextSigningKeyLength"],
        "CurrentSigningKeyLength": identity.dkim_attributes["CurrentSigningKeyLength"],
        "LastKeyGenerationTimestamp": identity.dkim_attributes["LastKeyGenerationTimestamp"],
    }


def _described(account_id: str, identity: EmailIdentity) -> dict[str, Any]:
    verified = _is_verified(account_id, identity)
    return {
        "IdentityType": identity.identity_type,
        "VerifiedForSendingStatus": verified,
        "DkimAttributes": _dkim(account_id, identity, verified=verified),
        "FeedbackForwardingStatus": True,
        "MailFromAttributes": {"BehaviorOnMxFailure": "USE_DEFAULT_VALUE"},
        "Policies": identity.policies,
        "ConfigurationSetName": identity.configuration_set_name,
        "VerificationStatus": "SUCCESS" if verified else "PENDING",
    }


@replaces(EmailIdentity, because="moto's DKIM attributes have text timestamps and no key length of their own")
def __init__(original: Any, self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807  (the method's name)
    original(self, *args, **kwargs)
    wanted = self.dkim_signing_attributes if isinstance(self.dkim_signing_attributes, dict) else {}
    length = wanted.get("NextSigningKeyLength") or _DEFAULT_KEY_LENGTH
    self.dkim_attributes.update(
        NextSigningKeyLength=length, CurrentSigningKeyLength=length, LastKeyGenerationTimestamp=int(time.time())
    )


@replaces(SESV2Response, because="epoch timestamps, three tokens, a status that follows DNS; AlreadyExistsException")
def create_email_identity(_original: Any, self: Any) -> str:
    name = self._get_param("EmailIdentity")
    backend = self.sesv2_backend
    if name in backend.core_backend.email_identities:
        raise JsonRESTError("AlreadyExistsException", f"Email identity {name} already exist.")
    identity = backend.create_email_identity(
        email_identity=name,
        tags=None,
        dkim_signing_attributes=self._get_param("DkimSigningAttributes"),
        configuration_set_name=self._get_param("ConfigurationSetName"),
    )
    # Moto would keep the tags under email-identity/<name>, where nobody asks for them.
    tags = {tag["Key"]: tag["Value"] for tag in self._get_param("Tags") or []}
    backend.tag_resource(_arn(backend, name), tags)
    if identity.identity_type == "EMAIL_ADDRESS":
        _ask_to_confirm(backend.account_id, name)
    described = _described(backend.account_id, identity)
    return json.dumps({key: described[key] for key in ("IdentityType", "VerifiedForSendingStatus", "DkimAttributes")})


@replaces(SESV2Response, because="an identity looks the same when read as when created")
def get_email_identity(_original: Any, self: Any) -> str:
    identity = self.sesv2_backend.get_email_identity(email_identity=self._get_param("EmailIdentity"))
    described = _described(self.sesv2_backend.account_id, identity)
    described["Tags"] = self.sesv2_backend.list_tags_for_resource(_arn(self.sesv2_backend, identity.email_identity))
    return json.dumps({key: value for key, value in described.items() if value is not None})


@replaces(SESV2Response, because="moto lists every identity as verified")
def list_email_identities(original: Any, self: Any) -> str:
    document = json.loads(original(self))
    backend = self.sesv2_backend
    for listed in document["EmailIdentities"]:
        verified = _is_verified(backend.account_id, backend.get_email_identity(listed["IdentityName"]))
        listed.update(SendingEnabled=verified, VerificationStatus="SUCCESS" if verified else "PENDING")
    return json.dumps({key: value for key, value in document.items() if value is not None})


@replaces(SESV2Backend, because="deleting an unknown identity is NotFoundException, not a server error")
def delete_email_identity(original: Any, self: Any, email_identity: str) -> None:
    self.get_email_identity(email_identity)
    self.core_backend.tagger.delete_all_tags_for_resource(_arn(self, email_identity))
    original(self, email_identity)


@replaces(SESBackend, because="the older API sends the mail, again and again until the link is opened")
def verify_email_identity(original: Any, self: Any, address: str) -> None:
    original(self, address)
    if not self.email_identities[address].verified_for_sending_status:
        _ask_to_confirm(self.account_id, address)


@replaces(SESBackend, because="moto answers Success for every identity")
def get_identity_verification_attributes(original: Any, self: Any, identities: list[str] | None = None) -> Any:
    answered = original(self, identities)
    for name, attributes in answered.items():
        verified = _is_verified(self.account_id, self.email_identities[name])
        attributes["VerificationStatus"] = "Success" if verified else "Pending"
    return answered


@replaces(SESBackend, because="the older API shows the same tokens and status as the newer one")
def get_identity_dkim_attributes(_original: Any, self: Any, identities: list[str]) -> Any:
    answered: dict[str, dict[str, Any]] = {}
    for name in identities:
        identity = self.email_identities.get(name)
        if identity is None or identity.identity_type == "EMAIL_ADDRESS":
            answered[name] = {"DkimEnabled": False, "DkimVerificationStatus": "NotStarted"}
            continue
        verified = _is_verified(self.account_id, identity)
        answered[name] = {
            "DkimEnabled": True,
            "DkimVerificationStatus": "Success" if verified else "Pending",
            "DkimTokens": _tokens(self.account_id, name),
        }
    return answered


def _click_token(account_id: str, address: str) -> str:
    return hashlib.sha256(f"click {account_id} {address}".encode()).hexdigest()


def _ask_to_confirm(account_id: str, address: str) -> None:
    region = current().region
    query = urlencode(
        {
            "Context": account_id,
            "Operation": "ConfirmVerification",
            "Identity.IdentityType": "EmailAddress",
            "Identity.IdentityName": address,
            "Token": _click_token(account_id, address),
        }
    )
    link = f"https://email-verification.{region}.amazonaws.com/?{query}"
    if not receiving.accepts(address):
        log.warning("no active receipt rule covers %s, so its verification mail arrives nowhere", address)
        return
    try:
        receiving.deliver(
            "no-reply-aws@amazon.com",
            [address],
            receiving.verification_mail(address, link),
            peer="127.0.0.1",
            greeting="a1-1.smtp-out.amazonses.com",
        )
    except receiving.DeliveryError as error:
        log.warning("the verification mail for %s was not stored: %s", address, error)


def answer_click(host: str, query_string: str) -> Response | None:
    """Answer a request for the link of a verification mail; None when the request is for something else."""
    region = current().region
    if host.partition(":")[0].lower() != f"email-verification.{region}.amazonaws.com":
        return None
    query = {key: values[0] for key, values in parse_qs(query_string).items()}
    address = query.get("Identity.IdentityName", "")
    account_id = query.get("Context", "")
    right = query.get("Token") == _click_token(account_id, address) and account_id == current().account_id
    identity = ses_backends[account_id][region].email_identities.get(address) if right else None
    if identity is None:
        return "400 Bad Request", [("Content-Type", "text/plain")], b"This verification link is not valid.\n"
    identity.verified_for_sending_status = True
    return "200 OK", [("Content-Type", "text/plain")], f"You have verified {address} with Amazon SES.\n".encode()
