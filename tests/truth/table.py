"""What everybody may do, as tables: rows of caller, action, resource, context and the decision of each layer.

``PROMISES`` says who may do what with objects; everything else that the rows ask is refused. The documents are not read
here. Leaves out what AWS decides without a policy (signatures, expiry, public access block).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Literal

from components import arns
from components.naming import (
    ACTOR_TAG,
    DATA_CLASSES,
    DEPLOY_ROLE,
    E2E_ROLE,
    GITHUB_ISSUER,
    RECEIPT_RULE_SET,
    STS_AUDIENCE,
    Names,
)
from tests.recorder import INSTANCE_ID, OWNER_ID, REPOSITORY_ID
from tests.truth.attachments import Account
from tests.truth.evaluator import Request

ACCOUNT, STRANGER = "429071895007", "444455556666"
A, B = "a1" * 32, "b2" * 32
#: 64 characters, as an actor's id has, and a slash. That an id is hexadecimal is the broker's to see to.
SLASHED = f"{A[:52]}/credentials"

GET, PUT, DELETE, LIST = "s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"
ASSUME, FEDERATE, TAG = "sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:TagSession"

Stage = Literal["federated", "static"]


# --- callers


@dataclass(frozen=True, kw_only=True)
class Caller:
    """``arn`` has the identity policies; ``principal`` is what a request names, a session of a role for example."""

    label: str
    principal: str | None
    arn: str = ""
    context: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    issuer: str | None = None
    tag: str = ""
    #: The stack whose caller this is, and for sessions of the three roles the role's key.
    stack: str = ""
    role: str = ""
    #: An administrator's grant, of this account or of a stranger's, for rows in which only the other side can refuse.
    unlimited: bool = False


def session(label: str, role_arn: str, **more: object) -> Caller:
    name, account_id = role_arn.rsplit("/", 1)[-1], role_arn.split(":")[4]
    principal = f"arn:aws:sts::{account_id}:assumed-role/{name}/session"
    return Caller(label=label, principal=principal, arn=role_arn, **more)


#: Tags a session might carry. The trust policies refuse the odd ones; the data policies are asked about them all the
#: same, so that neither leans on the other.
SESSION_TAGS = {
    "tagged A": {ACTOR_TAG: A},
    "tagged B": {ACTOR_TAG: B},
    "untagged": {},
    "with an empty tag": {ACTOR_TAG: ""},
    "with a short tag": {ACTOR_TAG: "abc"},
    "with a slash in the tag": {ACTOR_TAG: f"{A}/credentials"},
    "with 64 characters and a slash": {ACTOR_TAG: SLASHED},
    "tagged A and more": {ACTOR_TAG: A, "role": "admin"},
}


def sessions(stack: str, names: Names, role: str) -> list[Caller]:
    return [
        session(
            f"{stack} {role} session {label}",
            names.role_arn(role),
            context={f"aws:PrincipalTag/{key}": value for key, value in tags.items()},
            tag=tags.get(ACTOR_TAG, ""),
            stack=stack,
            role=role,
        )
        for label, tags in SESSION_TAGS.items()
    ]


def users_and_hosts(stack: str, names: Names) -> list[Caller]:
    daemon, operator = (arns.iam_user(ACCOUNT, user) for user in (names.daemon_user, names.broker_user))
    return [
        Caller(label=f"{stack} daemon", principal=daemon, arn=daemon, stack=stack, role="daemon"),
        Caller(label=f"{stack} SSH user", principal=operator, arn=operator, stack=stack, role="operator"),
        session(f"{stack} host", arns.iam_role(ACCOUNT, names.host), stack=stack, role="host"),
    ]


ANYBODY = [
    Caller(label="nobody signed in", principal=None),
    session(
        "another role tagged A",
        arns.iam_role(ACCOUNT, "somebody-else"),
        context={f"aws:PrincipalTag/{ACTOR_TAG}": A},
        tag=A,
    ),
    Caller(label="another service", principal="lambda.amazonaws.com"),
    Caller(label="EC2", principal="ec2.amazonaws.com"),
    session("CI e2e", arns.iam_role(ACCOUNT, E2E_ROLE), role="e2e"),
    session("CI deploy", arns.iam_role(ACCOUNT, DEPLOY_ROLE), role="deploy"),
]
#: Has a grant of everything, so it goes as far as the resource's own policy lets it.
ADMINISTRATOR = session("administrator", arns.iam_role(ACCOUNT, "administrator"), unlimited=True)


def namesakes(stack: str, names: Names) -> list[Caller]:
    """Roles of a stranger's account with our names, and everything granted there."""
    return [
        replace(
            session(f"a stranger's {stack} {key} session tagged A", arns.iam_role(STRANGER, names.role(key))),
            context={f"aws:PrincipalTag/{ACTOR_TAG}": A},
            unlimited=True,
        )
        for key in ("data", "vault", "memory")
    ]


def mail_service(
    label: str, rule: str, *, account_id: str = ACCOUNT, region: str = "us-east-1", rule_set: str = RECEIPT_RULE_SET
) -> Caller:
    arn = arns.receipt_rule(region, account_id, rule_set, rule)
    context = {"aws:SourceAccount": account_id, "aws:SourceArn": arn}
    return Caller(label=label, principal="ses.amazonaws.com", context=context)


# --- rows


@dataclass(frozen=True, kw_only=True)
class Row:
    """One question with the decision of the caller's own policies alone, of the resource's alone, and of both.

    ``owner`` is the account that owns the resource; a stranger's resource lets everybody in.
    """

    caller: Caller
    action: str
    resource: str
    context: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    owner: str = ACCOUNT
    identity: bool = False
    policy: bool = False
    both: bool = False

    def __str__(self) -> str:
        where = self.context.get("s3:prefix")
        listed = "" if where is None else f" with prefix {where!r}"
        return f"{self.caller.label}: {self.action} on {self.resource}{listed}, {dict(self.context)}"

    def requests(self, account: Account) -> Iterator[tuple[str, Request, bool]]:
        """Layer, question and expected answer. A layer that has no document is not asked: it refuses."""
        own = account.identity.get(self.caller.arn, ())
        if self.caller.unlimited:
            own = (UNLIMITED,)
        policy_of = self.resource.split("/")[0] if ":s3:::" in self.resource else self.resource
        policy = OPEN_TO_ALL if self.owner != ACCOUNT else account.policy.get(policy_of)
        asked = Request(
            principal=self.caller.principal,
            action=self.action,
            resource=self.resource,
            account=self.owner,
            context={**self.caller.context, **self.context},
            issuer=self.caller.issuer,
        )
        if own:
            yield "identity alone", replace(asked, identity=own), self.identity
        if policy:
            yield "resource alone", replace(asked, policy=policy), self.policy
        if own and policy:
            yield "both", replace(asked, identity=own, policy=policy), self.both
        else:
            assert self.both == (self.identity if own else self.policy), f"one layer decides alone: {self}"
        assert own or not self.identity, f"has no policy of its own: {self}"
        assert policy or not self.policy, f"the resource has no policy: {self}"


#: Documents of these rows that are not the program's.
UNLIMITED, OPEN_TO_ALL = "rows/unlimited", "rows/open-to-all"
OWN_DOCUMENTS = {
    UNLIMITED: (
        "identity",
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
    ),
    OPEN_TO_ALL: (
        "resource",
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
        },
    ),
}


# --- objects


@dataclass(frozen=True, kw_only=True)
class Promise:
    """``role`` of a stack may use ``verbs`` on its own stack's ``bucket`` below a prefix, and list there.

    ``{tag}`` is the session's tag: without one nothing is promised. ``identity`` and ``policy`` are the layers that
    grant it; ``stacks`` those in which it holds.
    """

    role: str
    bucket: str
    verbs: tuple[str, ...]
    below: str
    identity: bool
    policy: bool
    stacks: tuple[str, ...] = ("prod", "test")


_CLASSES = [
    Promise(
        role=row.key,
        bucket=row.key,
        verbs=(GET, PUT, DELETE, LIST),
        below=f"bots/{{tag}}/{row.prefix}/",
        identity=True,
        policy=True,
    )
    for row in DATA_CLASSES
]
_RAW_MAIL = [
    Promise(
        role="e2e", bucket="mail", verbs=(GET, LIST), below="inbound/", identity=False, policy=True, stacks=("test",)
    ),
    Promise(role="ses", bucket="mail", verbs=(PUT,), below="inbound/", identity=False, policy=True),
]
PROMISES: dict[Stage, list[Promise]] = {
    "federated": [
        *_CLASSES,
        *_RAW_MAIL,
        Promise(role="data", bucket="mail", verbs=(GET, LIST), below="bots/{tag}/", identity=False, policy=True),
    ],
    "static": [
        *_CLASSES,
        *_RAW_MAIL,
        Promise(role="data", bucket="mail", verbs=(GET, LIST), below="", identity=True, policy=True),
    ],
}


def promised(stage: Stage, caller: Caller, stack: str, bucket: str, verb: str, key: str | None) -> tuple[bool, bool]:
    """What the caller's own policies and the bucket's grant. ``key`` is a key or a listing's prefix, None without."""
    if caller.unlimited:
        return caller.arn.split(":")[4] == ACCOUNT, False
    granted = [
        promise
        for promise in PROMISES[stage]
        if (promise.role, promise.bucket) == (caller.role, bucket)
        and caller.stack in {stack, ""}
        and stack in promise.stacks
        and verb in promise.verbs
        and ("{tag}" not in promise.below or caller.tag)
        and (key or "").startswith(promise.below.format(tag=caller.tag))
    ]
    return any(promise.identity for promise in granted), any(promise.policy for promise in granted)


#: Keys by what they are, for each data class: whose, in which class, and near misses of every part.
KEYS = {
    label.format(row.prefix): key.format(row.prefix)
    for row in DATA_CLASSES
    for label, key in {
        "A's {}": f"bots/{A}/{{}}/item",
        "B's {}": f"bots/{B}/{{}}/item",
        "{} of a longer id": f"bots/{A}0/{{}}/item",
        "A's class beside {}": f"bots/{A}/{{}}-old/item",
        "{} under a root beside": f"bots-old/{A}/{{}}/item",
        "{} under another root": f"x/bots/{A}/{{}}/item",
        "{} without an id": "bots//{}/item",
        "{} of a short id": "bots/abc/{}/item",
        "{} of a literal variable": f"bots/${{{{aws:PrincipalTag/{ACTOR_TAG}}}}}/{{}}/item",
        "{} below A's credentials": f"bots/{A}/credentials/{{}}/item",
    }.items()
} | {
    "A's own root": f"bots/{A}/item",
    "A's mail": f"bots/{A}/mail/item",
    "B's mail": f"bots/{B}/mail/item",
    "raw mail": "inbound/message",
    "mail beside raw mail": "inbound-old/message",
    "at the top": "item",
}
FEW_KEYS = ("A's credentials", "A's memory", "A's mail", "raw mail", "mail beside raw mail")
#: Prefixes of listings; None is a request without the parameter.
PREFIXES: list[str | None] = [
    None,
    "",
    "bots/",
    f"bots/{A}",
    f"bots/{A}/",
    "inbound/",
    "inbound-old/",
    *(key.removesuffix("item") for label, key in KEYS.items() if key.endswith("/item")),
    *(f"bots/{A}/{row.prefix}" for row in DATA_CLASSES),
    *(f"bots/{A}/{row.prefix}/2026/" for row in DATA_CLASSES),
]
FEW_PREFIXES = (None, "", "inbound/", "inbound-old/", *(f"bots/{A}/{row.prefix}/" for row in DATA_CLASSES))
#: Nobody may do these, under a key of his own or on the bucket.
OTHER_ON_OBJECTS = (
    "s3:GetObjectVersion", "s3:GetObjectAcl", "s3:PutObjectAcl", "s3:PutObjectTagging", "s3:DeleteObjectVersion",
)  # fmt: skip
OTHER_ON_BUCKETS = (
    "s3:ListBucketVersions", "s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy", "s3:DeleteBucket",
)  # fmt: skip

HTTPS = {"aws:SecureTransport": "true", "aws:ResourceAccount": ACCOUNT}
HTTP = {"aws:SecureTransport": "false"}
CUSTOMER_KEY = {"s3:x-amz-server-side-encryption-customer-algorithm": "AES256"}


@dataclass(frozen=True)
class Bucket:
    stage: Stage
    stack: str
    key: str
    name: str

    def on_object(self, caller: Caller, action: str, key: str) -> Row:
        granted = promised(self.stage, caller, self.stack, self.key, action, key)
        return _s3(caller, action, arns.objects(self.name, key), dict(HTTPS), granted)

    def on_bucket(self, caller: Caller, action: str, prefix: str | None = None) -> Row:
        granted = promised(self.stage, caller, self.stack, self.key, action, prefix)
        context = dict(HTTPS) if prefix is None else {**HTTPS, "s3:prefix": prefix}
        return _s3(caller, action, arns.bucket(self.name), context, granted)

    def everything(self, caller: Caller) -> Iterator[Row]:
        """Every verb on every key, every prefix, and what nobody may do."""
        yield from (self.on_object(caller, verb, key) for verb in (GET, PUT, DELETE) for key in KEYS.values())
        yield from (self.on_bucket(caller, LIST, prefix) for prefix in PREFIXES)
        for label in ("A's credentials", "A's memory"):
            yield from (self.on_object(caller, action, KEYS[label]) for action in OTHER_ON_OBJECTS)
            own = KEYS[label].removesuffix("item")
            yield self.on_bucket(caller, "s3:ListBucketVersions", own)
        yield from (self.on_bucket(caller, action) for action in OTHER_ON_BUCKETS)

    def every_place(self, caller: Caller) -> Iterator[Row]:
        """A read of every key and every prefix."""
        yield from (self.on_object(caller, GET, key) for key in KEYS.values())
        yield from (self.on_bucket(caller, LIST, prefix) for prefix in PREFIXES)

    def the_main_ones(self, caller: Caller) -> Iterator[Row]:
        for label in FEW_KEYS:
            yield from (self.on_object(caller, verb, KEYS[label]) for verb in (GET, PUT, DELETE))
        yield from (self.on_object(caller, action, KEYS["raw mail"]) for action in OTHER_ON_OBJECTS)
        yield from (self.on_bucket(caller, LIST, prefix) for prefix in FEW_PREFIXES)
        yield from (self.on_bucket(caller, action) for action in ("s3:PutBucketPolicy", "s3:DeleteBucket"))
        yield self.on_bucket(caller, "s3:ListBucketVersions", "inbound/")


def _s3(
    caller: Caller, action: str, resource: str, context: Mapping[str, str], granted: tuple[bool, bool], **more: object
) -> Row:
    """Inside one account either layer is enough."""
    identity, policy = granted
    abroad = caller.arn != "" and caller.arn.split(":")[4] != ACCOUNT
    both = policy if abroad else identity or policy
    return Row(
        caller=caller, action=action, resource=resource, context=context, identity=identity, policy=policy, both=both,
        **more,
    )  # fmt: skip


def bucket_rows(stage: Stage, stacks: Mapping[str, Names]) -> Iterator[Row]:
    for stack, names in stacks.items():
        for key in ("vault", "memory", "mail"):
            bucket = Bucket(stage, stack, key, names.bucket(key))
            for role in ("data", "vault", "memory"):
                tagged, *others = sessions(stack, names, role)
                yield from bucket.everything(tagged)
                # Before federation the data role's tag means nothing.
                matters = key == role or (key, role, stage) == ("mail", "data", "federated")
                asked = bucket.every_place if matters else bucket.the_main_ones
                yield from chain.from_iterable(map(asked, others))
            for other, their_names in stacks.items():
                if other != stack:
                    for role in ("data", "vault", "memory"):
                        yield from bucket.the_main_ones(sessions(other, their_names, role)[0])
                yield from chain.from_iterable(map(bucket.the_main_ones, users_and_hosts(other, their_names)))
            for caller in (*ANYBODY, ADMINISTRATOR, *namesakes(stack, names)):
                yield from bucket.the_main_ones(caller)
            for caller in mail_services(stack, stacks):
                yield from bucket.the_main_ones(caller)


def mail_services(stack: str, stacks: Mapping[str, Names]) -> Iterator[Caller]:
    rule = stacks[stack].receipt_rule
    yield replace(mail_service(f"SES for {stack}'s rule", rule), stack=stack, role="ses")
    for other, names in stacks.items():
        if other != stack:
            yield mail_service(f"SES for {other}'s rule", names.receipt_rule)
    yield replace(mail_service(f"another service for {stack}'s rule", rule), principal="lambda.amazonaws.com")
    yield mail_service(f"SES for a rule beginning like {stack}'s", f"{rule}-old")
    yield mail_service("SES for a rule of that name in another set", rule, rule_set="agentkeys-old")
    yield mail_service("SES for a rule of that name in another region", rule, region="us-west-2")
    yield mail_service("SES for a stranger's rule of that name", rule, account_id=STRANGER)


def refused_forms(rows: Iterable[Row]) -> Iterator[Row]:
    """What is allowed, asked in a form that is not: plain HTTP, a key of the caller's, a bucket of the same name that
    a stranger owns, a bucket of ours whose name goes on.
    """
    for row in rows:
        if ":s3:::" not in row.resource or not row.both:
            continue
        yield replace(row, context={**row.context, **HTTP}, policy=False, both=False)
        if row.action == PUT:
            yield replace(row, context={**row.context, **CUSTOMER_KEY}, policy=False, both=False)
        if row.identity:
            abroad = row.caller.unlimited
            yield replace(
                row,
                context={**row.context, "aws:ResourceAccount": STRANGER},
                owner=STRANGER,
                identity=False,
                policy=False,
                both=abroad,
            )
            bucket, *key = row.resource.split("/", 1)
            beside = "/".join([f"{bucket}-old", *key])
            yield replace(row, resource=beside, identity=abroad, policy=False, both=abroad)


# --- sessions


def token(label: str, provider: str, tags: Mapping[str, str], aud: str = STS_AUDIENCE, **claims: str) -> Caller:
    """A web identity; ``claims`` are what STS reads of the token beside its audience."""
    issuer = provider.split("oidc-provider/")[1]
    context: dict[str, str | Sequence[str]] = {f"{issuer}:aud": aud}
    context |= {f"{issuer}:{claim}": value for claim, value in claims.items()}
    if tags:
        context |= {f"aws:RequestTag/{key}": value for key, value in tags.items()}
        context["aws:TagKeys"] = list(tags)
    return Caller(label=label, principal=provider, context=context, issuer=issuer)


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


# --- CI

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


# --- what is not data


def grant_rows(stage: Stage, stacks: Mapping[str, Names]) -> Iterator[Row]:
    """Mail, SSH and deploys: actions on resources without a policy of their own."""
    for stack, names in stacks.items():
        for caller in everybody(stacks):
            mine = caller.stack == stack
            sends = mine and (caller.role == "host" or (caller.role == "data" and stage == "static"))
            for identity in (names.mail_domain, names.email_from, f"other@{names.mail_domain}"):
                arn = arns.ses_identity("us-east-1", ACCOUNT, identity)
                others = (theirs.email_from for theirs in stacks.values() if theirs is not names)
                for sender in (
                    names.email_from,
                    f"other@{names.mail_domain}",
                    f"{names.email_from}.example.com",
                    *others,
                ):
                    allowed = sends and (caller.role == "data" or sender == names.email_from)
                    yield _grant(caller, "ses:SendEmail", arn, allowed, {"ses:FromAddress": sender})
                yield _grant(caller, "ses:SendRawEmail", arn, False, {"ses:FromAddress": names.email_from})
                yield _grant(caller, "ses:GetEmailIdentity", arn, sends)
                yield _grant(caller, "ses:GetEmailIdentityPolicies", arn, False)
                yield _grant(caller, "ses:DeleteEmailIdentity", arn, False)
            for place in (
                arns.ses_identity("us-east-1", ACCOUNT, "litentry.org"),
                arns.ses_identity("us-east-1", ACCOUNT, f"{names.mail_domain}.example.com"),
                arns.ses_identity("us-east-1", ACCOUNT, f"{names.email_from}.example.com"),
                arns.ses_identity("us-east-1", STRANGER, names.mail_domain),
                arns.ses_identity("us-east-1", STRANGER, names.email_from),
                arns.ses_identity("us-west-2", ACCOUNT, names.mail_domain),
                arns.ses_identity("us-west-2", ACCOUNT, names.email_from),
                f"arn:aws:ses:us-east-1:{ACCOUNT}:configuration-set/{names.mail_domain}",
            ):
                yield _grant(caller, "ses:SendEmail", place, False, {"ses:FromAddress": names.email_from})
                if ":identity/" in place:
                    yield _grant(caller, "ses:GetEmailIdentity", place, False)
            for role_arn in (f"{names.role_arn('data')}-old", arns.iam_role(STRANGER, names.role("data"))):
                yield _grant(caller, ASSUME, role_arn, False)
    for caller in everybody(stacks):
        yield from instance_rows(caller)


def instance_rows(caller: Caller) -> Iterator[Row]:
    """The SSH user's and the deploy role's. Both stacks' hosts have one id under mocks, so a third stands for both."""
    connect = "ec2-instance-connect:SendSSHPublicKey"
    for region, instance, user in (
        ("us-east-1", INSTANCE_ID, "agentkey"),
        ("us-west-2", INSTANCE_ID, "agentkey"),
        ("us-east-1", INSTANCE_ID, "root"),
        ("us-east-1", INSTANCE_ID, "agentkey-old"),
        ("us-east-1", "i-0fedcba9876543210", "agentkey"),
        ("us-east-1", f"{INSTANCE_ID}0", "agentkey"),
    ):
        arn = arns.instance(ACCOUNT, instance, region=region)
        allowed = caller.role == "operator" and (instance, user) == (INSTANCE_ID, "agentkey")
        yield _grant(caller, connect, arn, allowed, {"ec2:osuser": user})
        sends = caller.role == "deploy" and (region, instance) == ("us-east-1", INSTANCE_ID)
        yield _grant(caller, "ssm:SendCommand", arn, sends)
    stranger = arns.instance(STRANGER, INSTANCE_ID, region="us-east-1")
    yield _grant(caller, connect, stranger, False, {"ec2:osuser": "agentkey"})
    yield _grant(caller, "ssm:SendCommand", stranger, False)
    here = arns.instance(ACCOUNT, INSTANCE_ID, region="us-east-1")
    yield _grant(caller, "ssm:StartSession", here, False)
    yield _grant(caller, "ec2:TerminateInstances", here, False)
    yield _grant(caller, "ec2-instance-connect:SendSerialConsoleSSHPublicKey", here, False, {"ec2:osuser": "agentkey"})
    for region, document in (
        ("us-east-1", "AWS-RunShellScript"),
        ("us-west-2", "AWS-RunShellScript"),
        ("us-east-1", "AWS-RunPowerShellScript"),
        ("us-east-1", "AWS-RunShellScript-old"),
    ):
        allowed = caller.role == "deploy" and (region, document) == ("us-east-1", "AWS-RunShellScript")
        yield _grant(caller, "ssm:SendCommand", arns.ssm_document(region, document), allowed)
    yield _grant(caller, "ssm:SendCommand", f"arn:aws:ssm:us-east-1:{ACCOUNT}:document/AWS-RunShellScript", False)
    for reads, actions in {
        "operator": ("ec2:DescribeInstances", "ec2:DescribeInstanceConnectEndpoints"),
        "deploy": (
            *("ssm:ListCommands", "ssm:ListCommandInvocations", "ssm:GetCommandInvocation"),
            "ssm:DescribeInstanceInformation",
        ),
        "nobody": (
            *("ec2:DescribeVolumes", "ssm:CancelCommand", "ssm:DescribeParameters"),
            *("ssm:ListDocuments", "ssm:GetInventory"),
        ),
    }.items():
        yield from (_grant(caller, action, "*", caller.role == reads) for action in actions)


def everybody(stacks: Mapping[str, Names]) -> list[Caller]:
    """Each who has policies of his own, and one who has none."""
    tagged = [
        sessions(stack, names, role)[0] for stack, names in stacks.items() for role in ("data", "vault", "memory")
    ]
    hosts = chain.from_iterable(users_and_hosts(stack, names) for stack, names in stacks.items())
    return [*tagged, *hosts, *(caller for caller in ANYBODY if caller.arn)]


def _grant(caller: Caller, action: str, resource: str, allowed: bool, context: Mapping[str, str] | None = None) -> Row:
    owner = STRANGER if f":{STRANGER}:" in resource else ACCOUNT
    return Row(
        caller=caller, action=action, resource=resource, context=context or {}, owner=owner, identity=allowed,
        both=allowed,
    )  # fmt: skip


def every_row(stage: Stage, with_ids: bool, stacks: Mapping[str, Names]) -> list[Row]:
    """All rows, what is allowed first."""
    data = list(bucket_rows(stage, stacks))
    rows = [
        *data,
        *refused_forms(data),
        *session_rows(stage, stacks),
        *ci_rows(with_ids, stacks),
        *grant_rows(stage, stacks),
    ]
    return sorted(rows, key=lambda row: not row.both)
