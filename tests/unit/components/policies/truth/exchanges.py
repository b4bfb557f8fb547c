"""Rows about sessions: who gets one of which role, by which token and with which tags, CI included."""

from collections.abc import Callable, Iterator, Mapping
from itertools import chain

from components import arns
from components.naming import ACTOR_TAG, DEPLOY_ROLE, E2E_ROLE, GITHUB_ISSUER, STS_AUDIENCE, Names
from dev.recorder import OWNER_ID, REPOSITORY_ID
from tests.unit.components.policies.truth.callers import (
    ACCOUNT,
    ADMINISTRATOR,
    ANYBODY,
    SLASHED,
    STRANGER,
    A,
    B,
    Caller,
    namesakes,
    snapshot_services,
    token,
    users_and_hosts,
)
from tests.unit.components.policies.truth.rows import Row, Stage, makes_snapshots

ASSUME, FEDERATE, TAG = "sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:TagSession"

#: Tags of a token, and whether the three roles take it.
TOKEN_TAGS = {
    "tagged A": ({ACTOR_TAG: A}, True),
    "tagged B": ({ACTOR_TAG: B}, True),
    "with 64 characters and a slash": ({ACTOR_TAG: SLASHED}, True),
    "untagged": ({}, False),
    "with an empty tag": ({ACTOR_TAG: ""}, False),
    "with 63 characters": ({ACTOR_TAG: A[:63]}, False),
    "with 65 characters": ({ACTOR_TAG: f"{A}0"}, False),
    "with a slash behind the id": ({ACTOR_TAG: f"{A}/credentials"}, False),
    "tagged A and more": ({ACTOR_TAG: A, "role": "admin"}, False),
    "tagged A and with a key that goes on": ({ACTOR_TAG: A, f"{ACTOR_TAG}_old": B}, False),
    "tagged A and B in capitals": ({ACTOR_TAG: A, ACTOR_TAG.upper(): B}, False),
    "tagged in capitals": ({ACTOR_TAG.upper(): A}, False),
    "tagged with another key": ({"role": A}, False),
}


def asked_of_sts(caller: Caller, role_arn: str, allowed: bool) -> Iterator[Row]:
    """An exchange of a token: the session and, where there are tags, their passing; never a plain AssumeRole."""
    yield Row(caller=caller, action=FEDERATE, resource=role_arn, policy=allowed, both=allowed)
    yield Row(caller=caller, action=ASSUME, resource=role_arn)
    if "aws:TagKeys" in caller.context:
        yield Row(caller=caller, action=TAG, resource=role_arn, policy=allowed, both=allowed)


def tokens(names: Names, other: Names) -> Iterator[tuple[Caller, bool]]:
    """Everybody's tokens, and whether the three roles of ``names`` take them."""
    ours = arns.oidc_provider(ACCOUNT, names.broker_host)
    tagged = {ACTOR_TAG: A}
    for label, (tags, allowed) in TOKEN_TAGS.items():
        yield token(f"token of {names.broker_host} {label}", ours, tags, sub=f"agent:{A}"), allowed
    yield token("our token for another audience", ours, tagged, aud="sts.example.com"), False
    yield token("our token for a longer audience", ours, tagged, aud=f"{STS_AUDIENCE}.example.com"), False
    for label, provider in {
        f"token of {other.broker_host}": arns.oidc_provider(ACCOUNT, other.broker_host),
        "token of a host that goes on": arns.oidc_provider(ACCOUNT, f"{names.broker_host}.example.com"),
        "token of our host in a stranger's account": arns.oidc_provider(STRANGER, names.broker_host),
        "token of GitHub": arns.oidc_provider(ACCOUNT, GITHUB_ISSUER),
    }.items():
        yield token(label, provider, tagged), False


def callers_of_assume_role(stacks: Mapping[str, Names]) -> list[Caller]:
    return [
        *chain.from_iterable(users_and_hosts(stack, names) for stack, names in stacks.items()),
        *ANYBODY,
        ADMINISTRATOR,
        *chain.from_iterable(namesakes(stack, names) for stack, names in stacks.items()),
    ]


def nobody(_: Caller) -> bool:
    return False


def assume_rows(
    role_arn: str,
    stacks: Mapping[str, Names],
    trusted: Callable[[Caller], bool] = nobody,
    granted: Callable[[Caller], bool] = nobody,
) -> Iterator[Row]:
    """AssumeRole by everybody, with and without tags. ``trusted`` is the role's side, ``granted`` the caller's."""
    for caller in callers_of_assume_role(stacks):
        own, theirs = caller.unlimited or granted(caller), trusted(caller)
        abroad = caller.unlimited and caller is not ADMINISTRATOR
        yield Row(
            caller=caller, action=ASSUME, resource=role_arn, identity=own and not abroad, policy=theirs, both=theirs
        )
        tags = {f"aws:RequestTag/{ACTOR_TAG}": A, "aws:TagKeys": [ACTOR_TAG]}
        yield Row(
            caller=caller, action=TAG, resource=role_arn, context=tags, identity=caller is ADMINISTRATOR,
        )  # fmt: skip
        yield Row(
            caller=caller, action="sts:AssumeRoleWithSAML", resource=role_arn, identity=caller is ADMINISTRATOR,
        )  # fmt: skip


def session_rows(stage: Stage, stacks: Mapping[str, Names]) -> Iterator[Row]:
    for stack, names in stacks.items():
        (other,) = (theirs for theirs in stacks.values() if theirs is not names)
        for key in ("data", "vault", "memory"):
            arn, federated = names.role_arn(key), key != "data" or stage == "federated"
            for caller, allowed in tokens(names, other):
                yield from asked_of_sts(caller, arn, allowed and federated)
            trusted = {(stack, "daemon")} if not federated else set()
            granted = {(stack, "daemon"), (stack, "host")} if key == "data" else set()
            yield from assume_rows(
                arn,
                stacks,
                trusted=lambda caller, those=trusted: (caller.stack, caller.role) in those,
                granted=lambda caller, those=granted: (caller.stack, caller.role) in those,
            )
        host = arns.iam_role(ACCOUNT, names.host)
        yield from assume_rows(host, stacks, trusted=lambda caller: caller.label == "EC2")
        for caller, _ in tokens(names, other):
            yield from asked_of_sts(caller, host, False)
        if makes_snapshots(stage, names):
            copier = arns.iam_role(ACCOUNT, names.snapshot_role)
            yield from assume_rows(copier, stacks)
            ours, *others = snapshot_services(names)
            for caller in (ours, *others):
                allowed = caller is ours
                yield Row(caller=caller, action=ASSUME, resource=copier, policy=allowed, both=allowed)
                yield Row(caller=caller, action=TAG, resource=copier)
                yield Row(caller=caller, action="sts:AssumeRoleWithSAML", resource=copier)
            for caller, _ in tokens(names, other):
                yield from asked_of_sts(caller, copier, False)


#: Where a job of GitHub Actions comes from: repository as classic and as immutable subject says it, and its ids.
REPOSITORIES = {
    "our repository": ("litentry/agentKeys", OWNER_ID, REPOSITORY_ID),
    "a repository that goes on": ("litentry/agentKeys-evil", OWNER_ID, "23"),
    "a repository of an owner that goes on": ("litentry-evil/agentKeys", "12", "24"),
    "a fork": ("somebody/agentKeys", "13", "25"),
    "a repository whose name ends so": ("evil/litentry/agentKeys", "14", "26"),
    "our repository in other letters": ("Litentry/agentkeys", OWNER_ID, REPOSITORY_ID),
    "a later repository of our name": ("litentry/agentKeys", OWNER_ID, f"{REPOSITORY_ID}7"),
    "a later owner of our name": ("litentry/agentKeys", f"{OWNER_ID}5", REPOSITORY_ID),
}
#: What it runs for, as the subject ends.
JOBS = {
    "main": "ref:refs/heads/main",
    "another branch": "ref:refs/heads/feature",
    "a branch that goes on": "ref:refs/heads/main-evil",
    "a branch that ends so": "ref:refs/heads/x/refs/heads/main",
    "a tag named main": "ref:refs/tags/main",
    "a pull request": "pull_request",
    "an environment": "environment:test",
    "an environment named as the branch": "environment:refs/heads/main",
}


def jobs(with_ids: bool) -> Iterator[tuple[Caller, bool, bool]]:
    """Tokens of GitHub Actions; whether e2e takes them and whether deploy does."""
    provider = arns.oidc_provider(ACCOUNT, GITHUB_ISSUER)
    for where, (slug, owner_id, repository_id) in REPOSITORIES.items():
        owner, name = slug.rsplit("/", 1)
        forms = {"classic": f"repo:{slug}", "immutable": f"repo:{owner}@{owner_id}/{name}@{repository_id}"}
        for form, repository in forms.items():
            for job, what in JOBS.items():
                ours = slug == "litentry/agentKeys" and (
                    (owner_id, repository_id) == (OWNER_ID, REPOSITORY_ID) if with_ids else form == "classic"
                )
                claims = {"repository_id": repository_id, "repository_owner_id": owner_id}
                caller = token(
                    f"job of {where} for {job}, {form} subject", provider, {}, sub=f"{repository}:{what}", **claims
                )
                yield caller, ours, ours and job == "main"
    claims = {"sub": "repo:litentry/agentKeys:ref:refs/heads/main", "repository_id": REPOSITORY_ID}
    claims["repository_owner_id"] = OWNER_ID
    for aud in ("sts.example.com", f"{STS_AUDIENCE}.example.com"):
        yield token(f"our job for {aud}", provider, {}, aud=aud, **claims), False, False
    stranger = arns.oidc_provider(STRANGER, GITHUB_ISSUER)
    yield token("our job by a stranger's provider", stranger, {}, **claims), False, False


def ci_rows(with_ids: bool, stacks: Mapping[str, Names]) -> Iterator[Row]:
    e2e, deploy = (arns.iam_role(ACCOUNT, name) for name in (E2E_ROLE, DEPLOY_ROLE))
    for caller, takes_e2e, takes_deploy in jobs(with_ids):
        yield from asked_of_sts(caller, e2e, takes_e2e)
        yield from asked_of_sts(caller, deploy, takes_deploy)
    # GitHub's login passes no tags, and the roles let nobody pass any.
    main = next(caller for caller, _, deploys in jobs(with_ids) if deploys)
    tags = {f"aws:RequestTag/{ACTOR_TAG}": A, "aws:TagKeys": [ACTOR_TAG]}
    for arn in (e2e, deploy):
        yield Row(caller=main, action=TAG, resource=arn, context=tags)
        yield from assume_rows(arn, stacks)
        for names in stacks.values():
            provider = arns.oidc_provider(ACCOUNT, names.broker_host)
            yield from asked_of_sts(token(f"token of {names.broker_host}", provider, {ACTOR_TAG: A}), arn, False)
