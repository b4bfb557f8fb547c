"""SDKs of other clouds for tests, in the cache folder: in venv/ the engine would ask for their plugins."""

import sys
from pathlib import Path

from dev.recorder import PROJECT
from dev.toolchain import wheels


def use(cloud: str, package: str) -> None:
    """Make the package that ``requirements/<cloud>.txt`` pins importable. Of others it needs only pulumi."""
    lines = (PROJECT / "requirements" / f"{cloud}.txt").read_text().splitlines()
    (pin,) = [line for line in lines if line.startswith(package.replace("_", "-"))]
    found = str(source(pin, package).parent)
    if found not in sys.path:
        sys.path.append(found)


def source(pin: str, module: str) -> Path:
    """Folder of the module of a pinned package, installed without what it needs."""
    return wheels.program(pin, Path(module) / "__init__.py", f"{module} (SDK)", print).parent
