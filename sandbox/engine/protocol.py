"""Makes Pulumi's protocol importable without Pulumi's SDK, whose other modules take most of a plugin's start.

``pulumi.runtime.proto`` needs nothing else of the SDK, but Python imports its parent packages first.
"""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType


def import_alone() -> None:
    """Replace the packages ``pulumi`` and ``pulumi.runtime`` of this process by empty ones with the same folders.

    Call it before anything imports ``pulumi``, and only in a process that needs nothing but the protocol.
    """
    found = importlib.util.find_spec("pulumi")
    if found is None or found.origin is None:
        raise ImportError("pulumi is not installed; run `make setup`")
    folder = Path(found.origin).parent
    for name, path in (("pulumi", folder), ("pulumi.runtime", folder / "runtime")):
        package = ModuleType(name)
        package.__path__ = [str(path)]
        sys.modules[name] = package
