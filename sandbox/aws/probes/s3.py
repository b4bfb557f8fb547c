"""Probes of S3."""

from typing import Any

from sandbox.aws.probes.ground import Ground, observe, policy, statement
from sandbox.aws.probes.rows import Answers, probe

_BUCKET = ("a bucket",)
_OBJECT = ("a bucket", "empty objects in it")
_PUBLIC = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html"


def _document(bucket: str, **elements: Any) -> str:
    return policy({**statement("s3:GetObject", f"arn:aws:s3:::{bucket}/*"), **elements})


@probe(
    "S3Backend.create_bucket",
    calls="s3 CreateBucket, GetPublicAccessBlock, GetBucketOwnershipControls, GetBucketEncryption",
    makes=_BUCKET,
)
def new_bucket_has_its_guards(ground: Ground) -> Answers:
    """A new bucket blocks public access, ignores ACLs and encrypts with SSE-S3."""
    s3, bucket = ground.client("s3"), ground.bucket()
    rule = "ServerSideEncryptionConfiguration.Rules[].ApplyServerSideEncryptionByDefault.SSEAlgorithm"
    return {
        "public access": observe(s3.get_public_access_block, "PublicAccessBlockConfiguration", Bucket=bucket),
        "ownership": observe(
            s3.get_bucket_ownership_controls, "OwnershipControls.Rules[].ObjectOwnership", Bucket=bucket
        ),
        "encryption": observe(s3.get_bucket_encryption, rule, Bucket=bucket),
    }


@probe("S3Response._bucket_response_put", calls="s3 CreateBucket, GetBucketTagging", makes=_BUCKET)
def new_bucket_has_its_tags(ground: Ground) -> Answers:
    """A bucket can be created with tags."""
    bucket = ground.bucket(Tags=[{"Key": "k", "Value": "v"}])
    return {"tags": observe(ground.client("s3").get_bucket_tagging, "TagSet", Bucket=bucket)}


@probe("S3Backend.delete_bucket_encryption", calls="s3 DeleteBucketEncryption, GetBucketEncryption", makes=_BUCKET)
def encryption_falls_back_to_sse_s3(ground: Ground) -> Answers:
    """A bucket without an encryption setting of its own encrypts with SSE-S3."""
    s3, bucket = ground.client("s3"), ground.bucket()
    rule = "ServerSideEncryptionConfiguration.Rules[].ApplyServerSideEncryptionByDefault.SSEAlgorithm"
    return {
        "delete": observe(s3.delete_bucket_encryption, Bucket=bucket),
        "read": observe(s3.get_bucket_encryption, rule, Bucket=bucket),
    }


@probe("S3Backend.put_bucket_policy", calls="s3 PutBucketPolicy", makes=_BUCKET)
def bucket_policies_that_are_rejected(ground: Ground) -> Answers:
    """S3 rejects a bucket policy that is malformed, too large, of another bucket, or names an unknown principal."""
    s3, bucket = ground.client("s3"), ground.bucket()
    own = {"AWS": ground.account_arn("root")}
    nobody = {"AWS": ground.account_arn(f"role/{ground.prefix}-none")}
    large = f"arn:aws:s3:::{bucket}/" + "x" * 20 * 1024
    written = {
        "no JSON": "policy",
        "no statement": policy(),
        "no principal": _document(bucket),
        "unknown principal": _document(bucket, Principal=nobody),
        "another bucket": _document(f"{bucket}-other", Principal=own),
        "another service's action": _document(bucket, Principal=own, Action="iam:GetUser"),
        "an unknown effect": _document(bucket, Principal=own, Effect="Perhaps"),
        "too large": _document(bucket, Principal=own, Resource=large),
        "right": _document(bucket, Principal=own),
    }
    return {what: observe(s3.put_bucket_policy, Bucket=bucket, Policy=document) for what, document in written.items()}


@probe("iam.publicity", calls="s3 PutBucketPolicy", page=_PUBLIC, makes=_BUCKET)
def public_policies_are_refused(ground: Ground) -> Answers:
    """BlockPublicPolicy refuses a policy that allows everybody, unless a condition limits it to fixed values."""
    s3, bucket = ground.client("s3"), ground.bucket()

    def public(**condition: Any) -> str:
        return _document(bucket, Principal="*", **({"Condition": condition} if condition else {}))

    written = {
        "everybody": public(),
        "half of all addresses": public(IpAddress={"aws:SourceIp": "0.0.0.0/1"}),
        "any user id": public(StringLike={"aws:userid": "*"}),
        "some addresses": public(IpAddress={"aws:SourceIp": "192.0.2.0/24"}),
        "one account": public(StringEquals={"aws:PrincipalAccount": ground.account_id}),
    }
    return {what: observe(s3.put_bucket_policy, Bucket=bucket, Policy=document) for what, document in written.items()}


@probe("FakeBucket.get_permission", calls="s3 PutBucketPolicy, GetObject", makes=_OBJECT)
def bucket_policy_conditions_are_read(ground: Ground) -> Answers:
    """A Deny whose condition is not met denies nothing."""
    s3, bucket = ground.client("s3"), ground.bucket()
    ground.put(bucket, "k")
    unmet = {"Bool": {"aws:SecureTransport": "false"}, "StringEquals": {"aws:userid": "nobody"}}
    deny = _document(bucket, Effect="Deny", Principal="*", Action="s3:*", Condition=unmet)
    ground.undo("s3", "delete_bucket_policy", Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=deny)
    return {"read": observe(s3.get_object, "ContentLength", Bucket=bucket, Key="k")}


@probe("S3Response.list_object_versions", calls="s3 ListObjectVersions", makes=_OBJECT)
def listed_keys_are_encoded(ground: Ground) -> Answers:
    """With EncodingType url, a list of versions has encoded keys."""
    s3, bucket = ground.client("s3"), ground.bucket()
    ground.put(bucket, "a+b c")
    shown = ("Versions[].Key", "EncodingType")
    return {"list": observe(s3.list_object_versions, *shown, Bucket=bucket, EncodingType="url")}


@probe("S3Response.copy_object", calls="s3 CopyObject", makes=_OBJECT)
def copies_have_conditions(ground: Ground) -> Answers:
    """A copy is refused if a condition on its source or destination is not met."""
    s3, bucket = ground.client("s3"), ground.bucket()
    for key in ("from", "to"):
        ground.put(bucket, key)

    def copy(**conditions: str) -> dict[str, Any]:
        return observe(s3.copy_object, Bucket=bucket, Key="to", CopySource=f"{bucket}/from", **conditions)

    return {
        "destination exists": copy(IfNoneMatch="*"),
        "destination differs": copy(IfMatch='"other"'),
        "source differs": copy(CopySourceIfMatch='"other"'),
        "source is excluded": copy(CopySourceIfNoneMatch="*"),
        "no condition": copy(),
    }


@probe(
    "S3Backend.delete_objects",
    "S3Response._bucket_response_delete_keys",
    calls="s3 DeleteObjects",
    makes=_OBJECT,
)
def deletions_of_many_have_conditions(ground: Ground) -> Answers:
    """Each key of a DeleteObjects request can have a condition, and a failed one is listed among the errors."""
    s3, bucket = ground.client("s3"), ground.bucket()
    for key in ("kept", "gone"):
        ground.put(bucket, key)
    wanted = [{"Key": "kept", "ETag": '"other"'}, {"Key": "gone"}, {"Key": "none", "ETag": '"other"'}]
    shown = ("Deleted[].Key", "Errors[].[Key, Code]")
    return {
        "delete": observe(s3.delete_objects, *shown, Bucket=bucket, Delete={"Objects": wanted}),
        "left": observe(s3.list_objects_v2, "Contents[].Key", Bucket=bucket),
    }
