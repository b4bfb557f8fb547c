"""The buckets of a stack and their guards: access by IAM policies only, and nothing public.

The host may create inbound mail and do nothing else. Actors' rights are on managed folders (``enrolment``), not here.
"""

from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from clouds.gcp.grants import MAIL_ROLE, NOT_PUBLIC, inbound_only
from clouds.gcp.names import GcpNames
from components.naming import BUCKET_KEYS, INBOUND_DAYS


@dataclass(frozen=True, kw_only=True)
class BucketsArgs:
    """Arguments of ``Buckets``."""

    #: Names of the stack.
    names: GcpNames
    #: Location of the buckets: the stack's region.
    location: str
    #: Keep old versions of objects in the buckets of data classes.
    versioning: bool
    #: Delete objects with their bucket. If not, Google refuses to delete a bucket that has any.
    force_destroy: bool
    #: Also enforce public access prevention for the whole project. Its setting is ``organizationPolicy``.
    project_guard: bool
    #: Address of the host's service account.
    writer: pulumi.Output[str]


class Buckets(pulumi.ComponentResource):
    """One bucket for mail and one for each data class (runbook sections 3 and 4)."""

    #: Name of each bucket, by key.
    bucket_names: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, args: BucketsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("agentkeys:gcp:Buckets", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        guards: list[pulumi.Resource] = []
        if args.project_guard:
            guards.append(
                gcp.projects.OrganizationPolicy(
                    f"{name}-not-public",
                    project=args.names.project_id,
                    constraint=NOT_PUBLIC,
                    boolean_policy={"enforced": True},
                    opts=child,
                )
            )
        made = {
            key: gcp.storage.Bucket(
                f"{key}-bucket",
                name=args.names.bucket(key),
                location=args.location.upper(),
                uniform_bucket_level_access=True,
                public_access_prevention="enforced",
                versioning={"enabled": True} if args.versioning and key != "mail" else None,
                # Only inbound mail is in this bucket.
                lifecycle_rules=[{"action": {"type": "Delete"}, "condition": {"age": INBOUND_DAYS}}]
                if key == "mail"
                else None,
                force_destroy=args.force_destroy,
                opts=pulumi.ResourceOptions(parent=self, depends_on=guards),
            )
            for key in BUCKET_KEYS
        }
        gcp.storage.BucketIAMMember(
            "mail-bucket-writer",
            bucket=made["mail"].name,
            role=MAIL_ROLE,
            member=args.writer.apply(lambda address: f"serviceAccount:{address}"),
            condition={"title": "inbound-mail", "expression": inbound_only(args.names.bucket("mail"))},
            opts=child,
        )
        self.bucket_names = {key: bucket.name for key, bucket in made.items()}
        self.register_outputs({})
