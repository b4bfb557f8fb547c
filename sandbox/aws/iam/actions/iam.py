"""The permissions that requests to IAM need: on the role, user, group, profile, policy or provider in a parameter.

A request that passes a role to a service needs iam:PassRole. Of IAM's own condition keys, this module sets those for
permissions boundaries, for attached policies and for the service that receives a role.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
"""

from typing import Any

from moto.iam.models import iam_backends

from sandbox.aws.iam.access import EVERYTHING, Access
from sandbox.aws.iam.callers import Caller, role_by_arn
from sandbox.aws.iam.patterns import Values
from sandbox.aws.iam.received import Received

#: Actions without a specific resource.
_ON_NOTHING = (
    "GetAccountAuthorizationDetails",
    "GetAccountPasswordPolicy",
    "GetAccountSummary",
    "GetCredentialReport",
    "GenerateCredentialReport",
    "ListAccountAliases",
    "ListGroups",
    "ListInstanceProfiles",
    "ListOpenIDConnectProviders",
    "ListPolicies",
    "ListRoles",
    "ListSAMLProviders",
    "ListServerCertificates",
    "ListUsers",
    "ListVirtualMFADevices",
)

#: Actions that are on the caller when the request names no user.
_ON_ONESELF = (
    "ChangePassword",
    "CreateAccessKey",
    "DeleteAccessKey",
    "GetUser",
    "ListAccessKeys",
    "UpdateAccessKey",
)

#: The first of these parameters in a request names the resource.
_NAMING = (
    ("InstanceProfileName", "instance-profile"),
    ("GroupName", "group"),
    ("RoleName", "role"),
    ("UserName", "user"),
)

_ARNS = ("PolicyArn", "OpenIDConnectProviderArn", "SAMLProviderArn", "PolicySourceArn")


def needs(received: Received, caller: Caller, account_id: str) -> list[Access]:
    """The permissions that a request to IAM needs."""
    action = f"iam:{received.operation}"
    resource = _resource(received, caller, account_id)
    found = [Access(action=action, resource=resource, account_id=account_id, keys=_keys(received, resource))]
    if received.operation == "AddRoleToInstanceProfile":
        found.append(pass_role(role_arn(account_id, received.form.get("RoleName", "")), account_id))
    return found


def pass_role(arn: str, account_id: str, to: str = "ec2.amazonaws.com") -> Access:
    """The permission to pass a role to a service."""
    return Access(
        action="iam:PassRole",
        resource=arn,
        account_id=account_id,
        keys={"iam:PassedToService": (to,)},
    )


def role_arn(account_id: str, name: str) -> str:
    """The ARN of a role. The role need not exist."""
    return _arn(account_id, "role", name, "/")


def _keys(received: Received, resource: str | None) -> dict[str, Values]:
    found: dict[str, Values] = {}
    role = role_by_arn(resource) if resource else None
    boundary = received.form.get("PermissionsBoundary") or (role.permissions_boundary_arn if role else None)
    if boundary:
        found["iam:PermissionsBoundary"] = (boundary,)
    if "PolicyArn" in received.form:
        found["iam:PolicyARN"] = (received.form["PolicyArn"],)
    return found


def _resource(received: Received, caller: Caller, account_id: str) -> str | None:
    operation, form = received.operation, received.form
    if operation in _ON_NOTHING:
        return EVERYTHING
    path = form.get("Path", "/") if operation.startswith("Create") else "/"
    for parameter, kind in _NAMING:
        if parameter in form:
            return _arn(account_id, kind, form[parameter], path)
    if operation in _ON_ONESELF and caller.user_name is not None:
        return caller.arn
    if operation == "CreatePolicy":
        return f"arn:aws:iam::{account_id}:policy{path}{form.get('PolicyName', '')}"
    if operation == "CreateOpenIDConnectProvider":
        return f"arn:aws:iam::{account_id}:oidc-provider/{form.get('Url', '').removeprefix('https://')}"
    return next((form[parameter] for parameter in _ARNS if parameter in form), None)


def _arn(account_id: str, kind: str, name: str, path: str) -> str:
    iam = iam_backends[account_id]["aws"]
    existing: dict[str, list[Any]] = {
        "instance-profile": list(iam.instance_profiles.values()),
        "group": list(iam.groups.values()),
        "role": list(iam.roles.values()),
        "user": list(iam.users.values()),
    }
    found = next((one.arn for one in existing[kind] if one.name == name), None)
    return str(found) if found else f"arn:aws:iam::{account_id}:{kind}{path}{name}"
