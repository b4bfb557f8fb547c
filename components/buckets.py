"""A private bucket with its guards: public access blocked, owner enforced, encrypted, lifecycle, policy.

No flag weakens a guard. Leaves out the policy text (``components/policies/buckets.py``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws

from components.policies.document import Document, text

#: Days after which parts of an upload that was never completed are removed.
INCOMPLETE_UPLOAD_DAYS = 7
#: Days that an overwritten or deleted object can be brought back, where versions are kept.
OLD_VERSION_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class PrivateBucketArgs:
    """``readers`` are the roles that ``policy`` names: S3 stores a principal as the role's unique id, so the policy is
    applied again when one of them is replaced. ``expire_days`` maps key prefixes to days of life. A destroy refuses a
    bucket with objects, keeps bucket and guards in the account, or deletes the objects with all their versions.
    """

    bucket: str
    policy: Document
    readers: Sequence[aws.iam.Role]
    versioning: bool
    on_destroy: Literal["refuse", "keep", "delete"]
    expire_days: dict[str, int]


class PrivateBucket(pulumi.ComponentResource):
    """One bucket. ``policy`` is there for what must wait until the policy is in force."""

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
        # S3 answers 409 when two settings of one bucket are written at the same time, so they form a chain.
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
            # Taking the resource away suspends versioning; a bucket that had versions can never be without it again.
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
                # It must be able to follow its roles, and it is text, not data.
                protect=False,
                depends_on=[public_access, *args.readers],
                replace_with=list(args.readers),
                # The other order would put the new policy and then delete it with the old resource.
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
