"""Builds the stand-ins and packs them into a release archive, which is reproducible with the same version of Go.

Leaves out which binaries a release holds (``hostsetup/services.py``).
"""

import gzip
import hashlib
import io
import os
import subprocess
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from dev.toolchain import CACHE, golang
from hostsetup.services import BINARIES

_SOURCES = Path(__file__).parent


class StandinError(RuntimeError):
    """The stand-ins could not be built."""


def build_archive(
    out_dir: Path, progress: Callable[[str], None], changed: Mapping[str, bytes | None] | None = None
) -> tuple[Path, str]:
    """Path and SHA-256 of a release archive in ``out_dir``, binaries at its top level. Raises StandinError.

    ``changed`` gives binaries a content of their own, or leaves them out with None: another release, or a broken one.
    """
    program = build_program(progress).read_bytes()
    contents = {name: (changed or {}).get(name, program) for name in BINARIES}
    out_dir.mkdir(parents=True, exist_ok=True)
    archive = out_dir / "agentkeys-standin.tar.gz"
    candidate = archive.with_suffix(".new")
    with candidate.open("wb") as file, gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as packed:
        _write_tar(packed, {name: content for name, content in contents.items() if content is not None})
    candidate.replace(archive)
    return archive, hashlib.sha256(archive.read_bytes()).hexdigest()


def next_version(progress: Callable[[str], None]) -> bytes:
    """The program of a later release: the same behaviour in a different file."""
    # Bytes after the last section of a program are ignored.
    return build_program(progress).read_bytes() + b"a later release"


def _write_tar(packed: gzip.GzipFile, contents: Mapping[str, bytes]) -> None:
    first: dict[bytes, str] = {}
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.mode = 0o755
            if content in first:
                # One program under several names: hard links keep the archive small.
                member.type = tarfile.LNKTYPE
                member.linkname = first[content]
                tar.addfile(member)
            else:
                first[content] = name
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))


def build_program(progress: Callable[[str], None]) -> Path:
    """The program, built once per state of its sources."""
    digest = hashlib.sha256()
    for source in sorted((*_SOURCES.glob("*.go"), _SOURCES / "go.mod")):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    program = CACHE / "standin" / digest.hexdigest()[:16] / "standin"
    if program.is_file():
        return program
    progress("building the stand-ins of the AgentKeys binaries")
    program.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=program.parent) as folder:
        built = Path(folder) / "standin"
        done = subprocess.run(
            [golang.find(progress), "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", str(built), "."],
            cwd=_SOURCES,
            env={**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "", "GOTOOLCHAIN": "local", "GOOS": "linux"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise StandinError(
                f"`go build` of {_SOURCES} failed with exit code {done.returncode}: {done.stderr.strip()}"
            )
        built.replace(program)
    return program
