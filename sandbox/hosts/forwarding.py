"""The sysctl ip_forward of this network namespace: on while hosts or cells need it, then as it was before.

Several processes may need it at once, so each holds a lock while it does. The last one restores the earlier value.
"""

import fcntl
import os
from pathlib import Path

from dev.toolchain import hold
from sandbox import layout

_IP_FORWARD = Path("/proc/sys/net/ipv4/ip_forward")


def acquire() -> int:
    """Turn forwarding on. Returns a file descriptor for ``release``; the end of the process releases it too."""
    with hold(layout.FORWARDING_LOCK):
        users = os.open(layout.FORWARDING, os.O_RDWR | os.O_CREAT, 0o600)
        # A value in the file although nobody holds the lock is from a crash, and is the one to restore.
        if _sole(users) and not os.pread(users, 16, 0):
            os.pwrite(users, _IP_FORWARD.read_bytes().strip(), 0)
        _IP_FORWARD.write_text("1")
        fcntl.flock(users, fcntl.LOCK_SH)
        return users


def release(users: int) -> None:
    """Give up what ``acquire`` returned. Restores the earlier value unless another process needs forwarding."""
    with hold(layout.FORWARDING_LOCK):
        try:
            if _sole(users) and (before := os.pread(users, 16, 0)):
                _IP_FORWARD.write_bytes(before)
                os.ftruncate(users, 0)
        finally:
            os.close(users)


def settle() -> None:
    """Restore the earlier value if a process that needed forwarding did not release it."""
    with hold(layout.FORWARDING_LOCK):
        users = os.open(layout.FORWARDING, os.O_RDWR | os.O_CREAT, 0o600)
    release(users)


def _sole(users: int) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
