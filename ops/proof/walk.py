"""Runs the isolation matrix with real requests: sessions from a token service, requests to a store, a verdict a row.

Owns what counts as refused, what counts as not run, and the cleanup after a run. Leaves out the rows
(``ops/proof/matrix.py``), the requests of each cloud (``ops/proof/s3.py``, ``ops/proof/gcp.py``) and how results are
shown (``ops/commands/proof.py``). Only the error that a row names counts as its refusal: a throttled request or a
missing object fails the row.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from components.buckets import OLD_VERSION_DAYS
from ops.proof.matrix import Row, Session, Token
from ops.verdicts import Verdict

#: Time in seconds for which rows that must succeed are retried, all together: a new role takes a while to work
#: everywhere in AWS.
PATIENCE = 60.0
#: Seconds between two attempts.
PAUSE = 2.0
#: Duration of a session in seconds, the shortest that AWS's STS accepts.
SESSION_SECONDS = 900
SESSION_NAME = "isolation-proof"

#: What a refused request to a store is called.
REFUSALS = ("AccessDenied", "forbidden")

#: The answers that count as each error that a row may expect, as error code and HTTP status. Google's exchange has a
#: code of its own for a token that the provider's condition rejects:
#: https://docs.cloud.google.com/iam/docs/troubleshooting-workload-identity-federation
ANSWERS = {
    "AccessDenied": {("AccessDenied", 403)},
    "InvalidIdentityToken": {("InvalidIdentityToken", 400)},
    "forbidden": {("forbidden", 403)},
    "invalid_grant": {("invalid_grant", 400), ("unauthorized_client", 400), ("unauthorized_client", 403)},
}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The cloud's answer to a request."""

    #: HTTP status; 0 without an answer.
    status: int = 0
    #: The cloud's error code; empty on success.
    error: str = ""
    #: Why there was no answer; empty with one.
    text: str = ""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def __str__(self) -> str:
        return self.text or f"{self.status} {self.error}".strip()

    def meets(self, expected: str) -> bool:
        if expected == "allowed":
            return self.ok
        return (self.error, self.status) in ANSWERS[expected]


@dataclass(frozen=True, kw_only=True)
class Result:
    """The outcome of a row."""

    #: The row.
    row: Row
    #: Whether it ran and was as expected.
    verdict: Verdict
    #: The cloud's answer, or why the row did not run.
    seen: str


class Store(Protocol):
    """The buckets as one identity reaches them. No call raises for an error or a missing answer."""

    def get(self, bucket: str, key: str) -> Seen:
        """Read an object."""

    def list(self, bucket: str, prefix: str | None) -> Seen:
        """List at most one key below the prefix; None lists without a prefix."""

    def put(self, bucket: str, key: str) -> Seen:
        """Write an empty object."""

    def delete(self, bucket: str, key: str) -> Seen:
        """Delete an object."""


class Operator(Store, Protocol):
    """The buckets as the caller reaches them with credentials of their own."""

    @property
    def removal(self) -> str:
        """How a person deletes an object, to complete "delete it with"."""

    def url(self, bucket: str, key: str) -> str:
        """The object as a person writes it."""

    def erase(self, bucket: str, key: str) -> str:
        """Delete every version of an object. Returns the error's code, or nothing if all are gone."""


@dataclass(kw_only=True)
class Walk:
    """One run of the matrix."""

    #: For each token that the broker did not issue, the reason.
    lacking: Mapping[Token, str]
    #: Asks the token service for a session: its answer, and the store as the session reaches it, None without one.
    exchange: Callable[[Session], tuple[Seen, Store | None]]
    #: The store for the caller. It creates the objects that no session may create, and cleans up.
    operator: Operator
    #: Gets a line for each event worth showing.
    progress: Callable[[str], None]
    #: Seconds left for retries of rows that must succeed.
    patience: float = PATIENCE
    #: Replaced in tests.
    sleep: Callable[[float], None] = time.sleep
    #: One result per row so far.
    results: list[Result] = field(default_factory=list)
    #: A sentence for each object that could not be deleted.
    stays: list[str] = field(default_factory=list)
    #: The store for each session that was issued.
    _stores: dict[Session, Store] = field(default_factory=dict)
    #: Sessions that do not work, with the request that failed.
    _unproven: dict[Session, str] = field(default_factory=dict)
    #: Objects that exist now, as bucket and key.
    _present: set[tuple[str, str]] = field(default_factory=set)
    #: Every object that may have been created, with the session that tried; None for the operator.
    _made: dict[tuple[str, str], Session | None] = field(default_factory=dict)

    def run(self, rows: Sequence[Row], further: Callable[[Session], Sequence[Row]]) -> None:
        """Run every row, then clean up, also if a row raises.

        ``further`` returns the rows to add for a session that was issued although it must not be.
        """
        try:
            for row in rows:
                self._one(row)
                if row.action == "assume" and row.expected != "allowed" and row.who in self._stores:
                    for more in further(row.who):
                        self._one(more)
        finally:
            self.clean_up()

    def _one(self, row: Row) -> None:
        reason = self._reason_not_to_run(row)
        if reason:
            result = Result(row=row, verdict=Verdict.NOT_RUN, seen=reason)
        else:
            seen = self._try(row)
            result = Result(row=row, verdict=Verdict.OK if seen.meets(row.expected) else Verdict.WRONG, seen=str(seen))
        if row.expected == "allowed" and result.verdict != Verdict.OK:
            self._unproven.setdefault(row.who, f"{row.action} on {row.what}: {result.seen}")
        self.results.append(result)
        if result.verdict != Verdict.OK:
            self.progress(f"{row.who}: {row.action} {row.target}: {result.seen}")

    def _reason_not_to_run(self, row: Row) -> str:
        if row.action == "assume" and row.who.token in self.lacking:
            return self.lacking[row.who.token]
        for session in row.after:
            if session in self._unproven:
                return f"would prove nothing, because {session} does not work: {self._unproven[session]}"
        if row.action != "assume" and row.who not in self._stores:
            return self._unproven.get(row.who, "there is no session")
        return self._laid_out(row) if row.action == "get" else ""

    def _laid_out(self, row: Row) -> str:
        """Ensure that the object exists: stores answer 403 for a missing one too. Returns why it does not."""
        at = (row.bucket, str(row.key))
        if at in self._present:
            return ""
        self._made.setdefault(at, None)
        seen = self.operator.put(*at)
        if not seen.ok:
            return f"the object for this row could not be created with the caller's own credentials: {seen}"
        self._present.add(at)
        return ""

    def _try(self, row: Row) -> Seen:
        while True:
            seen = self._request(row)
            waiting = row.expected == "allowed" and seen.error in REFUSALS and self.patience > 0
            if not waiting:
                return seen
            self.progress(f"{row.who}: {row.action} {row.target}: {seen}, retried for up to {self.patience:.0f} s")
            self.patience -= PAUSE
            self.sleep(PAUSE)

    def _request(self, row: Row) -> Seen:
        if row.action == "assume":
            return self._assume(row.who)
        store, at = self._stores[row.who], (row.bucket, str(row.key))
        match row.action:
            case "get":
                return store.get(*at)
            case "list":
                return store.list(row.bucket, row.key)
            case "put":
                # Recorded before the request: if the answer is lost, the object may exist.
                self._made[at] = row.who
                seen = store.put(*at)
                if seen.ok:
                    self._present.add(at)
                return seen
            case "delete":
                seen = store.delete(*at)
                if seen.ok:
                    self._present.discard(at)
                return seen

    def _assume(self, who: Session) -> Seen:
        seen, store = self.exchange(who)
        if store is not None:
            self._stores[who] = store
        return seen

    def clean_up(self) -> None:
        """Delete every object that the run may have created, with old versions. Failures are added to ``stays``."""
        if self._made:
            self.progress(f"deleting the {len(self._made)} objects that this run may have created")
        try:
            for (bucket, key), session in list(self._made.items()):
                if error := self.operator.erase(bucket, key):
                    self._delete_as(session, bucket, key, error)
                del self._made[bucket, key]
        finally:
            # A second signal interrupts the cleanup too.
            self.stays += [
                f"{self.operator.url(bucket, key)}: the run was interrupted; delete it with {self.operator.removal}"
                for bucket, key in self._made
            ]
            self._made.clear()

    def _delete_as(self, session: Session | None, bucket: str, key: str, error: str) -> None:
        url = self.operator.url(bucket, key)
        if (bucket, key) not in self._present:
            if session is not None:
                self.stays.append(
                    f"old versions of {url}, if the bucket keeps versions: the caller may not delete them ({error}); "
                    f"the bucket's lifecycle deletes them after {OLD_VERSION_DAYS} days"
                )
            return
        store = self._stores.get(session) if session else None
        if store is not None and store.delete(bucket, key).ok:
            self._present.discard((bucket, key))
            self._delete_as(session, bucket, key, error)
            return
        self.stays.append(f"{url}: it could not be deleted ({error}); delete it with {self.operator.removal}")
