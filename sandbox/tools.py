"""The programs that the sandbox and the tests call, by Debian package, and their installation.

Leaves out what comes from language registries: the virtual environment and the engine.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

#: Debian package by program.
HOSTS = {
    "debootstrap": "debootstrap",
    "systemd-nspawn": "systemd-container",
    "nft": "nftables",
    "ip": "iproute2",
    "unshare": "util-linux",
    "setpriv": "util-linux",
}
ACME = {"pebble": "pebble", "setpriv": "util-linux"}
GATES = {"ssh-keyscan": "openssh-client", "openssl": "openssl"}
#: cgo, for the parsers that the prose linter is built with.
CHECKS = {"gcc": "build-essential"}
TESTS = {
    "nginx": "nginx-light",
    "sshd": "openssh-server",
    "visudo": "sudo",
    "systemd-analyze": "systemd",
    "swaks": "swaks",
    "exim4": "exim4-daemon-light",
    "chromium": "chromium",
    "chromedriver": "chromium-driver",
}

#: Debian runs this program before it starts a service of a newly installed package.
_POLICY = Path("/usr/sbin/policy-rc.d")


class ToolError(RuntimeError):
    """A program is missing and cannot be installed."""


def find(program: str) -> str | None:
    """Path of a program, or None. Also searches the system folders that an ordinary user's PATH may lack."""
    return shutil.which(program, path=os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"]))


def require(programs: Mapping[str, str], progress: Callable[[str], None]) -> None:
    """Install the packages of missing programs without starting their services. Raises ToolError."""
    missing = sorted({package for program, package in programs.items() if find(program) is None})
    if not missing:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise ToolError(f"{', '.join(missing)} is not installed. Run `apt-get install {' '.join(missing)}` as root.")
    progress(f"installing {', '.join(missing)} with apt-get")
    wait = ["-o", "DPkg::Lock::Timeout=120"]
    with _services_stay_off():
        for arguments in (["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", *wait, *missing]):
            done = subprocess.run(
                ["apt-get", *arguments],
                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                said = "\n".join((done.stdout + done.stderr).splitlines()[-10:])
                raise ToolError(f"`apt-get {' '.join(arguments)}` failed with exit code {done.returncode}:\n{said}")


@contextmanager
def _services_stay_off() -> Iterator[None]:
    """Keep services off: an nginx that starts with its package would listen on port 80 of every address."""
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink(missing_ok=True)
