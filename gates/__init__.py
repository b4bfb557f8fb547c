"""The waits of an ``up`` that check the host from outside: ``python -m gates --help``.

Owns the command that a resource calls and how long each gate waits. A gate is the ``create`` of a Pulumi resource on
the operator's computer: it runs during ``up``, never during ``preview``, and again when what it checked changes. A gate
that fails is not in the state, so the next ``up`` waits again.

The command is in the state of every stack. Modules of this package may move, its name may not: another command is
another input, which runs the gate and every step behind it again (docs/upgrade.md).
"""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

#: Relative to the project, so that the command in the state is the same on every computer (``Pulumi.yaml`` virtualenv).
PYTHON = "venv/bin/python"

_PROJECT = Path(__file__).resolve().parent.parent

#: Seconds until a gate gives up, unless its ``--timeout`` says otherwise.
TIMEOUTS = {"host-key": 300, "login": 60, "dns": 600, "records": 3600, "issuer": 180}


def command(gate: str, *arguments: str) -> str:
    """The shell command of a gate, for a resource's ``create``.

    It starts with ``exec``: when its time limit is over or the run is cancelled, pulumi-command 1.2.1 ends only the
    shell and then waits for the shell's child. ``-E`` ignores PYTHONPATH and the like.
    """
    # The project of a cloud is in a folder below this one, and the engine runs the command there.
    there = f"cd {os.path.relpath(_PROJECT)} && " if _PROJECT in Path.cwd().parents else ""
    return f"{there}exec {shlex.join([PYTHON, '-E', '-m', 'gates', gate, *arguments])}"


def resolvers(doh_urls: Sequence[str]) -> list[str]:
    """The arguments that name a gate's DNS-over-HTTPS resolvers."""
    return [part for url in doh_urls for part in ("--doh", url)]
