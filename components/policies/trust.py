"""Who may assume the roles.

Source: the federated form of the running deployment (it adds TagSession and the Null guard to the runbook's section
9.3), bounded further: the tag must be there, be the only one, and have the length of an actor id.
"""

from components import arns
from components.naming import ACTOR_LENGTH, ACTOR_TAG, STS_AUDIENCE
from components.policies.document import Document, document, statement


def federated(account_id: str, issuer_host: str) -> Document:
    """Sessions of this stack's issuer that carry exactly one tag, the actor's.

    ``ForAllValues`` alone is true when there is no tag at all, hence ``Null`` on ``aws:TagKeys`` beside it:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
    """
    return document(
        statement(
            "AssumeWithActorTag",
            principal={"Federated": arns.oidc_provider(account_id, issuer_host)},
            actions=["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
            condition={
                "StringEquals": {f"{issuer_host}:aud": STS_AUDIENCE},
                "StringLike": {f"aws:RequestTag/{ACTOR_TAG}": "?" * ACTOR_LENGTH},
                "ForAllValues:StringEquals": {"aws:TagKeys": [ACTOR_TAG]},
                "Null": {f"aws:RequestTag/{ACTOR_TAG}": "false", "aws:TagKeys": "false"},
            },
        ),
        kind="trust",
    )


def daemon(account_id: str, daemon_user: str) -> Document:
    """The runbook's stage before federation (section 4.2): the daemon user, which may pass no tags."""
    return document(
        statement(
            "AssumeAsDaemon",
            principal={"AWS": arns.iam_user(account_id, daemon_user)},
            actions=["sts:AssumeRole"],
        ),
        kind="trust",
    )


def ec2() -> Document:
    """The broker host's instance profile (section 6)."""
    return document(
        statement("AssumeAsInstance", principal={"Service": "ec2.amazonaws.com"}, actions=["sts:AssumeRole"]),
        kind="trust",
    )
