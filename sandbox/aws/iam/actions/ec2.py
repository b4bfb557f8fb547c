"""The permissions that requests to EC2 and EC2 Instance Connect need.

A call that only reads has no specific resource. A call that names resources by id needs permission on each of them.
New resources are not modelled, so a call that creates one needs `Resource: "*"`. Leaves out EC2's own condition keys.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
"""

import re

from moto.iam.models import iam_backends

from sandbox.aws.iam.access import EVERYTHING, Access
from sandbox.aws.iam.actions.iam import pass_role
from sandbox.aws.iam.received import Received

_ON_NOTHING = re.compile(r"(Describe|List|Search).*|(Get|Enable|Disable)EbsEncryptionByDefault|GetEbsDefaultKmsKeyId")

#: Resource type by the prefix of an id.
_KINDS = {
    "acl": "network-acl",
    "eipalloc": "elastic-ip",
    "eni": "network-interface",
    "i": "instance",
    "igw": "internet-gateway",
    "rtb": "route-table",
    "sg": "security-group",
    "sgr": "security-group-rule",
    "subnet": "subnet",
    "vol": "volume",
    "vpc": "vpc",
}
_ID = re.compile(r"([a-z]+)-[0-9a-f]{8,17}")

#: Calls that create something, whichever ids they also name.
_MAKES = re.compile(r"(Run|Create|Allocate|Import|Copy|Register).*")


def needs(received: Received, account_id: str) -> list[Access]:
    """The permissions that a request to EC2 needs."""
    operation = received.operation
    resources: list[str | None] = [None]
    if _ON_NOTHING.fullmatch(operation):
        resources = [EVERYTHING]
    elif not _MAKES.fullmatch(operation) or operation == "CreateTags":
        resources = list(_named(received, account_id)) or [None]
    found = [Access(action=f"ec2:{operation}", resource=resource, account_id=account_id) for resource in resources]
    return [*found, *_passed_roles(received, account_id)]


def connect_needs(received: Received, account_id: str) -> list[Access]:
    """The permissions that a request to EC2 Instance Connect needs."""
    instance, user = received.members.get("InstanceId"), received.members.get("InstanceOSUser")
    return [
        Access(
            action=f"ec2-instance-connect:{received.operation}",
            resource=_arn(received, account_id, "instance", str(instance)) if instance else None,
            account_id=account_id,
            keys={"ec2:osuser": (str(user),)} if user else {},
        )
    ]


def instance_arn(received: Received, account_id: str, instance_id: str) -> str:
    """The ARN of an instance in the request's region."""
    return _arn(received, account_id, "instance", instance_id)


def _named(received: Received, account_id: str) -> dict[str, None]:
    # A dict keeps the order and drops duplicates.
    found: dict[str, None] = {}
    for value in received.form.values():
        matched = _ID.fullmatch(value)
        if matched and matched[1] in _KINDS:
            found[_arn(received, account_id, _KINDS[matched[1]], value)] = None
    return found


def _arn(received: Received, account_id: str, kind: str, identifier: str) -> str:
    region = received.credential.region if received.credential else ""
    return f"arn:aws:ec2:{region}:{account_id}:{kind}/{identifier}"


def _passed_roles(received: Received, account_id: str) -> list[Access]:
    name = (
        received.form.get("IamInstanceProfile.Name")
        or received.form.get("IamInstanceProfile.Arn", "").rpartition("/")[2]
    )
    profile = next(
        (one for one in iam_backends[account_id]["aws"].instance_profiles.values() if one.name == name), None
    )
    return [pass_role(role.arn, account_id) for role in (profile.roles if profile else ())]
