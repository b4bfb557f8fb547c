"""The isolation matrix as data: every row of the proof for one stack, and for two that must not reach each other.

Source: "The isolation proof" of the deployment's facts, and the rows that a mutation of any policy would need. Owns who
tries what and what AWS must answer. Pure: no request is made here (``ops/proof/walk.py`` does it). A row that a policy
must refuse comes after the rows that show the same session working.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from components.naming import DATA_CLASSES, INBOUND_PREFIX, Names

Action = Literal["assume", "put", "get", "list", "delete"]

#: What AWS must say: nothing against it, or this error.
Expected = Literal["allowed", "AccessDenied", "InvalidIdentityToken"]

#: A token by what is special about it. ``A`` and ``B`` are two actors of the stack's broker, ``other`` is an actor of
#: the other stack's. ``forged`` is A's with B's id written into it, ``unsigned`` is A's with no signature at all.
Token = Literal["A", "B", "untagged", "forged", "unsigned", "other"]


@dataclass(frozen=True, kw_only=True)
class Area:
    """Where a role's sessions keep an actor's data: the role's key, the bucket's, and the part after the actor."""

    role: str
    bucket: str
    part: str


#: Mail has no class in its key: the data role reads whatever is filed under the actor.
AREAS = (
    *(Area(role=row.key, bucket=row.key, part=row.prefix) for row in DATA_CLASSES),
    Area(role="data", bucket="mail", part="mail"),
)


@dataclass(frozen=True, kw_only=True)
class Session:
    """A role, by ARN, assumed with a token."""

    role: str
    token: Token

    def __str__(self) -> str:
        return f"{self.role.rpartition('/')[2]} as {self.token}"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One thing that one session tries, or that its token tries at STS (``assume``).

    ``key`` is an object's key or a listing's prefix; None lists without a prefix. ``after`` are the sessions that must
    have shown themselves working, or this row proves nothing.
    """

    who: Session
    action: Action
    what: str
    expected: Expected
    bucket: str = ""
    key: str | None = None
    after: tuple[Session, ...] = ()

    @property
    def target(self) -> str:
        if self.action == "assume":
            return self.who.role.rpartition("/")[2]
        if self.key is None:
            return f"s3://{self.bucket}"
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True, kw_only=True)
class Ground:
    """A stack as the proof walks it; ``federated`` are the keys of the roles that trust its issuer."""

    names: Names
    federated: Sequence[str]

    @property
    def areas(self) -> list[Area]:
        return [area for area in AREAS if area.role in self.federated]

    def session(self, area: Area, token: Token) -> Session:
        return Session(role=self.names.role_arn(area.role), token=token)


@dataclass(frozen=True, kw_only=True)
class Cast:
    """The ids of the two actors, and the name of this run's objects, which nobody else uses."""

    a: str
    b: str
    run: str

    def id(self, token: Token) -> str:
        return self.b if token == "B" else self.a  # noqa: S105 - the name of a token, not one

    def key(self, token: Token, part: str) -> str:
        return f"bots/{self.id(token)}/{part}/isolation-proof/{self.run}"


def rows(own: Ground, cast: Cast, other: Ground | None = None) -> list[Row]:
    """Every row in the order of running: tokens become sessions, sessions show that they work, then what is refused."""
    return [
        *_assumed(own),
        *(row for area in own.areas for token in ("A", "B") for row in _working(own, area, cast, token)),
        *_tokens_refused(own),
        *(row for area in own.areas for token in ("A", "B") for row in _refused(own, area, cast, token)),
        *(_across(own, other, cast) if other else ()),
        *(
            Row(
                who=own.session(area, token), action="delete", what="own object", expected="allowed",
                bucket=own.names.bucket(area.bucket), key=cast.key(token, area.part),
            )
            for area in own.areas if area.role != "data" for token in ("A", "B")
        ),
    ]  # fmt: skip


def untagged(own: Ground, cast: Cast, area: Area) -> list[Row]:
    """What a session without a tag would try, where STS gave one against the rules."""
    who, bucket = own.session(area, "untagged"), own.names.bucket(area.bucket)
    literal = "bots/${aws:PrincipalTag/agentkeys_actor_omni}/" + area.part
    return [
        *_everything(who, bucket, cast.key("A", area.part), "an actor's data without a tag", ()),
        *_everything(who, bucket, f"{literal}/{cast.run}", "the policy's own words as a key", ()),
        Row(who=who, action="list", what="the whole bucket", expected="AccessDenied", bucket=bucket),
    ]


def _assumed(own: Ground) -> Iterator[Row]:
    for area in own.areas:
        for token in ("A", "B"):
            yield Row(
                who=own.session(area, token), action="assume", what="a token of the stack's broker", expected="allowed"
            )


def _working(own: Ground, area: Area, cast: Cast, token: Token) -> Iterator[Row]:
    who, bucket, key = own.session(area, token), own.names.bucket(area.bucket), cast.key(token, area.part)
    prefix = f"bots/{cast.id(token)}/{area.part}/"
    if area.role != "data":
        yield Row(who=who, action="put", what="own prefix", expected="allowed", bucket=bucket, key=key)
    yield Row(who=who, action="list", what="own prefix", expected="allowed", bucket=bucket, key=prefix)
    yield Row(who=who, action="get", what="own prefix", expected="allowed", bucket=bucket, key=key)


def _tokens_refused(own: Ground) -> Iterator[Row]:
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


def _refused(own: Ground, area: Area, cast: Cast, token: Token) -> Iterator[Row]:
    names, who, bucket = own.names, own.session(area, token), own.names.bucket(area.bucket)
    neighbour: Token = "A" if token == "B" else "B"  # noqa: S105 - the name of a token, not one
    me = cast.id(token)
    yield from _everything(
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
            yield _one(who, action, bucket, f"{cast.key(token, area.part)}-by-session", "own mail", (who,))
    else:
        yield listing(f"bots/{me}/", "all of own classes")
        yield _one(who, "put", bucket, f"isolation-proof/{cast.run}", "outside of every prefix", (who,))
    for elsewhere in AREAS:
        if elsewhere == area:
            continue
        key = cast.key(token, elsewhere.part)
        if area.role != "data":
            yield from _everything(who, bucket, key, f"own bucket, class {elsewhere.part}", (who,))
        yield from _everything(
            who, names.bucket(elsewhere.bucket), key, f"the {elsewhere.bucket} bucket, own prefix", (who,)
        )
    yield from _everything(
        who, names.bucket("mail"), f"{INBOUND_PREFIX}isolation-proof-{cast.run}", "raw mail", (who,)
    )  # fmt: skip


def _across(own: Ground, other: Ground, cast: Cast) -> Iterator[Row]:
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
            # A role that is not there answers like one that does not trust: both sides must work.
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
        yield from _everything(
            who, other.names.bucket(area.bucket), cast.key("A", area.part), "the other stack's bucket", (who,)
        )  # fmt: skip
        for there in AREAS:
            yield Row(
                who=who, action="list", what="the other stack's whole bucket", expected="AccessDenied",
                bucket=other.names.bucket(there.bucket), after=(who,),
            )  # fmt: skip


def _everything(who: Session, bucket: str, key: str, what: str, after: tuple[Session, ...]) -> Iterator[Row]:
    """Get, list, put and delete, all refused; the delete last, so that nothing is missing for the get."""
    yield _one(who, "get", bucket, key, what, after)
    yield _one(who, "list", bucket, f"{key.rpartition('/')[0]}/", what, after)
    yield _one(who, "put", bucket, f"{key}-by-another", what, after)
    yield _one(who, "delete", bucket, key, what, after)


def _one(who: Session, action: Action, bucket: str, key: str, what: str, after: tuple[Session, ...]) -> Row:
    return Row(who=who, action=action, what=what, expected="AccessDenied", bucket=bucket, key=key, after=after)
