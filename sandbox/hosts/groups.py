"""Control groups: which processes belong to a host or a cell, also after a crash of what started them.

Owns finding the hierarchies and ending the processes of a group. Leaves out the names of the groups. No group limits
anything.
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sandbox.hosts.machine import HostError

_KILL_SECONDS = 10


@dataclass(frozen=True, kw_only=True)
class Hierarchy:
    """One mounted hierarchy of control groups."""

    mount: Path
    """Where it is mounted."""
    kind: str
    """File system type: ``cgroup`` or ``cgroup2``."""
    options: tuple[str, ...]
    """Options of its superblock, such as ``name=systemd`` or ``cpu``."""

    @property
    def tracks_services(self) -> bool:
        """Whether systemd may track services in it."""
        return self.kind == "cgroup2" or "name=systemd" in self.options


def hierarchies() -> list[Hierarchy]:
    """Return the hierarchies that this process sees, in the order of their mounts."""
    found = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        mount, _, rest = line.partition(" - ")
        kind, _, options = rest.split()
        if kind in {"cgroup", "cgroup2"}:
            found.append(Hierarchy(mount=Path(mount.split()[4]), kind=kind, options=tuple(options.split(","))))
    return found


def paths(name: str) -> list[Path]:
    """Return the folder of the group ``name`` in each hierarchy in which systemd may track services."""
    return [hierarchy.mount / name for hierarchy in hierarchies() if hierarchy.tracks_services]


def end(name: str) -> None:
    """Kill the processes in the group and below it until none is left, then remove it. Raises HostError."""
    groups = [group for group in paths(name) if group.is_dir()]
    deadline = time.monotonic() + _KILL_SECONDS
    while pids := {pid for group in groups for pid in _processes(group)}:
        if time.monotonic() > deadline:
            raise HostError(f"processes {sorted(pids)} of {name} do not end; see /proc/<pid>/stack")
        send(pids, signal.SIGKILL)
        time.sleep(0.05)
    # nspawn also removes these when it exits, possibly at the same time.
    for group in groups:
        for folder, _, _ in os.walk(group, topdown=False):
            with contextlib.suppress(FileNotFoundError):
                Path(folder).rmdir()


def signal_all(name: str, number: signal.Signals) -> set[int]:
    """Send a signal to every process in the group and below it. Returns their ids."""
    pids = {pid for group in paths(name) if group.is_dir() for pid in _processes(group)}
    send(pids, number)
    return pids


def send(pids: Iterable[int], number: signal.Signals) -> None:
    """Send a signal to those of the processes that still run."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def cpu_seconds(name: str) -> float | None:
    """CPU seconds that processes have used in the group and below it; None if no hierarchy counts them."""
    for group in paths(name):
        counted = group / "cpu.stat"
        if counted.is_file():
            return int(counted.read_text().split()[1]) / 1e6
    return None


def _processes(group: Path) -> set[int]:
    found: set[int] = set()
    for folder, _, _ in os.walk(group):
        # nspawn may remove the group meanwhile: opening it fails with ENOENT, reading an open file with ENODEV.
        with contextlib.suppress(OSError):
            found.update(int(pid) for pid in Path(folder, "cgroup.procs").read_text().split())
    return found
