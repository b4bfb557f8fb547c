"""A git repository of stand-in crates with the packages of the AgentKeys workspace, as a bundle; for the sandbox only.

The crates (``crates/``) use Rust's standard library alone and carry the Go stand-in in themselves, so building them
takes seconds, needs no crate registry, and what comes out behaves as the binaries of the stand-in archive do.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from .archive import StandinError, build_program

_CRATES = Path(__file__).parent / "crates"

#: Names and times are fixed, so that the same files are the same commit everywhere.
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
    """A work tree in ``folder``, made anew, whose commits are tagged and bundled."""

    def __init__(self, folder: Path, progress: Callable[[str], None]) -> None:
        self.folder = folder
        self.bundle = folder.with_suffix(".bundle")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(_CRATES, folder, ignore=shutil.ignore_patterns("target"))
        shutil.copyfile(build_program(progress), folder / "standin" / "program")
        self._git("init", "--quiet", "--initial-branch=main")

    def commit(self, tag: str, changes: Mapping[str, str] | None = None) -> str:
        """Commits the tree with ``changes`` (path to text), tags it and bundles everything; gives the commit."""
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
            raise StandinError(f"`git {' '.join(arguments)}` ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout
