"""One request at a time through moto's backends.

Owns the lock. Leaves out what runs under it. Moto's backends are plain dictionaries and lists, while Terraform's
provider sends ten requests at once and the snapshot walks all of them.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Gate:
    """A lock that a holder can let go of while it waits for the network."""

    def __init__(self) -> None:
        self._lock = threading.RLock()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Alone with the backends."""
        with self._lock:
            yield

    @contextmanager
    def let_go(self) -> Iterator[None]:
        """Others may pass while this holder waits; only from directly inside one held()."""
        self._lock.release()
        try:
            yield
        finally:
            self._lock.acquire()
