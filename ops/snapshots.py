"""The snapshots of a stack's disk that the account has, and how old the newest is.

They are in no state: Data Lifecycle Manager makes them (``components/snapshots.py``), or an operator
(``ops/commands/snapshots.py``). The owner tag says whose disk they are a copy of.
"""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.naming import OWNER_TAG, Names
from components.snapshots import INTERVAL_HOURS

#: Hours after which the newest snapshot is too old: two were missed.
LATE_HOURS = 2 * INTERVAL_HOURS


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """One snapshot of the stack's disk."""

    #: EC2's id.
    identifier: str
    #: When the copy was begun; it has what the disk had then.
    started: datetime.datetime
    #: ``completed``, ``pending`` or ``error``.
    state: str
    #: Size of the disk.
    gib: int
    encrypted: bool
    #: Id of the volume, which may be gone.
    volume: str
    #: What made it, in EC2's description.
    description: str


def of(ec2: Any, names: Names) -> list[Snapshot]:
    """The stack's snapshots, newest first."""
    pages = ec2.get_paginator("describe_snapshots").paginate(
        OwnerIds=["self"], Filters=[{"Name": f"tag:{OWNER_TAG}", "Values": [names.host]}]
    )
    found = [
        Snapshot(
            identifier=item["SnapshotId"],
            started=item["StartTime"],
            state=item["State"],
            gib=item["VolumeSize"],
            encrypted=item["Encrypted"],
            volume=item["VolumeId"],
            description=item.get("Description", ""),
        )
        for page in pages
        for item in page["Snapshots"]
    ]
    return sorted(found, key=lambda item: item.started, reverse=True)


def age_hours(found: Sequence[Snapshot], now: datetime.datetime) -> float | None:
    """Hours since the newest snapshot that is completed; None without one."""
    whole = [item.started for item in found if item.state == "completed"]
    return (now - max(whole)).total_seconds() / 3600 if whole else None


def policies(dlm: Any, target_tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """The summaries of the lifecycle policies for instances with these tags."""
    tags = [f"{key}={value}" for key, value in target_tags.items()]
    return list(dlm.get_lifecycle_policies(TargetTags=tags)["Policies"])


def policy(dlm: Any, names: Names, host_tag: str) -> dict[str, Any] | None:
    """The stack's lifecycle policy as the service has it; None without one."""
    listed = policies(dlm, {host_tag: names.host})
    if not listed:
        return None
    found: dict[str, Any] = dlm.get_lifecycle_policy(PolicyId=listed[0]["PolicyId"])["Policy"]
    return found


def first_due(policy: Mapping[str, Any]) -> datetime.datetime:
    """When a lifecycle policy must have made its first snapshot. Before that, having none is no fault."""
    created: datetime.datetime = policy["DateCreated"]
    return created + datetime.timedelta(hours=LATE_HOURS)


def removal(names: Names, identifier: str) -> str:
    """The command that deletes a snapshot."""
    return f"aws ec2 delete-snapshot --region {names.region} --snapshot-id {identifier}"
