"""Pebble as the account's certificate authority: its own endpoint, the bundle of roots, its end."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sandbox import layout
from sandbox.aws.acme import AcmeServer
from sandbox.aws.ports import PortTakenError
from tests.support.processes import is_running


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((layout.LOOPBACK, 0))
        return int(probe.getsockname()[1])


def server(home: Path) -> AcmeServer:
    return AcmeServer(home, port=free_port(), management_port=free_port(), dns_port=free_port())


def certificates(path: Path) -> int:
    return path.read_text().count("BEGIN CERTIFICATE")


def test_clients_trust_every_root_and_the_directory(tmp_path: Path) -> None:
    first = server(tmp_path)
    first.start()
    try:
        context = ssl.create_default_context(cafile=str(first.trust))
        with (
            socket.create_connection((layout.LOOPBACK, first.port), timeout=3) as plain,
            context.wrap_socket(plain, server_hostname=layout.ACME_HOST) as connection,
        ):
            connection.sendall(f"GET /dir HTTP/1.0\r\nHost: {layout.ACME_HOST}\r\n\r\n".encode())
            assert b"newOrder" in connection.recv(65536)
        assert first.directory == f"https://acme.sandbox.internal:{first.port}/dir"
        assert certificates(first.own_ca) == 1
        assert certificates(first.trust) == 2
        listening = Path("/proc/net/tcp").read_text()
        assert f"0100007F:{first.port:04X}" in listening
        assert f"00000000:{first.port:04X}" not in listening
        pid, own = first.pid, first.own_ca.read_bytes()
        assert pid
        with pytest.raises(PortTakenError, match="pebble"):
            AcmeServer(tmp_path, port=first.port, management_port=free_port()).start()
    finally:
        first.stop()
    assert not is_running(pid)
    second = server(tmp_path)
    second.start()
    second.stop()
    assert second.own_ca.read_bytes() == own
    assert certificates(second.trust) == 3


def test_pebble_ends_with_its_parent(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from sandbox.aws.acme import AcmeServer;"
        f"server = AcmeServer(Path({str(tmp_path)!r}), port={free_port()}, management_port={free_port()});"
        "server.start(); print(server.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=layout.CHECKOUT, stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        assert is_running(pid)
        os.kill(parent.pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(pid)
