"""The lock that the engine's file backend writes for a stack, and which process owns it.

The lock names a process. Leaves out removing it: ``pulumi cancel`` does that.
"""

import json
import os
from pathlib import Path

from sandbox import layout


def is_stale(project: str, stack: str) -> bool:
    """Whether a killed engine left the stack locked. A lock of a living process is not stale: the engine refuses and
    names its owner.
    """
    locks = (layout.STATE / ".pulumi" / "locks").glob(f"organization/{project}/{stack}/*.json")
    return any(not _lives(_owner(lock)) for lock in locks)


def engine() -> int | None:
    """Process id of an engine that holds a stack of the sandbox, None when none does."""
    owners = (_owner(lock) for lock in (layout.STATE / ".pulumi" / "locks").glob("organization/*/*/*.json"))
    return next((owner for owner in owners if _lives(owner)), None)


def _owner(lock: Path) -> int:
    """Process id in a lock file; 0 for one that a kill left half-written."""
    try:
        return int(json.loads(lock.read_text())["pid"])
    except (ValueError, KeyError):
        return 0


def _lives(pid: int) -> bool:
    if pid == 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
