"""Buckets as AWS makes and refuses them.

Owns a fresh bucket's defaults and the checks of a bucket policy. Leaves out whether a policy allows a request.
"""

import json
from typing import Any

from moto.iam.access_control import PermissionResult
from moto.s3.exceptions import S3ClientError
from moto.s3.models import FakeBucket, S3Backend

from sandbox.account.authorization.documents import resources_named
from sandbox.account.authorization.door import FORBIDDEN
from sandbox.account.extensions.patching import replaces
from sandbox.account.extensions.people import unknown_principal


class MalformedPolicyError(S3ClientError):
    """S3 refuses the document."""

    code = "MalformedPolicy"


def _default_encryption() -> dict[str, Any]:
    return {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": "false"}}


@replaces(S3Backend, because="since 2023 a fresh bucket is encrypted with AES256 and its owner owns all objects")
def create_bucket(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
    bucket = original(self, *args, **kwargs)
    bucket.encryption = _default_encryption()
    bucket.ownership_rule = "BucketOwnerEnforced"
    return bucket


@replaces(S3Backend, because="removing the encryption setting returns to the default, never to none")
def delete_bucket_encryption(_original: Any, self: Any, bucket_name: str) -> None:
    self.get_bucket(bucket_name).encryption = _default_encryption()


@replaces(S3Backend, because="a policy for a missing principal or another bucket is MalformedPolicy")
def put_bucket_policy(original: Any, self: Any, bucket_name: str, policy: bytes) -> None:
    self.get_bucket(bucket_name)
    try:
        json.loads(policy)
    except ValueError as error:
        raise MalformedPolicyError("Policies must be valid JSON and the first byte must be '{'") from error
    if unknown_principal(policy):
        raise MalformedPolicyError("Invalid principal in policy")
    own = f"arn:aws:s3:::{bucket_name}"
    if any(resource != own and not resource.startswith(f"{own}/") for resource in resources_named(policy)):
        raise MalformedPolicyError("Policy has invalid resource")
    original(self, bucket_name, policy)


@replaces(FakeBucket, because="the door has decided, by every policy and with conditions; moto reads only this one")
def get_permission(_original: Any, _self: Any, _action: str, resource: str) -> PermissionResult:
    return PermissionResult.DENIED if resource in FORBIDDEN.get() else PermissionResult.PERMITTED
