"""Downloads Pulumi's own archives, verified, resumable and through a proxy where the environment names one.

Owns the layout of Pulumi's servers and the download of one file. A file has its name only once its digest is the one of
the checksum file beside it; until then it is ``<name>.partial``, which a later run continues.
"""

import contextlib
import hashlib
import re
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import requests

from sandbox.engine.steps import EngineError, Progress, architecture

#: Where Pulumi's installation script takes the command line from: https://get.pulumi.com
SDK = "https://get.pulumi.com/releases/sdk"

#: Where the engine looks for a plugin, in its order (``PluginSource`` in pulumi/sdk/go/common/workspace/plugins.go).
PLUGINS = (
    "https://github.com/pulumi/pulumi-{plugin}/releases/download/v{version}",
    "https://get.pulumi.com/releases/plugins",
)

CONNECT_SECONDS = 5
#: A server that sends nothing for this long has stalled; the download continues with a new request.
STALL_SECONDS = 30
#: Further requests after one that brought nothing, and the pause before each, which grows.
ATTEMPTS = 3
RETRY_SECONDS = 1

_HEARTBEAT_SECONDS = 15
_CHUNK = 1 << 16

_PARTIAL_CONTENT = 206
_RANGE_NOT_SATISFIABLE = 416

#: Checksum files of plugins have SHA-1 (``shasum`` of their publish workflow), those of the command line SHA-256.
_ALGORITHMS = {40: "sha1", 64: "sha256", 128: "sha512"}


class UnavailableError(Exception):
    """The server cannot be reached from here or does not have the file. The message names the URL and the reason."""


def command_line(version: str, bin_dir: Path, progress: Progress) -> None:
    """Download the command line with its language hosts into ``bin_dir``. Raises UnavailableError and EngineError."""
    name = f"pulumi-v{version}-linux-{architecture().replace('amd64', 'x64')}.tar.gz"
    archive = fetch(SDK, name, f"pulumi-{version}-checksums.txt", bin_dir.parent, progress)
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            member.name = Path(member.name).name
            if member.isfile():
                tar.extract(member, bin_dir, filter="data")
    archive.unlink()


def plugin(name: str, version: str, to: Path, progress: Progress) -> Path:
    """The archive of a resource plugin in the folder ``to``; downloaded if it is not there. Raises EngineError."""
    archive = f"pulumi-resource-{name}-v{version}-linux-{architecture()}.tar.gz"
    reasons = []
    for server in PLUGINS:
        try:
            base = server.format(plugin=name, version=version)
            return fetch(base, archive, f"pulumi-{name}_{version}_checksums.txt", to, progress)
        except UnavailableError as error:
            reasons.append(str(error))
    raise EngineError(
        f"the plugin {name} {version} cannot be downloaded: {'; '.join(reasons)}. Set HTTPS_PROXY if this computer "
        f"needs a proxy, or download the archive elsewhere and put it at {to / archive}"
    )


def fetch(base: str, name: str, sums: str, to: Path, progress: Progress) -> Path:
    """The file ``name`` below the URL ``base``, whose digest is in the file ``sums`` there. Returns its path in ``to``.

    Raises UnavailableError if the server has no such file, and EngineError if it does not arrive as it should.
    """
    path, partial = to / name, to / f"{name}.partial"
    if path.exists():
        return path
    to.mkdir(parents=True, exist_ok=True)
    with requests.Session() as session:
        # Otherwise a server may send the archive compressed once more, and requests would unpack it.
        session.headers["Accept-Encoding"] = "identity"
        algorithm, wanted = _digest(session, base, name, sums)
        resumed = partial.exists()
        digest = _complete(session, f"{base}/{name}", partial, algorithm, progress)
        if digest != wanted and resumed:
            progress(f"engine: what was continued of {name} does not have the published digest; starting again")
            partial.unlink()
            digest = _complete(session, f"{base}/{name}", partial, algorithm, progress)
    if digest != wanted:
        partial.unlink()
        raise EngineError(
            f"{base}/{name} has the {algorithm.upper()} {digest}, and {sums} says {wanted}. It was deleted. Run the "
            "same command again; if it differs again, look for a proxy that changes downloads"
        )
    partial.replace(path)
    return path


def _digest(session: requests.Session, base: str, name: str, sums: str) -> tuple[str, str]:
    """Algorithm and digest of a file."""
    try:
        with _answer(session, f"{base}/{sums}") as response:
            text = response.text
    except requests.RequestException as error:
        raise UnavailableError(_reason(error)) from error
    match = re.search(rf"^([0-9a-f]+) [ *](?:\./)?{re.escape(name)}$", text, re.MULTILINE)
    algorithm = match and _ALGORITHMS.get(len(match[1]))
    if match is None or algorithm is None:
        raise EngineError(
            f"{base}/{sums} has no digest of {name}, so the download cannot be verified. It begins {text[:80]!r}; look "
            "for a proxy that answers in the server's place"
        )
    return algorithm, match[1]


def _complete(session: requests.Session, url: str, partial: Path, algorithm: str, progress: Progress) -> str:
    """Bring the rest of a file and return its digest."""
    failures = 0
    while True:
        before = _length(partial)
        try:
            _append(session, url, partial, before, progress)
            break
        except (requests.RequestException, UnavailableError) as error:
            arrived = _length(partial)
            if not arrived and isinstance(error, UnavailableError):
                raise
            failures = 1 if arrived > before else failures + 1
            reason = str(error) if isinstance(error, UnavailableError) else _reason(error)
            if failures > ATTEMPTS:
                raise EngineError(
                    f"{url} stopped after {_size(arrived)}: {reason}. "
                    f"Run the same command again; it continues {partial}"
                ) from error
            progress(f"engine: {reason} after {_size(arrived)}; trying again")
            time.sleep(failures * RETRY_SECONDS)
        except OSError as error:
            raise EngineError(
                f"{partial} cannot be written: {error.strerror}. Make room there, or set XDG_CACHE_HOME to a folder on "
                "another disk"
            ) from error
    with partial.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def _append(session: requests.Session, url: str, partial: Path, have: int, progress: Progress) -> None:
    headers = {"Range": f"bytes={have}-"} if have else {}
    with _answer(session, url, headers, allowed=_RANGE_NOT_SATISFIABLE) as response:
        if response.status_code == _RANGE_NOT_SATISFIABLE:
            # It ended exactly here, or it is longer than the server's; the digest shows which.
            return
        continued = have if response.status_code == _PARTIAL_CONTENT else 0
        whole = continued + int(response.headers.get("Content-Length", 0))
        progress(f"engine: {'continuing' if continued else 'downloading'} {url}, {_size(whole - continued)}")
        reported = time.monotonic()
        with partial.open("ab" if continued else "wb") as file:
            for chunk in response.iter_content(_CHUNK):
                file.write(chunk)
                if time.monotonic() - reported > _HEARTBEAT_SECONDS:
                    reported = time.monotonic()
                    progress(f"engine: {_size(file.tell())} of {_size(whole)}")


@contextlib.contextmanager
def _answer(
    session: requests.Session, url: str, headers: dict[str, str] | None = None, allowed: int | None = None
) -> Iterator[requests.Response]:
    """A good answer; raises UnavailableError if there is none. What goes wrong while it is read is the caller's."""
    try:
        response = session.get(url, headers=headers, stream=True, timeout=(CONNECT_SECONDS, STALL_SECONDS))
        if response.status_code != allowed:
            response.raise_for_status()
    except requests.RequestException as error:
        raise UnavailableError(_reason(error)) from error
    with response:
        yield response


def _reason(error: requests.RequestException) -> str:
    url = error.request.url if error.request is not None else ""
    if error.response is not None:
        return f"{url} answers {error.response.status_code} {error.response.reason}"
    cause = error.args[0] if error.args else error
    text = str(getattr(cause, "reason", cause)).rpartition("): ")[2]
    return f"{url}: {text}" if url else text


def _length(partial: Path) -> int:
    return partial.stat().st_size if partial.exists() else 0


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB"
