"""Walks the isolation matrix with real requests: tokens to sessions at STS, sessions to S3, and a verdict for each row.

Owns what counts as denied, what counts as not run, and that nothing of a run stays behind. Leaves out which rows there
are (``ops/proof/matrix.py``), where tokens and clients come from and how a result is shown (``ops/commands/proof.py``).
Only the error that a row names counts as its refusal. A throttled, missing or unreachable thing is a failure of the
proof.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from components.buckets import OLD_VERSION_DAYS
from ops.proof.matrix import Row, Session, Token
from ops.verdicts import Verdict

#: Seconds that positives together may wait for AWS: IAM takes a while until every part of it knows a fresh role.
PATIENCE = 60.0
#: Seconds between two tries.
PAUSE = 2.0
#: Seconds a session lives; the shortest that STS gives.
SESSION_SECONDS = 900
SESSION_NAME = "isolation-proof"

#: HTTP status that belongs to an error by which a row is refused.
STATUS_OF = {"AccessDenied": 403, "InvalidIdentityToken": 400}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """AWS's answer: its HTTP status and error code, or, without an answer, what went wrong in ``text``."""

    status: int = 0
    error: str = ""
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
    """A row's outcome; ``seen`` says why where it did not run."""

    row: Row
    verdict: Verdict
    seen: str


def asked(request: Callable[..., Any], **arguments: Any) -> Seen:
    """What AWS says to a request, never raising for an answer or for the lack of one."""
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
    """One run. ``tokens`` that could not be had have the reason in ``lacking``. ``client_of`` makes an S3 client out of
    STS's credentials; ``operator`` is one with the caller's own, which lays out objects that no session may make.
    """

    tokens: Mapping[Token, str]
    lacking: Mapping[Token, str]
    sts: Any
    client_of: Callable[[Mapping[str, str]], Any]
    operator: Any
    progress: Callable[[str], None]
    patience: float = PATIENCE
    sleep: Callable[[float], None] = time.sleep
    results: list[Result] = field(default_factory=list)
    #: What could not be taken away again, in sentences.
    stays: list[str] = field(default_factory=list)
    _clients: dict[Session, Any] = field(default_factory=dict)
    _unproven: dict[Session, str] = field(default_factory=dict)
    #: Objects that are there now, and every one that may ever have been made, with the session that tried.
    _present: set[tuple[str, str]] = field(default_factory=set)
    _made: dict[tuple[str, str], Session | None] = field(default_factory=dict)

    def run(self, rows: Sequence[Row], further: Callable[[Session], Sequence[Row]]) -> None:
        """Every row, then everything away again, also when a row raises. ``further`` gives the rows of a session that
        STS should not have given.
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
                return f"proves nothing, since {session} does not work: {self._unproven[session]}"
        if row.action != "assume" and row.who not in self._clients:
            return self._unproven.get(row.who, "there is no session")
        return self._laid_out(row) if row.action == "get" else ""

    def _laid_out(self, row: Row) -> str:
        """Have the object there: S3 refuses a missing one with the same 403. Gives the reason why it is not."""
        at = (row.bucket, str(row.key))
        if at in self._present:
            return ""
        self._made.setdefault(at, None)
        seen = asked(self.operator.put_object, Bucket=row.bucket, Key=row.key, Body=b"")
        if not seen.ok:
            return f"the object to try it on could not be laid out with the caller's own credentials: {seen}"
        self._present.add(at)
        return ""

    def _try(self, row: Row) -> Seen:
        while True:
            seen = self._request(row)
            waiting = row.expected == "allowed" and seen.error == "AccessDenied" and self.patience > 0
            if not waiting:
                return seen
            self.progress(f"{row.who}: {row.action} {row.target}: {seen}, tried again for {self.patience:.0f} s")
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
                # Noted before it is asked: an answer that is lost may have left an object.
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
        """Everything this run may have made, old versions included. What cannot be removed is in ``stays``."""
        if self._made:
            self.progress(f"taking away what this run may have made: {len(self._made)} objects")
        try:
            for (bucket, key), session in list(self._made.items()):
                try:
                    self._erase(bucket, key)
                except (ClientError, BotoCoreError) as error:
                    self._delete_as(session, bucket, key, error)
                del self._made[bucket, key]
        finally:
            # A second signal ends this too.
            self.stays += [f"s3://{bucket}/{key}: the run was ended; `aws s3 rm` it" for bucket, key in self._made]
            self._made.clear()

    def _erase(self, bucket: str, key: str) -> None:
        """Every version and delete marker. Raises what AWS answers."""
        listed = self.operator.list_object_versions(Bucket=bucket, Prefix=key)
        for item in (*listed.get("Versions", ()), *listed.get("DeleteMarkers", ())):
            if item["Key"] == key:
                self.operator.delete_object(Bucket=bucket, Key=key, VersionId=item["VersionId"])

    def _delete_as(self, session: Session | None, bucket: str, key: str, error: Exception) -> None:
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
        if (bucket, key) not in self._present:
            if session is not None:
                self.stays.append(
                    f"old versions of s3://{bucket}/{key}, if the bucket keeps versions: the caller may not remove "
                    f"them ({code}); they go after {OLD_VERSION_DAYS} days by the bucket's lifecycle"
                )
            return
        client = self._clients.get(session) if session else None
        if client is not None and asked(client.delete_object, Bucket=bucket, Key=key).ok:
            self._present.discard((bucket, key))
            self._delete_as(session, bucket, key, error)
            return
        self.stays.append(f"s3://{bucket}/{key}: it could not be removed ({code}); `aws s3 rm` it")
