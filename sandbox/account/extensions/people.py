"""IAM's refusals: users with keys, thumbprints of the wrong length, principals that do not exist.

Owns these checks, and which principals exist. Leaves out authorisation.
"""

import re
from typing import Any

from moto.iam.exceptions import DeleteConflictException, MalformedPolicyDocument, ValidationError
from moto.iam.models import IAMBackend, OpenIDConnectProvider, iam_backends

from sandbox.account.authorization.documents import principals_named
from sandbox.account.extensions.patching import replaces

_PRINCIPAL = re.compile(r"arn:aws:iam::(\d{12}):(role|user)/(?:.*/)?([^/]+)")
_THUMBPRINT = re.compile(r"[0-9A-Fa-f]{40}")


def unknown_principal(document: str | bytes) -> str | None:
    """The first role or user that a policy names and that its account (one served here) does not have."""
    for kind, identifier in principals_named(document):
        found = _PRINCIPAL.fullmatch(identifier)
        if kind != "AWS" or found is None or found[1] not in iam_backends:
            continue
        iam = iam_backends[found[1]]["aws"]
        known = iam.roles.values() if found[2] == "role" else iam.users.values()
        if all(one.arn != identifier for one in known):
            return identifier
    return None


def _check_trust(document: str) -> None:
    unknown = unknown_principal(document)
    if unknown:
        raise MalformedPolicyDocument(f'Invalid principal in policy: "AWS":"{unknown}"')


@replaces(IAMBackend, because="a trust policy that names a missing role or user is MalformedPolicyDocument")
def create_role(
    original: Any, self: Any, role_name: str, assume_role_policy_document: str, *args: Any, **kwargs: Any
) -> Any:
    _check_trust(assume_role_policy_document)
    return original(self, role_name, assume_role_policy_document, *args, **kwargs)


@replaces(IAMBackend, because="a trust policy that names a missing role or user is MalformedPolicyDocument")
def update_assume_role_policy(original: Any, self: Any, role_name: str, policy_document: str) -> Any:
    _check_trust(policy_document)
    return original(self, role_name, policy_document)


@replaces(IAMBackend, because="a user with access keys cannot be deleted (DeleteConflict)")
def delete_user(original: Any, self: Any, user_name: str) -> None:
    if self.get_user(user_name).access_keys:
        raise DeleteConflictException("Cannot delete entity, must delete access keys first.")
    original(self, user_name)


def _check_thumbprints(thumbprints: list[str]) -> None:
    wrong = [thumbprint for thumbprint in thumbprints if not _THUMBPRINT.fullmatch(thumbprint)]
    if wrong:
        raise ValidationError(
            f"1 validation error detected: Value '{thumbprints}' at 'thumbprintList' failed to satisfy constraint: "
            "Member must satisfy constraint: [Member must have length less than or equal to 40, "
            "Member must have length greater than or equal to 40]"
        )


@replaces(OpenIDConnectProvider, because="moto lets shorter thumbprints than 40 characters pass")
def _validate(original: Any, self: Any, url: str, thumbprint_list: list[str], client_id_list: list[str]) -> None:
    _check_thumbprints(thumbprint_list)
    original(self, url, thumbprint_list, client_id_list)


@replaces(IAMBackend, because="moto does not check thumbprints on update")
def update_open_id_connect_provider_thumbprint(original: Any, self: Any, arn: str, thumbprint_list: list[str]) -> None:
    _check_thumbprints(thumbprint_list)
    original(self, arn, thumbprint_list)
