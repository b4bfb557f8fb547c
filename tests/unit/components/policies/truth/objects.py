"""Rows about objects: ``PROMISES`` says who may do what with them, everything else that is asked must be refused."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from components import arns
from components.naming import ACTOR_TAG, DATA_CLASSES, Names
from tests.unit.components.policies.truth.callers import (
    ACCOUNT,
    ADMINISTRATOR,
    ANYBODY,
    STRANGER,
    A,
    B,
    Caller,
    mail_services,
    namesakes,
    sessions,
    users_and_hosts,
)
from tests.unit.components.policies.truth.rows import Row, Stage

GET, PUT, DELETE, LIST = "s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"


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


def refused_forms(rows: Iterable[Row]) -> Iterator[Row]:
    """What is allowed, asked in a form that is not: plain HTTP, a key of the caller's, a bucket of the same name that
    a stranger owns, and a bucket whose name starts with one of ours.
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
