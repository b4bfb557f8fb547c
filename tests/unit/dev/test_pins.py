"""The pinned engine, SDK and plugins fit each other in every file, and the command reports what does not fit."""

import datetime
import json
import re
from pathlib import Path

import pytest
from packaging.version import Version

from dev import pins
from dev.locks import PROJECT, locked, version
from sandbox.engine import build, versions


def test_engine_and_plugins_are_those_of_the_locked_sdks():
    lock = locked("requirements")
    assert version(lock["pulumi"]) == versions.PULUMI
    sdks = {name.removeprefix("pulumi-"): version(pin) for name, pin in lock.items() if name.startswith("pulumi-")}
    assert sdks == versions.PLUGINS


@pytest.mark.parametrize("project", pins.PROJECTS)
def test_a_project_lets_the_pinned_engine_in(project):
    assert Version(versions.PULUMI) in pins.required(project)


def test_the_engine_that_is_built_is_the_pinned_one():
    modules = (PROJECT / "sandbox/engine/go/pulumi/go.mod").read_text()
    assert re.findall(r"pulumi/(?:pkg|sdk)/v3 v(\S+)", modules) == [versions.PULUMI] * 2


def test_the_policy_pack_is_of_the_pinned_engines_sdk():
    asked = (PROJECT / "requirements/policypack.txt").read_text()
    assert re.findall(r"^pulumi==(\S+)$", asked, re.MULTILINE) == [versions.PULUMI]


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Puts a `pulumi` on PATH that is of one version and has these plugins, or none."""

    def install(number: str | None, plugins: dict[str, str]) -> None:
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        if number is None:
            monkeypatch.setenv("PATH", str(tmp_path))
            return
        listed = json.dumps([{"kind": "resource", "name": name, "version": one} for name, one in plugins.items()])
        script = tmp_path / "pulumi"
        script.write_text(f"#!/bin/sh\nif [ $1 = version ]; then echo v{number}; else echo '{listed}'; fi\n")
        script.chmod(0o755)

    return install


def test_what_is_pinned_fits(engine, capsys):
    engine(versions.PULUMI, versions.PLUGINS)
    assert pins.main() == 0
    assert capsys.readouterr().out.endswith("everything fits\n")


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("3.100.0", "Pulumi.yaml and account/Pulumi.yaml let in"),
        ("3.258.9", "the engine must be that or a newer 3.x"),
        ("4.0.0", "the engine must be that or a newer 3.x"),
        (None, "not on PATH"),
    ],
)
def test_an_engine_that_does_not_fit_is_named_with_the_way_out(engine, capsys, number, reason):
    engine(number, versions.PLUGINS)
    assert pins.main() == 1
    told = capsys.readouterr().out
    assert reason in told
    assert f"install Pulumi {versions.PULUMI}" in told
    assert told.endswith("does not fit: pulumi\n")


def test_a_newer_engine_fits(engine):
    engine("3.999.0-alpha.1", versions.PLUGINS)
    assert pins.main() == 0


def test_a_missing_plugin_is_told_and_comes_by_itself(engine, capsys):
    engine(versions.PULUMI, {"aws": "6.0.0"})
    assert pins.main() == 0
    assert f"pulumi plugin install resource aws {versions.PLUGINS['aws']}" in capsys.readouterr().out


def test_another_package_than_the_locked_one_is_named(engine, capsys, monkeypatch):
    engine(versions.PULUMI, versions.PLUGINS)
    monkeypatch.setattr(
        pins, "version", lambda name: "0.1" if name == "grpcio" else version(locked("requirements")[name])
    )
    assert pins.main() == 1
    assert "make setup" in capsys.readouterr().out


@pytest.mark.engine
def test_the_sandboxes_engine_fits(tmp_path, monkeypatch, capsys):
    engine = build.ensure()
    engine.prepare_home(tmp_path)
    monkeypatch.setenv("PATH", f"{engine.bin_dir}:/usr/bin:/bin")
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path))
    assert pins.main() == 0
    assert "!" not in capsys.readouterr().out


def test_every_pinned_action_runs_on_a_runtime_that_stays():
    assert [finding.fix for finding in pins.actions(max(pin["reviewed"] for pin in pins.ACTIONS.values()))] == [
        ""
    ] * len(pins.ACTIONS)


@pytest.mark.parametrize(
    ("runtime", "today", "fix", "wrong"),
    [
        ("node20", datetime.date(2026, 9, 17), "runners have no longer node20: take a newer release", True),
        ("node20", datetime.date(2026, 9, 1), "runners have until 2026-09-16 node20", False),
        ("node24", datetime.date(2027, 6, 1), "compare it with https://github.com/some/action/releases", False),
        ("node24", datetime.date(2026, 12, 1), "", False),
    ],
)
def test_an_action_says_its_runtime_and_how_old_its_pin_is(monkeypatch, runtime, today, fix, wrong):
    pin = {"version": "1.2.3", "commit": "0" * 40, "runtime": runtime, "reviewed": datetime.date(2026, 11, 28)}
    monkeypatch.setattr(pins, "ACTIONS", {"some/action": pin})
    (found,) = pins.actions(today)
    assert found.seen == f"{runtime}, reviewed {(today - pin['reviewed']).days} days ago"
    assert found.fix.startswith(fix)
    assert (found.fix == "") == (fix == "")
    assert found.wrong is wrong
