"""Frees a stack that a killed engine left locked, and says so.

The file backend's lock names a process; when that process is gone, nobody works on the stack. A lock of a living
process is left alone: the engine refuses by itself and names its owner.
"""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox import layout

if TYPE_CHECKING:
    from sandbox.rehearsal import Engine, Project


def release_stale(engine: "Engine", project: "Project") -> None:
    for lock in (layout.STATE / ".pulumi" / "locks").glob(f"organization/{project.name}/{project.stack}/*.json"):
        if not _lives(_owner(lock)):
            engine.run(project, "cancel", "--yes", capture=True)
            return


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
