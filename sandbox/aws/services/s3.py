"""S3: a new bucket's defaults, checks of a bucket policy, encoded keys, and conditional copies and deletions.

Leaves out whether a policy allows a request (sandbox/aws/iam).
"""

from contextvars import ContextVar
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qs, quote_plus, unquote, urlparse

from moto.core.utils import utcnow
from moto.iam.access_control import PermissionResult
from moto.s3.exceptions import DuplicateTagKeys, MissingKey, NoSystemTags, PreconditionFailed, S3ClientError
from moto.s3.models import FakeBucket, PublicAccessBlock, S3Backend
from moto.s3.responses import S3Response

from sandbox.aws.iam.actions import s3
from sandbox.aws.iam.callers import CURRENT
from sandbox.aws.iam.documents import Statement, as_list, parsed, resources_named, statements
from sandbox.aws.iam.door import FORBIDDEN
from sandbox.aws.iam.publicity import is_public
from sandbox.aws.services.iam import unknown_principal
from sandbox.aws.services.patching import replaces

#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html
_LARGEST_POLICY = 20 * 1024


class MalformedPolicyError(S3ClientError):
    """S3 rejects the policy."""

    code = "MalformedPolicy"


class PolicyTooLargeError(S3ClientError):
    """S3 rejects the policy for its size."""

    code = "PolicyTooLarge"


class PublicPolicyError(S3ClientError):
    """S3 rejects a public policy."""

    status_code = 403
    code = "AccessDenied"


def _default_encryption() -> dict[str, Any]:
    return {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": "false"}}


@replaces(
    S3Backend,
    because="moto's new buckets lack the defaults: SSE-S3, BucketOwnerEnforced and all public access blocked",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html",
)
def create_bucket(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
    bucket = original(self, *args, **kwargs)
    bucket.encryption = _default_encryption()
    bucket.ownership_rule = "BucketOwnerEnforced"
    bucket.public_access_block = PublicAccessBlock("true", "true", "true", "true")
    return bucket


@replaces(
    S3Response,
    because="moto ignores the tags that a new bucket's request has",
    page="https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucketConfiguration.html",
)
def _bucket_response_put(original: Any, self: Any, request: Any, bucket_name: str, querystring: Any) -> Any:
    # Only a request that creates a bucket has no subresource.
    given = [] if s3.subresource(querystring) else s3.new_bucket_tags(self.body)
    tags = dict(given)
    if len(tags) < len(given):
        raise DuplicateTagKeys
    if any(key.startswith("aws:") for key in tags):
        raise NoSystemTags
    answer = original(self, request, bucket_name, querystring)
    if tags:
        self.backend.put_bucket_tagging(bucket_name, tags)
    return answer


@replaces(
    S3Backend,
    because="moto leaves a bucket without encryption; S3 resets it to SSE-S3",
    page="https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketEncryption.html",
)
def delete_bucket_encryption(_original: Any, self: Any, bucket_name: str) -> None:
    self.get_bucket(bucket_name).encryption = _default_encryption()


@replaces(
    S3Backend,
    because="moto stores policies that S3 rejects as malformed, too large or public",
    page="https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html",
)
def put_bucket_policy(original: Any, self: Any, bucket_name: str, policy: bytes) -> None:
    bucket = self.get_bucket(bucket_name)
    if len(policy) > _LARGEST_POLICY:
        raise PolicyTooLargeError("Policy exceeds the maximum allowed document size.")
    try:
        content = parsed(bytes(policy))
    except ValueError as error:
        raise MalformedPolicyError("Policies must be valid JSON and the first byte must be '{'") from error
    if not statements(content):
        raise MalformedPolicyError("Missing required field Statement")
    for statement in statements(content):
        _check_statement(statement)
    if unknown_principal(policy):
        raise MalformedPolicyError("Invalid principal in policy")
    own = f"arn:aws:s3:::{bucket_name}"
    if any(resource != own and not resource.startswith(f"{own}/") for resource in resources_named(content)):
        raise MalformedPolicyError("Policy has invalid resource")
    if s3.guard(bucket, "block_public_policy") and is_public(content):
        raise PublicPolicyError(
            f'User: {CURRENT.get().arn} is not authorized to perform: s3:PutBucketPolicy on resource: "{own}" because '
            "public policies are blocked by the BlockPublicPolicy block public access setting."
        )
    original(self, bucket_name, policy)


def _check_statement(statement: Statement) -> None:
    for elements in (("Effect",), ("Principal", "NotPrincipal"), ("Action", "NotAction"), ("Resource", "NotResource")):
        if not any(element in statement for element in elements):
            raise MalformedPolicyError(f"Missing required field {elements[0]}")
    if statement["Effect"] not in ("Allow", "Deny"):
        raise MalformedPolicyError(f"Invalid effect: {statement['Effect']}")
    actions = [str(action) for element in ("Action", "NotAction") for action in as_list(statement.get(element))]
    if any(action != "*" and not action.lower().startswith("s3:") for action in actions):
        raise MalformedPolicyError("Policy has invalid action")


@replaces(
    FakeBucket,
    because="moto reads the bucket policy only; the check in front of moto has read all policies",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html",
)
def get_permission(_original: Any, _self: Any, _action: str, resource: str) -> PermissionResult:
    return PermissionResult.DENIED if resource in FORBIDDEN.get() else PermissionResult.PERMITTED


@replaces(
    S3Response,
    because="moto ignores encoding-type, so a client that decodes the keys finds other ones",
    page="https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html",
)
def list_object_versions(original: Any, self: Any) -> Any:
    if self.querystring.get("encoding-type", [None])[0] != "url":
        return original(self)
    serialized = self.serialized

    def encoded(action: Any) -> Any:
        listed = action.result
        for item in (*listed["Versions"], *listed["DeleteMarkers"]):
            item["Key"] = quote_plus(item["Key"], safe="/")
        for item in listed.get("CommonPrefixes", ()):
            item["Prefix"] = quote_plus(item["Prefix"], safe="/")
        for field in ("Prefix", "Delimiter", "KeyMarker", "NextKeyMarker"):
            if listed.get(field):
                listed[field] = quote_plus(listed[field], safe="/")
        listed["EncodingType"] = "url"
        return serialized(action)

    self.serialized = encoded
    try:
        return original(self)
    finally:
        del self.serialized


def _is_met(etag: str, key: Any) -> bool:
    """Whether an object matches the value of ``If-Match``, which may have quotes."""
    return etag == "*" or etag.strip('"') == key.etag.strip('"')


def _check_current(self: Any, bucket: str, name: str, etag: str) -> None:
    key = self.get_object(bucket, name)
    if key is None:
        raise MissingKey(name)
    if not _is_met(etag, key):
        raise PreconditionFailed("If-Match")


@replaces(
    S3Response,
    because="moto ignores the conditions on the source and the destination of a copy",
    page="https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html",
)
def copy_object(original: Any, self: Any) -> Any:
    source = urlparse(self.headers["x-amz-copy-source"])
    bucket, _, name = unquote(source.path).lstrip("/").partition("/")
    version = parse_qs(source.query).get("versionId", [None])[0]
    read = self.backend.get_object(bucket, name, version_id=version)
    if read is not None:
        _check_source(self.headers, read)
    target = self.parse_key_name()
    if etag := self.headers.get("If-Match"):
        _check_current(self.backend, self.bucket_name, target, etag)
    if self.headers.get("If-None-Match") == "*" and self.backend.get_object(self.bucket_name, target) is not None:
        raise PreconditionFailed("If-None-Match")
    return original(self)


def _check_source(headers: Any, key: Any) -> None:
    """Check the conditions on the source. A condition on the ETag takes precedence over one on the time."""
    prefix, modified = "x-amz-copy-source-if-", key.last_modified.replace(microsecond=0)

    def moment(name: str) -> Any:
        given = headers.get(f"{prefix}{name}")
        return parsedate_to_datetime(given).replace(tzinfo=modified.tzinfo) if given else None

    etag, other = headers.get(f"{prefix}match"), headers.get(f"{prefix}none-match")
    before, after = moment("unmodified-since"), moment("modified-since")
    if not _is_met(etag, key) if etag else before is not None and modified > before:
        raise PreconditionFailed(f"{prefix}{'match' if etag else 'unmodified-since'}")
    if _is_met(other, key) if other else after is not None and modified <= after < utcnow():
        raise PreconditionFailed(f"{prefix}{'none-match' if other else 'modified-since'}")


#: Errors of the current DeleteObjects request: the keys whose condition failed.
_UNMET: ContextVar[list[dict[str, str]]] = ContextVar("unmet")


@replaces(
    S3Backend,
    because="moto ignores the condition on each key of a DeleteObjects request",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html",
)
def delete_objects(original: Any, self: Any, bucket_name: str, objects: list[dict[str, Any]], *args: Any) -> Any:
    met = []
    for wanted in objects:
        try:
            if etag := wanted.get("ETag"):
                _check_current(self, bucket_name, wanted["Key"], etag)
        except S3ClientError as refusal:
            _UNMET.get([]).append({"Key": wanted["Key"], "Code": str(refusal.code), "Message": str(refusal.message)})
        else:
            met.append(wanted)
    return original(self, bucket_name, met, *args)


@replaces(
    S3Response,
    because="moto does not list the keys whose condition failed among the errors",
    page="https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html",
)
def _bucket_response_delete_keys(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
    serialized = self.serialized
    unmet: list[dict[str, str]] = []
    entered = _UNMET.set(unmet)

    def completed(action: Any) -> Any:
        action.result["Errors"].extend(unmet)
        return serialized(action)

    self.serialized = completed
    try:
        return original(self, *args, **kwargs)
    finally:
        del self.serialized
        _UNMET.reset(entered)
