"""A git bundle of stand-in crates with the package names of the AgentKeys workspace. For the sandbox only.

The crates (``crates/``) use only Rust's standard library and embed the Go stand-in. They build in seconds without a
crate registry, and behave like the binaries of the stand-in archive.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from .archive import StandinError, build_program

_CRATES = Path(__file__).parent / "crates"

#: Fixed names and times, so that equal files make equal commits everywhere.
_IDENTITY = {
    "GIT_AUTHOR_NAME": "stand-in",
    "GIT_AUTHOR_EMAIL": "standin@sandbox.invalid",
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_NAME": "stand-in",
    "GIT_COMMITTER_EMAIL": "standin@sandbox.invalid",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


class Repository:
    """A new work tree in ``folder`` whose commits are tagged and bundled."""

    def __init__(self, folder: Path, progress: Callable[[str], None]) -> None:
        self.folder = folder
        self.bundle = folder.with_suffix(".bundle")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(_CRATES, folder, ignore=shutil.ignore_patterns("target"))
        shutil.copyfile(build_program(progress), folder / "standin" / "program")
        self._git("init", "--quiet", "--initial-branch=main")

    def commit(self, tag: str, changes: Mapping[str, str] | None = None) -> str:
        """Commit ``changes`` (text by path), tag the commit, bundle everything, and return the commit's hash."""
        for path, text in (changes or {}).items():
            (self.folder / path).write_text(text)
        self._git("add", "--all")
        self._git("commit", "--quiet", "--allow-empty", f"--message={tag}")
        self._git("tag", tag)
        self._git("bundle", "create", "--quiet", str(self.bundle), "--all")
        return self._git("rev-parse", "HEAD").strip()

    def _git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(self.folder), *arguments],
            env={**os.environ, **_IDENTITY},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise StandinError(
                f"`git {' '.join(arguments)}` failed with exit code {done.returncode}: {done.stderr.strip()}"
            )
        return done.stdout
