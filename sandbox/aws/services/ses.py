"""SES: identities with their DKIM tokens and verification, receipt rules, and storing received mail.

A domain is verified by its DNS records, an address by the link of its verification mail. Received mail is written to a
bucket if the bucket's policy allows it. Leaves out SMTP (sandbox/aws/mail.py).
"""

import base64
import hashlib
import json
import logging
import secrets
import string
import time
from dataclasses import dataclass
from email.charset import QP, Charset
from email.mime.text import MIMEText
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlencode

from moto.core.exceptions import JsonRESTError
from moto.core.responses import EmptyResult
from moto.core.utils import utcnow
from moto.s3.models import s3_backends
from moto.ses.exceptions import AlreadyExists, InvalidS3ConfigurationException, RuleDoesNotExist, RuleSetDoesNotExist
from moto.ses.models import EmailIdentity, SESBackend, ses_backends
from moto.ses.responses import EmailResponse
from moto.sesv2.models import SESV2Backend
from moto.sesv2.responses import SESV2Response

from sandbox.aws.iam.evaluation import Principal, Request, allows
from sandbox.aws.records import canonical, lookup
from sandbox.aws.services.context import current
from sandbox.aws.services.patching import replaces

log = logging.getLogger(__name__)

_DKIM_ZONE = "dkim.amazonses.com"
_DEFAULT_KEY_LENGTH = "RSA_2048_BIT"
Response = tuple[str, list[tuple[str, str]], bytes]


def _tokens(account_id: str, domain: str) -> list[str]:
    # Derived from the name, so the DNS records of a deleted identity verify it when it is created again.
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


@replaces(
    EmailIdentity,
    because="moto's DKIM attributes have timestamps as text and no key length",
    page="https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_DkimAttributes.html",
)
def __init__(original: Any, self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807  (the method's name)
    original(self, *args, **kwargs)
    wanted = self.dkim_signing_attributes if isinstance(self.dkim_signing_attributes, dict) else {}
    length = wanted.get("NextSigningKeyLength") or _DEFAULT_KEY_LENGTH
    self.dkim_attributes.update(
        NextSigningKeyLength=length, CurrentSigningKeyLength=length, LastKeyGenerationTimestamp=int(time.time())
    )


@replaces(
    SESV2Response,
    because="moto has no DKIM tokens, status or AlreadyExistsException, and files tags under another ARN",
    page="https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_CreateEmailIdentity.html",
)
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
    # Moto files them under email-identity/<name>, and tags are read by the identity's ARN.
    tags = {tag["Key"]: tag["Value"] for tag in self._get_param("Tags") or []}
    backend.tag_resource(_arn(backend, name), tags)
    if identity.identity_type == "EMAIL_ADDRESS":
        _ask_to_confirm(backend.account_id, name)
    described = _described(backend.account_id, identity)
    return json.dumps({key: described[key] for key in ("IdentityType", "VerifiedForSendingStatus", "DkimAttributes")})


@replaces(
    SESV2Response,
    because="moto returns other attributes than CreateEmailIdentity did",
    page="https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetEmailIdentity.html",
)
def get_email_identity(_original: Any, self: Any) -> str:
    identity = self.sesv2_backend.get_email_identity(email_identity=self._get_param("EmailIdentity"))
    described = _described(self.sesv2_backend.account_id, identity)
    described["Tags"] = self.sesv2_backend.list_tags_for_resource(_arn(self.sesv2_backend, identity.email_identity))
    return json.dumps({key: value for key, value in described.items() if value is not None})


@replaces(
    SESV2Response,
    because="moto lists every identity as verified",
    page="https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_ListEmailIdentities.html",
)
def list_email_identities(original: Any, self: Any) -> str:
    document = json.loads(original(self))
    backend = self.sesv2_backend
    for listed in document["EmailIdentities"]:
        verified = _is_verified(backend.account_id, backend.get_email_identity(listed["IdentityName"]))
        listed.update(SendingEnabled=verified, VerificationStatus="SUCCESS" if verified else "PENDING")
    return json.dumps({key: value for key, value in document.items() if value is not None})


@replaces(
    SESV2Backend,
    because="moto answers 500 for an unknown identity; SES answers NotFoundException",
    page="https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_DeleteEmailIdentity.html",
)
def delete_email_identity(original: Any, self: Any, email_identity: str) -> None:
    self.get_email_identity(email_identity)
    self.core_backend.tagger.delete_all_tags_for_resource(_arn(self, email_identity))
    original(self, email_identity)


@replaces(
    SESBackend,
    because="moto sends no verification mail",
    page="https://docs.aws.amazon.com/ses/latest/APIReference/API_VerifyEmailIdentity.html",
)
def verify_email_identity(original: Any, self: Any, address: str) -> None:
    original(self, address)
    if not self.email_identities[address].verified_for_sending_status:
        _ask_to_confirm(self.account_id, address)


@replaces(
    SESBackend,
    because="moto answers Success for every identity",
    page="https://docs.aws.amazon.com/ses/latest/APIReference/API_GetIdentityVerificationAttributes.html",
)
def get_identity_verification_attributes(original: Any, self: Any, identities: list[str] | None = None) -> Any:
    answered = original(self, identities)
    for name, attributes in answered.items():
        verified = _is_verified(self.account_id, self.email_identities[name])
        attributes["VerificationStatus"] = "Success" if verified else "Pending"
    return answered


@replaces(
    SESBackend,
    because="moto's version 1 API shows other tokens and another status than version 2",
    page="https://docs.aws.amazon.com/ses/latest/APIReference/API_GetIdentityDkimAttributes.html",
)
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
    if not accepts(address):
        log.warning("no active receipt rule covers %s: its verification mail is lost", address)
        return
    try:
        deliver(
            "no-reply-aws@amazon.com",
            [address],
            verification_mail(address, link),
            peer="127.0.0.1",
            greeting="a1-1.smtp-out.amazonses.com",
        )
    except DeliveryError as error:
        log.warning("the verification mail for %s was not stored: %s", address, error)


def answer_click(host: str, query_string: str) -> Response | None:
    """Answer a request for the link of a verification mail. Return None for any other request."""
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


SETUP_KEY = "AMAZON_SES_SETUP_NOTIFICATION"

_SETUP_TEXT = """Dear Amazon Web Services customer,

You have successfully configured Amazon SES to deliver emails to this bucket with the rule {rule} of {rule_set}.
"""


class DeliveryError(RuntimeError):
    """A rule covers the mail, but its bucket does not accept it."""


@dataclass(frozen=True, kw_only=True)
class _Target:
    account_id: str
    region: str
    rule_set: str
    rule: str
    bucket: str
    prefix: str


def covers(rule: dict[str, Any], recipient: str) -> bool:
    """Whether an enabled rule covers an address: it lists the address, its domain, a parent domain with a leading dot,
    or nothing.

    https://docs.aws.amazon.com/ses/latest/APIReference/API_ReceiptRule.html
    """
    if not rule.get("Enabled"):
        return False
    address = recipient.lower()
    domain = address.rpartition("@")[2]
    listed = [entry.lower() for entry in rule.get("Recipients") or []]
    return not listed or any(
        entry in (address, domain) or (entry.startswith(".") and domain.endswith(entry)) for entry in listed
    )


def accepts(recipient: str) -> bool:
    """Whether a rule of the active rule set covers the recipient."""
    return any(covers(rule, recipient) for rule in _active_rules())


def deliver(sender: str, recipients: list[str], content: bytes, *, peer: str, greeting: str) -> str:
    """Apply the active rules to a mail in order, and return its id. Raises DeliveryError if a bucket rejects it."""
    context = current()
    message_id = "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(40))
    rule_set = _ses(context.account_id, context.region).describe_active_receipt_rule_set()
    rule_set_name = rule_set.name if rule_set else ""
    for rule in _active_rules():
        covered = [recipient for recipient in recipients if covers(rule, recipient)]
        if not covered:
            continue
        stop = False
        for action in rule.get("Actions") or []:
            if "S3Action" in action:
                target = _target(rule_set_name, rule["Name"], action["S3Action"])
                headers = _headers(message_id, sender, covered, rule, peer=peer, greeting=greeting)
                _store(target, message_id, headers + content)
            stop = stop or "StopAction" in action
        if stop:
            break
    context.changed()
    return message_id


def _active_rules() -> list[dict[str, Any]]:
    context = current()
    rule_set = _ses(context.account_id, context.region).describe_active_receipt_rule_set()
    return list(rule_set.rules) if rule_set else []


def _ses(account_id: str, region: str) -> SESBackend:
    return ses_backends[account_id][region]


def _target(rule_set: str, rule: str, action: dict[str, Any]) -> _Target:
    context = current()
    return _Target(
        account_id=context.account_id,
        region=context.region,
        rule_set=rule_set,
        rule=rule,
        bucket=action["BucketName"],
        prefix=action.get("ObjectKeyPrefix") or "",
    )


def _headers(
    message_id: str, sender: str, recipients: list[str], rule: dict[str, Any], *, peer: str, greeting: str
) -> bytes:
    context = current()
    verdicts = ("X-SES-Spam-Verdict: PASS", "X-SES-Virus-Verdict: PASS") if rule.get("ScanEnabled") else ()
    lines = (
        f"Return-Path: <{sender}>",
        f"Received: from {greeting} ({greeting} [{peer}])",
        f" by inbound-smtp.{context.region}.amazonaws.com with SMTP id {message_id}",
        f" for {recipients[0]};",
        f" {format_datetime(utcnow())} (UTC)",
        *verdicts,
        f"X-SES-RECEIPT: {secrets.token_urlsafe(24)}",
        "",
    )
    return "\r\n".join(lines).encode()


def _store(target: _Target, name: str, content: bytes) -> None:
    key = target.prefix + name
    refusal = _refusal(target, key)
    if refusal:
        raise DeliveryError(f"rule {target.rule} cannot write s3://{target.bucket}/{key}: {refusal}")
    s3_backends[target.account_id]["aws"].put_object(target.bucket, key, content)


def _refusal(target: _Target, key: str) -> str | None:
    """Return why SES may not write `key`, or None if the bucket exists and its policy allows this rule."""
    bucket = s3_backends[target.account_id]["aws"].buckets.get(target.bucket)
    if bucket is None:
        return "there is no such bucket"
    if not bucket.policy:
        return "the bucket has no policy"
    rule = f"receipt-rule-set/{target.rule_set}:receipt-rule/{target.rule}"
    request = Request(
        action="s3:PutObject",
        resource=f"arn:aws:s3:::{target.bucket}/{key}",
        principal=Principal(kind="Service", names=frozenset({"ses.amazonaws.com"})),
        context={
            "aws:SourceAccount": (target.account_id,),
            "aws:SourceArn": (f"arn:aws:ses:{target.region}:{target.account_id}:{rule}",),
            "aws:Referer": (target.account_id,),
            "aws:SecureTransport": ("true",),
            "s3:TlsVersion": ("1.3",),
        },
    )
    return (
        None
        if allows(bucket.policy, request)
        else "its policy does not allow s3:PutObject for ses.amazonaws.com and this rule"
    )


def _check(self: Any, rule_set_name: str, rule: dict[str, Any]) -> None:
    # All checks come before the first write: a rejected rule leaves nothing behind.
    self._validate_receipt_rule_actions(rule)
    targets = [
        _Target(
            account_id=self.account_id,
            region=self.region_name,
            rule_set=rule_set_name,
            rule=rule["Name"],
            bucket=action["S3Action"]["BucketName"],
            prefix=action["S3Action"].get("ObjectKeyPrefix") or "",
        )
        for action in rule.get("Actions") or []
        if "S3Action" in action
    ]
    for target in targets:
        if _refusal(target, target.prefix + SETUP_KEY):
            raise InvalidS3ConfigurationException(f"Could not write to bucket: {target.bucket}")
    for target in targets:
        _store(target, SETUP_KEY, _SETUP_TEXT.format(rule=target.rule, rule_set=target.rule_set).encode())


def _normal(rule: dict[str, Any]) -> dict[str, Any]:
    return {
        **rule,
        "Enabled": bool(rule.get("Enabled")),
        "ScanEnabled": bool(rule.get("ScanEnabled")),
        "TlsPolicy": rule.get("TlsPolicy") or "Optional",
    }


def _rule_set(self: Any, name: str) -> Any:
    found = self.receipt_rule_set.get(name)
    if found is None:
        raise RuleSetDoesNotExist(f"Rule set does not exist: {name}")
    return found


def _position(rules: list[dict[str, Any]], name: str) -> int:
    for position, rule in enumerate(rules):
        if rule["Name"] == name:
            return position
    raise RuleDoesNotExist(f"Rule does not exist: {name}")


@replaces(
    SESBackend,
    because="moto accepts a name that is taken and a bucket that SES cannot write to",
    page="https://docs.aws.amazon.com/ses/latest/APIReference/API_CreateReceiptRule.html",
)
def create_receipt_rule(
    original: Any, self: Any, rule_set_name: str, rule: dict[str, Any], after: str | None = None
) -> None:
    rules = _rule_set(self, rule_set_name).rules
    if any(other["Name"] == rule["Name"] for other in rules):
        raise AlreadyExists(f"Rule already exists: {rule['Name']}")
    if after:
        _position(rules, after)
    _check(self, rule_set_name, rule)
    original(self, rule_set_name, _normal(rule), after)


@replaces(
    SESBackend,
    because="moto updates a rule without the checks of its creation",
    page="https://docs.aws.amazon.com/ses/latest/APIReference/API_UpdateReceiptRule.html",
)
def update_receipt_rule(_original: Any, self: Any, rule_set_name: str, rule: dict[str, Any]) -> None:
    rules = _rule_set(self, rule_set_name).rules
    position = _position(rules, rule["Name"])
    _check(self, rule_set_name, rule)
    rules[position] = _normal(rule)


@replaces(
    EmailResponse,
    because="moto has no DeleteReceiptRule and answers 500",
    page="https://docs.aws.amazon.com/ses/latest/APIReference/API_DeleteReceiptRule.html",
)
def delete_receipt_rule(_original: Any, self: Any) -> EmptyResult:
    rule_set = _rule_set(self.backend, self._get_param("RuleSetName"))
    name = self._get_param("RuleName")
    rule_set.rules = [rule for rule in rule_set.rules if rule["Name"] != name]
    return EmptyResult()


@replaces(
    EmailResponse,
    because="moto has no SetReceiptRulePosition, which a change of `after` calls",
    page="https://docs.aws.amazon.com/ses/latest/APIReference/API_SetReceiptRulePosition.html",
)
def set_receipt_rule_position(_original: Any, self: Any) -> EmptyResult:
    rules = _rule_set(self.backend, self._get_param("RuleSetName")).rules
    moved = rules[_position(rules, self._get_param("RuleName"))]
    after = self._get_param("After")
    rest = [rule for rule in rules if rule is not moved]
    rest.insert(_position(rest, after) + 1 if after else 0, moved)
    rules[:] = rest
    return EmptyResult()


def verification_mail(address: str, link: str) -> bytes:
    """Return the verification mail of an address, quoted-printable as AWS sends it."""
    context = current()
    text = (
        "Dear Amazon Web Services Customer,\n\n"
        "We have received a request to authorize this email address for use with Amazon SES in region "
        f"{context.region}.\n"
        "If you requested this verification, please go to the following URL to confirm that you are authorized to use "
        f"this email address:\n\n{link}\n\nYour request will not be processed unless you confirm the address.\n"
    )
    charset = Charset("utf-8")
    charset.body_encoding = QP
    message = MIMEText(text, "plain", charset)  # type: ignore[arg-type]
    message["From"] = "Amazon Web Services <no-reply-aws@amazon.com>"
    message["To"] = address
    message["Subject"] = f"Amazon Web Services - Email Address Verification Request in region {context.region}"
    message["Date"] = format_datetime(utcnow())
    return message.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
