"""Asks a plugin the cases. ``None`` for its executable is the sandbox's stand-in."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox.engine.conformance import host, plugin
from sandbox.engine.conformance.cases import Case, World


@contextmanager
def world(executable: Path | None) -> Iterator[World]:
    """A host and the running plugin. Raises RuntimeError if one does not start."""
    with (
        tempfile.TemporaryDirectory() as folder,
        host.serving(Path(folder)) as serving,
        plugin.started(executable) as running,
    ):
        yield World(running, serving)


def answer(case: Case, world: World, executable: Path | None) -> Any:
    """What the plugin answers. Equal to the case's answer, it is as the official plugin there."""
    for path in world.host.folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    try:
        if case.own_plugin:
            with plugin.started(executable) as own:
                return case.ask(World(own, world.host))
        return case.ask(world)
    except (AttributeError, KeyError, TypeError, OSError) as error:
        # An answer of another shape than the case expects.
        return error
