"""The snapshot that a host is restored from (setting ``restoreFrom``).

Owns the checks that it is a whole, encrypted copy of this stack's disk, and that the disk of the present host is not
lost by the restore. They run in every preview while the setting is set, and only read. Leaves out the image and the
instance (``components/host.py``).
"""

import datetime
from typing import Any

import pulumi
import pulumi_aws as aws

from components.checks.answers import reason
from components.naming import OWNER_TAG, Names

#: A restore deletes the present host with its disk. Its newest snapshot is at most this old.
FRESH = datetime.timedelta(hours=1)

#: States of an instance that still has its disk.
_HAS_DISK = ["pending", "running", "stopping", "stopped"]


def require(provider: aws.Provider, snapshot_id: str, names: Names, root_volume_gib: int) -> None:
    """The snapshot can become this stack's disk, and nothing is lost by it. Raises RunError."""
    options = pulumi.InvokeOptions(provider=provider)
    stack = pulumi.get_stack()
    listed = f"`agentkeys snapshots -s {stack}` lists the stack's own."
    try:
        found = aws.ebs.get_snapshot(snapshot_ids=[snapshot_id], opts=options)
    except Exception as error:
        raise pulumi.RunError(
            f"restoreFrom: there is no snapshot {snapshot_id} in account {names.account_id}, region {names.region} "
            f"({reason(error)}). Nothing was created. {listed}"
        ) from None
    if wrong := _wrong(found, names, root_volume_gib):
        raise pulumi.RunError(f"restoreFrom: {snapshot_id} {wrong[0]}. Nothing was created. {wrong[1]} {listed}")
    for instance_id in aws.ec2.get_instances(
        instance_tags={OWNER_TAG: names.host}, instance_state_names=_HAS_DISK, opts=options
    ).ids:
        _require_copy(options, instance_id, snapshot_id, names)


def _wrong(found: Any, names: Names, root_volume_gib: int) -> tuple[str, str] | None:
    """What is wrong with the snapshot and what to do; None if nothing is."""
    region, owner = names.region, found.tags.get(OWNER_TAG)
    if found.owner_id != names.account_id:
        return f"belongs to account {found.owner_id}", f"Copy it into account {names.account_id} first."
    if owner is None:
        return (
            f"has no tag {OWNER_TAG}, so nothing proves that it is a copy of this stack's disk",
            f"If it is one, run `aws ec2 create-tags --region {region} --resources {found.snapshot_id} --tags "
            f"Key={OWNER_TAG},Value={names.host}`.",
        )
    if owner != names.host:
        return f"is a copy of the disk of {owner}, the host of another stack; this stack's is {names.host}", ""
    if found.state != "completed":
        return f"is {found.state}, not completed", "Wait until it is."
    if found.storage_tier == "archive":
        return (
            "is in the archive",
            f"Run `aws ec2 restore-snapshot-tier --region {region} --snapshot-id {found.snapshot_id} "
            "--permanent-restore` and wait for up to three days.",
        )
    if not found.encrypted:
        return (
            "is not encrypted",
            f"Make an encrypted copy and restore that: `aws ec2 copy-snapshot --region {region} --source-region "
            f"{region} --source-snapshot-id {found.snapshot_id} --encrypted --tag-specifications "
            f"'ResourceType=snapshot,Tags=[{{Key={OWNER_TAG},Value={names.host}}}]'`.",
        )
    if found.volume_size > root_volume_gib:
        return (
            f"is of a disk of {found.volume_size} GiB, and rootVolumeGib is {root_volume_gib}",
            f"Run `pulumi config set -s {pulumi.get_stack()} rootVolumeGib {found.volume_size}`.",
        )
    return None


def _require_copy(options: pulumi.InvokeOptions, instance_id: str, snapshot_id: str, names: Names) -> None:
    """The instance was restored from the snapshot already, or its disk has a new snapshot. Raises RunError."""
    filters: list[Any] = [{"name": "name", "values": [names.restored_image(snapshot_id)]}]
    host = aws.ec2.get_instance(instance_id=instance_id, opts=options)
    if host.ami in aws.ec2.get_ami_ids(owners=["self"], filters=filters, opts=options).ids:
        return
    limit = datetime.datetime.now(datetime.UTC) - FRESH
    for disk in host.root_block_devices:
        of_disk: list[Any] = [{"name": "volume-id", "values": [disk.volume_id]}]
        ids = aws.ebs.get_snapshot_ids(owners=["self"], filters=of_disk, opts=options).ids
        times = [
            datetime.datetime.fromisoformat(aws.ebs.get_snapshot(snapshot_ids=[one], opts=options).start_time)
            for one in ids[:1]
        ]
        if not any(time > limit for time in times):
            stack = pulumi.get_stack()
            raise pulumi.RunError(
                f"restoreFrom: the restore replaces instance {instance_id} and deletes its disk {disk.volume_id}, of "
                "which there is no snapshot of the last hour. Nothing was created. Run `agentkeys snapshots -s "
                f"{stack} --take`, then run this again within an hour. If the instance is not needed any more, end "
                f"it (`aws ec2 terminate-instances --region {names.region} --instance-ids {instance_id}`) and run "
                f"`pulumi refresh -s {stack}`."
            )
