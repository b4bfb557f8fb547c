"""Real Linux hosts behind the emulated account's running EC2 instances, booted with systemd-nspawn.

Owns each host's disk, process and life cycle, and the removal of what a crash left on the machine. Leaves out the
image, the network's rules, the relays and the first files, which have their own modules. A host's disk is an overlay
over the image, so a new host takes seconds. The overlay is mounted in the host's mount namespace, so the mount ends
with the host.
"""

import contextlib
import fcntl
import os
import secrets
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from dev import toolchain
from sandbox import layout, tools
from sandbox.hosts import forwarding, groups, network
from sandbox.hosts.disks import Disks, Shelf, copy_disk
from sandbox.hosts.image import DEFAULT_BASE, egress_ports, ensure_image, former_image
from sandbox.hosts.machine import HostError, Progress, require_tools, run
from sandbox.hosts.relay import Exposure, Relays
from sandbox.hosts.seed import HostSpec, first_files

#: Parent of the control groups that hold every process of a host. Processes left by a crash are found here. Without
#: these groups, every nspawn would put its host into the same group.
_GROUP = "agentkeys-sandbox"

_PROPAGATE = Path("/run/systemd/nspawn/propagate")

#: Packages that hosts have downloaded. They are a layer over the image, so that the next host need not download them.
_PACKAGES = toolchain.CACHE / "host-packages"
_ARCHIVES = Path("var/cache/apt/archives")

_POWER_OFF_SECONDS = 30

#: nspawn's exit code when the host asked for a reboot (with --keep-unit).
_REBOOT = 133

# Arguments: overlay options, root, CA file or "", cgroup.procs files separated by spaces, then nspawn's arguments.
_LAUNCH = """\
options=$1 root=$2 authority=$3 groups=$4
shift 4
for group in $groups; do echo $$ >"$group"; done
mount -t overlay agentkeys-sandbox -o "$options" "$root"
installed=$root/usr/local/share/ca-certificates/agentkeys-sandbox.crt
if [ -n "$authority" ] && ! cmp -s "$authority" "$installed"; then
    install -D -m 644 "$authority" "$installed"
    chroot "$root" update-ca-certificates --fresh || { rm "$installed"; exit 1; }
fi
exec systemd-nspawn "$@"
"""


@dataclass(frozen=True, kw_only=True)
class HostStatus:
    """One host whose disk exists."""

    instance_id: str
    address: str
    running: bool
    console: Path


class Hosts:
    """The hosts of one sandbox. Only one object at a time runs hosts on a machine.

    ``forwards`` maps ports of the hosts' gateway to loopback ports of this machine. A host can reach no other port on
    that loopback. ``trusted_ca`` is a PEM file that is added to every host's trust store before the host boots, like a
    private CA in an image.
    """

    def __init__(self, home: Path, *, forwards: Mapping[int, int], trusted_ca: Path | None, log: Progress) -> None:
        self._disks = home / "hosts"
        self._shelf = Shelf(home / "disks")
        self._forwards = dict(forwards)
        self._trusted_ca = trusted_ca
        self._log = log
        self._guard = threading.RLock()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._relays: Relays | None = None
        self._lock: int | None = None
        self._forwarding: int | None = None

    def reconcile(
        self, specs: Collection[HostSpec], exposures: Collection[Exposure], disks: Disks | None = None
    ) -> None:
        """Copy the disks that have new snapshots, boot missing hosts, end hosts that are gone, open and close relays.

        The disk of a host that is gone is removed, or kept if ``disks`` still has its volume. A new host whose volume
        was made from a snapshot gets the snapshot's disk.

        Returns when the hosts are started, before they answer. A host that powered itself off boots again.
        """
        wanted = {spec.instance_id: spec for spec in specs}
        with self._guard:
            relays = self._open()
            if disks is not None:
                self._shelf.follow(disks, self._copied)
            for instance_id in self._known() - wanted.keys():
                self._terminate(instance_id, disks or Disks())
            for spec in wanted.values():
                if spec.instance_id not in self._known():
                    self._create_disk(spec)
                if spec.instance_id not in self._running:
                    self._boot(spec.instance_id)
            relays.apply(exposures, self._targets(wanted))

    def reboot(self, instance_id: str) -> None:
        """Shut the host down cleanly and boot it again from its disk."""
        with self._guard:
            if instance_id not in self._known():
                raise HostError(f"no host {instance_id} here; there are {', '.join(sorted(self._known())) or 'none'}")
            self._open()
            self._power_off([instance_id])
            self._boot(instance_id)

    def status(self) -> list[HostStatus]:
        """Return every host that has a disk."""
        with self._guard:
            return [
                HostStatus(
                    instance_id=instance_id,
                    address=network.host_address(self._number(instance_id)),
                    running=instance_id in self._running,
                    console=self._disks / instance_id / "console.log",
                )
                for instance_id in sorted(self._known())
            ]

    def shutdown(self) -> None:
        """Shut all hosts down cleanly. Keeps their disks and removes everything else from the machine."""
        with self._guard:
            if self._relays is None or self._lock is None:
                return
            self._relays.close()
            self._relays = None
            self._power_off(list(self._running))
            for parent in groups.paths(_GROUP):
                with contextlib.suppress(FileNotFoundError):
                    parent.rmdir()
            network.close_filter()
            if self._forwarding is not None:
                forwarding.release(self._forwarding)
                self._forwarding = None
            os.close(self._lock)
            self._lock = None

    def _open(self) -> Relays:
        if self._relays is not None:
            return self._relays
        require_tools(self._log)
        lock = _take_lock()
        try:
            _sweep(self._log)
            for unfinished in [*self._disks.glob("*.new"), *self._disks.glob("*.gone")]:
                shutil.rmtree(unfinished)
            network.open_filter(self._forwards, egress_ports(ensure_image(DEFAULT_BASE, self._log)))
            self._forwarding = forwarding.acquire()
        except BaseException:
            os.close(lock)
            raise
        self._lock = lock
        self._relays = Relays(self._log)
        return self._relays

    def _known(self) -> set[str]:
        return {path.name for path in self._disks.glob("i-*") if not path.suffix}

    def _number(self, instance_id: str) -> int:
        return int((self._disks / instance_id / "number").read_text())

    def _image(self, instance_id: str) -> Path:
        """Return the image below the host's disk. Raises HostError if the image is gone."""
        recorded = self._disks / instance_id / "image"
        image = Path(recorded.read_text()) if recorded.exists() else former_image()
        if image is None or not image.is_dir():
            raise HostError(
                f"the image that host {instance_id} was made from is not in the cache ({image or 'not recorded'}). "
                "Delete the sandbox's hosts with `make sandbox-reset`, then start it again."
            )
        return image

    def _targets(self, wanted: Iterable[str]) -> dict[str, str]:
        return {i: network.host_address(self._number(i)) for i in self._known().intersection(wanted)}

    def _create_disk(self, spec: HostSpec) -> None:
        taken = {self._number(instance_id) for instance_id in self._known()}
        number = next((n for n in network.NUMBERS if n not in taken), None)
        if number is None:
            raise HostError(f"all {len(network.NUMBERS)} addresses of the host network are taken; terminate some hosts")
        disk = self._disks / f"{spec.instance_id}.new"
        for folder in ("root", "work"):
            (disk / folder).mkdir(parents=True)
        restored = self._shelf.get(spec.snapshot)
        if restored is not None:
            copy_disk(restored, disk)
        else:
            (disk / "upper").mkdir()
        files = first_files(spec, network.gateway_address(number), user=restored is None)
        for name, content in files.items():
            (disk / "upper" / name).parent.mkdir(parents=True, exist_ok=True)
            (disk / "upper" / name).write_text(content)
        if restored is None:
            # These become the host's / and /etc, so their modes must not depend on this process' umask.
            run(["chmod", "-R", "u=rwX,go=rX", str(disk / "upper")])
        (disk / "number").write_text(str(number))
        (disk / "volume").write_text(spec.volume)
        if not (disk / "image").exists():
            (disk / "image").write_text(str(ensure_image(spec.base, self._log)))
        disk.rename(self._disks / spec.instance_id)

    def _boot(self, instance_id: str) -> None:
        disk, number = self._disks / instance_id, self._number(instance_id)
        (_PACKAGES / _ARCHIVES).mkdir(parents=True, exist_ok=True)
        network.disconnect(number)
        network.connect(number)
        options = f"lowerdir={_PACKAGES}:{self._image(instance_id)},upperdir={disk / 'upper'},workdir={disk / 'work'}"
        joined = groups.paths(f"{_GROUP}/{instance_id}")
        for group in joined:
            group.mkdir(parents=True, exist_ok=True)
        command = [
            *("unshare", "--mount", "sh", "-euc", _LAUNCH, "launch", options, str(disk / "root")),
            str(self._trusted_ca or ""),
            " ".join(str(group / "cgroup.procs") for group in joined),
            *("--quiet", "--boot", "--register=no", "--keep-unit", "--settings=no", "--link-journal=no"),
            *("--resolv-conf=off", "--timezone=off", "--suppress-sync=yes"),
            *(f"--machine={instance_id}", f"--directory={disk / 'root'}"),
            f"--network-namespace-path={network.namespace_path(number)}",
        ]
        with (disk / "console.log").open("ab") as console:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True
            )
        self._running[instance_id] = process
        threading.Thread(target=self._watch, args=(instance_id, process), name=instance_id, daemon=True).start()
        self._log(f"host {instance_id} booting at {network.host_address(number)}")

    def _watch(self, instance_id: str, process: "subprocess.Popen[bytes]") -> None:
        code = process.wait()
        with self._guard:
            if self._running.get(instance_id) is not process:
                return
            self._clear(instance_id)
            if code == _REBOOT:
                self._boot(instance_id)
            else:
                console = self._disks / instance_id / "console.log"
                self._log(f"host {instance_id} ended by itself with {code}; its console is in {console}")

    def _power_off(self, instance_ids: Collection[str]) -> None:
        for instance_id in instance_ids:
            if instance_id in self._running:
                self._running[instance_id].send_signal(signal.SIGTERM)
        deadline = time.monotonic() + _POWER_OFF_SECONDS
        for instance_id in instance_ids:
            if instance_id in self._running:
                try:
                    self._running[instance_id].wait(max(0.1, deadline - time.monotonic()))
                except subprocess.TimeoutExpired:
                    self._log(f"host {instance_id} did not power off in {_POWER_OFF_SECONDS} s, ending it")
                self._clear(instance_id)

    def _copied(self, volume: str, target: Path) -> bool:
        """Copy the disk of the host that has ``volume`` into a folder. False if no host has it.

        The host's processes stand still meanwhile, so the copy is as a power loss would leave the disk.
        """
        for instance_id in self._known():
            if volume and self._volume(instance_id) == volume:
                stopped = groups.signal_all(f"{_GROUP}/{instance_id}", signal.SIGSTOP)
                try:
                    copy_disk(self._disks / instance_id, target)
                finally:
                    groups.send(stopped, signal.SIGCONT)
                self._log(f"copied the disk of host {instance_id}")
                return True
        return False

    def _volume(self, instance_id: str) -> str:
        noted = self._disks / instance_id / "volume"
        return noted.read_text() if noted.exists() else ""

    def _terminate(self, instance_id: str, disks: Disks) -> None:
        self._clear(instance_id)
        disk, volume = self._disks / instance_id, self._volume(instance_id)
        _keep_packages(disk / "upper" / _ARCHIVES)
        gone = disk.rename(disk.with_name(f"{instance_id}.gone"))
        if volume in disks.volumes:
            self._shelf.keep(volume, gone)
        shutil.rmtree(gone)
        self._log(f"host {instance_id} ended, its disk is {'kept' if volume in disks.volumes else 'removed'}")

    def _clear(self, instance_id: str) -> None:
        """End every process of the host that still runs, and remove the host's namespace."""
        process = self._running.pop(instance_id, None)
        if process is not None:
            # It may not have joined its control group yet.
            process.kill()
            process.wait()
        _end(instance_id)
        network.disconnect(self._number(instance_id))


def lose_power(instance_id: str) -> None:
    """End a host at once, whichever process started it. Keeps its disk. The next change of an instance boots it."""
    _end(instance_id)


def _take_lock() -> int:
    lock = os.open(layout.HOSTS_LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise HostError(
            f"another process runs sandbox hosts on this machine (it holds {layout.HOSTS_LOCK}); end it"
        ) from error
    return lock


def end_leftovers(log: Progress) -> None:
    """End the hosts of a process that did not shut down, and undo its changes to the machine."""
    lock = _take_lock()
    try:
        _sweep(log)
        if tools.find("nft"):
            network.close_filter()
        forwarding.settle()
    finally:
        os.close(lock)


def _sweep(log: Progress) -> None:
    """End hosts and namespaces left by a process that did not shut down, in any checkout. The caller holds the lock."""
    for instance_id in sorted({group.name for parent in groups.paths(_GROUP) for group in parent.glob("i-*")}):
        log(f"ending host {instance_id}, left by a sandbox that did not shut down")
        _end(instance_id)
    for number in network.connected():
        network.disconnect(number)


def _end(instance_id: str) -> None:
    """Kill the host's processes until none is left."""
    groups.end(f"{_GROUP}/{instance_id}")
    with contextlib.suppress(FileNotFoundError):
        (_PROPAGATE / instance_id).rmdir()


def _keep_packages(archives: Path) -> None:
    """Move the packages that the host's apt downloaded to the shared folder. apt checks each against its index."""
    for package in archives.glob("*.deb"):
        kept = _PACKAGES / _ARCHIVES / package.name
        # Another sandbox may keep the same package.
        partial = kept.with_suffix(f".{secrets.token_hex(4)}.partial")
        shutil.move(package, partial)
        partial.rename(kept)
