"""A private COS bucket: private ACL, encrypted, with a lifecycle and a policy.

No argument weakens these settings. Leaves out the policy's text (``policies.py``).
"""

import pulumi
import tencentcloud_iac_pulumi as tencentcloud

from clouds.launched import INCOMPLETE_UPLOAD_DAYS, OLD_VERSION_DAYS, PrivateBucketArgs
from components.policies.document import text


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
