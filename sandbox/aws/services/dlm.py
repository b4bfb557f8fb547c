"""Data Lifecycle Manager: policies that make snapshots of the instances with a tag. Moto does not have the service.

The account takes the snapshots on command (`python -m sandbox snapshots`), not at the policy's time of day, so
that a test never meets one by chance. Leaves out AMI policies, copies to other regions and accounts, archiving, scripts
and age-based retention.
https://docs.aws.amazon.com/dlm/latest/APIReference/Welcome.html
"""

import datetime
import re
import secrets
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, unquote

from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends

from sandbox.aws.iam.callers import role_by_arn, simulated
from sandbox.aws.iam.evaluation import Policies, Principal, Request, decide
from sandbox.aws.iam.received import Received
from sandbox.aws.iam.refusals import Response
from sandbox.aws.services import beside_moto
from sandbox.aws.services.beside_moto import Operation, RefusedError, kept

SERVICE = "dlm"
PRINCIPAL = "dlm.amazonaws.com"

#: Tags that the service puts on its snapshots.
POLICY_TAG, SCHEDULE_TAG = "aws:dlm:lifecycle-policy-id", "aws:dlm:lifecycle-schedule-name"

#: Name of the policies in EC2's backend.
_POLICIES = "lifecycle_policies"

_DESCRIPTION = re.compile(r"[0-9A-Za-z _-]{1,500}")


def answer(received: Received, account_id: str) -> Response:
    """Answer a request that the account has let in."""
    return beside_moto.answer(received, account_id, _POLICIES, _OPERATIONS)


def _create(received: Received, policies: dict[str, Any], account_id: str, region: str) -> dict[str, Any]:
    given = received.members
    _check(given)
    identifier = f"policy-0{secrets.token_hex(8)}"
    policies[identifier] = {
        "PolicyId": identifier,
        "PolicyArn": f"arn:aws:dlm:{region}:{account_id}:policy/{identifier}",
        "DateCreated": _now(),
        "DateModified": _now(),
        "DefaultPolicy": False,
        "StatusMessage": given["State"],
        "Tags": {},
        **{key: value for key, value in given.items() if value is not None},
        "PolicyDetails": _whole(given["PolicyDetails"]),
    }
    return {"PolicyId": identifier}


def _update(received: Received, policies: dict[str, Any], _account_id: str, _region: str) -> dict[str, Any]:
    found = _found(received, policies)
    changed = {**found, **{key: value for key, value in received.members.items() if value is not None}}
    _check(changed)
    details = _whole(changed["PolicyDetails"])
    found.update(changed, PolicyDetails=details, DateModified=_now(), StatusMessage=changed["State"])
    return {}


def _whole(details: Mapping[str, Any]) -> dict[str, Any]:
    """With the default of what a request does not name: the resources are in the region, on no outpost."""
    return {**details, "ResourceLocations": details.get("ResourceLocations") or ["CLOUD"]}


def _check(given: Mapping[str, Any]) -> None:
    details = given.get("PolicyDetails") or {}
    schedules = details.get("Schedules") or []
    if not _DESCRIPTION.fullmatch(str(given.get("Description", ""))):
        raise _invalid("Description has 1 to 500 letters, digits, spaces, dashes and underscores")
    if role_by_arn(str(given.get("ExecutionRoleArn"))) is None:
        raise _invalid(f"the execution role {given.get('ExecutionRoleArn')} does not exist")
    if not details.get("TargetTags") or len(schedules) != 1:
        raise _invalid("the sandbox takes a policy with target tags and one schedule")
    kept = (schedules[0].get("RetainRule") or {}).get("Count", 0)
    if not 1 <= kept <= 1000:
        raise _invalid(f"RetainRule.Count is {kept}; it must be from 1 to 1000")


def _invalid(message: str) -> RefusedError:
    return RefusedError("400 Bad Request", "InvalidRequestException", message)


def _found(received: Received, policies: dict[str, Any]) -> dict[str, Any]:
    identifier = received.labels.get("policyId") or received.labels.get("PolicyId", "")
    if identifier not in policies:
        raise RefusedError("404 Not Found", "ResourceNotFoundException", f"Policy {identifier} could not be found")
    found: dict[str, Any] = policies[identifier]
    return found


def _get(received: Received, policies: dict[str, Any], _account_id: str, _region: str) -> dict[str, Any]:
    return {"Policy": _found(received, policies)}


def _list(received: Received, policies: dict[str, Any], _account_id: str, _region: str) -> dict[str, Any]:
    asked = parse_qs(received.query_string)
    tags = set(asked.get("targetTags", ()))
    shown = []
    for item in policies.values():
        targets = {f"{tag['Key']}={tag['Value']}" for tag in item["PolicyDetails"]["TargetTags"]}
        if (
            (not tags or tags & targets)
            and item["PolicyId"] in asked.get("policyIds", [item["PolicyId"]])
            and item["State"] in asked.get("state", [item["State"]])
        ):
            summary = {key: item[key] for key in ("PolicyId", "Description", "State", "Tags")}
            shown.append({**summary, "PolicyType": item["PolicyDetails"].get("PolicyType", ""), "DefaultPolicy": False})
    return {"Policies": shown}


def _delete(received: Received, policies: dict[str, Any], _account_id: str, _region: str) -> dict[str, Any]:
    """The snapshots stay: https://docs.aws.amazon.com/ebs/latest/userguide/view-modify-delete.html"""
    del policies[_found(received, policies)["PolicyId"]]
    return {}


def _tagged(received: Received, policies: dict[str, Any]) -> dict[str, Any]:
    arn = unquote(next(iter(received.labels.values()), ""))
    found: dict[str, Any] | None = next((item for item in policies.values() if item["PolicyArn"] == arn), None)
    if found is None:
        raise RefusedError("404 Not Found", "ResourceNotFoundException", f"{arn} could not be found")
    return found


def _tags(received: Received, policies: dict[str, Any], _account_id: str, _region: str) -> dict[str, Any]:
    return {"Tags": dict(_tagged(received, policies)["Tags"])}


def _tag(received: Received, policies: dict[str, Any], _account_id: str, _region: str) -> dict[str, Any]:
    _tagged(received, policies)["Tags"].update(received.members["Tags"])
    return {}


def _untag(received: Received, policies: dict[str, Any], _account_id: str, _region: str) -> dict[str, Any]:
    found = _tagged(received, policies)
    for key in parse_qs(received.query_string).get("tagKeys", ()):
        found["Tags"].pop(key, None)
    return {}


_OPERATIONS: Mapping[str, Operation] = {
    "CreateLifecyclePolicy": _create,
    "DeleteLifecyclePolicy": _delete,
    "GetLifecyclePolicies": _list,
    "GetLifecyclePolicy": _get,
    "ListTagsForResource": _tags,
    "TagResource": _tag,
    "UntagResource": _untag,
    "UpdateLifecyclePolicy": _update,
}


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def take(account_id: str, region: str) -> list[str]:
    """Make the snapshots of every enabled policy, and delete those above its count. Returns a line for each.

    Like the service, it acts as the policy's role: what the role may not do is a line, and is not done.
    """
    policies = list(kept(_POLICIES, account_id, region).values())
    return [line for policy in policies for line in _run(policy, account_id, region)]


def _run(policy: Mapping[str, Any], account_id: str, region: str) -> Iterator[str]:
    if policy["State"] != "ENABLED":
        return
    backend = ec2_backends[account_id][region]
    details = policy["PolicyDetails"]
    (schedule,) = details["Schedules"]
    identifier, role = policy["PolicyId"], policy["ExecutionRoleArn"]
    if not _trusted(role, policy["PolicyArn"], account_id):
        yield f"{identifier}: {role} does not trust {PRINCIPAL} for it"
        return
    made_by = {POLICY_TAG: identifier, SCHEDULE_TAG: schedule["Name"]}
    added = {tag["Key"]: tag["Value"] for tag in schedule.get("TagsToAdd") or []}
    place = f"arn:aws:ec2:{region}"
    for instance in _targets(backend, details["TargetTags"]):
        volumes = [device.volume_id for _, device in instance.get_block_device_mapping]
        asked = [
            ("ec2:CreateSnapshots", f"{place}:{account_id}:instance/{instance.id}", _tags_of(instance)),
            *(("ec2:CreateSnapshots", f"{place}:{account_id}:volume/{volume}", {}) for volume in volumes),
            ("ec2:CreateSnapshots", f"{place}::snapshot/*", {}),
            ("ec2:CreateTags", f"{place}::snapshot/*", {}),
        ]
        if refused := next((action for action, arn, tags in asked if not _may(role, action, arn, tags)), None):
            yield f"{identifier}: {role} may not call {refused} for {instance.id}"
            continue
        for made in backend.create_snapshots(
            {"InstanceId": instance.id}, f"Created for policy: {identifier} schedule: {schedule['Name']}", {}
        ):
            made.add_tags({**added, **made_by})
            yield f"{identifier}: made {made.id} of {made.volume_id}"
            yield from _prune(backend, policy, made, role, place)


def _prune(backend: Any, policy: Mapping[str, Any], newest: Any, role: str, place: str) -> Iterator[str]:
    """Retention counts the snapshots of one volume."""
    kept = policy["PolicyDetails"]["Schedules"][0]["RetainRule"]["Count"]
    its = [
        item
        for item in backend.snapshots.values()
        if item.volume_id == newest.volume_id and _tags_of(item).get(POLICY_TAG) == policy["PolicyId"]
    ]
    for item in its[:-kept]:
        if not _may(role, "ec2:DeleteSnapshot", f"{place}::snapshot/{item.id}", _tags_of(item)):
            yield f"{policy['PolicyId']}: {role} may not delete {item.id}"
        elif not (item.from_ami and item.from_ami in backend.amis):
            backend.delete_snapshot(item.id)
            yield f"{policy['PolicyId']}: deleted {item.id}"


def _targets(backend: Any, wanted: list[Mapping[str, str]]) -> list[Any]:
    pairs = {(tag["Key"], tag["Value"]) for tag in wanted}
    return [
        instance
        for reservation in backend.reservations.values()
        for instance in reservation.instances
        if instance.state in ("running", "stopped") and pairs & set(_tags_of(instance).items())
    ]


def _tags_of(item: Any) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in item.get_tags()}


def _trusted(role_arn: str, policy_arn: str, account_id: str) -> bool:
    role = role_by_arn(role_arn)
    if role is None:
        return False
    request = Request(
        action="sts:AssumeRole",
        principal=Principal(kind="Service", names=frozenset({PRINCIPAL})),
        resource=role_arn,
        resource_account=account_id,
        context={"aws:SourceAccount": (account_id,), "aws:SourceArn": (policy_arn,)},
    )
    return decide(request, Policies(resource=role.assume_role_policy_document, resource_decides=True)).allowed


def _may(role_arn: str, action: str, resource: str, tags: Mapping[str, str]) -> bool:
    role = simulated(role_arn)
    if role is None:
        return False
    context = {
        "aws:CurrentTime": (utcnow().strftime("%Y-%m-%dT%H:%M:%SZ"),),
        **{f"aws:ResourceTag/{key}": (value,) for key, value in tags.items()},
    }
    request = Request(
        action=action,
        principal=role.principal,
        resource=resource,
        resource_account=role.principal.account_id,
        context=context,
    )
    return decide(request, Policies(identity=role.identity, boundary=role.boundary)).allowed
