"""Tells before a destroy what it refuses, what goes, what stays, and why. It changes nothing.

Owns the reading of the state. Leaves out the destroy, which is the engine's, and what a failed one leaves behind.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import boto3
import click
from botocore.exceptions import ClientError

from ops import clients, exits, options, session
from ops.stack import ask, read
from ops.verdicts import listing, print_json
from settings import Settings

REFUSED, STAYS, GOES = "refused", "stays", "goes"

BUCKET = "aws:s3/bucket:Bucket"
INSTANCE = "aws:ec2/instance:Instance"
USER, ACCESS_KEY = "aws:iam/user:User", "aws:iam/accessKey:AccessKey"

#: What every stack finds and leaves; none of it is in a stack's state.
OUTSIDE = (
    ("hosted zone", "it was there before the stack; only the stack's records go"),
    ("receipt rule set agentkeys and its activation", "the account's, other stacks receive by it"),
    ("GitHub's OIDC provider and the CI roles", "the account's"),
    ("account-wide S3 and EBS guards", "the account's"),
    ("state bucket and key of the secrets provider", "the backend's, made by hand"),
)


@dataclass(frozen=True, kw_only=True)
class Fate:
    """What a destroy does with one thing, and why."""

    what: str
    fate: str
    why: str


def fates(
    state: Sequence[Mapping[str, Any]], objects: Mapping[str, int], keys: Mapping[str, Sequence[str]]
) -> list[Fate]:
    """For every resource of an exported state that is somewhere; ``objects`` counts those of each bucket, ``keys`` are
    each user's access keys.
    """
    ours = [item for item in state if item.get("custom") and item["type"].startswith("aws:")]
    known = {item["id"] for item in ours if item["type"] == ACCESS_KEY}
    foreign = {user: [key for key in found if key not in known] for user, found in keys.items()}
    return [_fate(item, objects, foreign) for item in ours] + list(_left_by(ours))


def outside(settings: Settings) -> list[Fate]:
    found = dict(OUTSIDE)
    if settings.host_instance_id:
        found[f"instance {settings.host_instance_id}"] = (
            "this stack did not launch it; what it installed there stays too"
        )
    if settings.elastic_ip:
        found[f"elastic IP {settings.elastic_ip}"] = "this stack did not allocate it"
    return [Fate(what=what, fate=STAYS, why=why) for what, why in found.items()]


def _fate(item: Mapping[str, Any], objects: Mapping[str, int], foreign: Mapping[str, Sequence[str]]) -> Fate:
    name = f"{item['urn'].rsplit('::', 1)[-1]} ({item.get('id', '')})"
    count = objects.get(item.get("id", ""), 0)
    inputs = item.get("inputs", {})
    refusals = []
    if item.get("protect"):
        refusals.append("protected: set protect to false and run up")
    if inputs.get("disableApiTermination"):
        refusals.append("EC2 refuses its termination: the same")
    if item["type"] == BUCKET and count and not (item.get("retainOnDelete") or inputs.get("forceDestroy")):
        refusals.append(f"S3 refuses {count} objects: set bucketsOnDestroy to keep or delete, run up")
    if item["type"] == USER:
        refusals += [
            f"IAM refuses a user with a key that is not the stack's: `aws iam delete-access-key --user-name "
            f"{item['id']} --access-key-id {key}`"
            for key in foreign.get(item["id"], ())
        ]
    if refusals:
        return Fate(what=name, fate=REFUSED, why="; ".join(refusals))
    if item.get("retainOnDelete"):
        kept = "bucketsOnDestroy is keep" if item["type"].startswith("aws:s3/") else "it is on what was there before"
        return Fate(what=name, fate=STAYS, why=kept)
    return Fate(what=name, fate=GOES, why=f"with {count} objects and their versions" if count else "")


def _left_by(items: Iterable[Mapping[str, Any]]) -> Iterable[Fate]:
    for item in items:
        disk = item.get("inputs", {}).get("rootBlockDevice", {}) if item["type"] == INSTANCE else {}
        if disk.get("deleteOnTermination") is False:
            yield Fate(
                what=f"root disk of {item.get('id', '')}",
                fate=STAYS,
                why="the secrets that stored data is encrypted with are on it: delete the volume by hand, last",
            )


def _objects(caller: boto3.Session, state: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How many objects, old versions too, each bucket of the state has."""
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
    """Access keys of each user of the state, by name. Raises ClickException."""
    iam = clients.of(caller, "iam")
    found: dict[str, list[str]] = {}
    for item in state:
        if item["type"] == USER:
            try:
                listed = iam.list_access_keys(UserName=item["id"])["AccessKeyMetadata"]
            except ClientError as error:
                if error.response["Error"]["Code"] != "NoSuchEntity":
                    raise click.ClickException(f"the keys of {item['id']} could not be listed: {error}") from None
                continue
            found[item["id"]] = [key["AccessKeyId"] for key in listed]
    return found


@click.command()
@options.stack("Stack that is to go.")
@options.as_json()
def command(name: str, as_json: bool) -> None:
    """Tell what `pulumi destroy` would refuse, delete and leave of a stack, and why. Nothing is changed.

    Ends with 1 while something is refused.
    """
    stack = read(name)
    state = (ask(name, "stack", "export")["deployment"] or {}).get("resources") or []
    caller = session.of(stack.settings)
    told = fates(state, _objects(caller, state), _keys(caller, state))
    refused = [item for item in told if item.fate == REFUSED]
    everything = [*told, *outside(stack.settings)]
    rows = [(item.fate, item.what, item.why) for fate in (REFUSED, STAYS) for item in everything if item.fate == fate]
    going = sum(item.fate == GOES for item in told)
    listing(("", "what", "why"), [*rows, (GOES, f"{going} resources of the stack", "")], to_stderr=as_json)
    click.echo(
        f"{len(refused)} things are refused; see the reasons above."
        if refused
        else f"Nothing stands in the way of `pulumi destroy -s {name}`.",
        err=as_json,
    )
    if as_json:
        print_json(name, things=[asdict(item) for item in everything])
    raise SystemExit(exits.WRONG if refused else exits.OK)
