"""Every name and document of the longest stack that the settings accept fits what AWS and DNS take of it.

A longer one is rejected by ``settings.py``; ``tests/test_settings.py`` has those.
"""

import json
import re

import pytest

from components.naming import (
    CERTIFICATE_NAME_LIMIT,
    DKIM_TOKEN_LENGTH,
    DNS_NAME_LIMIT,
    ISSUER_LIMIT,
    TXT_LIMIT,
    of_settings,
)
from dev.recorder import INSTANCE_ID, PROJECT, Registered, run

IAM_NAME = r"[\w+=,.@-]{1,64}"
DNS_NAME = rf"(?=.{{1,{DNS_NAME_LIMIT}}}\Z)([a-z0-9_]([a-z0-9_-]{{0,61}}[a-z0-9])?\.)+[a-z]{{2,63}}"

#: By type and property: a pattern, or the most characters without spaces. IAM:
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
#: S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html, bucket-policies.html
#: EC2: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html, API_CreateKeyPair.html
#: SES: https://docs.aws.amazon.com/ses/latest/APIReference/API_ReceiptRule.html
LIMITS: dict[tuple[str, str], str | int] = {
    ("aws:iam/role:Role", "name"): IAM_NAME,
    ("aws:iam/role:Role", "description"): r".{0,1000}",
    ("aws:iam/role:Role", "assumeRolePolicy"): 2048,
    ("aws:iam/rolePolicy:RolePolicy", "name"): r"[\w+=,.@-]{1,128}",
    ("aws:iam/rolePolicy:RolePolicy", "policy"): 10240,
    ("aws:iam/user:User", "name"): IAM_NAME,
    ("aws:iam/userPolicy:UserPolicy", "name"): r"[\w+=,.@-]{1,128}",
    ("aws:iam/userPolicy:UserPolicy", "policy"): 2048,
    ("aws:iam/instanceProfile:InstanceProfile", "name"): r"[\w+=,.@-]{1,128}",
    ("aws:iam/openIdConnectProvider:OpenIdConnectProvider", "url"): rf"https://.{{1,{ISSUER_LIMIT - 8}}}",
    ("aws:s3/bucket:Bucket", "bucket"): r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
    ("aws:s3/bucketPolicy:BucketPolicy", "policy"): 20480,
    ("aws:ec2/securityGroup:SecurityGroup", "name"): r"(?!sg-)[A-Za-z0-9 ._:/()#,@\[\]+=&;{}!$*-]{1,255}",
    ("aws:ec2/securityGroup:SecurityGroup", "description"): r"[A-Za-z0-9 ._:/()#,@\[\]+=&;{}!$*-]{1,255}",
    ("aws:ec2/keyPair:KeyPair", "keyName"): r"[ -~]{1,255}",
    ("aws:ses/receiptRule:ReceiptRule", "name"): r"[A-Za-z0-9]([A-Za-z0-9_-]{0,62}[A-Za-z0-9])?",
    ("aws:ses/receiptRuleSet:ReceiptRuleSet", "ruleSetName"): r"[A-Za-z0-9]([A-Za-z0-9_-]{0,62}[A-Za-z0-9])?",
    ("aws:sesv2/emailIdentity:EmailIdentity", "emailIdentity"): rf"([^@]{{1,64}}@)?{DNS_NAME}",
    ("aws:route53/record:Record", "name"): DNS_NAME,
}
#: Tags: https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
TAG_KEY, TAG_VALUE = r"(?!aws:)[\w +=.:/@-]{1,128}", r"[\w +=.:/@-]{0,256}"

LONG_LABEL = "m" * 60


def zone_of(length: int) -> str:
    """A zone of ``length`` characters."""
    labels = ".".join([LONG_LABEL] * 4)
    return f"{labels[: length - 4].rstrip('.')}.org".rjust(length, "z")


def longest(**others: str) -> dict[str, str]:
    """Settings with the longest names that are accepted, for a suffix of the longest."""
    suffix = "-" + "s" * 16
    fits = max(length for length in range(20, 250) if _accepted(zone_of(length), suffix))
    return {"zone": zone_of(fits), "suffix": suffix, **others}


def _accepted(zone: str, suffix: str) -> bool:
    try:
        of_settings(account_id="429071895007", region="us-east-1", zone=zone, suffix=suffix, broker_host="",
                    mail_domain="", email_from="")  # fmt: skip
    except ValueError:
        return False
    return True


@pytest.fixture(scope="module", params=["federated", "static"])
def recorded(request, release):
    settings = longest(trust=request.param, accessKeyUsers=json.dumps(["daemon", "broker"]))
    zone = {"name": settings["zone"], "privateZone": False, "zoneId": "Z0"}
    assert len(settings["zone"]) > 150
    return run("test", changed={**release, **settings}, lookups={"aws:route53/getZone:getZone": zone}).custom


def too_long(item: Registered) -> list[str]:
    found = []
    for (kind, name), limit in LIMITS.items():
        value = item.inputs.get(name) if item.type == kind else None
        if value is None:
            continue
        # The recorder's DKIM tokens are short.
        whole = re.sub(r"^\w+(?=\._domainkey\.)", "x" * DKIM_TOKEN_LENGTH, value)
        fits = len("".join(value.split())) <= limit if isinstance(limit, int) else bool(re.fullmatch(limit, whole))
        if not fits:
            found.append(f"{item.name}: {name} has {len(value)} characters: {value!r}")
    for key, value in (item.inputs.get("tags") or {}).items():
        if not (re.fullmatch(TAG_KEY, key) and re.fullmatch(TAG_VALUE, value)):
            found.append(f"{item.name}: tag {key} = {value!r}")
    if item.inputs.get("type") == "TXT" and any(len(text) > TXT_LIMIT for text in item.inputs["records"]):
        found.append(f"{item.name}: a text has more than {TXT_LIMIT} characters")
    if item.inputs.get("type") == "A" and len(item.inputs["name"]) > CERTIFICATE_NAME_LIMIT:
        found.append(f"{item.name}: certbot cannot keep its certificate")
    return found


def test_every_name_and_document_of_the_longest_stack_fits(recorded):
    assert [line for item in recorded for line in too_long(item)] == []


def test_every_name_and_document_of_the_account_fits():
    names = {"githubRepository": "o" * 39 + "/" + "r" * 100, "deployInstanceId": INSTANCE_ID,
             "deployFrom": "ref:refs/heads/" + "b" * 100, "githubOwnerId": "1" * 12,
             "githubRepositoryId": "2" * 12}  # fmt: skip
    items = run("litentry", folder=PROJECT / "account", changed=names).custom
    assert [line for item in items for line in too_long(item)] == []


def test_every_property_with_a_limit_is_one_of_the_program(recorded, account):
    seen = {(item.type, name) for item in (*recorded, *account.custom) for name in item.inputs}
    assert LIMITS.keys() <= seen
