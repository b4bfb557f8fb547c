"""Who may assume the roles.

Source: the federated form of the running deployment (it adds TagSession and the Null guard to the runbook's section
9.3), bounded further: the tag must be there, be the only one, and have the length of an actor id.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from components import arns
from components.naming import ACTOR_LENGTH, ACTOR_TAG, GITHUB_ISSUER, STS_AUDIENCE
from components.policies.document import Condition, Document, document, statement


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


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A GitHub repository, ``slug`` as ``owner/name``. With both ids, which no renaming changes, a repository that
    comes to have the same name later is not trusted; empty ids leave them out.
    """

    slug: str
    owner_id: str = ""
    repository_id: str = ""

    def subjects(self, what: str) -> tuple[str, ...]:
        """Every ``sub`` of this repository's jobs for ``what``, for example ``ref:refs/heads/main``.

        Repositories made, renamed or moved since July 2026 have the second form, with the ids in it:
        https://docs.github.com/en/actions/reference/security/oidc
        """
        owner, name = self.slug.split("/")
        classic = f"repo:{self.slug}:{what}"
        if not self.owner_id:
            return (classic,)
        return (classic, f"repo:{owner}@{self.owner_id}/{name}@{self.repository_id}:{what}")


def github(account_id: str, repository: Repository, what: Sequence[str]) -> Document:
    """GitHub Actions' jobs of one repository; ``what`` are the endings of ``sub``, ``*`` for any job.

    Every GitHub repository of the world has tokens of this issuer, so ``sub`` is always bound; IAM refuses a trust
    without it: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html
    GitHub's login action passes no session tags, so TagSession is not granted.
    """
    subjects = sorted(subject for ending in what for subject in repository.subjects(ending))
    sub = {f"{GITHUB_ISSUER}:sub": subjects[0] if len(subjects) == 1 else subjects}
    equal: dict[str, str | Sequence[str]] = {f"{GITHUB_ISSUER}:aud": STS_AUDIENCE}
    if repository.repository_id:
        equal[f"{GITHUB_ISSUER}:repository_id"] = repository.repository_id
        equal[f"{GITHUB_ISSUER}:repository_owner_id"] = repository.owner_id
    any_job = any("*" in subject for subject in subjects)
    condition: Condition = {"StringEquals": equal, "StringLike": sub} if any_job else {"StringEquals": {**equal, **sub}}
    return document(
        statement(
            "AssumeAsGitHubJob",
            principal={"Federated": arns.oidc_provider(account_id, GITHUB_ISSUER)},
            actions=["sts:AssumeRoleWithWebIdentity"],
            condition=condition,
        ),
        kind="trust",
    )


def ec2() -> Document:
    """The broker host's instance profile (section 6)."""
    return document(
        statement("AssumeAsInstance", principal={"Service": "ec2.amazonaws.com"}, actions=["sts:AssumeRole"]),
        kind="trust",
    )
