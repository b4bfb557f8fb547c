"""The base root of every sandbox host: Debian 12 that behaves like an Ubuntu machine image.

Owns: what is in the image and how it is built and cached. Leaves out what differs from host to host
(``seed``) and what the host setup under test installs (nginx, certbot): apt works on the host, so it does that itself.
Debian because the machine's own mirror has it; cloud-init makes the user ``ubuntu``, as the real image does.
"""

import fcntl
import hashlib
import json
import platform
import shutil
import time
from pathlib import Path
from urllib.parse import urlsplit

from dev import toolchain
from sandbox.hosts.machine import HostError, Progress, require_tools, run

SUITE = "bookworm"

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

# network: the address is there before PID 1 starts. growpart, resize, locale: there is no disk of its own and there are
# no locales. fs_label: nothing to look for on block devices. preserve_sources_list: the image's sources are right.
CLOUD_CONFIG = """\
datasource_list: [NoCloud]
datasource: {NoCloud: {fs_label: null}}
network: {config: disabled}
growpart: {mode: "off"}
resize_rootfs: false
locale: false
apt: {preserve_sources_list: true}
ssh_genkeytypes: [rsa, ecdsa, ed25519]
system_info:
  default_user:
    name: ubuntu
    gecos: Ubuntu
    groups: [adm, sudo]
    shell: /bin/bash
    lock_passwd: true
    sudo: ["ALL=(ALL) NOPASSWD:ALL"]
"""

# The timers would run apt of their own accord and hold its lock against the setup under test. The mounts and the getty
# belong to a kernel and a console that the host does not own. An empty machine-id and no host keys: each host makes its
# own at first boot.
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

_KEY = hashlib.sha256(json.dumps([SUITE, platform.machine(), PACKAGES, CLOUD_CONFIG, SETUP]).encode()).hexdigest()[:16]

# In namespaces of their own: mounts and daemons end with the command, the command with this process.
_CONFINED = ("setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child")


def ensure_image(progress: Progress) -> Path:
    """Return the base root, building it first if this definition of it is not in the cache.

    The key leaves out the mirror: after a change of the machine's apt sources, delete the cached folder.
    """
    require_tools(progress)
    folder = toolchain.CACHE / "host-image"
    image = folder / _KEY
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not image.is_dir():
            _build(folder / f"{_KEY}.partial", progress).rename(image)
    return image


def egress_ports(image: Path) -> frozenset[int]:
    """Return the TCP ports that the image's apt sources are fetched from."""
    ports = set()
    for line in (image / "etc/apt/sources.list").read_text().splitlines():
        url = urlsplit(line.split()[1])
        ports.add(url.port or (443 if url.scheme == "https" else 80))
    return frozenset(ports)


def _build(root: Path, progress: Progress) -> Path:
    if root.exists():
        progress("removing a host image whose build was interrupted")
        shutil.rmtree(root)
    began = time.monotonic()
    run(["apt-get", "update", "-q"])
    sources = apt_sources(
        run(
            [
                "apt-get",
                "indextargets",
                "--format",
                "$(ORIGIN)|$(RELEASE)|$(COMPONENT)|$(REPO_URI)",
                "Created-By: Packages",
            ]
        )
    )
    mirror = sources[0].split()[1]
    progress(f"building the host image, stage 1 of 2: debootstrap of {SUITE} (about a minute)")
    run([*_CONFINED, "debootstrap", "--variant=minbase", SUITE, str(root), mirror])
    (root / "etc/apt/sources.list").write_text("".join(f"{line}\n" for line in sources))
    shutil.copyfile("/etc/resolv.conf", root / "etc/resolv.conf")
    progress("building the host image, stage 2 of 2: systemd, sshd and cloud-init")
    run([*_CONFINED, f"--mount-proc={root}/proc", "chroot", str(root), "sh", "-euc", SETUP, "setup", *PACKAGES])
    (root / "etc/cloud/cloud.cfg.d/90_sandbox.cfg").write_text(CLOUD_CONFIG)
    progress(f"built the host image in {time.monotonic() - began:.0f} s")
    return root


def apt_sources(targets: str) -> list[str]:
    """Return sources.list lines, the suite itself first, from apt's index targets of this machine.

    Only Debian's own archives count: a third party's repository of the same suite is no part of a machine image.
    """
    releases: dict[tuple[str, str], list[str]] = {}
    for line in targets.splitlines():
        origin, release, component, uri = line.split("|")
        if origin == "Debian" and release in (SUITE, f"{SUITE}-updates", f"{SUITE}-security"):
            components = releases.setdefault((release, uri), [])
            if component not in components:
                components.append(component)
    if not any(release == SUITE for release, _ in releases):
        raise HostError(
            f"this machine's apt sources have no Debian {SUITE}, which the hosts are made of;"
            f" add a deb line for {SUITE} and run apt-get update"
        )
    return [f"deb {uri} {release} {' '.join(parts)}" for (release, uri), parts in sorted(releases.items())]
