"""The parts of the sandbox that need neither root nor an engine: events, locks, refusals, the engine's wrapper."""

import fcntl
import json
import os
import subprocess
import sys
import time

import pytest

from ops.events import EventLog, Step, longest_chain
from sandbox import layout, rehearsal, stacklock, supervisor
from sandbox.engine import provider
from sandbox.hosts.machine import HostError, require_tools


def test_the_longest_chain_is_the_one_with_the_most_time_not_the_most_steps():
    times = {"a": (0, 1), "b": (1, 2), "c": (2, 3), "long": (0, 9), "last": (9, 10)}
    steps = [Step(urn=f"t::{name}", operation="create", start=start, end=end) for name, (start, end) in times.items()]
    after = {"b": ["a"], "c": ["b", "unchanged"], "last": ["long"]}
    state = [{"urn": f"t::{name}", "dependencies": [f"t::{one}" for one in after.get(name, [])]} for name in times]
    assert [item.name for item in longest_chain(steps, state)] == ["long", "last"]


def event(sequence, kind, urn, custom=True):
    metadata = {"op": "create", "urn": urn, "new": {"custom": custom}}
    return json.dumps({"sequence": sequence, "timestamp": 0, kind: {"metadata": metadata}}) + "\n"


def test_the_log_of_an_up_starts_anew_after_its_preview(tmp_path):
    path = tmp_path / "events.json"
    with EventLog(path) as log:
        path.write_text(event(0, "resourcePreEvent", "old") + event(1, "resOutputsEvent", "old") * 3)
        until = time.monotonic() + 5
        while not log.steps() and time.monotonic() < until:
            time.sleep(0.01)
        path.write_text(event(0, "resourcePreEvent", "new") + event(1, "resOutputsEvent", "new"))
        while [item.urn for item in log.steps()] != ["new"] and time.monotonic() < until:
            time.sleep(0.01)
    assert [item.urn for item in log.steps()] == ["new"]


def test_components_are_no_steps(tmp_path):
    path = tmp_path / "events.json"
    with EventLog(path) as log:
        path.write_text(
            event(0, "resourcePreEvent", "c", custom=False) + event(1, "resOutputsEvent", "c", custom=False)
        )
    assert log.steps() == []


@pytest.fixture
def somebody_elses(tmp_path, monkeypatch):
    lock = tmp_path / "sandbox.lock"
    monkeypatch.setattr(layout, "LOCK", lock)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        json.dump({"pid": 4711, "checkout": "/elsewhere", "home": "/elsewhere/.sandbox"}, held)
        held.flush()
        yield


def test_a_second_sandbox_is_refused_with_the_firsts_checkout_and_how_to_stop_it(somebody_elses, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(supervisor.SandboxError, match=r"process 4711 of /elsewhere.*make -C /elsewhere sandbox-stop"):
        supervisor.start(print)
    with pytest.raises(supervisor.SandboxError, match="belongs to /elsewhere"):
        supervisor.stop(print)


@pytest.mark.parametrize(("user", "system", "said"), [(1000, "linux", "needs root"), (0, "darwin", "needs Linux")])
def test_a_machine_that_cannot_is_told_why(monkeypatch, user, system, said):
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(sys, "platform", system)
    for asked in (supervisor.start, supervisor.stop, require_tools):
        with pytest.raises(HostError, match=said):
            asked(print)


def test_an_unknown_stack_is_refused_with_the_ones_there_are():
    with pytest.raises(supervisor.SandboxError, match=r"STACK=staging: .* the stacks are prod, test"):
        rehearsal.deployment("staging")


def test_the_lock_of_a_dead_engine_is_stale_and_that_of_a_living_one_is_not(tmp_path, monkeypatch):
    monkeypatch.setattr(layout, "STATE", tmp_path)
    project = rehearsal.deployment("test")
    folder = tmp_path / ".pulumi" / "locks" / "organization" / project.name / project.stack
    folder.mkdir(parents=True)
    ended = subprocess.Popen(["true"])
    ended.wait()
    (folder / "a.json").write_text(json.dumps({"pid": os.getpid()}))
    assert not stacklock.is_stale(project.name, project.stack)
    (folder / "b.json").write_text(json.dumps({"pid": ended.pid}))
    assert stacklock.is_stale(project.name, project.stack)


@pytest.fixture
def wrapped(tmp_path):
    """Runs the wrapper over an engine that prints what it is asked."""
    (tmp_path / "engine").mkdir()
    engine = tmp_path / "engine" / "pulumi"
    engine.write_text('#!/bin/sh\ncase "$*" in *--show-name) echo chosen ;; *) echo "$@" ;; esac\n')
    engine.chmod(0o755)
    project = tmp_path / "project"
    project.mkdir()
    (project / "Pulumi.yaml").write_text("name: cloud\nruntime: python\n")
    for stack in ("test", "chosen"):
        (project / f"Pulumi.{stack}.yaml").write_text(
            "config:\n  a:b: c\nencryptionsalt: v1:x\nsecretsprovider: awskms://k\n"
        )

    def run(*arguments):
        done = subprocess.run(
            [layout.CHECKOUT / "sandbox" / "bin" / "pulumi", *arguments],
            cwd=project, capture_output=True, text=True, check=True,
            env={"PATH": "/usr/bin:/bin", "AGENTKEYS_SANDBOX_ENGINE": str(engine.parent),
                 "AGENTKEYS_SANDBOX_HOME": str(tmp_path / "home")},
        )  # fmt: skip
        return done.stdout.strip().replace(str(tmp_path), "")

    run.home, run.project = tmp_path / "home", project
    return run


def test_the_engine_gets_a_copy_of_the_stack_file_without_its_secrets_provider(wrapped):
    assert wrapped("up", "--yes", "-s", "test") == "up --yes -s test --config-file /home/stacks/Pulumi.test.yaml"
    assert (wrapped.home / "stacks" / "Pulumi.test.yaml").read_text() == "config:\n  a:b: c\n"


def test_a_secret_that_was_set_in_the_sandbox_keeps_the_salt_that_it_is_read_with(wrapped):
    secret = "config:\n  a:b:\n    secure: v1:y\nencryptionsalt: v1:x\n"
    (wrapped.project / "Pulumi.test.yaml").write_text(secret)
    wrapped("up", "--yes", "-s", "test")
    assert (wrapped.home / "stacks" / "Pulumi.test.yaml").read_text() == secret


def test_the_settings_have_the_salt_of_the_state(wrapped):
    states = wrapped.home / "state" / ".pulumi" / "stacks" / "cloud"
    states.mkdir(parents=True)
    provider = {"type": "passphrase", "state": {"salt": "v1:a=:v1:b/+=="}}
    latest = {"secrets_providers": provider, "resources": [{"salt": "other"}]}
    (states / "test.json").write_text(json.dumps({"checkpoint": {"latest": latest}}, separators=(",", ":")))
    wrapped("up", "--yes", "-s", "test")
    kept = "config:\n  a:b: c\n"
    assert (wrapped.home / "stacks" / "Pulumi.test.yaml").read_text() == f"{kept}encryptionsalt: v1:a=:v1:b/+==\n"
    wrapped("up", "--yes", "-s", "chosen")
    assert (wrapped.home / "stacks" / "Pulumi.chosen.yaml").read_text() == kept


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("preview", "preview --config-file /home/stacks/Pulumi.chosen.yaml"),
        ("destroy --stack=test", "destroy --stack=test --config-file /home/stacks/Pulumi.test.yaml"),
        ("up -s test --config-file mine", "up -s test --config-file mine"),
        ("config set a b", "config set a b"),
        ("stack output up", "stack output up"),
        ("--non-interactive up -s test", "--non-interactive up -s test --config-file /home/stacks/Pulumi.test.yaml"),
        ("-C . preview -s test", "-C . preview -s test --config-file /home/stacks/Pulumi.test.yaml"),
    ],
)
def test_other_commands_and_a_given_file_are_left_alone(wrapped, asked, given):
    assert wrapped(*asked.split()) == given


@pytest.mark.parametrize("verb", ["up", "destroy"])
def test_a_run_that_fails_says_what_recovers_it(verb, monkeypatch, tmp_path):
    monkeypatch.setattr(layout, "HOME", tmp_path)
    engine = rehearsal.Engine({})

    def run(_project, *arguments, **_more):
        if arguments[0] == verb:
            raise supervisor.SandboxError("`pulumi` failed")

    monkeypatch.setattr(engine, "run", run)
    monkeypatch.setattr(engine, "repair", lambda *_asked, **_more: None)
    monkeypatch.setattr(engine, "has_stack", lambda _project: True)
    monkeypatch.setattr(rehearsal.display, "fits", lambda: False)
    with pytest.raises(
        supervisor.SandboxError, match=r"failed\nRun the same command again: .*`agentkeys recover -s test`"
    ):
        getattr(engine, verb)(rehearsal.deployment("test"))


@pytest.mark.parametrize("given", ["", "internal.example", "internal.example,127.0.0.1"])
def test_a_command_in_the_sandboxes_own_environment_changes_no_proxy_setting(monkeypatch, given):
    monkeypatch.setenv("NO_PROXY", given)
    once = rehearsal._beside_proxies()
    assert once.split(",").count("127.0.0.1") == 1
    monkeypatch.setenv("NO_PROXY", once)
    assert rehearsal._beside_proxies() == once


def test_a_shell_of_the_sandbox_runs_the_chosen_provider(monkeypatch, tmp_path):
    monkeypatch.setattr(layout, "HOME", tmp_path)
    for name in provider.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    given = (tmp_path / "bin", tmp_path / "pack", tmp_path / "release", "digest")
    assert not set(provider.VARIABLES) & set(rehearsal.environment(*given))
    monkeypatch.setenv("AGENTKEYS_PROVIDER", "6")
    assert rehearsal.Engine(rehearsal.environment(*given)).environment["AGENTKEYS_PROVIDER"] == "6"


def test_an_older_provider_is_refused_for_states_of_a_newer_one(monkeypatch, tmp_path):
    monkeypatch.setattr(layout, "HOME", tmp_path / "home")
    five, six, ten = (
        provider.Provider(version=version, path=tmp_path, origin="found") for version in ("5.100.0", "6.47.1", "10.0.0")
    )
    for newer in (five, six, six, ten):
        rehearsal._keep_generation(newer)
    with pytest.raises(supervisor.SandboxError, match=r"generation 10 .* 6 cannot read .* PROVIDER=10, or run `make"):
        rehearsal._keep_generation(six)
    rehearsal._keep_generation(ten)
