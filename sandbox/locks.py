"""Frees a stack that a killed engine left locked, and says so.

The file backend's lock names a process; when that process is gone, nobody works on the stack. A lock of a living
process is left alone: the engine refuses by itself and names its owner.
"""

import json
import os
from typing import TYPE_CHECKING

from sandbox import layout

if TYPE_CHECKING:
    from sandbox.rehearsal import Engine, Project


def release_stale(engine: "Engine", project: "Project") -> None:
    for lock in (layout.STATE / ".pulumi" / "locks").glob(f"organization/{project.name}/{project.stack}/*.json"):
        owner = json.loads(lock.read_text())
        if not _lives(int(owner["pid"])):
            engine.run(project, "cancel", "--yes", capture=True)
            return


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
