"""Every policy text in AliCloud: what roles, sessions, the host's key and the buckets' policies allow.

The language: https://www.alibabacloud.com/help/en/ram/user-guide/policy-structure-and-syntax. A session has what both
its role and the policy of its AssumeRoleWithOIDC allow. RAM has no variable for an actor, so a role's policy is the
ceiling for all actors, and only the session policy, which the broker passes, holds a session to its actor's prefix.
"""

from collections.abc import Sequence
from typing import Any

from clouds.names import CloudNames
from clouds.settings import ACTOR
from components.naming import DATA_CLASSES, INBOUND_PREFIX
from components.policies.document import Document

#: Audience of the broker's tokens, and the only client id of the OIDC provider.
AUDIENCE = "sts.aliyuncs.com"

#: Most characters of a session policy: AssumeRoleWithOIDC, parameter Policy,
#: https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerolewithoidc
SESSION_POLICY_LIMIT = 2048

#: Actions on a class's objects. PutObject includes multipart uploads, GetObject includes HeadObject.
_OBJECT_ACTIONS = ("oss:DeleteObject", "oss:GetObject", "oss:PutObject")
_READ = ("oss:GetObject",)


def role_arn(names: CloudNames, key: str) -> str:
    """ARN of the role of a key of ``ROLE_KEYS``."""
    return f"acs:ram::{names.account}:role/{names.role(key)}"


def provider_arn(names: CloudNames) -> str:
    """ARN of the OIDC provider."""
    return f"acs:ram::{names.account}:oidc-provider/{names.provider}"


def role(names: CloudNames, key: str) -> Document:
    """What a role may do for any actor."""
    return _of_actor(names, key, "*")


def session(names: CloudNames, key: str) -> Document:
    """What the broker passes for one session; ``ACTOR`` stands for the actor's id."""
    return _of_actor(names, key, ACTOR)


def _of_actor(names: CloudNames, key: str, actor: str) -> Document:
    """Access to an actor's prefix of the role's bucket."""
    parts = {row.key: row.prefix for row in DATA_CLASSES}
    bucket = names.bucket(key if key in parts else "mail")
    prefix = f"bots/{actor}/{parts[key]}/*" if key in parts else f"bots/{actor}/*"
    return _document(
        _allow(["oss:ListObjects"], [_bucket(names, bucket)], {"StringLike": {"oss:Prefix": [prefix]}}),
        _allow(_OBJECT_ACTIONS if key in parts else _READ, [_objects(names, bucket, prefix)]),
    )


def daemon_user(names: CloudNames) -> Document:
    """The host's key: write received mail, and see that the bucket expires it."""
    bucket = names.bucket("mail")
    return _document(
        _allow(["oss:PutObject"], [_objects(names, bucket, f"{INBOUND_PREFIX}*")]),
        _allow(["oss:GetBucketLifecycle"], [_bucket(names, bucket)]),
    )


def bucket(names: CloudNames, key: str) -> Document:
    """Nobody may use plain HTTP. With a condition, ``*`` includes the bucket's owner:
    https://www.alibabacloud.com/help/en/oss/user-guide/bucket-policy
    """
    name = names.bucket(key)
    statement = _allow(
        ["oss:*"],
        [_bucket(names, name), _objects(names, name, "*")],
        {"Bool": {"acs:SecureTransport": ["false"]}},
    )
    return _document({**statement, "Effect": "Deny", "Principal": ["*"]})


def trust(names: CloudNames) -> Document:
    """The broker's tokens for this cloud may assume the role:
    https://www.alibabacloud.com/help/en/ram/user-guide/create-a-ram-role-for-a-trusted-idp
    """
    return _document(
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Federated": [provider_arn(names)]},
            "Condition": {"StringEquals": {"oidc:aud": [AUDIENCE], "oidc:iss": [names.issuer]}},
        }
    )


def _document(*statements: dict[str, Any]) -> Document:
    return {"Version": "1", "Statement": list(statements)}


def _allow(
    actions: Sequence[str], resources: Sequence[str], condition: dict[str, dict[str, list[str]]] | None = None
) -> dict[str, Any]:
    made: dict[str, Any] = {"Effect": "Allow", "Action": sorted(actions), "Resource": sorted(resources)}
    return {**made, "Condition": condition} if condition else made


def _bucket(names: CloudNames, bucket: str) -> str:
    return f"acs:oss:*:{names.account}:{bucket}"


def _objects(names: CloudNames, bucket: str, keys: str) -> str:
    return f"acs:oss:*:{names.account}:{bucket}/{keys}"
