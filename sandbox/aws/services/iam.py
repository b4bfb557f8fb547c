"""IAM: documents and calls that it rejects, and what happens to a deleted principal in policies.

Leaves out what a stored document allows (sandbox/aws/iam).
"""

import json
import re
from typing import Any

from moto.core.responses import ActionResult
from moto.iam.exceptions import (
    DeleteConflictException,
    LimitExceededException,
    MalformedPolicyDocument,
    NoSuchEntity,
    ValidationError,
)
from moto.iam.models import IAMBackend, OpenIDConnectProvider, iam_backends
from moto.iam.responses import IamResponse
from moto.s3.models import s3_backends

from sandbox.aws.iam.callers import Caller, simulated
from sandbox.aws.iam.documents import Statement, as_list, as_text, parsed, principals, principals_named, statements
from sandbox.aws.iam.evaluation import Policies, Request, decide
from sandbox.aws.iam.patterns import Values, matches
from sandbox.aws.services.patching import replaces

_PRINCIPAL = re.compile(r"arn:aws:iam::(\d{12}):(role|user)/(?:.*/)?([^/]+)")
_UNIQUE_ID = re.compile(r"A(?:RO|ID)A[A-Z0-9]{12,}")
_THUMBPRINT = re.compile(r"[0-9A-Fa-f]{40}")

#: Characters without white space: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
#: The program has its own copy on purpose, so that the sandbox finds a wrong limit there.
_LARGEST_INLINE = {"user": 2048, "group": 5120, "role": 10240}
_LARGEST_MANAGED = 6144
_LARGEST_TRUST = 2048

_GITHUB = "token.actions.githubusercontent.com"
_BINDING = ("StringEquals", "StringEqualsIgnoreCase", "StringLike")


def unknown_principal(document: str | bytes) -> str | None:
    """Return the first role or user in a policy that does not exist in its account. Accounts not served here pass."""
    for kind, identifier in principals_named(document):
        if kind == "AWS" and not _exists(identifier):
            return identifier
    return None


def _exists(identifier: str) -> bool:
    if _UNIQUE_ID.fullmatch(identifier):
        # The id of a deleted principal. Documents name existing ones by ARN.
        known: list[Any] = [one for iam in _every_iam() for one in (*iam.roles.values(), *iam.users.values())]
        return any(one.id == identifier for one in known)
    found = _PRINCIPAL.fullmatch(identifier)
    if found is None or found[1] not in iam_backends:
        return True
    iam = iam_backends[found[1]]["aws"]
    named: list[Any] = list(iam.roles.values()) if found[2] == "role" else list(iam.users.values())
    return any(one.arn == identifier for one in named)


def _every_iam() -> list[IAMBackend]:
    return [partitions["aws"] for partitions in list(iam_backends.values())]


def _size(document: str) -> int:
    return len(re.sub(r"\s", "", document))


def _check_trust(document: str) -> None:
    try:
        content = parsed(document)
    except ValueError as error:
        raise MalformedPolicyDocument("This policy contains invalid Json") from error
    if any("Principal" not in one and "NotPrincipal" not in one for one in statements(content)):
        raise MalformedPolicyDocument("Missing required field Principal")
    unknown = unknown_principal(document)
    if unknown:
        raise MalformedPolicyDocument(f'Invalid principal in policy: "AWS":"{unknown}"')
    if any(_trusts_all_of_github(statement) for statement in statements(content)):
        raise MalformedPolicyDocument(
            f"The trust policy for the shared identity provider {_GITHUB} must evaluate {_GITHUB}:sub with a value "
            "that is not a wildcard alone"
        )
    if _size(document) > _LARGEST_TRUST:
        raise LimitExceededException(f"Cannot exceed quota for ACLSizePerRole: {_LARGEST_TRUST}")


def _trusts_all_of_github(statement: Statement) -> bool:
    """All of GitHub shares the provider, so a trust policy without a subject trusts every repository.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html
    """
    federated = any(kind == "Federated" and name.endswith(f"/{_GITHUB}") for kind, name in principals(statement))
    action = "sts:assumerolewithwebidentity"
    if (
        statement.get("Effect") != "Allow"
        or not federated
        or not any(matches(str(pattern).lower(), action) for pattern in as_list(statement.get("Action", "*")))
    ):
        return False
    return not any(
        operator.removeprefix("ForAnyValue:") in _BINDING
        and key.lower() == f"{_GITHUB}:sub"
        and all(as_text(value).strip("*?") for value in as_list(wanted))
        for operator, keys in (statement.get("Condition") or {}).items()
        for key, wanted in keys.items()
    )


def _check_inline(kind: str, holder: Any, name: str, document: str) -> None:
    others = sum(_size(text) for other, text in holder.policies.items() if other != name)
    if others + _size(document) > _LARGEST_INLINE[kind]:
        raise LimitExceededException(
            f"Maximum policy size of {_LARGEST_INLINE[kind]} bytes exceeded for {kind} {holder.name}"
        )


def _check_managed(document: str) -> None:
    if _size(document) > _LARGEST_MANAGED:
        raise LimitExceededException(f"Cannot exceed quota for PolicySize: {_LARGEST_MANAGED}")


@replaces(
    IAMBackend,
    because="moto has no quota; a role's inline policies have 10,240 characters in total",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
)
def put_role_policy(original: Any, self: Any, role_name: str, policy_name: str, policy_json: str) -> None:
    _check_inline("role", self.get_role(role_name), policy_name, policy_json)
    original(self, role_name, policy_name, policy_json)


@replaces(
    IAMBackend,
    because="moto has no quota; a user's inline policies have 2,048 characters in total",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
)
def put_user_policy(original: Any, self: Any, user_name: str, policy_name: str, policy_json: str) -> None:
    _check_inline("user", self.get_user(user_name), policy_name, policy_json)
    original(self, user_name, policy_name, policy_json)


@replaces(
    IAMBackend,
    because="moto has no quota; a group's inline policies have 5,120 characters in total",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
)
def put_group_policy(original: Any, self: Any, group_name: str, policy_name: str, policy_json: str) -> None:
    _check_inline("group", self.get_group(group_name), policy_name, policy_json)
    original(self, group_name, policy_name, policy_json)


@replaces(
    IAMBackend,
    because="moto has no quota; a managed policy has 6,144 characters",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
)
def create_policy(original: Any, self: Any, description: str, path: str, policy_document: str, *args: Any) -> Any:
    _check_managed(policy_document)
    return original(self, description, path, policy_document, *args)


@replaces(
    IAMBackend,
    because="moto has no quota; each version of a managed policy has 6,144 characters",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
)
def create_policy_version(original: Any, self: Any, policy_arn: str, policy_document: str, *args: Any) -> Any:
    _check_managed(policy_document)
    return original(self, policy_arn, policy_document, *args)


def _forget(arn: str, unique_id: str) -> None:
    """Replace the ARN of a deleted principal with its unique id in every policy, as IAM does.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    for iam in _every_iam():
        for role in iam.roles.values():
            role.assume_role_policy_document = _renamed(role.assume_role_policy_document, arn, unique_id)
    for partitions in list(s3_backends.values()):
        for bucket in partitions["aws"].buckets.values():
            if bucket.policy:
                bucket.policy = _renamed(bucket.policy.decode(), arn, unique_id).encode()


def _renamed(document: str, arn: str, unique_id: str) -> str:
    if arn not in document:
        return document
    content = json.loads(document)
    for statement in statements(content):
        for element in ("Principal", "NotPrincipal"):
            named = statement.get(element)
            if isinstance(named, dict) and arn in as_list(named.get("AWS")):
                ids = [unique_id if one == arn else one for one in as_list(named["AWS"])]
                named["AWS"] = ids if isinstance(named["AWS"], list) else ids[0]
    return json.dumps(content)


@replaces(
    IAMBackend,
    because="moto leaves a deleted role's ARN in policies; IAM replaces it with the role's unique id",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html",
)
def delete_role(original: Any, self: Any, role_name: str) -> None:
    role = self.get_role(role_name)
    original(self, role_name)
    _forget(role.arn, role.id)


@replaces(
    IAMBackend,
    because="moto's user ids have no prefix; a user's unique id starts with AIDA",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html",
)
def create_user(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
    user = original(self, *args, **kwargs)
    user.id = "AIDA" + user.id[4:].upper()
    return user


@replaces(
    IAMBackend,
    because="moto stores trust policies that IAM rejects with MalformedPolicyDocument",
    page="https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html",
)
def create_role(
    original: Any, self: Any, role_name: str, assume_role_policy_document: str, *args: Any, **kwargs: Any
) -> Any:
    _check_trust(assume_role_policy_document)
    return original(self, role_name, assume_role_policy_document, *args, **kwargs)


@replaces(
    IAMBackend,
    because="moto stores trust policies that IAM rejects with MalformedPolicyDocument",
    page="https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAssumeRolePolicy.html",
)
def update_assume_role_policy(original: Any, self: Any, role_name: str, policy_document: str) -> Any:
    _check_trust(policy_document)
    return original(self, role_name, policy_document)


@replaces(
    IAMBackend,
    because="moto deletes a user that has access keys; IAM answers DeleteConflict",
    page="https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html",
)
def delete_user(original: Any, self: Any, user_name: str) -> None:
    user = self.get_user(user_name)
    if user.access_keys:
        raise DeleteConflictException("Cannot delete entity, must delete access keys first.")
    original(self, user_name)
    _forget(user.arn, user.id)


def _check_thumbprints(thumbprints: list[str]) -> None:
    wrong = [thumbprint for thumbprint in thumbprints if not _THUMBPRINT.fullmatch(thumbprint)]
    if wrong:
        raise ValidationError(
            f"1 validation error detected: Value '{thumbprints}' at 'thumbprintList' failed to satisfy constraint: "
            "Member must satisfy constraint: [Member must have length less than or equal to 40, "
            "Member must have length greater than or equal to 40]"
        )


@replaces(
    OpenIDConnectProvider,
    because="moto accepts thumbprints shorter than 40 characters",
    page="https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html",
)
def _validate(original: Any, self: Any, url: str, thumbprint_list: list[str], client_id_list: list[str]) -> None:
    _check_thumbprints(thumbprint_list)
    original(self, url, thumbprint_list, client_id_list)


@replaces(
    IAMBackend,
    because="moto does not check thumbprints on an update",
    page="https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateOpenIDConnectProviderThumbprint.html",
)
def update_open_id_connect_provider_thumbprint(original: Any, self: Any, arn: str, thumbprint_list: list[str]) -> None:
    _check_thumbprints(thumbprint_list)
    original(self, arn, thumbprint_list)


@replaces(
    IamResponse,
    because="moto has no SimulatePrincipalPolicy, which the program calls before a first up",
    page="https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html",
)
def simulate_principal_policy(_original: Any, self: Any) -> ActionResult:
    """Evaluate the policies and the boundary of a user or role. Resource policies and policies in the request are
    ignored.
    """
    source = self._get_param("PolicySourceArn")
    caller = simulated(source)
    if caller is None:
        raise NoSuchEntity(f"The policy source {source} cannot be found.")
    given = {
        entry["ContextKeyName"]: tuple(entry.get("ContextKeyValues", ()))
        for entry in self._get_param("ContextEntries") or ()
    }
    results = [
        _simulated(caller, action, resource, given)
        for action in self._get_param("ActionNames")
        for resource in self._get_param("ResourceArns") or ["*"]
    ]
    return ActionResult({"EvaluationResults": results, "IsTruncated": False})


def _simulated(caller: Caller, action: str, resource: str, given: dict[str, Values]) -> dict[str, Any]:
    context: dict[str, Values] = {"aws:PrincipalArn": (caller.arn,), **given}
    request = Request(
        action=action,
        principal=caller.principal,
        resource=resource,
        resource_account=caller.account_id,
        context=context,
    )
    decision = decide(request, Policies(identity=caller.identity, boundary=caller.boundary))
    documents = [*caller.identity, *([caller.boundary] if caller.boundary else [])]
    named = {
        key
        for document in documents
        for statement in statements(document)
        for keys in (statement.get("Condition") or {}).values()
        for key in keys
    }
    known = {key.lower() for key in context}
    explicit = "explicit deny" in decision.reason
    return {
        "EvalActionName": action,
        "EvalResourceName": resource,
        "EvalDecision": "allowed" if decision.allowed else "explicitDeny" if explicit else "implicitDeny",
        "MatchedStatements": [],
        "MissingContextValues": sorted(key for key in named if key.lower() not in known),
    }


@replaces(
    IAMBackend,
    because="moto fails when the profile does not have the role; AWS answers NoSuchEntity, on which a client that "
    "repeats a lost call ends",
    page="https://docs.aws.amazon.com/IAM/latest/APIReference/API_RemoveRoleFromInstanceProfile.html",
)
def remove_role_from_instance_profile(original: Any, self: Any, profile_name: str, role_name: str) -> None:
    if self.get_role(role_name) not in self.get_instance_profile(profile_name).roles:
        raise NoSuchEntity(f"Role with name {role_name} cannot be found.")
    original(self, profile_name, role_name)
