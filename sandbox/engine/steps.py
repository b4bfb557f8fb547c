"""What getting an engine consists of: its error, its lock, and Go builds that report their progress.

Leaves out what is built, which ``build`` and ``provider`` know.
"""

import contextlib
import os
import platform
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from dev.toolchain import hold

Progress = Callable[[str], None]

GO_MODULES = Path(__file__).resolve().parent / "go"

_HEARTBEAT_SECONDS = 15
_LINES_OF_LOG = 15


class EngineError(Exception):
    """The engine cannot be provided. The message states what is missing and what to do."""


def architecture() -> str:
    """This computer's processor, by Go's name."""
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


@contextlib.contextmanager
def building(lock: Path, progress: Progress) -> Iterator[None]:
    """Hold the build's lock, so that a second build waits for the result of the first."""
    with hold(lock, lambda: progress(f"engine: another build holds {lock}; waiting for its result")):
        yield


def go_environment(**changed: str) -> dict[str, str]:
    """The environment of Go. Without cgo no C compiler is needed; -trimpath makes binaries equal for every checkout."""
    fixed = {"GOFLAGS": "-trimpath -buildvcs=false -mod=readonly", "GOWORK": "off", "CGO_ENABLED": "0"}
    return {**os.environ, **fixed, **changed}


def go_build(
    command: list[str],
    cwd: Path,
    log: Path,
    label: str,
    progress: Progress,
    *,
    environment: Mapping[str, str],
    done: Callable[[], str] = lambda: "",
    heartbeat: float = _HEARTBEAT_SECONDS,
) -> None:
    """Run a command that writes to ``log``, and report every ``heartbeat`` seconds that it runs and what is ``done``.

    The log is continued, so that it covers interrupted builds too. Raises EngineError with the log's end.
    """
    started = time.monotonic()
    with log.open("ab") as output:
        process = subprocess.Popen(command, cwd=cwd, env=environment, stdout=output, stderr=output)
        try:
            while True:
                try:
                    process.wait(heartbeat)
                    break
                except subprocess.TimeoutExpired:
                    progress(f"{label}: still building after {time.monotonic() - started:.0f} s{done()}")
        finally:
            process.kill()
    if process.returncode:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-_LINES_OF_LOG:])
        raise EngineError(
            f"{shlex.join(command)} in {cwd} failed with exit code {process.returncode}; its log {log} ends:\n{tail}"
        )
