"""Prepares the policy pack for an engine: its virtual environment and, for a built engine, a plugin that starts it.

The built engine's language host is too old to start a Python pack. For a runtime without a language host, the engine
starts the plugin ``policy-<runtime>`` with its address and the folder. An official engine runs ``policypack/`` itself.
"""

import shlex
from collections.abc import Callable
from pathlib import Path

import yaml

from dev.toolchain import virtualenv
from sandbox import layout
from sandbox.engine import preloaded, warm
from sandbox.engine.build import Engine

PACK = layout.CHECKOUT / "policypack"

_RUNTIME = "agentkeys"
_PLUGIN = f"analyzer-policy-{_RUNTIME}"


def prepare(engine: Engine, pulumi_home: Path, progress: Callable[[str], None]) -> Path:
    """The value of ``--policy-pack`` for engines of this PULUMI_HOME. Raises VirtualenvError."""
    programs = virtualenv.ensure(PACK / "venv", layout.CHECKOUT / "requirements/policypack.lock", progress)
    if engine.official:
        return PACK
    plugin = pulumi_home / "plugins" / f"{_PLUGIN}-v1.0.0" / f"pulumi-{_PLUGIN}"
    plugin.parent.mkdir(parents=True, exist_ok=True)
    command = [
        *(str(programs / "python"), preloaded.__file__, "run", "pack", str(warm.folder(pulumi_home.resolve()))),
        *("pulumi_policy", "-m", "pulumi.policy"),
    ]
    plugin.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$1" {shlex.quote(str(PACK))}\n')
    plugin.chmod(0o755)
    copy = pulumi_home / "policypack"
    copy.mkdir(exist_ok=True)
    described = yaml.safe_load((PACK / "PulumiPolicy.yaml").read_text())
    (copy / "PulumiPolicy.yaml").write_text(yaml.safe_dump({**described, "runtime": _RUNTIME}))
    return copy
