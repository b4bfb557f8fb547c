"""What Data Lifecycle Manager may do for a stack: copy the disks of its host, and delete the copies that it made.

The tag of the host and of a snapshot name the stack, so that the service can neither copy another stack's disk nor
delete its snapshots. Source: the managed policy AWSDataLifecycleManagerServiceRole, without what a daily schedule in
one account does not use: https://docs.aws.amazon.com/ebs/latest/userguide/service-role.html
"""

from components import arns
from components.policies.document import Document, document, statement


def of_host(region: str, account_id: str, *, host_tag: str, owner_tag: str, owner: str) -> Document:
    """Snapshots of the instance whose ``host_tag`` is ``owner``. A snapshot carries ``owner_tag`` with that value.

    A request for snapshots needs all three resources: instance, volume and snapshot. A volume has no tags, so the
    instance limits it. A tag can be put on a snapshot that has no owner yet, and on the stack's own:
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
    """
    return document(
        statement(
            "FindHostAndSnapshots",
            actions=["ec2:DescribeInstances", "ec2:DescribeSnapshots", "ec2:DescribeVolumes"],
            resources=["*"],
        ),
        statement(
            "SnapshotOwnHost",
            actions=["ec2:CreateSnapshots"],
            resources=[arns.instance(account_id, "*", region=region)],
            condition={"StringEquals": {f"aws:ResourceTag/{host_tag}": owner}},
        ),
        statement(
            "SnapshotItsVolumes",
            actions=["ec2:CreateSnapshots"],
            resources=[arns.snapshots(region), arns.volumes(region, account_id)],
        ),
        statement(
            "TagNewAndOwnSnapshots",
            actions=["ec2:CreateTags"],
            resources=[arns.snapshots(region)],
            condition={"StringEqualsIfExists": {f"aws:ResourceTag/{owner_tag}": owner}},
        ),
        statement(
            "DeleteOwnSnapshots",
            actions=["ec2:DeleteSnapshot"],
            resources=[arns.snapshots(region)],
            condition={"StringEquals": {f"aws:ResourceTag/{owner_tag}": owner}},
        ),
        kind="role",
    )
