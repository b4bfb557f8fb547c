"""Reads the engine's own event log: when each resource was worked on, what it waited for, what failed.

Owns the arithmetic on events. Leaves out running the engine (``rehearsal``) and printing.
"""

import json
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Operations that change something; the others only read or keep.
CHANGING = frozenset({"create", "update", "delete", "replace", "create-replacement", "delete-replaced"})


@dataclass(frozen=True, kw_only=True)
class Step:
    """One operation on one resource; times in seconds of the monotonic clock."""

    urn: str
    operation: str
    start: float
    end: float

    @property
    def name(self) -> str:
        return self.urn.rsplit("::", 1)[-1]

    @property
    def seconds(self) -> float:
        return self.end - self.start


class EventLog:
    """Follows an event log while the engine writes it: its own timestamps are whole seconds, an arrival is exact."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._arrived: list[tuple[float, dict[str, Any]]] = []
        self._done = threading.Event()
        self._follower = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> "EventLog":
        self.path.unlink(missing_ok=True)
        self._follower.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._done.set()
        self._follower.join()

    def _follow(self) -> None:
        position, rest = 0, b""
        while True:
            ended = self._done.is_set()
            if self.path.exists():
                # An `up` logs its preview first and then begins the file anew.
                if self.path.stat().st_size < position:
                    position, rest = 0, b""
                    self._arrived.clear()
                with self.path.open("rb") as log:
                    log.seek(position)
                    new = log.read()
                position += len(new)
                now = time.monotonic()
                *lines, rest = (rest + new).split(b"\n")
                self._arrived += [(now, json.loads(line)) for line in lines if line.strip()]
            if ended:
                return
            time.sleep(0.02)

    def steps(self) -> list[Step]:
        """Every operation on a resource that began and ended, in the order of their ends."""
        begun: dict[tuple[str, str], float] = {}
        ended = []
        for when, event in self._arrived:
            if "resourcePreEvent" in event:
                metadata = event["resourcePreEvent"]["metadata"]
                begun[metadata["urn"], metadata["op"]] = when
            elif "resOutputsEvent" in event:
                metadata = event["resOutputsEvent"]["metadata"]
                start = begun.pop((metadata["urn"], metadata["op"]), None)
                # Components and the stack itself last as long as what is in them.
                if start is not None and (metadata.get("new") or metadata.get("old") or {}).get("custom"):
                    ended.append(
                        Step(
                            urn=metadata["urn"],
                            operation=metadata["op"],
                            start=start,
                            end=when,
                        )
                    )
        return ended


def longest_chain(steps: Iterable[Step], resources: Iterable[dict[str, Any]]) -> list[Step]:
    """The chain of dependent operations with the longest sum of times, first to last.

    ``resources`` are the state's: an event does not tell what a resource waited for.
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
    return sum(step.seconds for step in steps)
