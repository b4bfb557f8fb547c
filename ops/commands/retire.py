"""`agentkeys retire`: reports what a destroy would refuse, delete and keep, and why. Changes nothing.

Owns reading the state. Leaves out the destroy itself, and what a failed destroy leaves (``ops/leftovers.py``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import boto3
import click
from botocore.exceptions import ClientError

from components.naming import Names
from ops import clients, exits, options, session, snapshots
from ops.snapshots import Snapshot
from ops.stack import ask, read
from ops.traces import INSTANCE
from ops.verdicts import listing, print_json
from settings import Settings

#: What a destroy does with a resource, as the table shows it.
REFUSED, STAYS, GOES = "refused", "kept", "deleted"

BUCKET = "aws:s3/bucket:Bucket"
USER, ACCESS_KEY = "aws:iam/user:User", "aws:iam/accessKey:AccessKey"

#: What every stack uses and no stack owns, and why a destroy keeps it.
OUTSIDE = (
    ("hosted zone", "existed before the stack; only the stack's records are deleted"),
    ("receipt rule set agentkeys and its activation", "belongs to the account; other stacks receive mail through it"),
    ("GitHub's OIDC provider and the CI roles", "belongs to the account"),
    ("account-wide S3 and EBS settings", "belongs to the account"),
    ("state bucket and key of the secrets provider", "belongs to the backend; created by hand"),
)


@dataclass(frozen=True, kw_only=True)
class Fate:
    """What a destroy does with one resource."""

    #: The resource: its name in the state and its id, or a description.
    what: str
    #: ``REFUSED``, ``STAYS`` or ``GOES``.
    fate: str
    #: The reason, and for ``REFUSED`` what to do. May be empty for ``GOES``.
    why: str


def fates(
    state: Sequence[Mapping[str, Any]], objects: Mapping[str, int], keys: Mapping[str, Sequence[str]]
) -> list[Fate]:
    """The fate of every AWS resource in an exported state.

    ``objects`` is the number of objects by bucket name, ``keys`` the access key ids by user name.
    """
    ours = [item for item in state if item.get("custom") and item["type"].startswith("aws:")]
    known = {item["id"] for item in ours if item["type"] == ACCESS_KEY}
    foreign = {user: [key for key in found if key not in known] for user, found in keys.items()}
    return [_fate(item, objects, foreign) for item in ours] + list(_left_by(ours))


def outside(settings: Settings) -> list[Fate]:
    """What a destroy keeps because it is not in the stack's state."""
    found = dict(OUTSIDE)
    if settings.host_instance_id:
        found[f"instance {settings.host_instance_id}"] = (
            "not launched by this stack; what the stack installed there stays too"
        )
    if settings.elastic_ip:
        found[f"elastic IP {settings.elastic_ip}"] = "not allocated by this stack"
    return [Fate(what=what, fate=STAYS, why=why) for what, why in found.items()]


def kept_snapshots(found: Sequence[Snapshot], names: Names) -> list[Fate]:
    """What a destroy leaves of the disk: it deletes the schedule, and Data Lifecycle Manager then deletes nothing."""
    if not found:
        return []
    commands = "; ".join(f"`{snapshots.removal(names, item.identifier)}`" for item in found)
    newest = found[0]
    return [
        Fate(
            what=f"{len(found)} snapshots of the host's disk",
            fate=STAYS,
            why=f"hold the secrets that encrypt the stored data, newest of {newest.started:%Y-%m-%d %H:%M}; each costs "
            f"until it is deleted: {commands}",
        )
    ]


def _fate(item: Mapping[str, Any], objects: Mapping[str, int], foreign: Mapping[str, Sequence[str]]) -> Fate:
    name = f"{item['urn'].rsplit('::', 1)[-1]} ({item.get('id', '')})"
    count = objects.get(item.get("id", ""), 0)
    inputs = item.get("inputs", {})
    refusals = []
    if item.get("protect"):
        refusals.append("protected: set protect to false and run `pulumi up`")
    if inputs.get("disableApiTermination"):
        refusals.append("EC2 refuses to terminate it: set protect to false and run `pulumi up`")
    if item["type"] == BUCKET and count and not (item.get("retainOnDelete") or inputs.get("forceDestroy")):
        refusals.append(
            f"S3 refuses a bucket with {count} objects: set bucketsOnDestroy to keep or delete and run `pulumi up`"
        )
    if item["type"] == USER:
        refusals += [
            "IAM refuses a user with an access key that is not in the state: `aws iam delete-access-key --user-name "
            f"{item['id']} --access-key-id {key}`"
            for key in foreign.get(item["id"], ())
        ]
    if refusals:
        return Fate(what=name, fate=REFUSED, why="; ".join(refusals))
    if item.get("retainOnDelete"):
        kept = (
            "bucketsOnDestroy is keep" if item["type"].startswith("aws:s3/") else "it belongs to an existing resource"
        )
        return Fate(what=name, fate=STAYS, why=kept)
    return Fate(what=name, fate=GOES, why=f"with {count} objects and their versions" if count else "")


def _left_by(items: Iterable[Mapping[str, Any]]) -> Iterable[Fate]:
    for item in items:
        disk = item.get("inputs", {}).get("rootBlockDevice", {}) if item["type"] == INSTANCE else {}
        if disk.get("deleteOnTermination") is False:
            yield Fate(
                what=f"root disk of {item.get('id', '')}",
                fate=STAYS,
                why="holds the secrets that encrypt the stored data: delete the volume by hand, last",
            )


def _objects(caller: boto3.Session, state: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """The number of objects, including old versions, in each bucket of the state."""
    s3 = clients.of(caller, "s3")
    counted: dict[str, int] = {}
    for item in state:
        if item["type"] == BUCKET:
            pages = s3.get_paginator("list_object_versions").paginate(Bucket=item["id"])
            try:
                counted[item["id"]] = sum(len(page.get("Versions", ())) for page in pages)
            except ClientError as error:
                if not clients.is_absent(error):
                    raise
    return counted


def _keys(caller: boto3.Session, state: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """The access key ids of each user of the state. Raises ClickException."""
    iam = clients.of(caller, "iam")
    found: dict[str, list[str]] = {}
    for item in state:
        if item["type"] == USER:
            try:
                listed = iam.list_access_keys(UserName=item["id"])["AccessKeyMetadata"]
            except ClientError as error:
                if error.response["Error"]["Code"] != "NoSuchEntity":
                    raise click.ClickException(
                        f"the access keys of {item['id']} cannot be listed: {error}. Use credentials with this "
                        "permission (AWS_PROFILE)."
                    ) from None
                continue
            found[item["id"]] = [key["AccessKeyId"] for key in listed]
    return found


@click.command()
@options.stack("Stack to destroy.")
@options.as_json()
def command(name: str, as_json: bool) -> None:
    """List what `pulumi destroy` would refuse, delete and keep, and why. Changes nothing.

    Exit codes: 0 if a destroy can go through, 1 if something is refused.
    """
    stack = read(name)
    state = (ask(name, "stack", "export")["deployment"] or {}).get("resources") or []
    caller = session.of(stack.settings)
    told = fates(state, _objects(caller, state), _keys(caller, state))
    refused = [item for item in told if item.fate == REFUSED]
    copies = snapshots.of(clients.of(caller, "ec2"), stack.names)
    everything = [*told, *outside(stack.settings), *kept_snapshots(copies, stack.names)]
    rows = [(item.fate, item.what, item.why) for fate in (REFUSED, STAYS) for item in everything if item.fate == fate]
    going = sum(item.fate == GOES for item in told)
    listing(("", "what", "why"), [*rows, (GOES, f"{going} resources of the stack", "")], to_stderr=as_json)
    click.echo(
        f"{len(refused)} resources would be refused; the reasons are above."
        if refused
        else f"`pulumi destroy -s {name}` can go through.",
        err=as_json,
    )
    if as_json:
        print_json(name, things=[asdict(item) for item in everything])
    raise SystemExit(exits.WRONG if refused else exits.OK)
