"""The proof of a stack on Google Cloud: its rows, the exchange of tokens (RFC 8693) and requests to Cloud Storage.

One federated identity reaches an actor's managed folders in every bucket, so there is one session for each actor. The
two actors are enrolled for the run, unless they are enrolled already.
"""

import contextlib
import http
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import requests
from google.auth.exceptions import GoogleAuthError
from requests.exceptions import RequestException

from clouds.gcp import enrolment
from clouds.gcp.names import STORE, TOKENS, GcpNames
from gates.dns import without_netrc
from ops import google
from ops.proof import matrix, tokens
from ops.proof.matrix import AREAS, Area, Cast, Row, Session, Token
from ops.proof.plan import Proof
from ops.proof.walk import Seen, Store, Walk
from ops.stack import AnyStack

NO_STRANGER = (
    "--session-token-file gives two actors, and this row needs a third that is not enrolled. To run it, run the proof "
    "in the sandbox, whose stand-in broker issues such a token."
)
_EXCHANGE = {
    "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
    "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
    "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
    "scope": "https://www.googleapis.com/auth/devstorage.read_write",
}
_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What the proof covers of a stack on Google Cloud: the data classes. Mail has no prefix of an actor there."""

    #: Physical names of the stack.
    names: GcpNames

    @property
    def areas(self) -> Sequence[Area]:
        return [area for area in AREAS if area.role != "data"]

    def bucket(self, key: str) -> str:
        return self.names.bucket(key)

    def session(self, area: Area, token: Token) -> Session:  # noqa: ARG002 - the same for every area
        return Session(role=self.names.pool_path, token=token)


def rows(own: Scope, cast: Cast) -> list[Row]:
    """Every row in order, as ``matrix.rows``."""
    tried = [
        *matrix.working(own, cast),
        *_tokens_refused(own),
        *_not_enrolled(own, cast),
        *matrix.refused(own, cast),
        *matrix.deleted(own, cast),
    ]
    # Areas with one session have rows in common.
    return list(dict.fromkeys(_as_google_answers(row) for row in tried))


def _as_google_answers(row: Row) -> Row:
    return replace(row, scheme="gs", expected="forbidden" if row.expected == "AccessDenied" else row.expected)


def _tokens_refused(own: Scope) -> Iterator[Row]:
    role = own.names.pool_path
    given: dict[Token, str] = {
        "untagged": "a token without the actor's tag",
        "forged": "A's token with B's id written into it",
        "unsigned": "A's token without a signature",
    }
    for token, what in given.items():
        yield Row(
            who=Session(role=role, token=token),
            action="assume",
            what=what,
            expected="invalid_grant",
            after=(Session(role=role, token="A"),),  # noqa: S106 - the name of a token, not one
        )


def _not_enrolled(own: Scope, cast: Cast) -> Iterator[Row]:
    """The exchange knows no enrolments, so an actor without one gets a session, which reaches nothing."""
    role = own.names.pool_path
    who, enrolled = Session(role=role, token="stranger"), Session(role=role, token="A")  # noqa: S106 - likewise
    yield Row(who=who, action="assume", what="a token of an actor that is not enrolled", expected="allowed")
    for area in own.areas:
        bucket, key = own.bucket(area.bucket), cast.key("stranger", area.part)
        yield from matrix.everything(who, bucket, key, "own prefix, not enrolled", (who, enrolled))


@dataclass(frozen=True, kw_only=True)
class CloudStorage:
    """The buckets as a session reaches them, by the JSON API: https://docs.cloud.google.com/storage/docs/json_api"""

    #: Signs its requests; has ``request`` as requests' sessions do.
    session: Any
    removal: str = "`gcloud storage rm`"

    def get(self, bucket: str, key: str) -> Seen:
        return self._asked("GET", f"{_object(bucket, key)}?alt=media")[0]

    def list(self, bucket: str, prefix: str | None) -> Seen:
        given = {} if prefix is None else {"prefix": prefix}
        return self._asked("GET", _objects(bucket), params={"maxResults": "1", **given})[0]

    def put(self, bucket: str, key: str) -> Seen:
        url = f"{STORE}/upload/storage/v1/b/{bucket}/o"
        return self._asked("POST", url, params={"uploadType": "media", "name": key}, data=b"")[0]

    def delete(self, bucket: str, key: str) -> Seen:
        return self._asked("DELETE", _object(bucket, key))[0]

    def url(self, bucket: str, key: str) -> str:
        return f"gs://{bucket}/{key}"

    def erase(self, bucket: str, key: str) -> str:
        """Delete every generation. Returns the error's code."""
        seen, answer = self._asked("GET", _objects(bucket), params={"prefix": key, "versions": "true"})
        if answer is None or not seen.ok:
            return str(seen)
        for item in answer.json().get("items", ()):
            if item["name"] == key:
                gone = self._asked("DELETE", _object(bucket, key), params={"generation": item["generation"]})[0]
                if not gone.ok:
                    return str(gone)
        return ""

    def _asked(self, method: str, url: str, **options: Any) -> tuple[Seen, Any]:
        try:
            answer = self.session.request(method, url, timeout=_SECONDS, **options)
        except (GoogleAuthError, RequestException) as error:
            return Seen(text=f"no answer: {type(error).__name__}"), None
        return Seen(status=answer.status_code, error="" if answer.ok else _reason(answer)), answer


def _objects(bucket: str) -> str:
    return f"{STORE}/storage/v1/b/{bucket}/o"


def _object(bucket: str, key: str) -> str:
    return f"{_objects(bucket)}/{quote(key, safe='')}"


def _reason(answer: Any) -> str:
    """The reason in an error; a download's error is text, and its status says the same."""
    try:
        return str(answer.json()["error"]["errors"][0]["reason"])
    except (ValueError, LookupError, TypeError):
        return http.HTTPStatus(answer.status_code).phrase.lower()


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """The exchange of the broker's tokens for access tokens: https://docs.cloud.google.com/iam/docs/reference/sts/rest"""

    #: The pool's provider.
    audience: str
    #: The tokens, by name.
    tokens: Mapping[Token, str]

    def __call__(self, who: Session) -> tuple[Seen, Store | None]:
        given = {**_EXCHANGE, "audience": self.audience, "subject_token": self.tokens[who.token]}
        try:
            answer = requests.post(f"{TOKENS}/v1/token", data=given, auth=without_netrc, timeout=_SECONDS)
            told = answer.json()
        except (RequestException, ValueError) as error:
            return Seen(text=f"no answer: {type(error).__name__}"), None
        if not answer.ok:
            return Seen(status=answer.status_code, error=str(told.get("error", ""))), None
        session = requests.Session()
        session.auth = without_netrc
        session.headers["Authorization"] = f"Bearer {told['access_token']}"
        return Seen(status=answer.status_code), CloudStorage(session=session)


def prepare(own: AnyStack, sessions: list[str], say: Callable[[str], None]) -> Proof:
    """A proof of the stack. ``sessions`` are the session tokens of two actors, or empty."""
    names = own.names
    assert isinstance(names, GcpNames)  # noqa: S101 - the project in this folder
    cast, had, lacking = tokens.minted(own, sessions, None, "", say)
    cast = replace(cast, stranger=tokens.new_actor())
    if sessions:
        lacking["stranger"] = NO_STRANGER
    else:
        settings = own.settings
        try:
            had["stranger"] = tokens.mint(
                names.broker_host, settings.doh_urls, settings.ca_bundle, actor=cast.stranger, session=""
            )
        except tokens.NotMintedError as error:
            lacking["stranger"] = str(error)
    session = google.session(own.name)
    walk = Walk(
        lacking=lacking,
        exchange=Exchange(audience=names.exchange_audience, tokens=had),
        operator=CloudStorage(session=session),
        progress=say,
    )
    actors = [cast.id(token) for token in ("A", "B") if token in had]
    return Proof(
        name=own.name,
        cast=cast,
        rows=rows(Scope(names=names), cast),
        walk=walk,
        around=lambda: _enrolled(own.name, names, actors, walk, session),
    )


@contextlib.contextmanager
def _enrolled(name: str, names: GcpNames, actors: Sequence[str], walk: Walk, session: Any) -> Iterator[None]:
    """The actors' folders, undone afterwards as far as this made them. Raises GoogleError."""
    enrolled: dict[str, list[enrolment.Folder] | None] = {}
    try:
        with google.explained(name):
            for actor in actors:
                walk.progress(f"enrolling {actor[:8]}… for this run")
                enrolled[actor] = None
                enrolled[actor] = enrolment.enrol(session, names, actor)
        yield
    finally:
        for actor, folders in enrolled.items():
            if why := _withdrawn(session, folders):
                walk.stays.append(
                    f"the enrolment of {actor}: {why}. Take it back with `agentkeys enrol --cloud gcp -s {name} "
                    f"--release {actor}`"
                )


def _withdrawn(session: enrolment.Session, folders: Sequence[enrolment.Folder] | None) -> str:
    """Undo an enrolment; None is one that was interrupted. Returns why it stays, or nothing."""
    if folders is None:
        return "it was interrupted"
    try:
        enrolment.withdraw(session, folders)
    except (enrolment.EnrolmentError, GoogleAuthError, RequestException) as error:
        return str(error)
    return ""
