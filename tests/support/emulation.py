"""The sandbox that the slow tests share: how it starts and stops, and how a test reads its state."""

import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sandbox import layout, supervisor
from sandbox.engine import warm
from sandbox.rehearsal import say

#: What a host is: its files with their times, and since when its services run. Equal before and after what changes
#: nothing.
FOOTPRINT = (
    "sudo find /etc /usr/local /var/lib/agentkeys /var/www /opt /home -xdev "
    "\\( -type f -o -type l \\) -printf '%p %T@ %u %m\\n' | sort; "
    "for unit in $(systemctl list-units --plain --no-legend 'agentkeys-*' nginx.service ssh.service | cut -d' ' -f1); "
    "do systemctl show -p Id -p ActiveEnterTimestampMonotonic -p ExecMainStartTimestampMonotonic $unit; done"
)


@contextmanager
def from_nothing() -> Iterator[None]:
    """A home without anything in it; whatever runs in it at the end is stopped, and the home deleted."""
    assert layout.HOME != layout.CHECKOUT / ".sandbox", "the tests delete their sandbox: run them with `make test`"
    _end()
    shutil.rmtree(layout.HOME, ignore_errors=True)
    try:
        yield
    finally:
        _end()
        shutil.rmtree(layout.HOME)


def _end() -> None:
    warm.stop(layout.PULUMI_HOME)
    supervisor.stop(say)


def refuses(address: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(3)
        return probe.connect_ex((address, port)) != 0


def eventually(look: Callable[[], Any], seconds: float = 20) -> Any:
    """The first true answer of ``look``; the last one when time is over."""
    until = time.monotonic() + seconds
    while not (seen := look()) and time.monotonic() < until:
        time.sleep(0.2)
    return seen
