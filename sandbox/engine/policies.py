"""The policy pack for an engine: its environment and, for an engine that was built, the way to start it.

The built engine's language host is too old to start a Python pack. The engine's other way is taken: for a runtime that
has no language host it starts the plugin ``policy-<runtime>`` with its address and the folder. An official engine
runs ``policypack/`` as it is.
"""

import shlex
from collections.abc import Callable
from pathlib import Path

import yaml

from dev.toolchain import virtualenv
from sandbox import layout
from sandbox.engine.build import Engine

PACK = layout.CHECKOUT / "policypack"

_RUNTIME = "agentkeys"
_PLUGIN = f"analyzer-policy-{_RUNTIME}"


def prepare(engine: Engine, pulumi_home: Path, progress: Callable[[str], None]) -> Path:
    """The folder to give the engines of this PULUMI_HOME as ``--policy-pack``. Raises VirtualenvError."""
    programs = virtualenv.ensure(PACK / "venv", layout.CHECKOUT / "requirements/policypack.lock", progress)
    if engine.official:
        return PACK
    plugin = pulumi_home / "plugins" / f"{_PLUGIN}-v1.0.0" / f"pulumi-{_PLUGIN}"
    plugin.parent.mkdir(parents=True, exist_ok=True)
    plugin.write_text(
        f'#!/bin/sh\nexec {shlex.quote(str(programs / "python"))} -m pulumi.policy "$1" {shlex.quote(str(PACK))}\n'
    )
    plugin.chmod(0o755)
    copy = pulumi_home / "policypack"
    copy.mkdir(exist_ok=True)
    described = yaml.safe_load((PACK / "PulumiPolicy.yaml").read_text())
    (copy / "PulumiPolicy.yaml").write_text(yaml.safe_dump({**described, "runtime": _RUNTIME}))
    return copy
