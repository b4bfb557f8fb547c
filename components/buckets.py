"""A private bucket: public access blocked, ACLs disabled, encrypted, with a lifecycle and a policy.

No argument weakens these settings. Leaves out the policy text (``components/policies/buckets.py``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws

from components.policies.document import Document, text

#: Days after which S3 removes the parts of an incomplete upload.
INCOMPLETE_UPLOAD_DAYS = 7
#: Days for which an overwritten or deleted object can be restored, in buckets with versioning.
OLD_VERSION_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class PrivateBucketArgs:
    """Arguments of ``PrivateBucket``."""

    #: Physical name of the bucket.
    bucket: str
    #: The bucket policy.
    policy: Document
    #: The roles that ``policy`` names. S3 stores a principal as the role's unique id, so the policy is applied again
    #: when one of these roles is replaced.
    readers: Sequence[aws.iam.Role]
    #: Keep overwritten and deleted objects for ``OLD_VERSION_DAYS``.
    versioning: bool
    #: What a destroy does with a bucket that has objects: ``refuse`` it, ``keep`` the bucket and its settings in the
    #: account, or ``delete`` the objects and all their versions. Default of the setting: ``refuse``.
    on_destroy: Literal["refuse", "keep", "delete"]
    #: Days until objects expire, by key prefix.
    expire_days: dict[str, int]


class PrivateBucket(pulumi.ComponentResource):
    """One bucket with its settings, lifecycle and policy."""

    #: For resources that must wait until the policy is in force.
    policy: aws.s3.BucketPolicy

    def __init__(self, name: str, args: PrivateBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("agentkeys:buckets:PrivateBucket", name, None, opts)
        kept = args.on_destroy == "keep"

        def child(*after: pulumi.Resource) -> pulumi.ResourceOptions:
            return pulumi.ResourceOptions(parent=self, retain_on_delete=kept, depends_on=list(after))

        bucket = aws.s3.Bucket(
            f"{name}-bucket", bucket=args.bucket, force_destroy=args.on_destroy == "delete", opts=child()
        )
        ownership = aws.s3.BucketOwnershipControls(
            f"{name}-ownership", bucket=bucket.id, rule={"object_ownership": "BucketOwnerEnforced"}, opts=child()
        )
        # S3 answers 409 when two settings of one bucket are written at the same time, so each depends on the previous.
        public_access = aws.s3.BucketPublicAccessBlock(
            f"{name}-public-access",
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child(ownership),
        )
        encryption = aws.s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            bucket=bucket.id,
            rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
            opts=child(public_access),
        )
        last_setting: pulumi.Resource = encryption
        if args.versioning:
            # Deleting this resource suspends versioning. S3 cannot turn versioning off once it was on.
            last_setting = aws.s3.BucketVersioning(
                f"{name}-versioning",
                bucket=bucket.id,
                versioning_configuration={"status": "Enabled"},
                opts=child(encryption),
            )
        aws.s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle",
            bucket=bucket.id,
            rules=_lifecycle(args),
            opts=child(last_setting),
        )
        self.policy = aws.s3.BucketPolicy(
            f"{name}-policy",
            bucket=bucket.id,
            policy=text(args.policy),
            opts=pulumi.ResourceOptions(
                parent=self,
                retain_on_delete=kept,
                # The policy must follow its roles when they are replaced, and it holds no data.
                protect=False,
                depends_on=[public_access, *args.readers],
                replace_with=list(args.readers),
                # Created first, the new policy would be deleted together with the old resource.
                delete_before_replace=True,
            ),
        )
        self.register_outputs({})


def _lifecycle(args: PrivateBucketArgs) -> list[aws.s3.BucketLifecycleConfigurationRuleArgs]:
    everything = aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix="")
    rules = [
        aws.s3.BucketLifecycleConfigurationRuleArgs(
            id=f"{prefix.rstrip('/')}-{days}d-ttl",
            status="Enabled",
            filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=prefix),
            expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(days=days),
        )
        for prefix, days in args.expire_days.items()
    ]
    rules.append(
        aws.s3.BucketLifecycleConfigurationRuleArgs(
            id="abort-incomplete-uploads",
            status="Enabled",
            filter=everything,
            abort_incomplete_multipart_upload=aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
                days_after_initiation=INCOMPLETE_UPLOAD_DAYS
            ),
        )
    )
    if args.versioning:
        rules.append(
            aws.s3.BucketLifecycleConfigurationRuleArgs(
                id="expire-old-versions",
                status="Enabled",
                filter=everything,
                noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                    noncurrent_days=OLD_VERSION_DAYS
                ),
            )
        )
    return rules
