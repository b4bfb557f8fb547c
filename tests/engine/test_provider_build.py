"""The build of a provider as it is done for Terraform's, with a program that takes seconds instead of hours."""

import dataclasses
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dev import toolchain
from sandbox import layout
from sandbox.engine import source
from sandbox.engine.steps import EngineError

pytestmark = pytest.mark.engine

BUILD = "import sys; from tests.engine.test_provider_build import build_in; build_in(sys.argv[1])"


def build_in(folder: str) -> None:
    """Build the small program of this folder."""
    toolchain.CACHE = Path(folder) / "cache"
    source._HEARTBEAT_SECONDS = 1
    small = small_in(folder)
    small.folder.mkdir(parents=True, exist_ok=True)
    small.build(lambda line: print(line, flush=True))


def small_in(folder: str | Path) -> source.Source:
    """The row of the small program. An absolute folder stands for the module's place below ``go/``."""
    row = dataclasses.replace(source.SOURCES["aws"], package="example.invalid/small", version="1.0.0")
    return Small(**vars(row), at=Path(folder))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Small(source.Source):
    at: Path

    @property
    def go_module(self) -> Path:
        return self.at


@pytest.fixture
def module(tmp_path: Path) -> Path:
    (tmp_path / "go.mod").write_text("module example.invalid/small\n\ngo 1.25\n")
    (tmp_path / "main.go").write_text('package main\n\nfunc main() { println("small") }\n')
    return tmp_path


def begun(log: Path) -> list[str]:
    return log.read_text().split() if log.exists() else []


def test_a_killed_build_continues(module: Path) -> None:
    log = module / "cache/terraform-aws/1.0.0/build.log"
    command = [sys.executable, "-c", BUILD, str(module)]
    killed = subprocess.Popen(command, cwd=layout.CHECKOUT, start_new_session=True, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while len(begun(log)) < 12 and killed.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    first = begun(log)
    assert not list(log.parent.glob("linux_*/small*"))

    said = subprocess.run(command, cwd=layout.CHECKOUT, check=True, capture_output=True, text=True).stdout
    again = set(begun(log)[len(first) :]) & set(first)
    assert len(again) <= 2 * (os.cpu_count() or 1), "only what was being compiled is compiled again"
    assert f"{len(set(first))} of " in said
    assert "packages are compiled" in said
    (binary,) = log.parent.glob("linux_*/*")
    assert subprocess.run([binary], check=True, capture_output=True, text=True).stderr == "small\n"
    assert {path.name for path in log.parent.iterdir()} == {"build.log", binary.parent.name}, "its caches are deleted"


def test_a_failing_build_shows_the_end_of_its_log(module: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (module / "main.go").write_text("package main\n\nfunc main() { missing() }\n")
    for owner, name in (
        (toolchain, "CACHE"),
        (source, "_HEARTBEAT_SECONDS"),
    ):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    # Only the program itself is compiled again.
    monkeypatch.setattr(source, "go_environment", lambda **_: {**os.environ, "GOFLAGS": "-trimpath"})
    with pytest.raises(
        EngineError, match=r"failed with exit code 1; its log \S+build\.log ends:\n(?s:.*)undefined: missing"
    ):
        build_in(str(module))
    assert not small_in(module).binary.exists()
