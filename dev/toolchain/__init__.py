"""Tools that package registries bring: Go, Node, programs out of wheels, virtual environments of their own.

Owns how each gets into the user's cache folder. Leaves out which tool is used for what.
"""

import os
from pathlib import Path

#: What is expensive to make and the same for every clone: tools, engine binaries and the hosts' base image, by version.
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "agentkeys-cloud"
