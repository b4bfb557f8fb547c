"""The permissions that requests to S3 need.

Owns the table from S3 operations to IAM actions, and their condition keys. Leaves out access points, ACLs (they grant
nothing with BucketOwnerEnforced) and the bypass of object lock.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
"""

from collections.abc import Iterable
from urllib.parse import parse_qsl, unquote

import xmltodict  # type: ignore[import-untyped]
from moto.s3.models import FakeBucket, s3_backends

from sandbox.aws.iam import publicity
from sandbox.aws.iam.access import EVERYTHING, Access
from sandbox.aws.iam.callers import Caller
from sandbox.aws.iam.documents import Document
from sandbox.aws.iam.patterns import Values
from sandbox.aws.iam.received import MalformedError, Received

#: IAM action by operation, where the two names differ.
_ACTIONS = {
    "AbortMultipartUpload": "AbortMultipartUpload",
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteBucketAnalyticsConfiguration": "PutAnalyticsConfiguration",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketIntelligentTieringConfiguration": "PutIntelligentTieringConfiguration",
    "DeleteBucketInventoryConfiguration": "PutInventoryConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketMetricsConfiguration": "PutMetricsConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeleteObjects": "DeleteObject",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketAnalyticsConfiguration": "GetAnalyticsConfiguration",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketIntelligentTieringConfiguration": "GetIntelligentTieringConfiguration",
    "GetBucketInventoryConfiguration": "GetInventoryConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketMetricsConfiguration": "GetMetricsConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListBucketAnalyticsConfigurations": "GetAnalyticsConfiguration",
    "ListBucketIntelligentTieringConfigurations": "GetIntelligentTieringConfiguration",
    "ListBucketInventoryConfigurations": "GetInventoryConfiguration",
    "ListBucketMetricsConfigurations": "GetMetricsConfiguration",
    "ListBuckets": "ListAllMyBuckets",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListParts": "ListMultipartUploadParts",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "PutBucketAnalyticsConfiguration": "PutAnalyticsConfiguration",
    "PutBucketCors": "PutBucketCORS",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketIntelligentTieringConfiguration": "PutIntelligentTieringConfiguration",
    "PutBucketInventoryConfiguration": "PutInventoryConfiguration",
    "PutBucketLifecycle": "PutLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketMetricsConfiguration": "PutMetricsConfiguration",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "SelectObjectContent": "GetObject",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
}

#: Action for a request that names an object version, by the action without one.
_OF_A_VERSION = {
    "GetObject": "GetObjectVersion",
    "GetObjectAcl": "GetObjectVersionAcl",
    "GetObjectAttributes": "GetObjectVersionAttributes",
    "GetObjectTagging": "GetObjectVersionTagging",
    "DeleteObject": "DeleteObjectVersion",
    "DeleteObjectTagging": "DeleteObjectVersionTagging",
    "PutObjectAcl": "PutObjectVersionAcl",
    "PutObjectTagging": "PutObjectVersionTagging",
}

#: The second action that a request with this header needs.
_BY_HEADER = {
    ("PutObject", "x-amz-tagging"): "PutObjectTagging",
    ("PutObject", "x-amz-acl"): "PutObjectAcl",
    ("CreateBucket", "x-amz-acl"): "PutBucketAcl",
    ("CreateBucket", "x-amz-object-ownership"): "PutBucketOwnershipControls",
}

#: Query parameters that select another operation on a bucket or an object. S3 accepts one of them per request.
_SUBRESOURCES = frozenset(
    {
        "abac", "accelerate", "acl", "analytics", "attributes", "cors", "delete", "encryption", "intelligent-tiering",
        "inventory", "legal-hold", "lifecycle", "location", "logging", "metrics", "notification", "object-lock",
        "ownershipControls", "policy", "policyStatus", "publicAccessBlock", "replication", "requestPayment", "restore",
        "retention", "select", "session", "tagging", "torrent", "uploadId", "uploads", "versioning", "versions",
        "website",
    }
)  # fmt: skip

_QUERY_KEYS = {
    "prefix": "s3:prefix",
    "delimiter": "s3:delimiter",
    "max-keys": "s3:max-keys",
    "versionId": "s3:VersionId",
}

_HEADER_KEYS = (
    "x-amz-acl",
    "x-amz-content-sha256",
    "x-amz-copy-source",
    "x-amz-metadata-directive",
    "x-amz-object-ownership",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-storage-class",
    "x-amz-website-redirect-location",
)


def needs(received: Received, caller: Caller, account_id: str) -> list[Access]:
    """The permissions that a request to S3 needs. Raises MalformedError."""
    _check_one_subresource(received)
    keys = _keys(received)
    bucket_name, key = received.labels.get("Bucket", ""), received.labels.get("Key")
    operation = received.operation
    if operation == "ListBuckets":
        return [Access(action="s3:ListAllMyBuckets", resource=EVERYTHING, account_id=account_id, keys=keys)]
    if not bucket_name:
        return [Access(action=f"s3:{operation}", resource=None, account_id=account_id, keys=keys)]
    action = _ACTIONS.get(operation, operation)
    if operation == "DeleteObjects":
        return [
            _on(bucket_name, deleted, _versioned("DeleteObject", version), account_id, caller, keys)
            for deleted, version in _deletions(received)
        ]
    if received.query.get("versionId"):
        action = _OF_A_VERSION.get(action, action)
    tags = dict(new_bucket_tags(received.body)) if operation == "CreateBucket" else {}
    if tags:
        keys |= {"aws:TagKeys": tuple(tags), **{f"aws:RequestTag/{name}": (value,) for name, value in tags.items()}}
    found = [_on(bucket_name, key, action, account_id, caller, keys)]
    if tags:
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html says so under "Permissions".
        found.append(_on(bucket_name, None, "TagResource", account_id, caller, keys))
    found += [
        _on(bucket_name, key, second, account_id, caller, keys)
        for (first, header), second in _BY_HEADER.items()
        if first == action and header in received.headers
    ]
    if operation == "GetObjectAttributes":
        found.append(_on(bucket_name, key, "GetObject", account_id, caller, keys))
    if operation in ("CopyObject", "UploadPartCopy"):
        found.append(_source(received, account_id, caller, keys))
    return found


def new_bucket_tags(body: bytes | str) -> list[tuple[str, str]]:
    """Key and value of each tag in the body of CreateBucket. Raises MalformedError."""
    if not body:
        return []
    try:
        parsed = xmltodict.parse(body, strip_whitespace=False, force_list=("Tag",))
        tags = ((parsed["CreateBucketConfiguration"] or {}).get("Tags") or {}).get("Tag", [])
        return [(str(tag["Key"]), str(tag["Value"] or "")) for tag in tags]
    except (KeyError, TypeError, AttributeError, xmltodict.expat.ExpatError) as error:
        raise MalformedError("The XML you provided was not well-formed.") from error


def subresource(query: Iterable[str]) -> str | None:
    """The query parameter that selects another operation on a bucket or an object. None if there is none."""
    return min(_SUBRESOURCES.intersection(query), default=None)


def look_for_missing(received: Received, caller: Caller, account_id: str) -> Access | None:
    """The permission to learn that an object does not exist. None if it exists or the request reads no object."""
    if received.operation not in ("GetObject", "HeadObject", "GetObjectAttributes", "GetObjectTagging"):
        return None
    bucket = _bucket(received.labels.get("Bucket", ""))
    key = received.labels.get("Key")
    if bucket is None or key is None or bucket.keys.get(key) is not None:
        return None
    return _on(bucket.name, None, "ListBucket", account_id, caller, {})


def bucket_exists(received: Received) -> bool:
    """Whether the request's bucket exists. S3 checks this before it checks permissions."""
    return _bucket(received.labels.get("Bucket", "")) is not None


def guard(bucket: FakeBucket, name: str) -> bool:
    """Whether a flag of the public access block is set, for the bucket or for its account."""
    from moto.s3control.models import s3control_backends

    blocks = (bucket.public_access_block, s3control_backends[bucket.account_id]["aws"].public_access_block)
    return any(getattr(block, name) for block in blocks if block is not None)


def _bucket(name: str) -> FakeBucket | None:
    _, owner = s3_backends.bucket_accounts.get(name, ("aws", ""))
    return s3_backends[owner]["aws"].buckets.get(name) if owner else None


def _on(
    bucket_name: str, key: str | None, action: str, account_id: str, caller: Caller, keys: dict[str, Values]
) -> Access:
    bucket = _bucket(bucket_name)
    owner = bucket.account_id if bucket else account_id
    arn = f"arn:aws:s3:::{bucket_name}"
    return Access(
        action=f"s3:{action}",
        resource=arn if key is None else f"{arn}/{key}",
        account_id=owner,
        policy=_policy(bucket, caller) if bucket else None,
        keys={**keys, "s3:ResourceAccount": (owner,)},
    )


def _policy(bucket: FakeBucket, caller: Caller) -> Document | None:
    policy: bytes | None = bucket.policy
    if policy is None:
        return None
    outsider = caller.account_id != bucket.account_id
    if outsider and guard(bucket, "restrict_public_buckets") and publicity.is_public(policy):
        # RestrictPublicBuckets limits what a public policy allows to the bucket's own account.
        return publicity.denials(policy)
    return policy


def _versioned(action: str, version: str | None) -> str:
    return _OF_A_VERSION[action] if version else action


def _deletions(received: Received) -> list[tuple[str, str | None]]:
    try:
        listed = xmltodict.parse(received.body, strip_whitespace=False, force_list=("Object",))["Delete"]["Object"]
        return [(str(one["Key"]), one.get("VersionId")) for one in listed]
    except (ValueError, KeyError, TypeError, xmltodict.expat.ExpatError) as error:
        raise MalformedError("The XML you provided was not well-formed.") from error


def _source(received: Received, account_id: str, caller: Caller, keys: dict[str, Values]) -> Access:
    path, _, query = received.headers["x-amz-copy-source"].partition("?versionId=")
    bucket_name, _, key = unquote(path).lstrip("/").partition("/")
    return _on(bucket_name, key, _versioned("GetObject", query), account_id, caller, keys)


def _keys(received: Received) -> dict[str, Values]:
    keys: dict[str, Values] = {
        name: (received.query[parameter],) for parameter, name in _QUERY_KEYS.items() if parameter in received.query
    }
    keys |= {f"s3:{header}": (received.headers[header],) for header in _HEADER_KEYS if header in received.headers}
    tags = dict(parse_qsl(received.headers.get("x-amz-tagging", ""), keep_blank_values=True))
    if tags:
        keys["s3:RequestObjectTagKeys"] = tuple(tags)
        keys |= {f"s3:RequestObjectTag/{key}": (value,) for key, value in tags.items()}
    if received.credential is not None:
        keys["s3:authType"] = ("REST-QUERY-STRING" if received.credential.presigned else "REST-HEADER",)
        keys["s3:signatureversion"] = ("AWS4-HMAC-SHA256",)
    keys["s3:TlsVersion"] = ("1.3",)
    return keys


def _check_one_subresource(received: Received) -> None:
    named = sorted(_SUBRESOURCES & set(received.query))
    if len(named) > 1:
        raise MalformedError(f"Conflicting query string parameters: {', '.join(named)}")


def control_needs(received: Received, account_id: str) -> list[Access]:
    """The permissions that a request to S3 Control needs: on the account's public access block or a resource's tags."""
    named = {
        "GetPublicAccessBlock": "GetAccountPublicAccessBlock",
        "PutPublicAccessBlock": "PutAccountPublicAccessBlock",
        "DeletePublicAccessBlock": "PutAccountPublicAccessBlock",
    }
    if received.operation in named:
        return [Access(action=f"s3:{named[received.operation]}", resource=EVERYTHING, account_id=account_id)]
    resource = received.labels.get("ResourceArn") or received.labels.get("resourceArn")
    return [Access(action=f"s3:{received.operation}", resource=resource, account_id=account_id)]
