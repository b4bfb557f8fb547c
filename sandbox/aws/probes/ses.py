"""Probes of SES: identities, and receipt rules in a rule set that is not active."""

from typing import Any

from sandbox.aws.probes.ground import Ground, observe, policy, statement
from sandbox.aws.probes.rows import Answers, probe

_IDENTITY = ("an SES identity below the account's domain, never verified",)
_RULE = ("a bucket", "a receipt rule set, not active", "a receipt rule in it")
_DKIM = (
    "IdentityType",
    "VerifiedForSendingStatus",
    "DkimAttributes.Status",
    "DkimAttributes.NextSigningKeyLength",
    "DkimAttributes.CurrentSigningKeyLength",
    "DkimAttributes.SigningAttributesOrigin",
    "length(DkimAttributes.Tokens || `[]`)",
)


@probe(
    "EmailIdentity.__init__",
    "SESV2Response.get_email_identity",
    calls="sesv2 CreateEmailIdentity, GetEmailIdentity",
    makes=_IDENTITY,
)
def identity_has_its_key_lengths(ground: Ground) -> Answers:
    """A domain's identity has three DKIM tokens and key lengths, the wanted one for its next key."""
    short = {"DkimSigningAttributes": {"NextSigningKeyLength": "RSA_1024_BIT"}}
    ses = ground.client("sesv2")
    return {
        "default": observe(ses.get_email_identity, *_DKIM, EmailIdentity=ground.identity()),
        "1024 bits": observe(ses.get_email_identity, *_DKIM, EmailIdentity=ground.identity(**short)),
    }


@probe("SESV2Response.create_email_identity", calls="sesv2 CreateEmailIdentity", makes=_IDENTITY)
def identity_is_created_once(ground: Ground) -> Answers:
    """A second creation of an identity is AlreadyExistsException."""
    return {"again": observe(ground.client("sesv2").create_email_identity, EmailIdentity=ground.identity())}


@probe("SESV2Response.list_email_identities", calls="sesv2 ListEmailIdentities", makes=_IDENTITY)
def unverified_identity_is_listed_as_such(ground: Ground) -> Answers:
    """A list of identities shows which are verified."""
    name, ses = ground.identity(), ground.client("sesv2")
    pages: list[dict[str, Any]] = [ses.list_email_identities(PageSize=1000)]
    while pages[-1].get("NextToken"):
        pages.append(ses.list_email_identities(PageSize=1000, NextToken=pages[-1]["NextToken"]))
    listed = {one["IdentityName"]: one for page in pages for one in page["EmailIdentities"]}
    return {key: listed[name].get(key) for key in ("IdentityType", "SendingEnabled", "VerificationStatus")}


@probe("SESV2Backend.delete_email_identity", calls="sesv2 DeleteEmailIdentity")
def unknown_identity_is_not_found(ground: Ground) -> Answers:
    """The deletion of an unknown identity is NotFoundException."""
    return {
        "delete": observe(ground.client("sesv2").delete_email_identity, EmailIdentity=f"none.{ground.domain}"),
    }


@probe(
    "SESBackend.verify_email_identity",
    calls="ses VerifyEmailIdentity",
    makes=("a verification mail",),
    unsafe="sends a mail",
)
def address_is_verified_by_a_mail(ground: Ground) -> Answers:
    """An address' identity is verified by the link in a mail that SES sends there."""
    bucket, rule_set = ground.bucket(), ground.rule_set()
    ses, s3 = ground.client("ses"), ground.client("s3")
    s3.put_bucket_policy(Bucket=bucket, Policy=_lets_ses_write(bucket))
    ses.create_receipt_rule(RuleSetName=rule_set, Rule=receipt_rule("in", bucket, ground.domain))
    before = ses.describe_active_receipt_rule_set().get("Metadata", {}).get("Name")
    ground.undo("ses", "set_active_receipt_rule_set", **({"RuleSetName": before} if before else {}))
    ses.set_active_receipt_rule_set(RuleSetName=rule_set)
    ground.undo("ses", "delete_identity", Identity=f"probe@{ground.domain}")
    ses.verify_email_identity(EmailAddress=f"probe@{ground.domain}")
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    for key in keys:
        ground.undo("s3", "delete_object", Bucket=bucket, Key=key)
    return {"mails": len([key for key in keys if not key.endswith("SETUP_NOTIFICATION")])}


@probe(
    "SESBackend.get_identity_verification_attributes",
    calls="ses GetIdentityVerificationAttributes",
    makes=_IDENTITY,
)
def unverified_identity_is_pending(ground: Ground) -> Answers:
    """The version 1 API shows an unverified identity as Pending."""
    name, call = ground.identity(), ground.client("ses").get_identity_verification_attributes
    return {"status": observe(call, "values(VerificationAttributes)[].VerificationStatus", Identities=[name])}


@probe(
    "SESBackend.get_identity_dkim_attributes",
    calls="ses GetIdentityDkimAttributes, sesv2 GetEmailIdentity",
    makes=_IDENTITY,
)
def both_versions_show_one_identity(ground: Ground) -> Answers:
    """Both versions of the API show the same DKIM tokens and status."""
    name = ground.identity()
    newer = ground.client("sesv2").get_email_identity(EmailIdentity=name).get("DkimAttributes", {}).get("Tokens")
    older = ground.client("ses").get_identity_dkim_attributes(Identities=[name])["DkimAttributes"].get(name, {})
    return {
        "same tokens": bool(newer) and older.get("DkimTokens") == newer,
        "status": older.get("DkimVerificationStatus"),
        "enabled": older.get("DkimEnabled"),
    }


def _lets_ses_write(bucket: str) -> str:
    return policy(
        statement("s3:PutObject", f"arn:aws:s3:::{bucket}/inbound/*", Principal={"Service": "ses.amazonaws.com"})
    )


def receipt_rule(name: str, bucket: str, *recipients: str) -> dict[str, Any]:
    """A rule that writes mail for the recipients to the bucket."""
    return {
        "Name": name,
        "Enabled": True,
        "Recipients": list(recipients),
        "ScanEnabled": True,
        "TlsPolicy": "Optional",
        "Actions": [{"S3Action": {"BucketName": bucket, "ObjectKeyPrefix": "inbound/"}}],
    }


def _writable(ground: Ground) -> str:
    """A bucket that SES may write to. SES puts a notice there when a rule is made."""
    bucket = ground.bucket()
    ground.undo("s3", "delete_object", Bucket=bucket, Key="inbound/AMAZON_SES_SETUP_NOTIFICATION")
    ground.client("s3").put_bucket_policy(Bucket=bucket, Policy=_lets_ses_write(bucket))
    return bucket


@probe("SESBackend.create_receipt_rule", calls="ses CreateReceiptRule, s3 ListObjectsV2", makes=_RULE)
def rule_needs_a_bucket_it_may_write_to(ground: Ground) -> Answers:
    """A receipt rule is created only if SES can write to its bucket, where it leaves a notice."""
    ses, rule_set, closed, bucket = ground.client("ses"), ground.rule_set(), ground.bucket(), _writable(ground)
    ground.undo("ses", "delete_receipt_rule", RuleSetName=rule_set, RuleName="in")

    def create(name: str) -> dict[str, Any]:
        return observe(ses.create_receipt_rule, RuleSetName=rule_set, Rule=receipt_rule("in", name, ground.domain))

    return {
        "no such bucket": create(f"{bucket}-none"),
        "no permission": create(closed),
        "permission": create(bucket),
        "again": create(bucket),
        "notice": observe(ground.client("s3").list_objects_v2, "Contents[].Key", Bucket=bucket),
    }


@probe("SESBackend.update_receipt_rule", calls="ses UpdateReceiptRule", makes=_RULE)
def rule_is_checked_on_update(ground: Ground) -> Answers:
    """A receipt rule's bucket is checked again when the rule changes."""
    ses, rule_set, closed, bucket = ground.client("ses"), ground.rule_set(), ground.bucket(), _writable(ground)
    ground.undo("ses", "delete_receipt_rule", RuleSetName=rule_set, RuleName="in")
    ses.create_receipt_rule(RuleSetName=rule_set, Rule=receipt_rule("in", bucket, ground.domain))

    def update(name: str, rule: str = "in") -> dict[str, Any]:
        return observe(ses.update_receipt_rule, RuleSetName=rule_set, Rule=receipt_rule(rule, name, ground.domain))

    return {"no permission": update(closed), "permission": update(bucket), "no such rule": update(bucket, "none")}


_EMPTY_RULE = ("a receipt rule set, not active", "receipt rules without actions in it")


def _rules(ground: Ground, *names: str) -> str:
    rule_set = ground.rule_set()
    for name in reversed(names):
        ground.undo("ses", "delete_receipt_rule", RuleSetName=rule_set, RuleName=name)
        ground.client("ses").create_receipt_rule(RuleSetName=rule_set, Rule={"Name": name, "Actions": []})
    return rule_set


def _order(ground: Ground, rule_set: str) -> dict[str, Any]:
    return observe(ground.client("ses").describe_receipt_rule_set, "Rules[].Name", RuleSetName=rule_set)


@probe("EmailResponse.delete_receipt_rule", calls="ses DeleteReceiptRule", makes=_EMPTY_RULE)
def rule_is_deleted_twice(ground: Ground) -> Answers:
    """The deletion of a receipt rule succeeds, also a second time."""
    ses, rule_set = ground.client("ses"), _rules(ground, "a", "b")
    return {
        "delete": observe(ses.delete_receipt_rule, RuleSetName=rule_set, RuleName="a"),
        "again": observe(ses.delete_receipt_rule, RuleSetName=rule_set, RuleName="a"),
        "left": _order(ground, rule_set),
    }


@probe("EmailResponse.set_receipt_rule_position", calls="ses SetReceiptRulePosition", makes=_EMPTY_RULE)
def rule_is_moved(ground: Ground) -> Answers:
    """A receipt rule moves behind another, or to the start without one."""
    ses, rule_set = ground.client("ses"), _rules(ground, "a", "b")
    orders = {"created": _order(ground, rule_set)}
    for step, after in (("a behind b", {"After": "b"}), ("a first", {})):
        moved = observe(ses.set_receipt_rule_position, RuleSetName=rule_set, RuleName="a", **after)
        orders[step] = {**moved, **_order(ground, rule_set)}
    call = ses.set_receipt_rule_position
    return {**orders, "no such rule": observe(call, RuleSetName=rule_set, RuleName="none")}
