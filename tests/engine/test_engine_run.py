"""A whole life of a stack with the real engine and real providers, against a plain moto server."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sandbox import layout
from sandbox.engine import build, warm

pytestmark = pytest.mark.engine

Pulumi = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("moto") / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.support.moto_with_tags", "-H", "127.0.0.1", "-p", str(port)],
            cwd=layout.CHECKOUT,
            env={**os.environ, "MOTO_ACCOUNT_ID": "429071895007"},
            stdout=output,
            stderr=output,
        )
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("home")
    build.ensure().prepare_home(path)
    yield path
    warm.stop(path)


@pytest.fixture(scope="module")
def pulumi(endpoint: str, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Pulumi:
    work = tmp_path_factory.mktemp("program")
    shutil.copytree(Path(__file__).parent / "program", work, dirs_exist_ok=True)
    return engine_in(work, tmp_path_factory.mktemp("state"), home, endpoint)


def engine_in(work: Path, state: Path, home: Path, endpoint: str) -> Pulumi:
    """The engine's command in a project's folder, with a stack `test`."""
    environment = {
        **os.environ,
        "PATH": f"{build.ensure().bin_dir}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PULUMI_HOME": str(home),
        "PULUMI_BACKEND_URL": f"file://{state}",
        "PULUMI_CONFIG_PASSPHRASE": "test",
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "NO_PROXY": "127.0.0.1",
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["pulumi", "--non-interactive", *arguments],
            cwd=work,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    assert run("stack", "init", "test").returncode == 0
    return run


def assert_clean(result: subprocess.CompletedProcess[str]) -> None:
    assert result.returncode == 0, result.stdout + result.stderr
    assert "warning" not in result.stdout + result.stderr


@pytest.fixture(scope="module")
def stack(pulumi: Pulumi) -> Iterator[dict[str, str]]:
    """The outputs of the stack while it exists."""
    assert_clean(pulumi("up", "--yes", "--skip-preview", "--stack", "test"))
    yield json.loads(pulumi("stack", "output", "--json", "--show-secrets", "--stack", "test").stdout)
    pulumi("destroy", "--yes", "--skip-preview", "--stack", "test")


def test_up(stack: dict[str, str]) -> None:
    assert stack["local"] == "from stdin"
    assert stack["accountId"] == "429071895007"
    assert stack["region"] == stack["bucketRegion"] == "eu-west-1"
    assert stack["key"].startswith("-----BEGIN OPENSSH PRIVATE KEY-----")


def test_secrets_are_secret_in_the_state(pulumi: Pulumi, stack: dict[str, str]) -> None:
    exported = pulumi("stack", "export", "--stack", "test").stdout
    assert "ciphertext" in exported
    assert stack["secret"] not in exported
    assert "PRIVATE KEY" not in exported


@pytest.mark.usefixtures("stack")
def test_nothing_changes_without_a_change(pulumi: Pulumi) -> None:
    assert_clean(pulumi("preview", "--expect-no-changes", "--stack", "test"))
    assert_clean(pulumi("preview", "--refresh", "--expect-no-changes", "--stack", "test"))


@pytest.mark.usefixtures("stack")
def test_a_changed_trigger_replaces_although_the_plugin_only_updates(pulumi: Pulumi) -> None:
    """By ``replace_on_changes`` of the SDK; sandbox/engine/conformance/cases.py has the plugin's answer."""
    # A preview's --config stays in the stack's file.
    changed = pulumi("preview", "--config", "enginetest:again=yes", "--stack", "test")
    assert pulumi("config", "rm", "again", "--stack", "test").returncode == 0
    assert changed.returncode == 0, changed.stdout + changed.stderr
    assert "+-1 to replace" in changed.stdout


@pytest.mark.usefixtures("stack")
def test_two_engines_at_once(pulumi: Pulumi) -> None:
    with ThreadPoolExecutor(2) as pool:
        for result in pool.map(pulumi, *zip(*[("preview", "--expect-no-changes", "--stack", "test")] * 2, strict=True)):
            assert_clean(result)


@pytest.mark.usefixtures("stack")
def test_a_run_leaves_warm_processes_without_a_passphrase_in_them(home: Path) -> None:
    warm_processes = warm.processes(home)
    assert warm_processes
    for process in warm_processes:
        # Of two engines' processes, one ends.
        with contextlib.suppress(FileNotFoundError):
            assert b"PULUMI_" not in Path(f"/proc/{process}/environ").read_bytes()


def test_destroy(pulumi: Pulumi, stack: dict[str, str]) -> None:
    assert stack
    assert_clean(pulumi("destroy", "--yes", "--skip-preview", "--stack", "test"))
    assert not json.loads(pulumi("stack", "export", "--stack", "test").stdout)["deployment"].get("resources")


#: Both operations end at once, so the engine ends before it reads what an interrupted program says.
FAILS = """import sys
sys.path.insert(0, {checkout!r})
from components import advice
advice.when_interrupted()
import pulumi_command
advice.when_failed()
for name in ("one", "two"):
    pulumi_command.local.Command(name, create="false", delete="false")
"""


def test_a_run_that_fails_says_how_to_go_on_however_fast_it_ends(home: Path, endpoint: str, tmp_path: Path) -> None:
    work = tmp_path / "program"
    work.mkdir()
    (work / "Pulumi.yaml").write_text("name: fails\nruntime: python\n")
    program = work / "__main__.py"
    program.write_text(FAILS.format(checkout=str(layout.CHECKOUT)))
    (tmp_path / "state").mkdir()
    pulumi = engine_in(work, tmp_path / "state", home, endpoint)
    for _ in range(3):
        failed = pulumi("up", "--yes", "--skip-preview", "--stack", "test")
        assert failed.returncode != 0
        said = failed.stdout.partition("Diagnostics:")[2]
        assert said.count("Next: `agentkeys recover -s test`, then the same command again.") == 1, failed.stdout
    program.write_text(program.read_text().replace('create="false"', 'create="true"'))
    assert pulumi("up", "--yes", "--skip-preview", "--stack", "test").returncode == 0
    assert pulumi("preview", "--refresh", "--expect-no-changes", "--stack", "test").returncode == 0
    ended = pulumi("destroy", "--yes", "--skip-preview", "--stack", "test")
    assert "exit status 1" in ended.stdout, "a destroy has no program that could be asked, and needs none"
    assert "hook" not in ended.stdout
