"""A private COS bucket: private ACL, encrypted, with a lifecycle and a policy.

No argument weakens these settings. Leaves out the policy's text (``policies.py``).
"""

from dataclasses import dataclass
from typing import Literal

import pulumi
import tencentcloud_iac_pulumi as tencentcloud

from clouds.tencentcloud.policies import Document, text

#: Days after which COS removes the parts of an incomplete upload.
INCOMPLETE_UPLOAD_DAYS = 7
#: Days for which an overwritten or deleted object can be restored, in buckets with versioning.
OLD_VERSION_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class PrivateBucketArgs:
    """Arguments of ``PrivateBucket``."""

    #: Physical name, with the APPID.
    bucket: str
    #: The bucket policy.
    policy: Document
    #: Keep overwritten and deleted objects for ``OLD_VERSION_DAYS``.
    versioning: bool
    #: What a destroy does with a bucket that has objects, as on AWS.
    on_destroy: Literal["refuse", "keep", "delete"]
    #: Days until objects expire, by key prefix.
    expire_days: dict[str, int]


class PrivateBucket(pulumi.ComponentResource):
    """One bucket with its settings and policy."""

    #: For resources that must wait until the policy is in force.
    policy: tencentcloud.cos.BucketPolicy

    def __init__(self, name: str, args: PrivateBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("agentkeys:tencentcloud:PrivateBucket", name, None, opts)
        child = pulumi.ResourceOptions(parent=self, retain_on_delete=args.on_destroy == "keep")
        bucket = tencentcloud.cos.Bucket(
            f"{name}-bucket",
            bucket=args.bucket,
            acl="private",
            encryption_algorithm="AES256",
            versioning_enable=args.versioning,
            force_clean=args.on_destroy == "delete",
            lifecycle_rules=_lifecycle(args),
            opts=child,
        )
        self.policy = tencentcloud.cos.BucketPolicy(
            f"{name}-policy", bucket=bucket.id, policy=text(args.policy), opts=child
        )
        self.register_outputs({})


def _lifecycle(args: PrivateBucketArgs) -> list[tencentcloud.cos.BucketLifecycleRuleArgs]:
    rules = [
        tencentcloud.cos.BucketLifecycleRuleArgs(
            id=f"{prefix.rstrip('/')}-{days}d-ttl",
            filter_prefix=prefix,
            expiration=tencentcloud.cos.BucketLifecycleRuleExpirationArgs(days=days),
        )
        for prefix, days in args.expire_days.items()
    ]
    rules.append(
        tencentcloud.cos.BucketLifecycleRuleArgs(
            id="abort-incomplete-uploads",
            filter_prefix="",
            abort_incomplete_multipart_upload=tencentcloud.cos.BucketLifecycleRuleAbortIncompleteMultipartUploadArgs(
                days_after_initiation=INCOMPLETE_UPLOAD_DAYS
            ),
        )
    )
    if args.versioning:
        rules.append(
            tencentcloud.cos.BucketLifecycleRuleArgs(
                id="expire-old-versions",
                filter_prefix="",
                non_current_expiration=tencentcloud.cos.BucketLifecycleRuleNonCurrentExpirationArgs(
                    non_current_days=OLD_VERSION_DAYS
                ),
            )
        )
    return rules
