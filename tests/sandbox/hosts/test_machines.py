"""Real hosts, booted: what reaches them, what they reach, and what stays of them on the machine."""

import datetime
import http.server
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sandbox import layout
from sandbox.hosts import network
from sandbox.hosts.machine import HostError
from sandbox.hosts.machines import Hosts
from sandbox.hosts.relay import Exposure
from sandbox.hosts.seed import HostSpec

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(not (sys.platform == "linux" and os.geteuid() == 0), reason="hosts need Linux and root"),
]

FIRST, SECOND, LATER = "i-0aaaaaaaaaaaaaaaa", "i-0bbbbbbbbbbbbbbbb", "i-0cccccccccccccccc"
ADDRESSES = {FIRST: "127.113.0.1", SECOND: "127.113.0.2", LATER: "127.113.0.1"}
FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
USER_DATA = "#cloud-config\nwrite_files:\n- {path: /etc/from-user-data, content: given}\nhostname: chosen\n"

HARDENED = (
    "PrivateTmp=yes PrivateUsers=yes PrivateDevices=yes ProtectSystem=strict ProtectHome=yes ProtectProc=invisible "
    "ProtectKernelTunables=yes ProtectKernelModules=yes ProtectControlGroups=yes ProtectClock=yes ProtectHostname=yes "
    "SystemCallFilter=@system-service MemoryDenyWriteExecute=yes NoNewPrivileges=yes RestrictNamespaces=yes "
    "LockPersonality=yes RestrictSUIDSGID=yes CapabilityBoundingSet= StateDirectory=probe User=ubuntu"
)


class HostLab:
    """The hosts under test with a key pair, a CA and a TLS service that hosts may reach."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.key = home / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key], check=True)
        self.authority = home / "ca.pem"
        self.service = tls_service(self.authority, home / "service.key")
        self.hidden = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
        self.forwarding = FORWARDING.read_text()
        self.log: list[str] = []
        self.hosts = self.new_hosts(self.log.append)

    def new_hosts(self, log: Callable[[str], None]) -> Hosts:
        return Hosts(
            self.home,
            forwards={layout.PORTS["acme"]: self.service.server_port},
            trusted_ca=self.authority,
            log=log,
        )

    def spec(self, instance_id: str) -> HostSpec:
        return HostSpec(
            instance_id=instance_id,
            base="debian-12",
            login_user="ubuntu",
            public_key=self.key.with_suffix(".pub").read_text(),
            user_data=USER_DATA if instance_id == FIRST else "",
            private_name=f"ip-{instance_id[2:6]}",
        )

    def reconcile(self, *instance_ids: str) -> None:
        self.hosts.reconcile([self.spec(i) for i in instance_ids], [ssh_of(i) for i in instance_ids])

    def ssh(self, instance_id: str, command: str) -> "subprocess.CompletedProcess[str]":
        options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "ConnectTimeout=5"]
        return subprocess.run(
            ["ssh", "-n", "-i", self.key, *(f"-o{o}" for o in options), f"ubuntu@{ADDRESSES[instance_id]}", command],
            capture_output=True,
            text=True,
            timeout=60,
        )

    def said(self, instance_id: str, command: str) -> str:
        done = self.ssh(instance_id, command)
        assert done.returncode == 0, (command, done, self.log)
        return done.stdout.strip()

    def wait_for_ssh(self, instance_id: str) -> None:
        deadline = time.monotonic() + 120
        while self.ssh(instance_id, "true").returncode != 0:
            assert time.monotonic() < deadline, (self.ssh(instance_id, "true"), self.log)
            time.sleep(0.2)


def ssh_of(instance_id: str, *cidrs: str) -> Exposure:
    address = ADDRESSES[instance_id]
    return Exposure(address=address, port=22, instance_id=instance_id, cidrs=cidrs or ("0.0.0.0/0",))


def tls_service(authority: Path, key_file: Path) -> http.server.HTTPServer:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test authority")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(layout.ACME_HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    authority.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Directory)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority, key_file)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class Directory(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"the directory")

    def log_message(self, *_: object) -> None:
        pass


def left_on_the_machine(instance_id: str, number: int) -> list[str]:
    """What of a host can still be seen, in words."""
    seen = [str(path) for path in Path("/sys/fs/cgroup").glob(f"*/agentkeys-sandbox/{instance_id}")]
    seen += [str(path) for path in Path("/sys/fs/cgroup").glob(f"agentkeys-sandbox/{instance_id}")]
    seen += [str(path) for path in Path("/run/systemd/nspawn").glob(f"*/{instance_id}")]
    seen += [
        str(p) for p in (network.namespace_path(number), Path("/sys/class/net") / network.veth(number)) if p.exists()
    ]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            text = (process / "cmdline").read_bytes() + (process / "mountinfo").read_bytes()
        except (OSError, ProcessLookupError):
            continue
        if f"/hosts/{instance_id}/".encode() in text:
            seen.append(f"{process}: {text[:120]!r}")
    return seen


def processes_of(instance_id: str) -> set[int]:
    files = Path("/sys/fs/cgroup").glob(f"**/agentkeys-sandbox/{instance_id}/**/cgroup.procs")
    return {int(pid) for file in files for pid in file.read_text().split()}


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostLab]:
    ground = HostLab(tmp_path_factory.mktemp("sandbox"))
    with ground.service, ground.hidden:
        try:
            ground.reconcile(FIRST, SECOND)
            ground.wait_for_ssh(FIRST)
            ground.wait_for_ssh(SECOND)
            yield ground
        finally:
            ground.service.shutdown()
            ground.hosts.reconcile([], [])
            ground.hosts.shutdown()


def test_it_boots_like_a_machine_image(ground: HostLab) -> None:
    assert "status: done" in ground.said(FIRST, "cloud-init status --wait")
    assert ground.said(FIRST, "systemctl is-system-running --wait") == "running"
    assert ground.said(FIRST, "sudo id -un; hostname; cat /etc/from-user-data").split() == ["root", "chosen", "given"]
    assert ground.said(SECOND, "cloud-init status --wait && hostname").split()[-1] == "ip-0bbb"


def test_hardened_units_start(ground: HostLab) -> None:
    properties = " ".join(f"-p {p}" for p in HARDENED.split())
    ground.said(FIRST, f"sudo systemd-run --wait {properties} touch /var/lib/probe/reached /tmp/reached")
    assert ground.ssh(FIRST, "test -e /tmp/reached").returncode == 1


def test_hosts_have_their_own_identity(ground: HostLab) -> None:
    machines = {ground.said(i, "cat /etc/machine-id") for i in (FIRST, SECOND)}
    keys = [ground.said(i, "cut -d' ' -f2 /etc/ssh/ssh_host_*_key.pub").split() for i in (FIRST, SECOND)]
    assert len(machines) == 2
    assert len(keys[0]) == 3
    assert set(keys[0]).isdisjoint(keys[1])


def test_apt_works(ground: HostLab) -> None:
    # By itself apt-get update is content with old indexes when it reaches nothing.
    ground.said(SECOND, "sudo apt-get update -q -o APT::Update::Error-Mode=any")
    ground.said(SECOND, "sudo apt-get install -y -q --no-install-recommends hello && hello")


def test_the_service_is_reached_under_its_name_with_the_systems_trust(ground: HostLab) -> None:
    url = f"https://{layout.ACME_HOST}:{layout.PORTS['acme']}/dir"
    assert ground.said(FIRST, f"curl -sS {url}") == "the directory"
    assert ground.said(FIRST, f"python3 -c 'import requests; print(requests.get(\"{url}\").text)'") == "the directory"


def test_nothing_else_of_the_machine_or_of_other_hosts_is_reached(ground: HostLab) -> None:
    gateway = ground.said(FIRST, "ip route show default").split()[2]
    other = next(status.address for status in ground.hosts.status() if status.instance_id == SECOND)
    with socket.create_server((gateway, 0)) as listening:
        ports = (ground.hidden.server_port, listening.getsockname()[1])
        for target in (*(f"{gateway}:{port}" for port in ports), f"{other}:22"):
            assert ground.ssh(FIRST, f"curl -sS -m 5 telnet://{target} </dev/null").returncode == 7, target


def test_only_relays_reach_a_host(ground: HostLab) -> None:
    address = next(status.address for status in ground.hosts.status() if status.instance_id == FIRST)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address, 22), timeout=5)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((ADDRESSES[FIRST], 80), timeout=5)


def test_relays_follow_the_exposures(ground: HostLab) -> None:
    specs = [ground.spec(FIRST), ground.spec(SECOND)]
    ground.hosts.reconcile(specs, [ssh_of(FIRST, "203.0.113.0/24"), ssh_of(SECOND)])
    assert "reset" in ground.ssh(FIRST, "true").stderr.lower()
    assert ground.log[-1] == f"{ADDRESSES[FIRST]}:22 is not open to 127.0.0.1"
    ground.hosts.reconcile(specs, [ssh_of(SECOND)])
    assert "refused" in ground.ssh(FIRST, "true").stderr
    ground.hosts.reconcile(specs, [ssh_of(FIRST), ssh_of(SECOND)])
    ground.said(FIRST, "true")


COUNT_TO_THE_END = """
import socket
connection, _ = socket.create_server(("", 7777)).accept()
count = 0
while chunk := connection.recv(1 << 16):
    count += len(chunk)
connection.sendall(str(count).encode())
"""


def test_a_relay_passes_much_data_and_a_half_close(ground: HostLab) -> None:
    ground.said(FIRST, f"sudo systemd-run python3 -c '{COUNT_TO_THE_END}'")
    ground.said(FIRST, "while [ -z \"$(ss -Hltn 'sport = 7777')\" ]; do sleep 0.1; done")
    counting = Exposure(address=ADDRESSES[FIRST], port=7777, instance_id=FIRST, cidrs=("127.0.0.0/8",))
    ground.hosts.reconcile([ground.spec(FIRST), ground.spec(SECOND)], [counting, ssh_of(FIRST), ssh_of(SECOND)])
    with socket.create_connection((ADDRESSES[FIRST], 7777), timeout=10) as connection:
        connection.sendall(b"x" * 5_000_000)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(100) == b"5000000"


def test_a_port_that_is_held_is_named(ground: HostLab) -> None:
    with socket.create_server(("127.113.0.9", 8443)):
        exposure = Exposure(address="127.113.0.9", port=8443, instance_id=FIRST, cidrs=())
        with pytest.raises(HostError, match=r"127\.113\.0\.9:8443: Address already in use"):
            ground.hosts.reconcile([ground.spec(FIRST), ground.spec(SECOND)], [exposure, ssh_of(FIRST), ssh_of(SECOND)])
    ground.said(FIRST, "true")


def test_a_second_supervisor_is_refused(ground: HostLab) -> None:
    with pytest.raises(HostError, match="another process runs sandbox hosts"):
        ground.new_hosts(print).reconcile([], [])
    ground.said(FIRST, "true")


@pytest.mark.parametrize("how", ["from outside", "from inside"])
def test_a_reboot_keeps_the_disk(ground: HostLab, how: str) -> None:
    boot = ground.said(FIRST, "sudo touch /etc/kept; cat /proc/sys/kernel/random/boot_id /proc/1/stat | cut -d' ' -f22")
    keys = ground.said(FIRST, "cat /etc/ssh/ssh_host_*.pub")
    if how == "from outside":
        ground.hosts.reboot(FIRST)
    else:
        ground.ssh(FIRST, "sudo systemctl reboot")
        wait_until(lambda: ground.ssh(FIRST, "true").returncode != 0)
    ground.wait_for_ssh(FIRST)
    ground.said(FIRST, "test -e /etc/kept")
    assert ground.said(FIRST, "cat /etc/ssh/ssh_host_*.pub") == keys
    assert ground.said(FIRST, "cat /proc/sys/kernel/random/boot_id /proc/1/stat | cut -d' ' -f22") != boot


def test_a_replaced_instance_has_a_new_disk_behind_the_same_address(ground: HostLab) -> None:
    ground.said(FIRST, "sudo touch /etc/kept")
    keys = ground.said(FIRST, "cat /etc/ssh/ssh_host_*.pub")
    number = next(int(s.address.split(".")[2]) for s in ground.hosts.status() if s.instance_id == FIRST)
    ground.reconcile(SECOND)
    assert left_on_the_machine(FIRST, number) == []
    assert not (ground.home / "hosts" / FIRST).exists()
    ground.reconcile(SECOND, LATER)
    ground.wait_for_ssh(LATER)
    assert ground.ssh(LATER, "test -e /etc/kept").returncode == 1
    assert ground.said(LATER, "cat /etc/ssh/ssh_host_*.pub") != keys
    ground.reconcile(SECOND, FIRST)
    ground.wait_for_ssh(FIRST)


def test_shutdown_leaves_disks_and_nothing_else(ground: HostLab) -> None:
    ground.said(FIRST, "sudo touch /etc/kept")
    assert FORWARDING.read_text() == "1\n"
    ground.hosts.shutdown()
    for status in ground.hosts.status():
        assert not status.running
        assert left_on_the_machine(status.instance_id, int(status.address.split(".")[2])) == []
    assert network.TABLE not in subprocess.run(["nft", "list", "tables"], capture_output=True, text=True).stdout
    assert FORWARDING.read_text() == ground.forwarding
    ground.reconcile(FIRST, SECOND)
    ground.wait_for_ssh(FIRST)
    ground.said(FIRST, "test -e /etc/kept")


SUPERVISOR = """
import sys, time
from pathlib import Path
from sandbox.hosts.machines import Hosts
from sandbox.hosts.seed import HostSpec
home, key = map(Path, sys.argv[1:])
hosts = Hosts(home, forwards={}, trusted_ca=None, log=print)
spec = HostSpec(
    instance_id="i-0dead", base="debian-12", login_user="ubuntu", public_key=key.read_text(), user_data="",
    private_name="ip-dead",
)
hosts.reconcile([spec], [])
print("up", flush=True)
time.sleep(60)
"""


def test_what_a_killed_supervisor_left_is_ended(ground: HostLab, tmp_path: Path) -> None:
    ground.hosts.shutdown()
    command = [sys.executable, "-c", SUPERVISOR, str(tmp_path), str(ground.key.with_suffix(".pub"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=layout.CHECKOUT) as supervisor:
        assert supervisor.stdout is not None
        for line in supervisor.stdout:
            if line == "up\n":
                break
        wait_until(lambda: len(processes_of("i-0dead")) > 5)
        supervisor.send_signal(signal.SIGKILL)
    assert len(left_on_the_machine("i-0dead", 1)) > 3
    ground.reconcile(FIRST, SECOND)
    assert processes_of("i-0dead") == set()
    assert "ending host i-0dead, left by a sandbox that did not shut down" in ground.log
    ground.wait_for_ssh(FIRST)
    ground.hosts.shutdown()
    assert left_on_the_machine("i-0dead", 1) == []
    assert FORWARDING.read_text() == ground.forwarding


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)
