"""Reads the lock that the engine's file backend writes for a stack, and the process that owns it.

``pulumi cancel`` removes it.
"""

import json
import os
from pathlib import Path

from sandbox import layout


def is_stale(project: str, stack: str) -> bool:
    """Whether a killed engine left the stack locked. The lock of a running process is not stale."""
    locks = (layout.STATE / ".pulumi" / "locks").glob(f"organization/{project}/{stack}/*.json")
    return any(not _lives(_owner(lock)) for lock in locks)


def engine() -> int | None:
    """Process id of an engine that holds a stack of the sandbox, or None."""
    owners = (_owner(lock) for lock in (layout.STATE / ".pulumi" / "locks").glob("organization/*/*/*.json"))
    return next((owner for owner in owners if _lives(owner)), None)


def _owner(lock: Path) -> int:
    """Process id in a lock file; 0 if a killed engine left the file incomplete."""
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
