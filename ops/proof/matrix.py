"""The isolation matrix as data: every row of the proof, for one stack or for two that must not reach each other.

Source: "The isolation proof" of the deployment's facts, plus the rows that detect a mutation of any policy. Owns who
tries what and what the cloud must answer. ``rows`` are AWS's; the module of another cloud in this folder takes the
parts that apply there. Pure: ``ops/proof/walk.py`` makes the requests. A row that must be refused comes after the rows
that show the same session working.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from components.naming import DATA_CLASSES, INBOUND_PREFIX, Names

Action = Literal["assume", "put", "get", "list", "delete"]

#: What the cloud must answer: success, or this error. The last two are Google's, of its store and its token exchange.
Expected = Literal["allowed", "AccessDenied", "InvalidIdentityToken", "forbidden", "invalid_grant"]

#: The tokens of the proof. ``A`` and ``B`` belong to two actors of the stack's broker, ``other`` to an actor of the
#: other stack's. ``untagged`` has no actor tag. ``forged`` is A's token with B's id in it, ``unsigned`` is A's token
#: without a signature. ``stranger`` is an actor that is not enrolled, where a cloud has enrolments. Where no token gets
#: a session, ``host`` is the key of the host's role, and ``unlimited`` a session without the policy of an actor.
Token = Literal["A", "B", "untagged", "forged", "unsigned", "other", "stranger", "host", "unlimited"]


@dataclass(frozen=True, kw_only=True)
class Area:
    """Where the sessions of a role keep an actor's data."""

    #: Key of the role, from ROLE_KEYS.
    role: str
    #: Key of the bucket, from BUCKET_KEYS.
    bucket: str
    #: Path segment of object keys below the actor's prefix.
    part: str


#: One area per data class, and mail. Mail keys have no class: the data role reads everything below the actor's prefix.
AREAS = (
    *(Area(role=row.key, bucket=row.key, part=row.prefix) for row in DATA_CLASSES),
    Area(role="data", bucket="mail", part="mail"),
)


@dataclass(frozen=True, kw_only=True)
class Session:
    """A role assumed with a token."""

    #: ARN of the role.
    role: str
    #: The token that STS gets.
    token: Token

    def __str__(self) -> str:
        return f"{self.role.rpartition('/')[2]} as {self.token}"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One request: ``assume`` with the session's token at STS, any other action with the session at S3."""

    #: The session.
    who: Session
    #: The request.
    action: Action
    #: What the request is about, for the report.
    what: str
    #: What the cloud must answer.
    expected: Expected
    #: Name of the bucket; empty for ``assume``.
    bucket: str = ""
    #: Object key, or prefix of a listing. None: a listing without a prefix.
    key: str | None = None
    #: Sessions that must have been seen working; otherwise the row proves nothing and does not run.
    after: tuple[Session, ...] = ()
    #: Scheme of an object's URL, as the cloud writes it.
    scheme: str = "s3"

    @property
    def target(self) -> str:
        if self.action == "assume":
            return self.who.role.rpartition("/")[2]
        if self.key is None:
            return f"{self.scheme}://{self.bucket}"
        return f"{self.scheme}://{self.bucket}/{self.key}"


class Covered(Protocol):
    """What the proof covers of a stack, on any cloud."""

    @property
    def areas(self) -> Sequence[Area]:
        """The areas whose sessions are tried."""

    def bucket(self, key: str) -> str:
        """Physical name of the bucket of a key of ``BUCKET_KEYS``."""

    def session(self, area: Area, token: Token) -> Session:
        """The session with which a token reaches an area."""


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What the proof covers of a stack on AWS."""

    #: Physical names of the stack.
    names: Names
    #: Keys of the roles that trust the stack's issuer; only these are tried.
    federated: Sequence[str]

    @property
    def areas(self) -> list[Area]:
        return [area for area in AREAS if area.role in self.federated]

    def bucket(self, key: str) -> str:
        return self.names.bucket(key)

    def session(self, area: Area, token: Token) -> Session:
        return Session(role=self.names.role_arn(area.role), token=token)


@dataclass(frozen=True, kw_only=True)
class Cast:
    """The actors and the objects of one run."""

    #: Id of the first actor, 64 hex characters.
    a: str
    #: Id of the second actor, 64 hex characters.
    b: str
    #: Unique name of this run's objects.
    run: str
    #: Id of an actor that is not enrolled; empty for none.
    stranger: str = ""

    def id(self, token: Token) -> str:
        return {"B": self.b, "stranger": self.stranger}.get(token, self.a)

    def key(self, token: Token, part: str) -> str:
        return f"bots/{self.id(token)}/{part}/isolation-proof/{self.run}"


def rows(own: Scope, cast: Cast, other: Scope | None = None) -> list[Row]:
    """Every row in order: tokens become sessions, sessions are seen working, then the requests that must be refused."""
    return [
        *working(own, cast),
        *_tokens_refused(own),
        *refused(own, cast),
        *(_across(own, other, cast) if other else ()),
        *deleted(own, cast),
    ]


def working(own: Covered, cast: Cast) -> Iterator[Row]:
    """Both actors get sessions, which reach their own prefixes."""
    yield from _assumed(own)
    for area in own.areas:
        for token in ("A", "B"):
            yield from _working(own, area, cast, token)


def refused(own: Covered, cast: Cast) -> Iterator[Row]:
    """What no session of the two actors may reach in the stack."""
    for area in own.areas:
        for token in ("A", "B"):
            yield from _refused(own, area, cast, token)


def deleted(own: Covered, cast: Cast) -> Iterator[Row]:
    """Both actors delete what they wrote. Last, because other rows need the objects."""
    for area in own.areas:
        for token in ("A", "B"):
            if area.role != "data":
                yield Row(
                    who=own.session(area, token),
                    action="delete",
                    what="own object",
                    expected="allowed",
                    bucket=own.bucket(area.bucket),
                    key=cast.key(token, area.part),
                )


def untagged(own: Scope, cast: Cast, area: Area) -> list[Row]:
    """Rows of a session without a tag, for the case that STS issues one although it must not."""
    who, bucket = own.session(area, "untagged"), own.names.bucket(area.bucket)
    literal = "bots/${aws:PrincipalTag/agentkeys_actor_omni}/" + area.part
    return [
        *everything(who, bucket, cast.key("A", area.part), "an actor's data without a tag", ()),
        *everything(who, bucket, f"{literal}/{cast.run}", "the policy's own words as a key", ()),
        Row(who=who, action="list", what="the whole bucket", expected="AccessDenied", bucket=bucket),
    ]


def _assumed(own: Covered) -> Iterator[Row]:
    for area in own.areas:
        for token in ("A", "B"):
            yield Row(
                who=own.session(area, token), action="assume", what="a token of the stack's broker", expected="allowed"
            )


def _working(own: Covered, area: Area, cast: Cast, token: Token) -> Iterator[Row]:
    who, bucket, key = own.session(area, token), own.bucket(area.bucket), cast.key(token, area.part)
    prefix = f"bots/{cast.id(token)}/{area.part}/"
    if area.role != "data":
        yield Row(who=who, action="put", what="own prefix", expected="allowed", bucket=bucket, key=key)
    yield Row(who=who, action="list", what="own prefix", expected="allowed", bucket=bucket, key=prefix)
    yield Row(who=who, action="get", what="own prefix", expected="allowed", bucket=bucket, key=key)


def _tokens_refused(own: Scope) -> Iterator[Row]:
    for area in own.areas:
        after = (own.session(area, "A"),)
        for token, expected, what in (
            ("untagged", "AccessDenied", "a token without the actor's tag"),
            ("forged", "InvalidIdentityToken", "A's token with B's id written into it"),
            ("unsigned", "InvalidIdentityToken", "A's token without a signature"),
        ):
            yield Row(
                who=own.session(area, token),  # type: ignore[arg-type]
                action="assume",
                what=what,
                expected=expected,  # type: ignore[arg-type]
                after=after,
            )


def _refused(own: Covered, area: Area, cast: Cast, token: Token) -> Iterator[Row]:
    who, bucket = own.session(area, token), own.bucket(area.bucket)
    neighbour: Token = "A" if token == "B" else "B"  # noqa: S105 - the name of a token, not one
    me = cast.id(token)
    yield from everything(
        who, bucket, cast.key(neighbour, area.part), "another actor's prefix", (own.session(area, neighbour), who)
    )

    def listing(prefix: str | None, what: str) -> Row:
        return Row(
            who=who, action="list", what=what, expected="AccessDenied", bucket=bucket, key=prefix, after=(who,)
        )  # fmt: skip

    yield listing(None, "the whole bucket")
    if token == "B":  # noqa: S105 - the name of a token, not one
        return
    yield listing("", "the whole bucket, empty prefix")
    yield listing("bots/", "all actors")
    yield listing(f"bots/{me}", "own id without its slash")
    if area.role == "data":
        for action in ("put", "delete"):
            yield one(who, action, bucket, f"{cast.key(token, area.part)}-by-session", "own mail", (who,))
    else:
        yield listing(f"bots/{me}/", "all of own classes")
        yield one(who, "put", bucket, f"isolation-proof/{cast.run}", "outside of every prefix", (who,))
    for elsewhere in AREAS:
        if elsewhere == area:
            continue
        key = cast.key(token, elsewhere.part)
        if area.role != "data":
            yield from everything(who, bucket, key, f"own bucket, class {elsewhere.part}", (who,))
        if elsewhere in own.areas and own.session(elsewhere, token) == who:
            # The same session reaches several areas: not refused, and a row of ``working``.
            continue
        yield from everything(
            who, own.bucket(elsewhere.bucket), key, f"the {elsewhere.bucket} bucket, own prefix", (who,)
        )
    yield from everything(
        who, own.bucket("mail"), f"{INBOUND_PREFIX}isolation-proof-{cast.run}", "raw mail", (who,)
    )  # fmt: skip


def _across(own: Scope, other: Scope, cast: Cast) -> Iterator[Row]:
    for area in other.areas:
        yield Row(
            who=other.session(area, "other"),
            action="assume",
            what="a token of the other broker, at its own role",
            expected="allowed",
        )
    for area in other.areas:
        yield Row(
            who=other.session(area, "A"),
            action="assume",
            what="this stack's token at the other stack",
            expected="AccessDenied",
            # A missing role answers like one that does not trust the token, so both sides must be seen working.
            after=(other.session(area, "other"), *(own.session(mine, "A") for mine in own.areas)),
        )
    for area in own.areas:
        yield Row(
            who=own.session(area, "other"),
            action="assume",
            what="the other stack's token at this stack",
            expected="AccessDenied",
            after=(own.session(area, "A"),),
        )
    for area in own.areas:
        who = own.session(area, "A")
        yield from everything(
            who, other.names.bucket(area.bucket), cast.key("A", area.part), "the other stack's bucket", (who,)
        )  # fmt: skip
        for there in AREAS:
            yield Row(
                who=who, action="list", what="the other stack's whole bucket", expected="AccessDenied",
                bucket=other.names.bucket(there.bucket), after=(who,),
            )  # fmt: skip


def everything(who: Session, bucket: str, key: str, what: str, after: tuple[Session, ...]) -> Iterator[Row]:
    """Get, list, put and delete, all of which must be refused. Delete is last, because get needs the object."""
    yield one(who, "get", bucket, key, what, after)
    yield one(who, "list", bucket, f"{key.rpartition('/')[0]}/", what, after)
    yield one(who, "put", bucket, f"{key}-by-another", what, after)
    yield one(who, "delete", bucket, key, what, after)


def one(who: Session, action: Action, bucket: str, key: str, what: str, after: tuple[Session, ...]) -> Row:
    return Row(who=who, action=action, what=what, expected="AccessDenied", bucket=bucket, key=key, after=after)
