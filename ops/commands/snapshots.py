"""`agentkeys snapshots`: lists the snapshots of a stack's disk, and takes one now.

Leaves out the daily schedule (``components/snapshots.py``) and the restore (setting ``restoreFrom``).
"""

import datetime
from dataclasses import asdict
from typing import Any

import click
from botocore.exceptions import WaiterError

from components.naming import OWNER_TAG
from ops import clients, exits, options, session, snapshots
from ops.stack import Stack, read
from ops.verdicts import listing, print_json

#: Seconds between two checks of a new snapshot, and how many checks. The first snapshot of a disk takes minutes.
POLL_SECONDS, POLLS = 5, 360


class SnapshotError(click.ClickException):
    """The snapshot was not completed. The message says what was seen and how to continue."""

    exit_code = exits.WRONG


def take(stack: Stack, ec2: Any) -> list[str]:
    """Copy the disks of the stack's host now and wait until the copies are whole. Raises SnapshotError."""
    names, instance_id = stack.names, stack.output("instanceId")
    tags = [{"Key": OWNER_TAG, "Value": names.host}, {"Key": "Name", "Value": names.host}]
    made = ec2.create_snapshots(
        InstanceSpecification={"InstanceId": instance_id},
        Description=f"agentkeys snapshots of {instance_id}",
        TagSpecifications=[{"ResourceType": "snapshot", "Tags": tags}],
    )["Snapshots"]
    ids = [item["SnapshotId"] for item in made]
    try:
        ec2.get_waiter("snapshot_completed").wait(
            SnapshotIds=ids, WaiterConfig={"Delay": POLL_SECONDS, "MaxAttempts": POLLS}
        )
    except WaiterError as error:
        raise SnapshotError(
            f"{', '.join(ids)} of instance {instance_id} is not completed: {error}. `agentkeys snapshots -s "
            f"{stack.name}` shows its state; EC2 goes on with it."
        ) from None
    return ids


@click.command()
@options.stack("Stack whose disk the snapshots are copies of.")
@click.option("--take", "now", is_flag=True, help="Take a snapshot now, and wait until it is complete.")
@options.as_json()
def command(name: str, now: bool, as_json: bool) -> None:
    """List the snapshots of a stack's disk, newest first, or take one.

    A destroy keeps them. The setting `snapshots` makes one a day; one that --take made stays until you delete it. To
    launch the host from one, see docs/runbook.md, The disk is lost.

    Exit codes: 0, 1 if the snapshot was not completed, 3 if AWS or the stack could not be read.
    """
    stack = read(name)
    ec2 = clients.of(session.of(stack.settings), "ec2")
    if now:
        click.echo(f"made {', '.join(take(stack, ec2))}", err=as_json)
    found = snapshots.of(ec2, stack.names)
    rows = [
        (
            item.identifier,
            item.started.astimezone(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
            item.state,
            f"{item.gib} GiB",
            "encrypted" if item.encrypted else "NOT ENCRYPTED",
            item.volume,
            item.description,
        )
        for item in found
    ]
    if rows:
        listing(("snapshot", "taken", "state", "size", "", "of", "by"), rows, to_stderr=as_json)
    else:
        click.echo(
            f"stack {name} has no snapshots. `agentkeys snapshots -s {name} --take` takes one; the setting snapshots "
            "makes one a day.",
            err=as_json,
        )
    if as_json:
        print_json(name, snapshots=[{**asdict(item), "started": item.started.isoformat()} for item in found])
