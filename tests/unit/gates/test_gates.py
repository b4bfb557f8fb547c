"""The gates against servers on loopback: what they accept, what they say otherwise, and when they give up."""

import datetime
import http.server
import io
import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import dnslib
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import gates.ssh
from dev.recorder import PROJECT
from gates import __main__, dns, issuer, wait
from gates.ssh import host_key
from gates.wait import NotYet
from ops.commands.ssh import ephemeral_key
from tests.support import emulation


@pytest.fixture
def doh():
    """A DNS-over-HTTPS resolver that gives ``answers`` for every name; the test may change them."""
    answers: list[str] = []

    class Resolver(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            records = [{"name": "host.", "type": 5, "TTL": 1, "data": "alias."}] + [
                {"name": "host.", "type": 1, "TTL": 1, "data": address} for address in answers
            ]
            content = json.dumps({"Status": 0, "Answer": records} if answers else {"Status": 3}).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Resolver)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/dns-query", answers
    server.shutdown()
    thread.join()
    server.server_close()


def test_dns_is_visible_when_every_host_has_exactly_the_address(doh):
    url, answers = doh
    answers[:] = ["3.208.12.34"]
    assert dns.visible(["a.example", "b.example"], "3.208.12.34", [url]) == "2 names resolve to 3.208.12.34"


@pytest.mark.parametrize(
    ("given", "said"),
    [([], "gives nothing for a.example"), (["198.18.0.7"], "gives 198.18.0.7 for a.example"),
     (["3.208.12.34", "3.208.12.35"], "gives 3.208.12.34 3.208.12.35 for a.example")],
)  # fmt: skip
def test_a_missing_another_or_an_additional_address_is_told(doh, given, said):
    url, answers = doh
    answers[:] = given
    with pytest.raises(NotYet, match=said):
        dns.visible(["a.example"], "3.208.12.34", [url])


@pytest.mark.parametrize("kind", dns.TYPES)
def test_the_number_of_a_type_is_the_registered_one(kind):
    assert dns.TYPES[kind] == dnslib.QTYPE.reverse[kind]


def test_a_resolver_that_does_not_answer_is_told():
    with pytest.raises(NotYet, match=r"http://127\.0\.0\.1:9/ does not answer for a\.example"):
        dns.resolve("a.example", "http://127.0.0.1:9/")


def test_a_gate_gives_up_with_what_it_saw_the_cure_and_how_to_go_on(doh, monkeypatch, capsys):
    url, _ = doh
    monkeypatch.setattr(wait, "PAUSE", 0.01)
    with pytest.raises(SystemExit) as given_up:
        __main__.main(["dns", "--timeout", "0.1", "--address", "3.208.12.34", "--doh", url, "a.example"])
    message = str(given_up.value)
    assert "gives nothing for a.example" in message
    assert "NXDOMAIN means" in message
    assert "run `pulumi up` again" in message
    assert capsys.readouterr().err.count("waiting for") == 1


def test_a_gate_waits_until_the_answer_is_there(doh, monkeypatch, capsys):
    url, answers = doh
    monkeypatch.setattr(wait, "PAUSE", 0.01)
    threading.Timer(0.1, lambda: answers.append("3.208.12.34")).start()
    __main__.main(["dns", "--timeout", "5", "--address", "3.208.12.34", "--doh", url, "a.example"])
    assert capsys.readouterr().out == "1 names resolve to 3.208.12.34\n"


HOST = "broker.example.com"
GOOD = {
    "/.well-known/openid-configuration": {"issuer": f"https://{HOST}", "jwks_uri": f"https://{HOST}/keys"},
    "/keys": {"keys": [{"kty": "EC", "crv": "P-256"}]},
    "/healthz": {},
}


def certificate(name, issuer, issuer_key, key):
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=name == issuer, path_length=None), critical=True)
        .sign(issuer_key, hashes.SHA256())
    )


@pytest.fixture
def broker(tmp_path, monkeypatch, doh):
    """An issuer on loopback behind TLS; the test may change what it serves and whether it serves its authority."""
    url, answers = doh
    answers[:] = ["127.0.0.1"]
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    authority = certificate("authority", "authority", keys[0], keys[0])
    root = certificate("root", "root", keys[1], keys[1])
    leaf = certificate(HOST, "authority", keys[0], keys[1])
    pem = {cert: cert.public_bytes(serialization.Encoding.PEM) for cert in (authority, leaf, root)}
    (tmp_path / "ca.pem").write_bytes(pem[authority])
    served = dict(GOOD)

    class Issuer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            moved = isinstance(served.get(self.path), str)
            self.send_response(302 if moved else 200 if self.path in served else 502)
            if moved:
                self.send_header("Location", served[self.path])
            self.end_headers()
            self.wfile.write(json.dumps(served.get(self.path)).encode())

        def log_message(self, *args):
            pass

    def start(*chain):
        (tmp_path / "chain.pem").write_bytes(
            b"".join(pem[cert] for cert in chain)
            + keys[1].private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "chain.pem")
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Issuer)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        monkeypatch.setattr(issuer, "PORT", server.server_port)
        servers.append(server)

    servers = []
    start(leaf, authority)
    ask = lambda: issuer.issuer(HOST, [url], str(tmp_path / "ca.pem"))  # noqa: E731
    yield SimpleNamespace(
        ask=ask, served=served, authority=authority, leaf=leaf, root=root, start=start, answers=answers
    )
    for server in servers:
        server.shutdown()
        server.server_close()


def test_an_issuer_gives_the_thumbprint_of_the_top_of_its_chain(broker):
    assert broker.ask() == broker.authority.fingerprint(hashes.SHA1()).hex()  # noqa: S303 - IAM's thumbprint


@pytest.mark.parametrize(
    ("path", "answer", "said"),
    [
        ("/.well-known/openid-configuration", {"issuer": "https://other"}, "names the issuer 'https://other'"),
        (
            "/.well-known/openid-configuration",
            {"issuer": f"https://{HOST}", "jwks_uri": "https://other/keys"},
            "jwks_uri 'https://other/keys', which is not on",
        ),
        ("/keys", {"keys": [{"kty": "RSA"}]}, "has 1 keys and no ES256 key"),
        # RFC 7517 section 4: a key of another type may have any other member, and another curve makes no ES256.
        ("/keys", {"keys": [{"kty": "OKP", "crv": "P-256"}]}, "has 1 keys and no ES256 key"),
        ("/keys", {"keys": [{"kty": "EC", "crv": "P-384"}, {"kty": "RSA"}]}, "has 2 keys and no ES256 key"),
        ("/keys", {"keys": [{"kty": "EC", "crv": "P-192"}]}, "has 1 keys and no ES256 key"),
        ("/keys", {}, "has 0 keys and no ES256 key"),
        ("/keys", [1], "/keys is not a JSON object"),
        ("/healthz", None, "healthz answers 502"),
        # An answer at another place is not at the place that STS asks.
        ("/healthz", "/keys", "healthz answers 302"),
    ],
)
def test_an_issuer_that_sts_could_not_use_is_not_there_yet(broker, path, answer, said):
    if answer is None:
        del broker.served[path]
    else:
        broker.served[path] = answer
    with pytest.raises(NotYet, match=said):
        broker.ask()


def test_the_thumbprint_is_that_of_the_last_certificate_at_the_first_address(broker):
    broker.start(broker.leaf, broker.authority, broker.root)
    broker.answers[:] = ["127.0.0.1", "127.0.0.9"]
    assert broker.ask() == broker.root.fingerprint(hashes.SHA1()).hex()  # noqa: S303 - IAM's thumbprint


def test_an_issuer_whose_name_has_no_address_is_not_there_yet(broker):
    broker.answers.clear()
    with pytest.raises(NotYet, match=f"gives no address for {HOST}"):
        broker.ask()


@pytest.mark.parametrize(
    ("does", "seconds", "said"),
    [
        ("echo refused >&2; exit 1", 30, "serves 0 certificates"),
        ("exec sleep 60", 0.05, "does not finish a TLS handshake"),
    ],
)
def test_a_handshake_that_fails_or_hangs_is_not_there_yet(tmp_path, monkeypatch, does, seconds, said):
    (tmp_path / "openssl").write_text(f"#!/bin/sh\n{does}\n")
    (tmp_path / "openssl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(issuer, "LOOK_TIMEOUT", seconds)
    with pytest.raises(NotYet, match=said):
        issuer.thumbprint("127.0.0.1", HOST)


def test_an_issuer_that_nobody_serves_is_not_there_yet(broker):
    broker.answers[:] = ["127.0.0.9"]
    with pytest.raises(NotYet, match="openid-configuration does not answer"):
        broker.ask()


def test_a_chain_without_its_authority_gives_no_thumbprint(broker):
    broker.start(broker.leaf)
    with pytest.raises(NotYet, match="serves 1 certificates"):
        broker.ask()


@pytest.fixture
def scanned(tmp_path, monkeypatch):
    """Stands where ssh-keyscan would be."""
    (tmp_path / "ssh-keyscan").write_text("#!/bin/sh\necho 3.208.12.34 ssh-ed25519 AAAA\n")
    (tmp_path / "ssh-keyscan").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")


@pytest.mark.usefixtures("scanned")
def test_an_instance_shows_the_same_host_key_at_every_address(monkeypatch, capsys):
    for before in ("", "ssh-ed25519 AAAA\n"):
        monkeypatch.setenv("PULUMI_COMMAND_STDOUT", before)
        __main__.main(["host-key", "3.208.12.34"])
        assert capsys.readouterr().out == "ssh-ed25519 AAAA\n"
    monkeypatch.setenv("PULUMI_COMMAND_STDOUT", "ssh-ed25519 BBBB\n")
    with pytest.raises(SystemExit, match=r"host key differs from the one that was pinned.*nothing was sent"):
        __main__.main(["host-key", "3.208.12.34"])
    assert capsys.readouterr().out == ""


def test_no_host_key_while_nothing_listens():
    with pytest.raises(NotYet, match=r"nothing answers as SSH at 127\.0\.0\.9 port 22"):
        host_key("127.0.0.9")


@pytest.fixture
def sshd(tmp_path, monkeypatch):
    """A real sshd on loopback that has host keys of the given types only; a FIPS host has no ed25519."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setattr(gates.ssh, "SSH_PORT", port)
    running = []

    def start(*kinds):
        for kind in kinds:
            subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", tmp_path / kind], check=True)
        Path("/run/sshd").mkdir(exist_ok=True)
        keys = [part for kind in kinds for part in ("-h", tmp_path / kind)]
        running.append(subprocess.Popen(
            ["/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", "-p", str(port), "-o", "ListenAddress=127.0.0.1",
             "-o", "PidFile=none", *keys], stderr=subprocess.DEVNULL,
        ))  # fmt: skip
        assert emulation.eventually(lambda: not emulation.refuses("127.0.0.1", port))

    yield start
    for one in running:
        one.terminate()
        one.wait()


@pytest.mark.skipif(os.geteuid() != 0 or not Path("/usr/sbin/sshd").exists(), reason="a real sshd needs root")
def test_a_host_without_an_ed25519_key_is_told_from_one_that_cannot_be_reached(sshd, monkeypatch):
    sshd("ecdsa")
    monkeypatch.setattr(wait, "PAUSE", 0.01)
    with pytest.raises(SystemExit) as given_up:
        __main__.main(["host-key", "--timeout", "0.1", "127.0.0.1"])
    message = str(given_up.value)
    assert "SSH-2.0-OpenSSH" in message
    assert "has no ed25519 host key; it has ecdsa-sha2-nistp256" in message
    assert "ssh-keygen -A" in message
    assert "FIPS" in message
    assert "sshCidrs" not in message


@pytest.mark.skipif(os.geteuid() != 0 or not Path("/usr/sbin/sshd").exists(), reason="a real sshd needs root")
def test_the_ed25519_key_is_found_among_others(sshd, tmp_path):
    sshd("ecdsa", "ed25519")
    assert host_key("127.0.0.1") == (tmp_path / "ed25519.pub").read_text().rsplit(" ", 1)[0]


def test_an_agent_listens_below_a_temporary_folder_with_a_long_name(tmp_path, monkeypatch):
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    with gates.ssh.session("ubuntu@192.0.2.1", ephemeral_key()[0], "ssh-ed25519 AAAA") as ssh:
        assert any(part.startswith("-oIdentityAgent=/tmp/agentkeys-") for part in ssh)


def test_a_resolver_is_sent_no_password_of_the_operators(doh, tmp_path, monkeypatch):
    """requests reads ~/.netrc by itself, and a `default` line is for every host."""
    (tmp_path / "netrc").write_text("default login me password s3cret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    sent = []
    kept = requests.Session.send
    monkeypatch.setattr(
        requests.Session, "send", lambda self, request, **how: sent.append(request) or kept(self, request, **how)
    )
    dns.resolve("a.example", doh[0])
    assert "Authorization" not in sent[0].headers


@pytest.fixture
def ssh(tmp_path, monkeypatch):
    """Replaces ssh: records which keys its agent has, and accepts or rejects one."""
    private, public = ephemeral_key()

    def lets_in(*, said=""):
        (tmp_path / "ssh").write_text(
            "#!/bin/bash\nfor one; do case $one in -oIdentityAgent=*) export SSH_AUTH_SOCK=${one#*=} ;; esac; done\n"
            f'ssh-add -L >{tmp_path}/keys; echo "$*" >{tmp_path}/called\n'
            f"{f'echo {said!r} >&2; exit 255' if said else ''}\n"
        )
        (tmp_path / "ssh").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        monkeypatch.setattr("sys.stdin", io.StringIO(private))

    yield lets_in
    if (tmp_path / "keys").exists():
        assert (tmp_path / "keys").read_text().split()[1] == public.split()[1]
        assert "-oBatchMode=yes" in (tmp_path / "called").read_text()


LOGIN = ["login", "--timeout", "0.1", "--host-key", "ssh-ed25519 AAAA", "ubuntu@3.208.12.34"]


def test_a_key_that_the_host_has_logs_in(ssh, capsys):
    ssh()
    __main__.main(LOGIN)
    assert capsys.readouterr().out == "ubuntu@3.208.12.34 lets the key in\n"


def test_a_key_without_its_last_line_end_logs_in(ssh, monkeypatch, capsys):
    ssh()
    monkeypatch.setattr("sys.stdin", io.StringIO(__main__.sys.stdin.read().rstrip("\n")))
    __main__.main(LOGIN)
    assert capsys.readouterr().out == "ubuntu@3.208.12.34 lets the key in\n"


def test_an_agent_that_starts_slowly_is_waited_for_and_no_longer(ssh, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(gates.ssh, "AGENT_SECONDS", 60)
    (tmp_path / "ssh-agent").write_text(f'#!/bin/sh\nsleep 0.3\nexec {shutil.which("ssh-agent")} "$@"\n')
    (tmp_path / "ssh-agent").chmod(0o755)
    ssh()
    begun = time.monotonic()
    __main__.main(LOGIN)
    assert time.monotonic() - begun < 30
    assert capsys.readouterr().out == "ubuntu@3.208.12.34 lets the key in\n"


def test_a_key_that_the_host_does_not_have_is_told_with_the_way_back(ssh, monkeypatch):
    ssh(said="ubuntu@3.208.12.34: Permission denied (publickey).")
    monkeypatch.setattr(wait, "PAUSE", 0.01)
    with pytest.raises(SystemExit) as given_up:
        __main__.main(LOGIN)
    message = str(given_up.value)
    assert "Permission denied (publickey)" in message
    assert "first in sshKeyEpochs and the new one behind it, for example [1, 2]" in message
    assert "hostPrivateKey" in message


def test_what_is_no_key_is_told_at_once(ssh, monkeypatch):
    ssh()
    monkeypatch.setattr("sys.stdin", io.StringIO("no key"))
    with pytest.raises(SystemExit, match="ssh-agent does not take the key"):
        __main__.main(LOGIN)


@pytest.mark.parametrize(
    ("folder", "first"),
    [(PROJECT, ""), (PROJECT / "clouds/host", "cd ../.. && "), (PROJECT.parent, "")],
)
def test_the_command_of_a_gate_is_the_same_on_every_machine(monkeypatch, folder, first):
    monkeypatch.chdir(folder)
    assert gates.command("dns", "--doh", "https://a/?b=c") == (
        f"{first}exec venv/bin/python -E -m gates dns --doh 'https://a/?b=c'"
    )


@pytest.mark.parametrize(
    ("line", "needed"),
    [
        ([], "GATE"),
        (["login", "ubuntu@192.0.2.1"], "--host-key"),
        (["dns", "--doh", "https://a", "a.example"], "--address"),
        (["dns", "--address", "192.0.2.1", "a.example"], "--doh"),
        (["records", "a.example A 192.0.2.1"], "--doh"),
        (["issuer", "a.example"], "--doh"),
    ],
)
def test_a_gate_without_what_it_needs_ends_before_it_waits(monkeypatch, capsys, line, needed):
    monkeypatch.setattr(__main__, "wait", lambda *_, **__: pytest.fail("the gate waits"))
    with pytest.raises(SystemExit) as ended:
        __main__.main(line)
    assert ended.value.code == 2
    assert f"the following arguments are required: {needed}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("sets", "found"),
    [
        ({}, ("", [])),
        ({"org": ['0 issue "a"']}, ("org", ['0 issue "a"'])),
        ({"org": ['0 issue "a"'], "x.example.org": ['0 issue "b"']}, ("x.example.org", ['0 issue "b"'])),
        ({"y.example.org": ['0 issue "b"']}, ("", [])),
        (
            {"example.org": ["\\# 22 00 05 69 73 73 75 65 6c 65 74 73 65 6e 63 72 79 70 74 2e 6f 72 67"]},
            ("example.org", ['0 issue "letsencrypt.org"']),
        ),
    ],
    ids=["none", "of a parent", "the closest", "of another name", "in the generic form"],
)
def test_the_closest_caa_records_upwards_decide(monkeypatch, sets, found):
    monkeypatch.setattr(dns, "resolve", lambda name, _url, kind: sets.get(name, []) if kind == "CAA" else [])
    assert dns.relevant_caa("x.example.org", "https://resolver.example") == found


@pytest.mark.parametrize("program", ["ssh", "ssh-keyscan", "openssl"])
def test_a_missing_program_is_named_before_the_wait(monkeypatch, program):
    found = __main__.shutil.which
    monkeypatch.setattr(__main__.shutil, "which", lambda name: None if name == program else found(name) or name)
    monkeypatch.setattr(__main__, "wait", lambda *_, **__: pytest.fail("the gate waits without the program"))
    with pytest.raises(SystemExit, match=f"^{program} is not on PATH and this gate needs it. Install it, then run"):
        __main__.main(["host-key", "127.0.0.1"])
