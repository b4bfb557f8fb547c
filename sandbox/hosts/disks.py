"""The content of the account's volumes and snapshots: copies of the disks of the sandbox's hosts.

Owns what is kept beside the hosts: a folder for each snapshot, and for each volume whose host is gone. Leaves out the
disks of running hosts (``machines.py``). A disk is the upper layer of an overlay and the image below it. A snapshot of
a volume that no host had has no content.
"""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.hosts.machine import run


@dataclass(frozen=True, kw_only=True)
class Disks:
    """The volumes and snapshots that the account has now."""

    #: Ids of the volumes.
    volumes: frozenset[str] = frozenset()
    #: By id of the snapshot, the id of its volume, or of the snapshot that it is a copy of.
    snapshots: Mapping[str, str] = field(default_factory=dict)


class Shelf:
    """The kept disks, in one folder: ``<id>/upper`` and ``<id>/image``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, identifier: str) -> Path | None:
        """The folder of a kept disk, None without content."""
        kept = self._folder / identifier
        return kept if identifier and kept.is_dir() else None

    def keep(self, identifier: str, disk: Path) -> None:
        """Take a host's disk over, without a copy."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for name in ("upper", "image"):
            if (disk / name).exists():
                (self._folder / f"{identifier}.new").mkdir(exist_ok=True)
                (disk / name).rename(self._folder / f"{identifier}.new" / name)
        (self._folder / f"{identifier}.new").rename(self._folder / identifier)

    def follow(self, disks: Disks, copied: Callable[[str, Path], bool]) -> None:
        """Copy what has a new snapshot, and delete what the account no longer has.

        ``copied`` copies the disk of the host that has a volume into a folder; false if no host has it.
        """
        known = {*disks.snapshots, *disks.volumes}
        for kept in self._folder.glob("*"):
            if kept.name not in known:
                shutil.rmtree(kept)
        for snapshot, source in disks.snapshots.items():
            if self.get(snapshot) is None:
                self._copy(snapshot, source, copied)

    def _copy(self, snapshot: str, source: str, copied: Callable[[str, Path], bool]) -> None:
        partial = self._folder / f"{snapshot}.new"
        shutil.rmtree(partial, ignore_errors=True)
        kept = self.get(source)
        if kept is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            copy_disk(kept, partial)
        elif not copied(source, partial):
            return
        partial.rename(self._folder / snapshot)


def copy_disk(source: Path, target: Path) -> None:
    """Copy a disk's upper layer and the name of its image. Raises HostError."""
    target.mkdir(parents=True, exist_ok=True)
    run(["cp", "-a", "--reflink=auto", str(source / "upper"), str(target / "upper")])
    if (source / "image").exists():
        (target / "image").write_text((source / "image").read_text())
