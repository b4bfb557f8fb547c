"""Faults of single API calls: lost, failed or late answers, connection resets, and killed processes.

The plan is a JSON file that a test or a campaign writes while the account is served. A fault applies to the nth call of
one operation, where a client's retries count too. Each fault that occurs is a line in the log beside the plan. A plan
with several kills holds each call that it names, and kills once: when all of them are held, or when no other has
arrived for a while. The process that continues a killed account continues its plan too. Leaves out faults of the
account as a whole (``weather``).
"""

import contextlib
import ctypes
import json
import logging
import os
import select
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from botocore.exceptions import DataNotFoundError, UnknownServiceError
from moto.core.utils import get_service_model

from sandbox.aws import cbor
from sandbox.aws.iam import refusals
from sandbox.aws.iam.received import Received

log = logging.getLogger(__name__)

Kind = Literal[
    "answer-lost",  # executed; the connection ends without an answer
    "error",  # 500 in place of the call
    "throttled",  # every call of the operation is refused for `seconds`
    "reset",  # the connection is reset in place of the call
    "hang",  # executed after `seconds`
    "kill-engine-before",  # the engine that holds the stack is killed in place of the call
    "kill-engine-after",  # the engine is killed when the call is executed and not answered
    "kill-account-before",  # this process is killed in place of the call
    "kill-account-after",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

_LIBC = ctypes.CDLL(None)

#: Longest that a request waits for the client of a killed engine to go away.
_CLIENT_SECONDS = 120.0

#: How long a held call waits for another one of the plan, before the kill comes without it.
_GATHER_SECONDS = 12.0


class PlanError(ValueError):
    """The plan is invalid. The message names the key and its allowed values."""


class DroppedError(ConnectionError):
    """The request gets no answer. Werkzeug closes the connection silently on a ConnectionError."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault. ``service`` is botocore's name, ``operation`` AWS's; ``containing`` is text of the request's body or
    path, and ``nth`` counts the calls that match all three, from 1. ``seconds`` is for ``throttled`` and ``hang``.
    """

    service: str
    operation: str
    kind: Kind
    containing: str = ""
    nth: int = 1
    seconds: float = 0.0

    def __post_init__(self) -> None:
        """Raises PlanError for an unknown kind or operation, or a number out of range."""
        if self.kind not in KINDS:
            raise PlanError(f"kind is {self.kind!r}; it must be one of {', '.join(KINDS)}")
        if self.nth < 1 or self.seconds < 0:
            raise PlanError(f"nth is {self.nth} and seconds {self.seconds}; they must be at least 1 and 0")
        try:
            operations = get_service_model(self.service).operation_names
        except (UnknownServiceError, DataNotFoundError):
            raise PlanError(f"service is {self.service!r}, which botocore does not know") from None
        if self.operation not in operations:
            raise PlanError(f"operation is {self.operation!r}, which {self.service} does not have")

    @classmethod
    def read(cls, given: Any) -> "Fault":
        """One fault of a plan. Raises PlanError."""
        known = {field.name for field in fields(cls)}
        if not isinstance(given, dict) or not {"service", "operation", "kind"} <= given.keys() <= known:
            raise PlanError(f"a fault has service, operation and kind, and may have {sorted(known)}; this is {given!r}")
        return cls(**given)

    def matches(self, received: Received) -> bool:
        return (received.service, received.operation) == (self.service, self.operation) and (
            not self.containing or self.containing in received.path or self.containing.encode() in received.body
        )


def write(path: Path, faults: Iterable[Fault], *, record: bool = False) -> None:
    """Replace the plan, and reset its counts and log. The account reads it before its next request. With ``record``,
    every call that changes something is logged too.
    """
    _record(path).unlink(missing_ok=True)
    plan = {"record": record, "faults": [asdict(fault) for fault in faults]}
    _replace(path, plan)


def _replace(path: Path, plan: Mapping[str, Any]) -> None:
    path.with_suffix(".new").write_text(json.dumps(plan))
    path.with_suffix(".new").rename(path)


def struck(path: Path) -> list[dict[str, Any]]:
    """The faults of the plan at ``path`` that have occurred, oldest first."""
    record = _record(path)
    return [json.loads(line) for line in record.read_text().splitlines()] if record.exists() else []


def _record(path: Path) -> Path:
    return path.with_suffix(".log")


class Faults:
    """The current plan. ``engine`` returns the process id of the engine that holds a stack, or None. ``saved`` returns
    a context in which the account's state is on disk and no call changes it.
    """

    def __init__(
        self, path: Path, engine: Callable[[], int | None], saved: Callable[[], contextlib.AbstractContextManager[None]]
    ) -> None:
        self._path = path
        self._engine = engine
        self._saved = saved
        self._lock = threading.Lock()
        self._seen: os.stat_result | None = None
        self._plan: list[Fault] = []
        self._records = False
        self._counts: list[int] = []
        self._since: dict[Fault, float] = {}
        self._held: dict[Kind, list[Fault]] = {}
        self._last_held = 0.0

    def pick(self, received: Received) -> Fault | None:
        """Count the request, and return its fault, if any. Raises PlanError."""
        with self._lock:
            self._load()
            picked: Fault | None = None
            for index, fault in enumerate(self._plan):
                if not fault.matches(received):
                    continue
                self._counts[index] += 1
                if picked is None and self._is_due(fault, self._counts[index]):
                    picked = fault
            if picked is None and self._records and not received.reads:
                self._note({"service": received.service, "operation": received.operation, "kind": ""})
            if picked is not None:
                self._note(asdict(picked))
            return picked

    def _note(self, line: Mapping[str, Any]) -> None:
        with _record(self._path).open("a") as record:
            record.write(json.dumps({"time": time.time(), **line}) + "\n")

    def _is_due(self, fault: Fault, count: int) -> bool:
        if fault.kind != "throttled":
            return count == fault.nth
        if count < fault.nth:
            return False
        return time.monotonic() - self._since.setdefault(fault, time.monotonic()) < fault.seconds

    def _load(self) -> None:
        try:
            now = self._path.stat()
        except FileNotFoundError:
            self._plan, self._seen = [], None
            return
        if self._seen is not None and (now.st_ino, now.st_mtime_ns) == (self._seen.st_ino, self._seen.st_mtime_ns):
            return
        try:
            given = json.loads(self._path.read_text())
            self._plan = [Fault.read(item) for item in given["faults"]]
            self._records = bool(given["record"])
            counts = list(given.get("counts") or [0] * len(self._plan))
        except (ValueError, KeyError, TypeError) as error:
            raise PlanError(f"{self._path} is not a plan of faults: {error}. Correct or delete it.") from None
        self._counts, self._since, self._seen, self._held = counts, {}, now, {}

    def before(self, fault: Fault, received: Received, environ: Mapping[str, Any]) -> refusals.Response | None:
        """Apply the fault before the call. Return an answer that replaces the call, or None. Raises DroppedError."""
        match fault.kind:
            case "error":
                return failure("500 Internal Server Error", "InternalFailure", "a fault on purpose", received)
            case "throttled":
                return throttled(received)
            case "reset":
                _reset(environ)
            case "hang":
                time.sleep(fault.seconds)
            case "kill-engine-before":
                self._kill_engine(fault, environ)
            case "kill-account-before":
                self._kill_account(fault)
        return None

    def after(self, fault: Fault, environ: Mapping[str, Any]) -> None:
        """Apply the fault after the call. Raises DroppedError if its answer is lost."""
        match fault.kind:
            case "answer-lost":
                _drop(environ)
            case "kill-engine-after":
                self._kill_engine(fault, environ)
            case "kill-account-after":
                self._kill_account(fault)

    def _gather(self, fault: Fault) -> bool:
        """Wait for the plan's other kills. Returns True to the one caller that kills."""
        with self._lock:
            held = self._held.setdefault(fault.kind, [])
            held.append(fault)
            self._last_held = time.monotonic()
            wanted = sum(planned.kind == fault.kind for planned in self._plan)
        while len(held) < wanted and time.monotonic() - self._last_held < _GATHER_SECONDS:
            time.sleep(0.1)
        return held[0] is fault

    def _kill_account(self, fault: Fault) -> None:
        if not self._gather(fault):
            # The process ends with the call that was held first.
            threading.Event().wait(_CLIENT_SECONDS)
        # Without this, the restarted account could lack what it has already confirmed, which AWS does not.
        with self._saved():
            self._leave_rest()
            os.kill(os.getpid(), signal.SIGKILL)

    def _leave_rest(self) -> None:
        """Write the faults that have not struck, and the counts, for the process that continues the account.

        Clients repeat the calls that this process holds. Their repetitions do not count as further calls.
        """
        with self._lock:
            held = [fault for faults in self._held.values() for fault in faults]
            rest = [
                (fault, count - sum(_same_calls(fault, other) for other in held))
                for fault, count in zip(self._plan, self._counts, strict=True)
                if count < fault.nth
            ]
            plan = {"record": self._records, "faults": [asdict(fault) for fault, _ in rest]}
            _replace(self._path, {**plan, "counts": [count for _, count in rest]})

    def _kill_engine(self, fault: Fault, environ: Mapping[str, Any]) -> None:
        """Kill the engine, and keep the request open until its provider is gone, which would otherwise retry."""
        if self._gather(fault):
            process = self._engine()
            if process is None:
                log.error("no engine holds a stack, so none is killed")
            else:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
        connection = environ["werkzeug.socket"]
        until = time.monotonic() + _CLIENT_SECONDS
        while time.monotonic() < until:
            readable, _, _ = select.select([connection], [], [], 1.0)
            if readable and not connection.recv(1, socket.MSG_PEEK):
                break
        _drop(environ)


def _same_calls(fault: Fault, other: Fault) -> bool:
    """Whether the faults count the same calls."""
    return (fault.service, fault.operation, fault.containing) == (other.service, other.operation, other.containing)


def _drop(environ: Mapping[str, Any]) -> None:
    with contextlib.suppress(OSError):
        environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    raise DroppedError("the answer is lost on purpose")


def _reset(environ: Mapping[str, Any]) -> None:
    # On Linux, connecting to AF_UNSPEC resets a TCP connection. close() would wait for werkzeug's references.
    nowhere = struct.pack("=H14x", socket.AF_UNSPEC)
    _LIBC.connect(environ["werkzeug.socket"].fileno(), nowhere, len(nowhere))
    raise DroppedError("the connection is reset on purpose")


def throttled(received: Received) -> refusals.Response:
    """The error of a throttled request, by service."""
    codes = {"ec2": "RequestLimitExceeded", "s3": "SlowDown", "sesv2": "TooManyRequestsException"}
    status = {"ec2": "503 Service Unavailable", "s3": "503 Slow Down", "sesv2": "429 Too Many Requests"}
    return failure(
        status.get(received.service, "400 Bad Request"),
        codes.get(received.service, "Throttling"),
        "Rate exceeded",
        received,
    )


def failure(status: str, code: str, message: str, received: Received) -> refusals.Response:
    """An error in the form of the request's protocol."""
    text = f"{received.service} {received.operation}: {message}"
    if received.protocol == cbor.PROTOCOL:
        return cbor.error(status, code, text)
    if received.protocol in ("json", "rest-json"):
        return refusals.json_error(status, code, text)
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    if received.protocol == "ec2":
        xml = f"<Response><Errors><Error><Code>{code}</Code><Message>{escaped}</Message></Error></Errors></Response>"
        return status, [("Content-Type", "text/xml")], xml.encode()
    if received.service == "s3":
        xml = f"<Error><Code>{code}</Code><Message>{escaped}</Message></Error>"
        return status, [("Content-Type", "application/xml")], b"" if received.method == "HEAD" else xml.encode()
    xml = f"<ErrorResponse><Error><Type>Receiver</Type><Code>{code}</Code><Message>{escaped}</Message></Error>"
    return status, [("Content-Type", "text/xml")], f"{xml}</ErrorResponse>".encode()
