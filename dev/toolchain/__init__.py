"""Tools from package registries: Go, Node, programs in wheels, and separate virtual environments.

Owns the installation of each into the user's cache folder. Leaves out what each tool is used for.
"""

import os
from pathlib import Path

#: Files that are expensive to build and that all clones share: tools, engine binaries, the hosts' base image.
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "agentkeys-cloud"
