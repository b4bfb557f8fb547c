"""Who may assume the roles.

Source: the federated trust of the running deployment, which adds TagSession and the ``Null`` condition to the runbook's
section 9.3. This program is stricter: the actor tag must be present, be the only tag, and have an actor id's length.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from components import arns
from components.naming import ACTOR_LENGTH, ACTOR_TAG, GITHUB_ISSUER, STS_AUDIENCE
from components.policies.document import Condition, Document, document, statement


def federated(account_id: str, issuer_host: str) -> Document:
    """Sessions with a token of this stack's issuer and exactly one tag, the actor's.

    ``ForAllValues`` is also true without any tag, so ``Null`` requires ``aws:TagKeys`` as well:
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
    """The daemon user, which may not set session tags: the runbook's stage before federation (section 4.2)."""
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
    """A GitHub repository.

    The ids never change. With both, a repository that later gets the same name is not trusted.
    """

    #: ``owner/name``.
    slug: str
    #: GitHub's numeric id of the owner. Empty: not checked.
    owner_id: str = ""
    #: GitHub's numeric id of the repository. Empty: not checked.
    repository_id: str = ""

    def subjects(self, what: str) -> tuple[str, ...]:
        """Every possible ``sub`` claim of this repository's jobs for ``what``, for example ``ref:refs/heads/main``.

        Repositories created, renamed or moved since July 2026 have the second form, which contains the ids:
        https://docs.github.com/en/actions/reference/security/oidc
        """
        owner, name = self.slug.split("/")
        classic = f"repo:{self.slug}:{what}"
        if not self.owner_id:
            return (classic,)
        return (classic, f"repo:{owner}@{self.owner_id}/{name}@{self.repository_id}:{what}")


def github(account_id: str, repository: Repository, what: Sequence[str]) -> Document:
    """GitHub Actions' jobs of one repository. ``what`` lists the ends of ``sub``; ``*`` means any job.

    Every GitHub repository gets tokens from this issuer, so the trust always limits ``sub``; IAM rejects one without
    it: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html
    GitHub's login action sets no session tags, so TagSession is not allowed.
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


def snapshots(region: str, account_id: str) -> Document:
    """Data Lifecycle Manager, for policies of this account and region only:
    https://docs.aws.amazon.com/ebs/latest/userguide/service-role.html
    """
    return document(
        statement(
            "AssumeAsSnapshotService",
            principal={"Service": "dlm.amazonaws.com"},
            actions=["sts:AssumeRole"],
            condition={
                "StringEquals": {"aws:SourceAccount": account_id},
                "StringLike": {"aws:SourceArn": arns.lifecycle_policy(region, account_id, "*")},
            },
        ),
        kind="trust",
    )


def ec2() -> Document:
    """EC2, for the broker host's instance profile (section 6)."""
    return document(
        statement("AssumeAsInstance", principal={"Service": "ec2.amazonaws.com"}, actions=["sts:AssumeRole"]),
        kind="trust",
    )
