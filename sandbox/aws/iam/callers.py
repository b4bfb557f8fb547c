"""Reads users and sessions from moto's IAM and STS state, with their names, tags and policies.

Leaves out verifying a signature (`authentication`) and deciding access (`evaluation`).
"""

import contextvars
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.core.utils import utcnow
from moto.iam.models import AccessKey, iam_backends
from moto.sts.models import AssumedRole, sts_backends

from sandbox.aws.iam.evaluation import ANONYMOUS, Principal


@dataclass(frozen=True, kw_only=True)
class Caller:
    """A user or session, or the anonymous caller."""

    principal: Principal
    arn: str = "anonymous"

    #: Value of aws:PrincipalType: "Anonymous", "User" or "AssumedRole".
    kind: str = "Anonymous"

    #: The ARN in policies: for a session, the role's.
    principal_arn: str | None = None
    user_id: str = "anonymous"
    user_name: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    identity: tuple[str, ...] = ()
    boundary: str | None = None
    session: tuple[str, ...] = ()

    #: The session, for the tags that it passes to a role that it assumes.
    assumed: AssumedRole | None = None

    @property
    def account_id(self) -> str | None:
        return self.principal.account_id


NOBODY = Caller(principal=ANONYMOUS)

#: Caller of the current request. Moto's own lookup by access key ignores presigned requests.
CURRENT: contextvars.ContextVar[Caller] = contextvars.ContextVar("caller", default=NOBODY)


@dataclass(frozen=True, kw_only=True)
class Keys:
    """An access key from IAM or STS."""

    secret: str
    token: str | None
    active: bool
    expired: bool
    account_id: str
    user_name: str | None
    assumed: AssumedRole | None


def find_keys(access_key_id: str) -> Keys | None:
    """The access key with that id in any account served here, or None."""
    for account_id, partitions in list(iam_backends.items()):
        key: AccessKey | None = partitions["aws"].access_keys.get(access_key_id)
        if key is None:
            continue
        assumed = sts_backends[account_id]["aws"].get_assumed_role_from_access_key(access_key_id)
        return Keys(
            secret=key.secret_access_key,
            token=assumed.session_token if assumed else None,
            active=key.status == "Active",
            expired=bool(assumed and assumed.expiration <= utcnow()),
            account_id=account_id,
            user_name=key.user_name,
            assumed=assumed,
        )
    return None


def caller_of(keys: Keys) -> Caller | None:
    """The owner of the keys. None if that user or role was deleted, even if one of the same name exists."""
    if keys.assumed is not None:
        return _session(keys.account_id, keys.assumed)
    user = iam_backends[keys.account_id]["aws"].users.get(keys.user_name or "")
    return _user(keys.account_id, user) if user else None


def _user(account_id: str, user: Any) -> Caller:
    iam = iam_backends[account_id]["aws"]
    groups = [group for group in iam.groups.values() if user in group.users]
    return Caller(
        principal=Principal(account_id=account_id, names=frozenset({user.arn, user.id})),
        arn=user.arn,
        kind="User",
        principal_arn=user.arn,
        user_id=user.id,
        user_name=user.name,
        tags={tag["Key"]: tag["Value"] for tag in user.tags or []},
        identity=tuple(document for holder in (user, *groups) for document in _documents(holder)),
        boundary=_boundary(account_id, user),
    )


def _session(account_id: str, assumed: AssumedRole) -> Caller | None:
    role = role_by_arn(assumed.role_arn)
    if role is None or getattr(assumed, "role_id", role.id) != role.id:
        return None
    return Caller(
        principal=Principal(account_id=account_id, names=frozenset({role.arn, role.id}), session=assumed.arn),
        arn=assumed.arn,
        kind="AssumedRole",
        principal_arn=role.arn,
        user_id=assumed.user_id,
        # Session tags override the role's. Keys are compared without case later, and the last one counts.
        tags={**role_tags(role), **getattr(assumed, "session_tags", {})},
        identity=tuple(_documents(role)),
        boundary=_boundary(account_id, role),
        session=getattr(assumed, "session_policies", ()),
        assumed=assumed,
    )


def simulated(arn: str) -> Caller | None:
    """The user or role of that ARN for the policy simulator: with its own policies and boundary."""
    role = role_by_arn(arn)
    account_id = arn.split(":")[4] if arn.count(":") == 5 else ""
    if role is not None:
        return Caller(
            principal=Principal(account_id=account_id, names=frozenset({role.arn, role.id})),
            arn=role.arn,
            kind="AssumedRole",
            principal_arn=role.arn,
            tags=role_tags(role),
            identity=tuple(_documents(role)),
            boundary=_boundary(account_id, role),
        )
    users = iam_backends[account_id]["aws"].users.values() if account_id in iam_backends else ()
    return next((_user(account_id, user) for user in users if user.arn == arn), None)


def role_by_arn(arn: str) -> Any:
    """The role of that ARN in any account served here, or None."""
    parts = arn.split(":")
    if len(parts) != 6 or parts[4] not in iam_backends:
        return None
    return next((role for role in iam_backends[parts[4]]["aws"].roles.values() if role.arn == arn), None)


def role_tags(role: Any) -> dict[str, str]:
    """A role's tags, which its sessions have too."""
    return {tag["Key"]: tag["Value"] for tag in role.tags or []}


def policy_text(account_id: str, arn: str) -> str | None:
    """Text of the default version of a managed policy, or None."""
    policy = iam_backends[account_id]["aws"].managed_policies.get(arn)
    return _text(policy) if policy else None


def _documents(holder: Any) -> Iterator[str]:
    yield from holder.policies.values()
    for policy in holder.managed_policies.values():
        yield _text(policy)


def _text(policy: Any) -> str:
    version = next(version for version in policy.versions if version.version_id == policy.default_version_id)
    return str(version.document)


def _boundary(account_id: str, holder: Any) -> str | None:
    arn = getattr(holder, "permissions_boundary_arn", None)
    if not arn:
        return None
    # A deleted boundary allows nothing.
    return policy_text(account_id, arn) or '{"Version":"2012-10-17","Statement":[]}'
