"""The lock that lets one request at a time use moto's backends.

They are plain dictionaries and lists, while Terraform's provider sends ten requests at once and the snapshot reads
all of them.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class RequestLock:
    """A lock that its holder can release while it waits for the network."""

    def __init__(self) -> None:
        self._lock = threading.RLock()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock."""
        with self._lock:
            yield

    @contextmanager
    def let_go(self) -> Iterator[None]:
        """Release the lock for the duration of the block. Use it directly inside one ``held()``."""
        self._lock.release()
        try:
            yield
        finally:
            self._lock.acquire()
