"""Separate virtual environments, for tools whose requirements conflict with the program's.

Creates one from a lock file, once per content of that file: ``python -m dev.toolchain.virtualenv FOLDER LOCK``.
Leaves out the project's own ``venv``, which ``make setup`` creates.
"""

import functools
import hashlib
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

from dev.toolchain import CACHE, creating


class VirtualenvError(RuntimeError):
    """The environment cannot be created. The message contains pip's error."""


def cached(name: str, lock_file: Path, progress: Callable[[str], None]) -> Path:
    """Like ``ensure``, in the cache folder that all clones share. Each content of the lock file has its own folder."""
    return ensure(CACHE / name / _digest(lock_file)[:16], lock_file, progress)


def ensure(folder: Path, lock_file: Path, progress: Callable[[str], None]) -> Path:
    """The folder of the environment's programs. Creates the environment, or replaces it if the lock file changed.

    ``lock_file`` has exact versions with hashes. Its source, the requirements, is in the ``.txt`` beside it.
    Raises VirtualenvError.
    """
    marker = folder / ".installed"
    wanted = _digest(lock_file)
    if not _is(marker, wanted):
        with creating(CACHE / "virtualenv"):
            if not _is(marker, wanted):
                _install(folder, lock_file, progress)
                marker.write_text(wanted)
    return folder / "bin"


def _is(marker: Path, wanted: str) -> bool:
    return marker.exists() and marker.read_text() == wanted


def _digest(lock_file: Path) -> str:
    return hashlib.sha256(f"{sys.version_info[:2]}\n{lock_file.read_text()}".encode()).hexdigest()


def _install(folder: Path, lock_file: Path, progress: Callable[[str], None]) -> None:
    progress(f"installing {_names(lock_file)} from PyPI into {folder}")
    venv.create(folder, clear=True, with_pip=False, symlinks=True)
    # The running interpreter's pip can install here, and an environment without pip is created much faster.
    command = [
        *(sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install"),
        *("--quiet", "--disable-pip-version-check", "--require-hashes", "--requirement", str(lock_file)),
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
            f"`pip install --requirement {lock_file}` ended with {done.returncode}: {done.stderr.strip()[-600:]}. "
            "Run the same command again when the package index answers."
        )


def _names(lock_file: Path) -> str:
    """The requirements that the lock file was compiled from."""
    lines = lock_file.with_suffix(".txt").read_text().splitlines()
    return ", ".join(line for line in lines if not line.startswith("#"))


if __name__ == "__main__":
    try:
        ensure(Path(sys.argv[1]).absolute(), Path(sys.argv[2]), functools.partial(print, file=sys.stderr, flush=True))
    except VirtualenvError as error:
        sys.exit(f"error: {error}")
