"""Tools from package registries: Go, Node, programs in wheels, and separate virtual environments.

Owns the installation of each into the user's cache folder. Leaves out what each tool is used for.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

#: Files that are expensive to build and that all clones share: tools, engine binaries, the hosts' base image.
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "agentkeys-cloud"


@contextlib.contextmanager
def alone(made: Path) -> Iterator[None]:
    """Hold the lock of a cached file or folder while it is created: another run may need it too."""
    made.parent.mkdir(parents=True, exist_ok=True)
    with made.with_name(f"{made.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
