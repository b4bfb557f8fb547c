"""Tools from package registries: Go, Node, programs in wheels, and separate virtual environments.

Owns the installation of each into the user's cache folder. Leaves out what each tool is used for.
"""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

#: Files that are expensive to build and that all clones share: tools, engine binaries, the hosts' base image.
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "agentkeys-cloud"


@contextlib.contextmanager
def hold(lock: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold a lock file. ``waiting`` is called first if another process holds it."""
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def creating(made: Path) -> Iterator[None]:
    """Hold the lock of a cached file or folder while it is created: another run may need it too."""
    made.parent.mkdir(parents=True, exist_ok=True)
    with hold(made.with_name(f"{made.name}.lock")):
        yield
