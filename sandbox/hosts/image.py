"""The root file systems that sandbox hosts boot from, one per Debian release in ``BASES``.

Defines what is in an image and how it is built and cached. What differs between hosts, such as the login user, is in
``seed``. nginx and certbot are not in the image: the host setup under test installs them with the host's own apt.
Debian, because the machine's own mirror has every release; docs/hosts.md lists which real image each one stands for.
"""

import fcntl
import hashlib
import json
import platform
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from dev import toolchain
from sandbox.hosts.machine import HostError, Progress, require_tools, run


@dataclass(frozen=True, kw_only=True)
class Base:
    """One release of Debian that hosts can boot."""

    #: Name of the release in Debian's archive.
    suite: str


BASES = {
    "debian-11": Base(suite="bullseye"),
    "debian-12": Base(suite="bookworm"),
    "debian-13": Base(suite="trixie"),
}
DEFAULT_BASE = "debian-12"

PACKAGES = (
    "ca-certificates",
    "cloud-init",
    "curl",
    "dbus",
    "iproute2",
    "libpam-systemd",
    "openssh-server",
    "python3-minimal",
    "sudo",
    "systemd",
    "systemd-sysv",
)

# network: the address is set before PID 1 starts. growpart, resize and locale: the host has no disk and no locales of
# its own. fs_label: there are no block devices to search. preserve_sources_list: the image's sources are right.
CLOUD_CONFIG = """\
datasource_list: [NoCloud]
datasource: {NoCloud: {fs_label: null}}
network: {config: disabled}
growpart: {mode: "off"}
resize_rootfs: false
locale: false
apt: {preserve_sources_list: true}
ssh_genkeytypes: [rsa, ecdsa, ed25519]
"""

# The apt timers would hold apt's lock while the setup under test needs it. The mounts and the getty need a kernel and
# a console that the host does not own. The machine-id is empty and there are no host keys: each host makes its own at
# first boot.
SETUP = """\
export DEBIAN_FRONTEND=noninteractive
printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
apt-get update -q
apt-get dist-upgrade -y -q
apt-get install -y -q --no-install-recommends "$@"
apt-get clean
rm -f /usr/sbin/policy-rc.d /etc/ssh/ssh_host_* /var/lib/dbus/machine-id /etc/hostname /etc/resolv.conf
: >/etc/machine-id
cd /etc/systemd/system
for unit in apt-daily.timer apt-daily-upgrade.timer console-getty.service systemd-networkd-wait-online.service \
    sys-kernel-debug.mount sys-kernel-tracing.mount; do ln -sf /dev/null "$unit"; done
"""

# In namespaces of their own: mounts and daemons end with the command, the command with this process.
_CONFINED = ("setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child")


def ensure_image(base: str, progress: Progress) -> Path:
    """Return the root of ``base``, a key of ``BASES``; build it first if the cache lacks this definition of it.

    The cache does not notice another mirror: after a change of the machine's apt sources, delete the cached folder.
    """
    require_tools(progress)
    image = image_path(base)
    image.parent.mkdir(parents=True, exist_ok=True)
    with (image.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not image.is_dir():
            _build(BASES[base].suite, image.with_suffix(".partial"), progress).rename(image)
    return image


def image_path(base: str) -> Path:
    """Return where the root of ``base`` is cached, whether or not it has been built."""
    definition = [BASES[base].suite, platform.machine(), PACKAGES, CLOUD_CONFIG, SETUP]
    key = hashlib.sha256(json.dumps(definition).encode()).hexdigest()[:16]
    return toolchain.CACHE / "host-image" / f"{base}-{key}"


def former_image() -> Path | None:
    """Return the image of hosts that 0.3.0 made; None if there is not exactly one.

    That version had one base, did not record it with a host's disk, and cached it under a name without the base.
    """
    folders = (toolchain.CACHE / "host-image").glob("[0-9a-f]" * 16)
    found = [folder for folder in folders if folder.is_dir()]
    return found[0] if len(found) == 1 else None


def egress_ports(image: Path) -> frozenset[int]:
    """Return the TCP ports of the image's apt sources. Every image has the same archives."""
    ports = set()
    for line in (image / "etc/apt/sources.list").read_text().splitlines():
        url = urlsplit(line.split()[1])
        ports.add(url.port or (443 if url.scheme == "https" else 80))
    return frozenset(ports)


def _build(suite: str, root: Path, progress: Progress) -> Path:
    if root.exists():
        progress("removing a host image whose build was interrupted")
        shutil.rmtree(root)
    began = time.monotonic()
    run(["apt-get", "update", "-q"])
    targets = run(["apt-get", "indextargets", "--format", "$(ORIGIN)|$(CODENAME)|$(REPO_URI)", "Created-By: Packages"])
    sources = apt_sources(targets, suite)
    mirror = sources[0].split()[1]
    progress(f"building a host image, stage 1 of 2: debootstrap of {suite} (about a minute)")
    run([*_CONFINED, "debootstrap", "--variant=minbase", suite, str(root), mirror])
    (root / "etc/apt/sources.list").write_text("".join(f"{line}\n" for line in sources))
    shutil.copyfile("/etc/resolv.conf", root / "etc/resolv.conf")
    progress("building a host image, stage 2 of 2: systemd, sshd and cloud-init")
    run([*_CONFINED, f"--mount-proc={root}/proc", "chroot", str(root), "sh", "-euc", SETUP, "setup", *PACKAGES])
    (root / "etc/cloud/cloud.cfg.d/90_sandbox.cfg").write_text(CLOUD_CONFIG)
    progress(f"built the host image of {suite} in {time.monotonic() - began:.0f} s")
    return root


def apt_sources(targets: str, suite: str) -> list[str]:
    """Return the sources.list lines of ``suite``, the suite itself first, from the apt index targets of this machine.

    Uses the archives that this machine fetches its own release of Debian from: they have every release. A third party's
    repository is not part of a machine image. Raises HostError if this machine has no archive of Debian's.
    """
    archives: dict[str, str] = {}
    for line in targets.splitlines():
        origin, codename, uri = line.split("|")
        if origin == "Debian":
            _, dash, part = codename.partition("-")
            archives.setdefault(dash + part, uri)
    if "" not in archives:
        raise HostError(
            "this machine's apt sources have no Debian archive to build host images from. Add a deb line for this "
            "machine's own release of Debian, run `apt-get update`, then try again."
        )
    return [f"deb {archives[part]} {suite}{part} main" for part in ("", "-security", "-updates") if part in archives]
