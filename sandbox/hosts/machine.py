"""What this machine must be for real hosts to boot on it, and how its tools are called.

Owns: the checks (Linux, root) and one way of running a command. Leaves out what the tools are used for and which they
are (``sandbox.tools``). An own module because the image, the hosts and the sandbox's start need the same ones.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence

from sandbox import tools

Progress = Callable[[str], None]


class HostError(Exception):
    """The machine cannot do what the hosts need; the message says what was seen and the way out."""


def require_machine() -> None:
    """Raises HostError where hosts with addresses and namespaces of their own cannot be made."""
    if sys.platform != "linux":
        raise HostError(f"the sandbox needs Linux (namespaces, nftables); this is {sys.platform}. Use a Linux VM.")
    if os.geteuid() != 0:
        raise HostError("the sandbox needs root (namespaces, nftables, port 443). Run it with sudo, or in a VM.")


def require_tools(progress: Progress) -> None:
    """Check that hosts can run here and install the missing tools. Raises HostError and ToolError."""
    require_machine()
    tools.require(tools.HOSTS, progress)


def run(command: Sequence[str], *, stdin: str = "") -> str:
    """Run a command to its end and return its output; a failure carries the end of what it printed."""
    done = subprocess.run(
        command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False
    )
    if done.returncode != 0:
        said = "\n".join(done.stdout.splitlines()[-15:])
        raise HostError(f"`{' '.join(command)}` ended with {done.returncode}:\n{said}")
    return done.stdout
