"""Runs the isolation matrix with real requests: tokens at STS, sessions at S3, and a verdict for each row.

Owns what counts as refused, what counts as not run, and the cleanup after a run. Leaves out the rows
(``ops/proof/matrix.py``), and where tokens and clients come from and how results are shown (``ops/commands/proof.py``).
Only the error that a row names counts as its refusal: a throttled request or a missing object fails the row.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from components.buckets import OLD_VERSION_DAYS
from ops.proof.matrix import Row, Session, Token
from ops.verdicts import Verdict

#: Time in seconds for which rows that must succeed are retried, all together: a new role takes a while to work
#: everywhere in AWS.
PATIENCE = 60.0
#: Seconds between two attempts.
PAUSE = 2.0
#: Duration of a session in seconds, the shortest that STS accepts.
SESSION_SECONDS = 900
SESSION_NAME = "isolation-proof"

#: HTTP status of each error that a row may expect.
STATUS_OF = {"AccessDenied": 403, "InvalidIdentityToken": 400}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """AWS's answer to a request."""

    #: HTTP status; 0 without an answer.
    status: int = 0
    #: AWS's error code; empty on success.
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
        return (self.error, self.status) == (expected, STATUS_OF[expected])


@dataclass(frozen=True, kw_only=True)
class Result:
    """The outcome of a row."""

    #: The row.
    row: Row
    #: Whether it ran and was as expected.
    verdict: Verdict
    #: AWS's answer, or why the row did not run.
    seen: str


def asked(request: Callable[..., Any], **arguments: Any) -> Seen:
    """AWS's answer to a request. Does not raise for an error or a missing answer."""
    try:
        answer = request(**arguments)
    except ClientError as error:
        status = int(error.response["ResponseMetadata"]["HTTPStatusCode"])
        return Seen(status=status, error=str(error.response["Error"]["Code"]))
    except BotoCoreError as error:
        return Seen(text=f"no answer: {type(error).__name__}")
    return Seen(status=int(answer["ResponseMetadata"]["HTTPStatusCode"]))


@dataclass(kw_only=True)
class Walk:
    """One run of the matrix."""

    #: The tokens, by name.
    tokens: Mapping[Token, str]
    #: For each token that the broker did not issue, the reason.
    lacking: Mapping[Token, str]
    #: STS client that does not sign requests.
    sts: Any
    #: Makes an S3 client from the credentials that STS returned.
    client_of: Callable[[Mapping[str, str]], Any]
    #: S3 client with the caller's own credentials. It creates the objects that no session may create, and cleans up.
    operator: Any
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
    #: S3 clients of the sessions that STS issued.
    _clients: dict[Session, Any] = field(default_factory=dict)
    #: Sessions that do not work, with the request that failed.
    _unproven: dict[Session, str] = field(default_factory=dict)
    #: Objects that exist now, as bucket and key.
    _present: set[tuple[str, str]] = field(default_factory=set)
    #: Every object that may have been created, with the session that tried; None for the operator.
    _made: dict[tuple[str, str], Session | None] = field(default_factory=dict)

    def run(self, rows: Sequence[Row], further: Callable[[Session], Sequence[Row]]) -> None:
        """Run every row, then clean up, also if a row raises.

        ``further`` returns the rows to add for a session that STS issued although it must not.
        """
        try:
            for row in rows:
                self._one(row)
                if row.action == "assume" and row.expected != "allowed" and row.who in self._clients:
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
        if row.action == "assume" and row.who.token not in self.tokens:
            return self.lacking[row.who.token]
        for session in row.after:
            if session in self._unproven:
                return f"would prove nothing, because {session} does not work: {self._unproven[session]}"
        if row.action != "assume" and row.who not in self._clients:
            return self._unproven.get(row.who, "there is no session")
        return self._laid_out(row) if row.action == "get" else ""

    def _laid_out(self, row: Row) -> str:
        """Ensure that the object exists: S3 answers 403 for a missing one too. Returns why it does not, or nothing."""
        at = (row.bucket, str(row.key))
        if at in self._present:
            return ""
        self._made.setdefault(at, None)
        seen = asked(self.operator.put_object, Bucket=row.bucket, Key=row.key, Body=b"")
        if not seen.ok:
            return f"the object for this row could not be created with the caller's own credentials: {seen}"
        self._present.add(at)
        return ""

    def _try(self, row: Row) -> Seen:
        while True:
            seen = self._request(row)
            waiting = row.expected == "allowed" and seen.error == "AccessDenied" and self.patience > 0
            if not waiting:
                return seen
            self.progress(f"{row.who}: {row.action} {row.target}: {seen}, retried for up to {self.patience:.0f} s")
            self.patience -= PAUSE
            self.sleep(PAUSE)

    def _request(self, row: Row) -> Seen:
        if row.action == "assume":
            return self._assume(row.who)
        client, at = self._clients[row.who], (row.bucket, str(row.key))
        match row.action:
            case "get":
                return asked(client.get_object, Bucket=row.bucket, Key=row.key)
            case "list":
                prefix = {} if row.key is None else {"Prefix": row.key}
                return asked(client.list_objects_v2, Bucket=row.bucket, MaxKeys=1, **prefix)
            case "put":
                # Recorded before the request: if the answer is lost, the object may exist.
                self._made[at] = row.who
                seen = asked(client.put_object, Bucket=row.bucket, Key=row.key, Body=b"")
                if seen.ok:
                    self._present.add(at)
                return seen
            case "delete":
                seen = asked(client.delete_object, Bucket=row.bucket, Key=row.key)
                if seen.ok:
                    self._present.discard(at)
                return seen

    def _assume(self, who: Session) -> Seen:
        given: dict[str, Any] = {}

        def assume() -> Any:
            given.update(
                self.sts.assume_role_with_web_identity(
                    RoleArn=who.role,
                    RoleSessionName=SESSION_NAME,
                    WebIdentityToken=self.tokens[who.token],
                    DurationSeconds=SESSION_SECONDS,
                )
            )
            return given

        seen = asked(assume)
        if seen.ok:
            self._clients[who] = self.client_of(given["Credentials"])
        return seen

    def clean_up(self) -> None:
        """Delete every object that the run may have created, with old versions. Failures are added to ``stays``."""
        if self._made:
            self.progress(f"deleting the {len(self._made)} objects that this run may have created")
        try:
            for (bucket, key), session in list(self._made.items()):
                try:
                    self._erase(bucket, key)
                except (ClientError, BotoCoreError) as error:
                    self._delete_as(session, bucket, key, error)
                del self._made[bucket, key]
        finally:
            # A second signal interrupts the cleanup too.
            self.stays += [
                f"s3://{bucket}/{key}: the run was interrupted; delete it with `aws s3 rm`"
                for bucket, key in self._made
            ]
            self._made.clear()

    def _erase(self, bucket: str, key: str) -> None:
        """Delete every version and delete marker of a key. Raises ClientError and BotoCoreError."""
        listed = self.operator.list_object_versions(Bucket=bucket, Prefix=key)
        for item in (*listed.get("Versions", ()), *listed.get("DeleteMarkers", ())):
            if item["Key"] == key:
                self.operator.delete_object(Bucket=bucket, Key=key, VersionId=item["VersionId"])

    def _delete_as(self, session: Session | None, bucket: str, key: str, error: Exception) -> None:
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
        if (bucket, key) not in self._present:
            if session is not None:
                self.stays.append(
                    f"old versions of s3://{bucket}/{key}, if the bucket keeps versions: the caller may not delete "
                    f"them ({code}); the bucket's lifecycle deletes them after {OLD_VERSION_DAYS} days"
                )
            return
        client = self._clients.get(session) if session else None
        if client is not None and asked(client.delete_object, Bucket=bucket, Key=key).ok:
            self._present.discard((bucket, key))
            self._delete_as(session, bucket, key, error)
            return
        self.stays.append(f"s3://{bucket}/{key}: it could not be deleted ({code}); delete it with `aws s3 rm`")
