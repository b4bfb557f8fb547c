"""The requirements on the machine that runs the sandbox's hosts, and one function that runs a command on it.

Owns the checks (Linux, root). Leaves out the list of tools (``sandbox.tools``) and what they are used for. The image,
the hosts and the start of the sandbox share this module.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence

from sandbox import tools

Progress = Callable[[str], None]


class HostError(Exception):
    """The machine lacks something that the hosts need. The message says what was seen and what to do."""


def require_machine() -> None:
    """Check that this machine can run hosts with their own addresses and namespaces. Raises HostError."""
    if sys.platform != "linux":
        raise HostError(f"the sandbox needs Linux (namespaces, nftables); this is {sys.platform}. Use a Linux VM.")
    if os.geteuid() != 0:
        raise HostError("the sandbox needs root (namespaces, nftables, port 443). Run it with sudo, or in a VM.")


def require_tools(progress: Progress) -> None:
    """Check that hosts can run here and install the missing tools. Raises HostError and ToolError."""
    require_machine()
    tools.require(tools.HOSTS, progress)


def run(command: Sequence[str], *, stdin: str = "") -> str:
    """Run a command and return its output. Raises HostError with the last lines of the output if it fails."""
    done = subprocess.run(
        command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False
    )
    if done.returncode != 0:
        said = "\n".join(done.stdout.splitlines()[-15:])
        raise HostError(f"`{' '.join(command)}` ended with {done.returncode}:\n{said}")
    return done.stdout
