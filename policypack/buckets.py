"""Rules about buckets: every bucket has its guards, and every guard has its full strength."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from components import arns
from policypack.facts import Facts
from policypack.planned import UNKNOWN, Resource, ResourceRule, StackRule, listed, statements

BUCKET = "aws:s3/bucket:Bucket"
_PUBLIC_ACCESS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
_ALGORITHMS = ("AES256", "aws:kms", "aws:kms:dsse")


def _public_access(resource: Resource) -> Iterator[str]:
    for key in _PUBLIC_ACCESS:
        if resource.get(key) is not True:
            yield f"{key} is {resource.get(key)}, not true"


def _ownership(resource: Resource) -> Iterator[str]:
    owner = resource.get("rule", "objectOwnership")
    if owner != "BucketOwnerEnforced":
        yield f"objectOwnership is {owner}, not BucketOwnerEnforced: access lists count"


def _encryption(resource: Resource) -> Iterator[str]:
    rules = listed(resource.get("rules"))
    used = [resource.get("rules", at, "applyServerSideEncryptionByDefault", "sseAlgorithm") for at in range(len(rules))]
    if not used or not set(used) <= set(_ALGORITHMS):
        yield f"default encryption is {used or 'none'}, not one of {', '.join(_ALGORITHMS)}"


def _policy(resource: Resource) -> Iterator[str]:
    bucket = resource.get("bucket")
    for _, document in resource.documents():
        if document is None or not any(_denies_plain_http(item, bucket) for item in statements(document, "Deny")):
            yield "no statement denies every principal every action on bucket and objects over plain HTTP"


def _denies_plain_http(statement: Mapping[str, Any], bucket: Any) -> bool:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html"""
    return (
        statement.get("Principal") in ("*", {"AWS": "*"})
        and listed(statement.get("Action")) == ["s3:*"]
        and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
        and (
            not isinstance(bucket, str)
            or {arns.bucket(bucket), arns.objects(bucket, "*")} <= set(listed(statement.get("Resource")))
        )
    )


#: By type of resource, what every bucket needs: what to call it, and its check.
GUARDS: dict[str, tuple[str, Callable[[Resource], Iterator[str]]]] = {
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": ("block of public access", _public_access),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": ("enforced owner", _ownership),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        "default encryption",
        _encryption,
    ),
    "aws:s3/bucketPolicy:BucketPolicy": ("policy with the refusal of plain HTTP", _policy),
}


def _weakened(resource: Resource, _facts: Facts) -> Iterator[str]:
    if resource.type in GUARDS:
        yield from GUARDS[resource.type][1](resource)
    elif resource.type == "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock":
        yield from _public_access(resource)
    elif resource.type == "aws:s3/bucketAcl:BucketAcl":
        yield "an access list grants beside the policy"


def _unguarded(resources: Sequence[Resource], _facts: Facts) -> Iterator[tuple[Resource | None, str]]:
    for bucket in resources:
        if bucket.type != BUCKET:
            continue
        for kind, (guard, _) in GUARDS.items():
            if not any(_guards(resource, bucket) for resource in resources if resource.type == kind):
                yield bucket, f"has no {guard} ({kind})"


def _guards(resource: Resource, bucket: Resource) -> bool:
    if bucket.urn in resource.sources.get("bucket", ()):
        return True
    name = resource.get("bucket")
    return name is not None and name is not UNKNOWN and name == bucket.get("bucket")


RULES = (
    ResourceRule(
        name="bucket-guard-strength",
        forbids="A bucket guard with less than: four blocks of public access, owner enforced, encryption, plain HTTP "
        "denied, no access list",
        fix="Make the bucket with components/buckets.py, which has no switch for it.",
        check=_weakened,
    ),
    StackRule(
        name="bucket-guards-present",
        forbids="A bucket without one of its guards",
        fix="Make the bucket with components/buckets.py.",
        check=_unguarded,
    ),
)
