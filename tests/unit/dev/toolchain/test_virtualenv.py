"""Separate environments: created once, created again for another lock file, and a clear error if creation fails."""

import subprocess

import pytest

from dev.toolchain import virtualenv
from dev.toolchain.virtualenv import VirtualenvError, ensure


@pytest.fixture
def requirements(tmp_path, monkeypatch):
    monkeypatch.setattr(virtualenv, "CACHE", tmp_path / "cache")
    path = tmp_path / "requirements.lock"
    path.write_text("# nothing\n")
    path.with_suffix(".txt").write_text("# Why.\n./no-such-package\n")
    return path


def test_an_environment_is_made_once_and_says_so(tmp_path, requirements):
    said = []
    programs = ensure(tmp_path / "venv", requirements, said.append)
    assert ensure(tmp_path / "venv", requirements, said.append) == programs
    assert len(said) == 1
    assert str(tmp_path / "venv") in said[0]
    prefix = subprocess.run(
        [programs / "python", "-c", "import sys; print(sys.prefix)"], capture_output=True, text=True, check=True
    )
    assert prefix.stdout.strip() == str(tmp_path / "venv")


def test_another_file_makes_it_anew_and_its_failure_is_not_taken_for_a_result(tmp_path, requirements):
    ensure(tmp_path / "venv", requirements, print)
    requirements.write_text("./no-such-package\n./nor-this\n")
    for _ in range(2):
        said = []
        with pytest.raises(VirtualenvError, match=r"ended with 1: .*no-such-package"):
            ensure(tmp_path / "venv", requirements, said.append)
        assert said == [f"installing ./no-such-package from PyPI into {tmp_path / 'venv'}"]
