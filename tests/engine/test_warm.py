"""Leases of warm processes, with the tls provider because it starts in half a second."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from sandbox.engine import build, warm

pytestmark = pytest.mark.engine

URN = "urn:pulumi:test::project::tls:index/privateKey:PrivateKey::key"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    # Deeper than a socket's address may be.
    path = tmp_path / ("deep" * 20)
    path.mkdir()
    yield path
    warm.stop(path)


def wait_for(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def idle(home: Path) -> int:
    return len(list(warm.folder(home).glob("*.sock")))


def lease(home: Path) -> tuple[object, int]:
    return warm.lease("tls", home, build.ensure().bin_dir)


def test_leases_are_exclusive_and_processes_are_used_again(home: Path) -> None:
    first, first_port = lease(home)
    second, second_port = lease(home)
    assert first_port != second_port
    first.close()
    wait_for(lambda: idle(home) == 1)
    third, third_port = lease(home)
    assert third_port == first_port
    second.close()
    third.close()


def test_another_aws_environment_gets_another_process(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, first_port = lease(home)
    first.close()
    wait_for(lambda: idle(home) == 1)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "changed")
    second, second_port = lease(home)
    assert second_port != first_port
    second.close()


def test_a_dead_process_is_replaced(home: Path) -> None:
    first, first_port = lease(home)
    first.close()
    wait_for(lambda: idle(home) == 1)
    (process,) = warm.processes(home)
    os.killpg(process, signal.SIGKILL)
    wait_for(lambda: not warm.processes(home))
    second, second_port = lease(home)
    assert second_port != first_port
    second.close()


def test_a_process_left_in_the_middle_of_a_call_is_not_used_again(home: Path) -> None:
    held, port = lease(home)
    provider = provider_pb2_grpc.ResourceProviderStub(grpc.insecure_channel(f"127.0.0.1:{port}"))
    provider.Configure(provider_pb2.ConfigureRequest(acceptSecrets=True, acceptResources=True))
    inputs = Struct()
    inputs.update({"algorithm": "RSA", "rsaBits": 8192})
    call = provider.Create.future(provider_pb2.CreateRequest(urn=URN, properties=inputs))
    time.sleep(0.2)
    assert not call.done()
    held.close()
    wait_for(lambda: not warm.processes(home))
    assert idle(home) == 0


def test_the_executable_ends_with_the_engine_and_gives_its_process_back(home: Path) -> None:
    engine = build.ensure()
    engine.prepare_home(home)
    executable = next(home.glob("plugins/resource-tls-*/pulumi-resource-tls"))
    plugin = subprocess.Popen([executable, "127.0.0.1:1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    port = int(plugin.stdout.readline())
    assert idle(home) == 0
    plugin.kill()
    plugin.communicate()
    wait_for(lambda: idle(home) == 1)
    plugin = subprocess.Popen([executable, "127.0.0.1:1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert int(plugin.stdout.readline()) == port, "the process that was given back"
    plugin.stdin.close()
    assert plugin.wait(5) == 0
    plugin.stdout.close()
    wait_for(lambda: idle(home) == 1)


def test_stop_ends_them_all(home: Path) -> None:
    lease(home)[0].close()
    wait_for(lambda: idle(home) == 1)
    command = [sys.executable, "-m", "sandbox.engine", "stop", "--home", str(home)]
    assert "stopped 1 warm" in subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert not warm.processes(home)
