"""The pinned engine, SDK and plugins fit each other in every file, and the command reports what does not fit."""

import datetime
import json
import re
from pathlib import Path

import pytest
from packaging.version import Version

from dev import pins
from dev.locks import PROJECT, locked, version
from sandbox.engine import build, provider, versions


def test_engine_and_plugins_are_those_of_the_locked_sdks():
    lock = locked("requirements")
    assert version(lock["pulumi"]) == versions.PULUMI
    sdks = {name.removeprefix("pulumi-"): version(pin) for name, pin in lock.items() if name.startswith("pulumi-")}
    assert sdks == versions.PLUGINS


@pytest.mark.parametrize("project", pins.PROJECTS)
def test_a_project_lets_the_pinned_engine_in(project):
    assert Version(versions.ENGINE) in pins.required(project)


def test_the_engine_that_is_built_is_of_one_release_and_not_older_than_the_sdk():
    modules = (PROJECT / "sandbox/engine/go/pulumi/go.mod").read_text()
    assert re.findall(r"pulumi/(?:pkg|sdk)/v3 v(\S+)", modules) == [versions.ENGINE] * 2
    assert pins.command(versions.ENGINE).fix == ""


def test_the_policy_pack_is_of_the_pinned_sdk():
    asked = (PROJECT / "requirements/policypack.txt").read_text()
    assert re.findall(r"^pulumi==(\S+)$", asked, re.MULTILINE) == [versions.PULUMI]


@pytest.fixture(autouse=True)
def releases(monkeypatch: pytest.MonkeyPatch):
    """What the registries list, by kind and name; nothing is newer than its pin."""
    listed: dict[tuple[str, str], tuple[str | None, str]] = {}
    monkeypatch.setattr(pins, "newest", lambda *pin: listed.get(pin, ("0.0.1", "")))
    return listed


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
    engine(versions.ENGINE, versions.PLUGINS)
    assert pins.main() == 0
    assert capsys.readouterr().out.endswith("everything fits\n")


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("3.100.0", "Pulumi.yaml and account/Pulumi.yaml let in"),
        ("3.271.9", "the engine must be that or a newer 3.x"),
        ("4.0.0", "the engine must be that or a newer 3.x"),
        (None, "not on PATH"),
    ],
)
def test_an_engine_that_does_not_fit_is_named_with_the_way_out(engine, capsys, number, reason):
    engine(number, versions.PLUGINS)
    assert pins.main() == 1
    told = capsys.readouterr().out
    assert reason in told
    assert f"install Pulumi {versions.ENGINE}" in told
    assert told.endswith("does not fit: pulumi\n")


def test_a_newer_engine_fits(engine):
    engine("3.999.0-alpha.1", versions.PLUGINS)
    assert pins.main() == 0


def test_a_missing_plugin_is_told_and_comes_by_itself(engine, capsys):
    engine(versions.ENGINE, {"aws": "6.0.0"})
    assert pins.main() == 0
    assert f"pulumi plugin install resource aws {versions.PLUGINS['aws']}" in capsys.readouterr().out


def test_another_package_than_the_locked_one_is_named(engine, capsys, monkeypatch):
    engine(versions.ENGINE, versions.PLUGINS)
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


def test_a_pin_with_a_newer_release_is_named(engine, releases, capsys):
    engine(versions.ENGINE, versions.PLUGINS)
    releases["package", "pulumi-aws"] = ("7.999.0", "")
    releases["package", "pulumi-tls"] = (versions.PLUGINS["tls"], "")
    releases["action", "actions/checkout"] = (None, "Could not resolve host: github.com")
    assert pins.main() == 0
    told = capsys.readouterr().out
    assert re.search(r"package pulumi-aws +wanted \S+ +seen 7\.999\.0 is released\n +read its notes.*upgrade\.md", told)
    assert re.search(r"action actions/checkout +wanted \S+ +seen newest release unknown: Could not resolve", told)
    assert "package pulumi-tls" not in told


@pytest.mark.parametrize(
    ("kind", "command", "printed", "seen"),
    [
        ("package", "pip", "pulumi (3.10.0)\nAvailable versions: 3.10.0, 3.9.0\n", ("3.10.0", "")),
        ("command", "go", "v3.10.0\n", ("3.10.0", "")),
        ("action", "git", "1f\trefs/tags/v6.9.1\n2e\trefs/tags/v6.10.0\n3d\trefs/tags/v7.0.0-beta.1\n", ("6.10.0", "")),
        ("action", "git", "", (None, "no release was listed")),
    ],
)
def test_the_newest_final_release_is_read(tmp_path, monkeypatch, kind, command, printed, seen):
    monkeypatch.undo()
    (tmp_path / "out").write_text(printed)
    script = tmp_path / ("python" if command == "pip" else command)
    script.write_text(f"#!/bin/sh\ncat {tmp_path}/out\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(pins.sys, "executable", str(script))
    assert pins.newest(kind, "pulumi") == seen


def test_releases_that_cannot_be_looked_up_say_why(tmp_path, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert pins.newest("action", "some/action") == (None, "git is not on PATH")
    (tmp_path / "git").write_text("#!/bin/sh\necho first >&2; echo 'fatal: no route' >&2; exit 128\n")
    (tmp_path / "git").chmod(0o755)
    assert pins.newest("action", "some/action") == (None, "fatal: no route")


@pytest.mark.parametrize(
    ("version", "fits"), [(versions.TERRAFORM_AWS["6"], True), (versions.TERRAFORM_AWS["5"], False), (None, True)]
)
def test_the_generation_of_the_aws_provider_is_compared(monkeypatch, version, fits):
    chosen = version and provider.Provider(version=version, path=Path("/p"), origin="found")
    monkeypatch.setattr(pins.provider, "find", lambda: chosen)
    monkeypatch.setattr(pins.build, "kind", lambda: "built")
    found = pins.generation()
    assert found.wanted == versions.TERRAFORM_AWS["6"]
    assert (found.fix == "") == fits
    assert found.seen == (f"{version}, found" if version else "not built")
    monkeypatch.setattr(pins.build, "kind", lambda: "official")
    assert pins.generation().seen == "pulumi-aws itself"


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
