"""Prepares the policy pack for an engine: its virtual environment and, for a built engine, a program that starts it.

The built engine's language host is too old to start a Python pack. The engine runs a file that ``--policy-pack`` names,
and gives it its address. An official engine runs ``policypack/`` itself.
"""

import shlex
from collections.abc import Callable
from pathlib import Path

from dev.toolchain import virtualenv
from sandbox import layout
from sandbox.engine import preloaded, warm
from sandbox.engine.build import Engine

PACK = layout.CHECKOUT / "policypack"


def prepare(engine: Engine, pulumi_home: Path, progress: Callable[[str], None]) -> Path:
    """The value of ``--policy-pack`` for engines of this PULUMI_HOME. Raises VirtualenvError."""
    programs = virtualenv.ensure(PACK / "venv", layout.CHECKOUT / "requirements/policypack.lock", progress)
    if engine.official:
        return PACK
    folder = pulumi_home.resolve() / "policypack"
    folder.mkdir(parents=True, exist_ok=True)
    # The engine reads the name and the description beside the program.
    (folder / "PulumiPolicy.yaml").write_text((PACK / "PulumiPolicy.yaml").read_text())
    command = [
        *(str(programs / "python"), preloaded.__file__, "run", "pack", str(warm.folder(pulumi_home.resolve()))),
        *("pulumi_policy", "-m", "pulumi.policy"),
    ]
    program = folder / "pulumi-analyzer-policy"
    # The engine's folder is the project's, whose modules Python would find first.
    starting = f"cd {shlex.quote(str(folder))}\nexec {shlex.join(command)}"
    program.write_text(f'#!/bin/sh\n{starting} "$1" {shlex.quote(str(PACK))}\n')
    program.chmod(0o755)
    return program
