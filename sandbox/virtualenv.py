"""Virtual environments of their own, for tools whose requirements clash with the program's.

Owns making one from a file of exact versions, once per content of that file. Leaves out the project's own ``venv``,
which ``make setup`` makes. ``python -m sandbox.virtualenv FOLDER REQUIREMENTS`` makes one.
"""

import fcntl
import functools
import hashlib
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

from sandbox.layout import CACHE


class VirtualenvError(RuntimeError):
    """The environment cannot be made; the message says what pip said."""


def cached(name: str, requirements: Path, progress: Callable[[str], None]) -> Path:
    """``ensure`` in the cache folder, where every clone finds it; another version is another folder."""
    return ensure(CACHE / name / _digest(requirements)[:16], requirements, progress)


def ensure(folder: Path, requirements: Path, progress: Callable[[str], None]) -> Path:
    """The folder of the environment's programs; made or made anew if the file asks for something else.

    Raises VirtualenvError.
    """
    marker = folder / ".installed"
    wanted = _digest(requirements)
    if not _is(marker, wanted):
        CACHE.mkdir(parents=True, exist_ok=True)
        # Two runs that start together install once.
        with (CACHE / "virtualenv.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not _is(marker, wanted):
                _install(folder, requirements, progress)
                marker.write_text(wanted)
    return folder / "bin"


def _is(marker: Path, wanted: str) -> bool:
    return marker.exists() and marker.read_text() == wanted


def _digest(requirements: Path) -> str:
    return hashlib.sha256(f"{sys.version_info[:2]}\n{requirements.read_text()}".encode()).hexdigest()


def _install(folder: Path, requirements: Path, progress: Callable[[str], None]) -> None:
    progress(f"installing {_names(requirements)} from PyPI into {folder}")
    venv.create(folder, clear=True, with_pip=False, symlinks=True)
    # The pip that runs this is as good as another, and an environment without one is made at once.
    command = [
        *(sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install"),
        *("--quiet", "--disable-pip-version-check", "--requirement", str(requirements)),
    ]
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise VirtualenvError(
            f"`pip install --requirement {requirements}` ended with {done.returncode}: {done.stderr.strip()[-600:]}. "
            "Run the same command again when the package index answers."
        )


def _names(requirements: Path) -> str:
    """What the file is for: the requirements before its first empty line; what follows are theirs."""
    head = requirements.read_text().split("\n\n")[0]
    return ", ".join(line for line in head.splitlines() if line and not line.startswith("#"))


if __name__ == "__main__":
    try:
        ensure(Path(sys.argv[1]).absolute(), Path(sys.argv[2]), functools.partial(print, file=sys.stderr, flush=True))
    except VirtualenvError as error:
        sys.exit(f"error: {error}")
