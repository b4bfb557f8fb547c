"""A private OSS bucket: public access blocked, encrypted, TLS 1.2 and newer, with a lifecycle and a policy.

No argument weakens these settings. Leaves out the policy's text (``policies.py``).
"""

import pulumi
import pulumi_alicloud as alicloud

from clouds.launched import INCOMPLETE_UPLOAD_DAYS, OLD_VERSION_DAYS, PrivateBucketArgs
from components.policies.document import text


class PrivateBucket(pulumi.ComponentResource):
    """One bucket with its settings and policy."""

    #: For resources that must wait until the policy is in force.
    policy: alicloud.oss.BucketPolicy

    def __init__(self, name: str, args: PrivateBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("agentkeys:alicloud:PrivateBucket", name, None, opts)
        kept = args.on_destroy == "keep"

        def child(*after: pulumi.Resource) -> pulumi.ResourceOptions:
            return pulumi.ResourceOptions(parent=self, retain_on_delete=kept, depends_on=list(after))

        bucket = alicloud.oss.Bucket(
            f"{name}-bucket",
            bucket=args.bucket,
            force_destroy=args.on_destroy == "delete",
            server_side_encryption_rule={"sse_algorithm": "AES256"},
            versioning={"status": "Enabled"} if args.versioning else None,
            lifecycle_rules=_lifecycle(args),
            opts=child(),
        )
        # One after the other: OSS answers 409 to two changes of one bucket at the same time.
        acl = alicloud.oss.BucketAcl(f"{name}-acl", bucket=bucket.id, acl="private", opts=child())
        public_access = alicloud.oss.BucketPublicAccessBlock(
            f"{name}-public-access", bucket=bucket.id, block_public_access=True, opts=child(acl)
        )
        https = alicloud.oss.BucketHttpsConfig(
            f"{name}-https",
            bucket=bucket.id,
            enable=True,
            tls_versions=["TLSv1.2", "TLSv1.3"],
            opts=child(public_access),
        )
        self.policy = alicloud.oss.BucketPolicy(
            f"{name}-policy", bucket=bucket.id, policy=text(args.policy), opts=child(https)
        )
        self.register_outputs({})


def _lifecycle(args: PrivateBucketArgs) -> list[alicloud.oss.BucketLifecycleRuleArgs]:
    rules = [
        alicloud.oss.BucketLifecycleRuleArgs(
            id=f"{prefix.rstrip('/')}-{days}d-ttl",
            enabled=True,
            prefix=prefix,
            expirations=[alicloud.oss.BucketLifecycleRuleExpirationArgs(days=days)],
        )
        for prefix, days in args.expire_days.items()
    ]
    rules.append(
        alicloud.oss.BucketLifecycleRuleArgs(
            id="abort-incomplete-uploads",
            enabled=True,
            prefix="",
            abort_multipart_uploads=[
                alicloud.oss.BucketLifecycleRuleAbortMultipartUploadArgs(days=INCOMPLETE_UPLOAD_DAYS)
            ],
            noncurrent_version_expirations=[
                alicloud.oss.BucketLifecycleRuleNoncurrentVersionExpirationArgs(days=OLD_VERSION_DAYS)
            ]
            if args.versioning
            else None,
        )
    )
    return rules
