"""Versions of programs that no Debian release has, put on a sandbox host in place of the distribution's.

Built or downloaded once per user, into the cache folder.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import requests

from dev import toolchain

#: OpenSSL 3.0.2 of Ubuntu 22.04, as the crate openssl-src packs its source: version and SHA-256 of the crate.
OPENSSL_CRATE = ("300.0.5+3.0.2", "9bd053af511ee4439768d9b839a1cdb32eee00f52fe5f748d64c0e8f73194ba1")
CRATES = "https://static.crates.io/crates"

#: By certbot's version, the wheels that differ from Debian's packages, with their SHA-256. The other dependencies are
#: those of Debian's certbot.
CERTBOT_WHEELS = {
    "1.21.0": {
        "certbot==1.21.0": "750755a2502c14723f33ef25a61f391f42e4f4085deb13dbe728684d274ae98c",
        "acme==1.21.0": "8f012a3531f0d60b1da07b80f92ff7632f6ee3f8f05a6593bd895f9f6e3040f4",
        "josepy==1.13.0": "6f64eb35186aaa1776b7a1768651b1c616cab7f9685f9660bffc6491074a5390",
    },
    "2.9.0": {
        "certbot==2.9.0": "7220857f3ed87317bc628e716cf26276ae5894fa79bfe9b7057b79822328561e",
        "acme==2.9.0": "68a9adee0e6e9dd8a9c1b6d8cef8c3df7d42646082c50418fe5b94dd0366e189",
    },
}

_CERTBOT = """\
#!/usr/bin/python3
import sys
sys.path.insert(0, "/opt/{version}")
from certbot.main import main
sys.exit(main())
"""


def old_openssl(machine) -> None:
    """OpenSSL 3.0.2 first on the PATH of root and of sudo."""
    _send(machine, _openssl(), "/usr/local/bin/openssl")
    assert machine.said("sudo openssl version").startswith("OpenSSL 3.0.2 ")


def certbot(version: str):
    """A function that puts this version of certbot in the place of Debian's."""

    def install(machine) -> None:
        archive = _certbot(version)
        _send(machine, archive, f"/opt/{version}.tar.gz")
        wrapper = _CERTBOT.format(version=version)
        machine.sudo(
            f"tar -xzf /opt/{version}.tar.gz -C /opt\n"
            "dpkg-divert --quiet --local --rename --add /usr/bin/certbot\n"
            f"cat >/usr/bin/certbot <<'PROGRAM'\n{wrapper}PROGRAM\nchmod 755 /usr/bin/certbot"
        )

    return install


def _send(machine, file: Path, place: str) -> None:
    with file.open("rb") as content:
        subprocess.run([*machine.ssh_command(), f"sudo install -m 755 /dev/stdin {place}"], stdin=content, check=True)


def _openssl() -> Path:
    version, digest = OPENSSL_CRATE
    program = toolchain.CACHE / "host-programs" / f"openssl-{version}-static" / "openssl"
    with toolchain.creating(program.parent):
        if not program.exists():
            _build_openssl(version, digest, program)
    return program


def _build_openssl(version: str, digest: str, program: Path) -> None:
    work = program.parent.with_suffix(".partial")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    crate = requests.get(f"{CRATES}/openssl-src/openssl-src-{version}.crate", timeout=60)
    crate.raise_for_status()
    assert hashlib.sha256(crate.content).hexdigest() == digest
    (work / "crate").write_bytes(crate.content)
    with tarfile.open(work / "crate") as packed:
        packed.extractall(work, filter="data")
    source = work / f"openssl-src-{version}" / "openssl"
    # Static, since the host's C library may be older than this machine's; with the host's folder of authorities.
    options = ("-static", "no-shared", "no-module", "no-tests", "--openssldir=/usr/lib/ssl")
    for command in (["perl", "Configure", *options], ["make", f"-j{os.cpu_count()}", "build_sw"]):
        done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    program.parent.mkdir(exist_ok=True)
    shutil.move(source / "apps/openssl", program)
    shutil.rmtree(work)


def _certbot(version: str) -> Path:
    archive = toolchain.CACHE / "host-programs" / f"certbot-{version}.tar.gz"
    with toolchain.creating(archive):
        if not archive.exists():
            _pack_certbot(version, archive)
    return archive


def _pack_certbot(version: str, archive: Path) -> None:
    work = archive.with_suffix(".partial")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    lines = [f"{wheel} --hash=sha256:{digest}\n" for wheel, digest in CERTBOT_WHEELS[version].items()]
    (work / "requirements.txt").write_text("".join(lines))
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
         "--require-hashes", "--no-compile", "--target", work / version, "-r", work / "requirements.txt"],
        check=True,
    )  # fmt: skip
    with tarfile.open(work / "packed", "w:gz") as packed:
        packed.add(work / version, version)
    (work / "packed").rename(archive)
    shutil.rmtree(work)
