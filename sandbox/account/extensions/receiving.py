"""SES receiving: receipt rules, who a rule covers, and storing mail where a rule says.

Owns the rules' order and checks, and the write into a bucket under that bucket's policy. Leaves out SMTP (mail.py).
"""

import secrets
import string
from dataclasses import dataclass
from email.charset import QP, Charset
from email.mime.text import MIMEText
from email.utils import format_datetime
from typing import Any

from moto.core.responses import EmptyResult
from moto.core.utils import utcnow
from moto.s3.models import s3_backends
from moto.ses.exceptions import AlreadyExists, InvalidS3ConfigurationException, RuleDoesNotExist, RuleSetDoesNotExist
from moto.ses.models import SESBackend, ses_backends
from moto.ses.responses import EmailResponse

from sandbox.account.authorization.evaluation import Principal, Request, allows
from sandbox.account.extensions.context import current
from sandbox.account.extensions.patching import replaces

SETUP_KEY = "AMAZON_SES_SETUP_NOTIFICATION"

_SETUP_TEXT = """Dear Amazon Web Services customer,

You have successfully configured Amazon SES to deliver emails to this bucket with the rule {rule} of {rule_set}.
"""


class DeliveryError(RuntimeError):
    """A rule covers the mail, and its bucket does not take it."""


@dataclass(frozen=True, kw_only=True)
class _Target:
    account_id: str
    region: str
    rule_set: str
    rule: str
    bucket: str
    prefix: str


def covers(rule: dict[str, Any], recipient: str) -> bool:
    """An enabled rule covers an address by its name, its domain, a parent domain with a dot, or by naming nothing."""
    if not rule.get("Enabled"):
        return False
    address = recipient.lower()
    domain = address.rpartition("@")[2]
    listed = [entry.lower() for entry in rule.get("Recipients") or []]
    return not listed or any(
        entry in (address, domain) or (entry.startswith(".") and domain.endswith(entry)) for entry in listed
    )


def accepts(recipient: str) -> bool:
    """A rule of the active rule set covers the recipient."""
    return any(covers(rule, recipient) for rule in _active_rules())


def deliver(sender: str, recipients: list[str], content: bytes, *, peer: str, greeting: str) -> str:
    """Run the active rules over a mail, in order; returns its id. Raises DeliveryError when a bucket refuses."""
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
    """Why SES may not write `key`, or None: the bucket exists and its policy lets this rule in."""
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
    return None if allows(bucket.policy, request) else "its policy does not let ses.amazonaws.com s3:PutObject for it"


def _check(self: Any, rule_set_name: str, rule: dict[str, Any]) -> None:
    # Both checks come before the first object: a refused rule leaves nothing behind.
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


@replaces(SESBackend, because="a second rule of the same name is AlreadyExists, and SES must be able to write")
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


@replaces(SESBackend, because="an update is checked as a creation is")
def update_receipt_rule(_original: Any, self: Any, rule_set_name: str, rule: dict[str, Any]) -> None:
    rules = _rule_set(self, rule_set_name).rules
    position = _position(rules, rule["Name"])
    _check(self, rule_set_name, rule)
    rules[position] = _normal(rule)


@replaces(EmailResponse, because="moto has no DeleteReceiptRule (500)")
def delete_receipt_rule(_original: Any, self: Any) -> EmptyResult:
    rule_set = _rule_set(self.backend, self._get_param("RuleSetName"))
    name = self._get_param("RuleName")
    rule_set.rules = [rule for rule in rule_set.rules if rule["Name"] != name]
    return EmptyResult()


@replaces(EmailResponse, because="moto has no SetReceiptRulePosition, which a change of `after` calls")
def set_receipt_rule_position(_original: Any, self: Any) -> EmptyResult:
    rules = _rule_set(self.backend, self._get_param("RuleSetName")).rules
    moved = rules[_position(rules, self._get_param("RuleName"))]
    after = self._get_param("After")
    rest = [rule for rule in rules if rule is not moved]
    rest.insert(_position(rest, after) + 1 if after else 0, moved)
    rules[:] = rest
    return EmptyResult()


def verification_mail(address: str, link: str) -> bytes:
    """The mail in which AWS asks an address to confirm itself, quoted-printable as AWS sends it."""
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
