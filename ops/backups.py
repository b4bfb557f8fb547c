"""The file that `agentkeys backup` writes: a tar archive of the host's secrets, encrypted with age.

The format is age's (https://age-encryption.org/v1), so `age -d -i KEY FILE | tar -t` reads it without this project. The
archive has ``manifest.json`` first: whose secrets they are, and each file's path, owner, mode and SHA-256. age
authenticates the content, so a changed file does not decrypt. Nothing here writes a secret to a disk or into a message.
"""

import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import click
import pyrage

from hostsetup.secret_files import MODE, SECRETS
from ops import exits

MANIFEST = "manifest.json"
FORMAT = 1


class BackupError(click.ClickException):
    """The backup cannot be made or read. The message has no secret in it."""

    exit_code = exits.WRONG


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Whose secrets a backup has, and when it was made."""

    #: Name of the stack, ``Names.host`` and the account's number.
    stack: str
    host: str
    account_id: str
    #: EC2 instance id.
    instance_id: str
    #: Time in UTC, ISO 8601.
    taken: str
    #: Version of the program.
    version: str


@dataclass(frozen=True, kw_only=True)
class Kept:
    """One secret file."""

    path: str
    #: ``user:group``.
    owner: str
    content: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def recipient(text: str) -> Any:
    """The recipient that a backup is encrypted for: an age or SSH public key. Raises ValueError."""
    if text.upper().startswith(("AGE-SECRET-KEY-", "-----BEGIN")):
        raise ValueError("is a secret key. Give its public key (`age-keygen -y <file>` prints it)")
    try:
        return (
            pyrage.ssh.Recipient.from_str(text) if text.startswith("ssh-") else pyrage.x25519.Recipient.from_str(text)
        )
    except (pyrage.RecipientError, ValueError):
        raise ValueError(
            f"{text!r} is no public key of age (age1...) and none of SSH (ssh-ed25519 or ssh-rsa). `age-keygen -o "
            "<file>` makes a key and prints its public key"
        ) from None


def identity(path: Path) -> list[Any]:
    """The secret keys in a file of `age-keygen` or `ssh-keygen`. Raises BackupError, without any part of the file."""
    content = path.read_bytes()
    keys = [
        line.strip() for line in content.decode(errors="replace").splitlines() if line.startswith("AGE-SECRET-KEY-1")
    ]
    try:
        found = [pyrage.x25519.Identity.from_str(key) for key in keys]
        return found or [pyrage.ssh.Identity.from_buffer(content)]
    except (pyrage.IdentityError, ValueError):
        raise BackupError(
            f"{path} holds no secret key that can be used: give a file of `age-keygen`, or an SSH key without a "
            "passphrase."
        ) from None


def sealed(origin: Origin, files: Sequence[Kept], recipients: Sequence[Any]) -> bytes:
    """The encrypted archive."""
    listed = [{"path": file.path, "owner": file.owner, "mode": MODE, "sha256": file.sha256} for file in files]
    manifest = json.dumps({"format": FORMAT, **asdict(origin), "files": listed}, indent=2).encode()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        _add(tar, MANIFEST, manifest, "root:root")
        for file in files:
            _add(tar, file.path.lstrip("/"), file.content, file.owner)
    made: bytes = pyrage.encrypt(buffer.getvalue(), list(recipients))
    return made


def _add(tar: tarfile.TarFile, name: str, content: bytes, owner: str) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), int(MODE, 8)
    member.uname, _, member.gname = owner.partition(":")
    tar.addfile(member, io.BytesIO(content))


def opened(path: Path, identities: Sequence[Any]) -> tuple[Origin, list[Kept]]:
    """Whose secrets the file has, and the files. Raises BackupError."""
    try:
        plain = pyrage.decrypt(path.read_bytes(), list(identities))
    except (pyrage.DecryptError, ValueError):
        raise BackupError(
            f"{path} cannot be decrypted: it is encrypted for another key, or it was changed or cut off. Give the key "
            "whose public key the backup was made for (--identity), or another copy of the file."
        ) from None
    try:
        with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
            contents = {member.name: _content(tar, member) for member in tar.getmembers()}
        manifest = json.loads(contents.pop(MANIFEST))
        version, listed = manifest.pop("format"), manifest.pop("files")
        if version != FORMAT:
            raise BackupError(f"{path} has format {version}; this version of the program reads {FORMAT}.")
        files = [
            Kept(path=item["path"], owner=item["owner"], content=contents.pop(item["path"].lstrip("/")))
            for item in listed
        ]
        origin = Origin(**manifest)
        whole = not contents and all(file.sha256 == item["sha256"] for file, item in zip(files, listed, strict=True))
    except (KeyError, TypeError, ValueError, tarfile.TarError):
        raise BackupError(f"{path} is no backup of `agentkeys backup`. Give another file.") from None
    if not whole:
        raise BackupError(f"{path} does not hold what its manifest says. Give another copy of the file.")
    return origin, files


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    content = tar.extractfile(member)
    if content is None:
        raise ValueError("not a file")
    return content.read()


def require_sound(files: Sequence[Kept], fail: Callable[[str], Exception]) -> None:
    """Every file is one of the program's secret files, with its row's owner and form. Raises what ``fail`` makes."""
    rows = {str(row.path): row for row in SECRETS}
    for file in files:
        row = rows.get(file.path)
        if row is None or row.owner != file.owner:
            raise fail(f"{file.path} of {file.owner} is none of the program's secret files")
        if not row.is_sound(file.content):
            raise fail(f"{file.path} is empty, cut off or malformed")
