"""Reads the engine's event log: the times of each operation, the plan of a preview, the failures.

Owns the evaluation of events, during a run and after it. Leaves out running the engine and drawing. `pulumi preview`
and `pulumi up` write a log with ``--event-log FILE`` (``PULUMI_DEBUG_COMMANDS=1``).
"""

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: Operations that change a resource. The others only read or keep it.
CHANGING = frozenset({"create", "update", "delete", "replace", "create-replacement", "delete-replaced"})

Event = dict[str, Any]


class EventsError(ValueError):
    """A file is not an event log. The message says what was seen and what to do."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One operation on one resource. ``start`` and ``end`` are seconds of the same clock."""

    urn: str
    operation: str
    start: float
    end: float
    failed: bool = False

    @property
    def name(self) -> str:
        return self.urn.rsplit("::", 1)[-1]

    @property
    def seconds(self) -> float:
        return self.end - self.start


@dataclass(frozen=True, kw_only=True)
class Run:
    """A preview or an update, from its event log.

    ``operations``: the planned operation by URN (``create``, ``update``, ``replace``, ``delete`` or ``same``).
    ``drifted``: the change that a refresh found, by URN (``update`` or ``delete``), where the program would undo it.
    Other changes are left out, because AWS changes some outputs itself. ``parents``: the component's URN, by URN.
    ``began`` is in seconds since 1970. Times of steps are seconds after it. ``whole`` is False if the log has no end.
    """

    preview: bool
    steps: list[Step]
    operations: Mapping[str, str]
    drifted: Mapping[str, str]
    failed: frozenset[str]
    parents: Mapping[str, str]
    began: float
    seconds: float
    whole: bool


@dataclass
class _Reader:
    """Builds a run from single events. ``when`` is in seconds."""

    steps: list[Step] = field(default_factory=list)
    operations: dict[str, str] = field(default_factory=dict)
    drifted: dict[str, str] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    parents: dict[str, str] = field(default_factory=dict)
    _begun: dict[tuple[str, str], float] = field(default_factory=dict)

    def take(self, when: float, event: Event) -> None:
        if "resourcePreEvent" in event:
            metadata = event["resourcePreEvent"]["metadata"]
            urn, operation = metadata["urn"], metadata["op"]
            self._begun[urn, operation] = when
            if _custom(metadata):
                self.parents[urn] = str((metadata.get("new") or metadata.get("old") or {}).get("parent", ""))
            # The engine announces a replacement and also its two halves.
            if _custom(metadata) and operation != "refresh" and self.operations.get(urn) != "replace":
                self.operations[urn] = "replace" if operation in _HALVES else operation
        elif "resOutputsEvent" in event:
            self._ended(when, event["resOutputsEvent"]["metadata"], failed=False)
        elif "resOpFailedEvent" in event:
            self._ended(when, event["resOpFailedEvent"]["metadata"], failed=True)

    def _ended(self, when: float, metadata: Event, *, failed: bool) -> None:
        urn, operation = metadata["urn"], metadata["op"]
        if failed:
            self.failed.add(urn)
        start = self._begun.pop((urn, operation), None)
        if operation == "refresh":
            if _custom(metadata) and (found := _found(metadata)):
                self.drifted[urn] = found
            return
        # Components and the stack last as long as the resources in them.
        if start is not None and _custom(metadata):
            self.steps.append(Step(urn=urn, operation=operation, start=start, end=when, failed=failed))


_HALVES = ("create-replacement", "delete-replaced")


def _found(metadata: Event) -> str:
    """The change that a refresh found: ``delete``, ``update`` or an empty text."""
    if not metadata.get("new"):
        return "delete"
    old, new = metadata.get("old") or {}, metadata["new"]
    return "update" if old.get("outputs") != new.get("outputs") else ""


def _custom(metadata: Event) -> bool:
    custom = bool((metadata.get("new") or metadata.get("old") or {}).get("custom"))
    return custom and "::pulumi:providers:" not in metadata["urn"]


def read(path: Path) -> Run:
    """Read the run from an event log. Raises EventsError, and OSError if the file cannot be read."""
    events: list[Event] = []
    try:
        for line in path.read_text().splitlines():
            if line.strip():
                events.append(json.loads(line))
    except ValueError:
        # If the engine was killed while writing a line, the lines before it are used.
        if not events:
            raise EventsError(
                f"{path} is not an event log: give the file of `pulumi up --event-log FILE` (PULUMI_DEBUG_COMMANDS=1)."
            ) from None
    if not events or not all(isinstance(event, dict) and "timestamp" in event for event in events):
        raise EventsError(
            f"{path} is not an event log: it has no events with a time. Give the file of `pulumi up --event-log FILE`."
        )
    began = float(events[0]["timestamp"])
    reader = _Reader()
    try:
        for event in events:
            reader.take(float(event["timestamp"]) - began, event)
    except (KeyError, TypeError, IndexError):
        raise EventsError(
            f"{path} is not an event log of this engine's version: an event lacks its resource. Write it anew."
        ) from None
    summaries = [event["summaryEvent"] for event in events if "summaryEvent" in event]
    return Run(
        # A log without an end counts as an update's, because a preview takes only seconds.
        preview=bool(summaries and summaries[-1].get("isPreview")),
        steps=reader.steps,
        operations=reader.operations,
        drifted={urn: found for urn, found in reader.drifted.items() if reader.operations.get(urn, "create") != "same"},
        failed=frozenset(reader.failed),
        parents=reader.parents,
        began=began,
        seconds=float(events[-1]["timestamp"]) - began,
        whole=bool(summaries),
    )


class EventLog:
    """Follows an event log while the engine writes it, and then rewrites it with exact times.

    The engine's timestamps are whole seconds, so the time of arrival is used instead. ``each`` is called with every
    event as it arrives.
    """

    def __init__(self, path: Path, each: Callable[[Event], None] = lambda _: None) -> None:
        self.path = path
        self._each = each
        self._arrived: list[tuple[float, Event]] = []
        self._done = threading.Event()
        self._follower = threading.Thread(target=self._follow, daemon=True)
        # Seconds since 1970 at the monotonic clock's zero, so that setting the system clock has no effect.
        self._epoch = time.time() - time.monotonic()

    def __enter__(self) -> "EventLog":
        self.path.unlink(missing_ok=True)
        self._follower.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._done.set()
        self._follower.join()
        if self._arrived:
            exact = [json.dumps({**event, "timestamp": self._epoch + when}) for when, event in self._arrived]
            self.path.write_text("".join(f"{line}\n" for line in exact))

    def _follow(self) -> None:
        position, rest = 0, b""
        while True:
            ended = self._done.is_set()
            if self.path.exists():
                # An `up` logs its preview first and then truncates the file.
                if self.path.stat().st_size < position:
                    position, rest = 0, b""
                    self._arrived.clear()
                with self.path.open("rb") as log:
                    log.seek(position)
                    new = log.read()
                position += len(new)
                now = time.monotonic()
                *lines, rest = (rest + new).split(b"\n")
                for line in lines:
                    if line.strip():
                        event = json.loads(line)
                        self._arrived.append((now, event))
                        self._each(event)
            if ended:
                return
            time.sleep(0.02)

    def steps(self) -> list[Step]:
        """Every finished operation on a resource, in the order in which they ended."""
        reader = _Reader()
        for when, event in self._arrived:
            reader.take(when, event)
        return reader.steps


def longest_chain(steps: Iterable[Step], resources: Iterable[dict[str, Any]]) -> list[Step]:
    """The chain of dependent operations that takes longest in total, first to last.

    ``resources`` come from the state, because events do not contain dependencies.
    """
    dependencies = {resource["urn"]: resource.get("dependencies") or [] for resource in resources}
    by_urn = {step.urn: step for step in steps if step.operation in CHANGING}
    best: dict[str, list[Step]] = {}

    def chain(urn: str) -> list[Step]:
        if urn not in best:
            earlier = [chain(before) for before in dependencies.get(urn, []) if before in by_urn]
            best[urn] = [*max(earlier, key=total, default=[]), by_urn[urn]]
        return best[urn]

    return max((chain(urn) for urn in by_urn), key=total, default=[])


def total(steps: Iterable[Step]) -> float:
    """The sum of the steps' seconds."""
    return sum(step.seconds for step in steps)
