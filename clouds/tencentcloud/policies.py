"""Every policy text in Tencent Cloud: what roles, sessions, host, the host's key and the buckets' policies allow.

The language: https://www.tencentcloud.com/document/product/598/10603. A session has what both its role and the policy
of its AssumeRole allow. CAM has no variable for an actor, so a role's policy is the ceiling for all actors, and only
the session policy, which the broker passes, holds a session to its actor's prefix. No role trusts the broker's tokens:
AssumeRoleWithWebIdentity takes no policy, so a token would open a whole class.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from clouds.names import CloudNames
from clouds.settings import ACTOR
from components.naming import DATA_CLASSES, INBOUND_PREFIX, ROLE_KEYS
from components.policies.document import Document

#: Most characters of a session policy that the program accepts. AssumeRole's page gives no limit: AliCloud's is kept.
SESSION_POLICY_LIMIT = 2048

#: Actions on a class's objects; multipart uploads have actions of their own, which nobody needs here.
_OBJECT_ACTIONS = ("name/cos:DeleteObject", "name/cos:GetObject", "name/cos:HeadObject", "name/cos:PutObject")
_READ = ("name/cos:GetObject", "name/cos:HeadObject")
_ASSUME = "name/sts:AssumeRole"


def role_arn(names: CloudNames, uin: str, key: str) -> str:
    """ARN of the role of a key of ``ROLE_KEYS``, in the account of this UIN."""
    return f"qcs::cam::uin/{uin}:roleName/{names.role(key)}"


def role(names: CloudNames, region: str, key: str) -> Document:
    """What a role may do for any actor."""
    return _of_actor(names, region, key, "*")


def session(names: CloudNames, region: str, key: str) -> Document:
    """What the broker passes for one session; ``ACTOR`` stands for the actor's id."""
    return _of_actor(names, region, key, ACTOR)


def _of_actor(names: CloudNames, region: str, key: str, actor: str) -> Document:
    """Access to an actor's prefix of the role's bucket. COS compares a prefix in its URL-encoded form:
    https://www.tencentcloud.com/document/product/436/46206
    """
    parts = {row.key: row.prefix for row in DATA_CLASSES}
    bucket = names.bucket(key if key in parts else "mail")
    prefix = f"bots/{actor}/{parts[key]}/*" if key in parts else f"bots/{actor}/*"
    return _document(
        _allow(
            ["name/cos:GetBucket"],
            [_objects(names, region, bucket, "*")],
            {"string_like": {"cos:prefix": [quote(prefix, safe="*{}")]}},
        ),
        _allow(_OBJECT_ACTIONS if key in parts else _READ, [_objects(names, region, bucket, prefix)]),
    )


def host_role(names: CloudNames, uin: str) -> Document:
    """The host's role: assume the roles of sessions, and nothing else."""
    return _document(_allow([_ASSUME], [role_arn(names, uin, key) for key in ROLE_KEYS]))


def daemon_user(names: CloudNames, region: str) -> Document:
    """The host's key: write received mail, and see that the bucket expires it."""
    bucket = names.bucket("mail")
    return _document(
        _allow(["name/cos:PutObject"], [_objects(names, region, bucket, f"{INBOUND_PREFIX}*")]),
        _allow(["name/cos:GetBucketLifecycle"], [_objects(names, region, bucket, "*")]),
    )


def bucket(names: CloudNames, region: str, key: str) -> Document:
    """Nobody may use plain HTTP: https://www.tencentcloud.com/document/product/436/46206"""
    statement = _allow(
        ["*"],
        [_objects(names, region, names.bucket(key), "*")],
        {"bool_equal": {"cos:secure-transport": ["false"]}},
    )
    return _document({**statement, "effect": "deny", "principal": {"qcs": ["qcs::cam::anyone:anyone"]}})


def trust_of_account(uin: str) -> Document:
    """Identities of this account whose own policy allows it may assume the role: the host's role, and administrators.

    CAM's page of principals names accounts, users and services, and no roles:
    https://www.tencentcloud.com/document/product/598/10603
    """
    return _document({"effect": "allow", "action": [_ASSUME], "principal": {"qcs": [f"qcs::cam::uin/{uin}:root"]}})


def trust_of_cvm() -> Document:
    """CVM, for the role of an instance."""
    return _document({"effect": "allow", "action": [_ASSUME], "principal": {"service": ["cvm.qcloud.com"]}})


def _document(*statements: dict[str, Any]) -> Document:
    return {"version": "2.0", "statement": list(statements)}


def _allow(
    actions: Sequence[str], resources: Sequence[str], condition: dict[str, dict[str, list[str]]] | None = None
) -> dict[str, Any]:
    made: dict[str, Any] = {"effect": "allow", "action": sorted(actions), "resource": sorted(resources)}
    return {**made, "condition": condition} if condition else made


def _objects(names: CloudNames, region: str, bucket: str, keys: str) -> str:
    return f"qcs::cos:{region}:uid/{names.account}:{bucket}/{keys}"
