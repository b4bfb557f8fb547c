"""The stand-in binaries as the host setup and the cloud account meet them, and the archive that brings them."""

import hashlib
import os
import socket
import stat
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jwt
import pytest
import requests

from hostsetup.services import BINARIES
from sandbox.standin.archive import build_archive

ISSUER = "https://broker.example.org"
ACTOR = "0123456789abcdef" * 4
SECRET = "a" * 64


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    return build_archive(tmp_path_factory.mktemp("archive"), print)


@pytest.fixture(scope="session")
def binaries(archive: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder into which tar has unpacked the release, as on the host."""
    folder = tmp_path_factory.mktemp("bin")
    subprocess.run(["tar", "-xzf", archive[0], "-C", folder, "--no-same-owner", "--", *BINARIES], check=True)
    return folder


@pytest.fixture
def broker_environment(binaries: Path, tmp_path: Path) -> dict[str, str]:
    for purpose in ("oidc", "session"):
        keygen(binaries, purpose, tmp_path / f"{purpose}.json", check=True)
    return {
        "BROKER_OIDC_ISSUER": ISSUER,
        "BROKER_DATA_ROLE_ARN": "arn:aws:iam::123456789012:role/agentkeys-data-role",
        "BROKER_OIDC_KEYPAIR_PATH": str(tmp_path / "oidc.json"),
        "BROKER_SESSION_KEYPAIR_PATH": str(tmp_path / "session.json"),
        "BROKER_AUTH_METHODS": "wallet_sig",
        "BROKER_AUDIT_ANCHORS": "sqlite",
    }


@pytest.fixture
def session_key(binaries: Path, broker_environment: dict[str, str], tmp_path: Path) -> Path:
    """The PEM that a broker has written at boot."""
    path = tmp_path / "session.pub.pem"
    with serving(
        binaries, "agentkeys-broker-server", free_port(), broker_environment, "--export-session-pubkey-to", path
    ):
        pass
    return path


def keygen(binaries: Path, purpose: str, out: Path, *, check: bool = False) -> "subprocess.CompletedProcess[str]":
    command = [binaries / "agentkeys-broker-server", "keygen", "--purpose", purpose, "--out", out]
    return subprocess.run(command, capture_output=True, text=True, check=check)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(binaries: Path, name: str, port: int, environment: dict[str, str], *arguments: object) -> Iterator[str]:
    """The URL of a running stand-in that answers its health check. ``--port`` is passed to those that take it."""
    own = () if "worker" in name else ("--port", str(port))
    process = subprocess.Popen(
        [binaries / name, *map(str, own + arguments)], env=environment, stderr=subprocess.PIPE, text=True
    )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 5
        while True:
            try:
                assert requests.get(f"{url}/healthz", timeout=5).status_code == 200
                break
            except requests.ConnectionError:
                assert process.poll() is None, process.stderr and process.stderr.read()
                assert time.monotonic() < deadline
                time.sleep(0.01)
        yield url
    finally:
        process.terminate()
        process.communicate()


def refused(binaries: Path, name: str, environment: dict[str, str], *arguments: object) -> str:
    done = subprocess.run(
        [binaries / name, *map(str, arguments)], env=environment, capture_output=True, text=True, timeout=5, check=False
    )
    assert done.returncode != 0
    return done.stderr


def answer(url: str, body: object = None, headers: dict[str, str] | None = None) -> tuple[int, dict[str, object]]:
    given = requests.request("GET" if body is None else "POST", url, json=body, headers=headers, timeout=5)
    return given.status_code, given.json()


def test_the_archive_has_the_same_bytes_every_time(archive: tuple[Path, str], tmp_path: Path) -> None:
    path, sha256 = build_archive(tmp_path, print)
    assert sha256 == archive[1] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert path.read_bytes() == archive[0].read_bytes()
    assert path.read_bytes()[4:8] == bytes(4), "gzip's header has the time of the build"


def test_the_archive_holds_every_binary_of_a_release_at_its_top_level(archive: tuple[Path, str]) -> None:
    with tarfile.open(archive[0]) as tar:
        members = tar.getmembers()
    assert tuple(member.name for member in members) == BINARIES
    assert {(member.mode, member.uid, member.gid, member.mtime) for member in members} == {(0o755, 0, 0, 0)}


def test_the_binaries_need_no_library_of_the_host(binaries: Path) -> None:
    shown = subprocess.run(["ldd", binaries / BINARIES[0]], capture_output=True, text=True, check=False)
    assert "not a dynamic executable" in shown.stdout + shown.stderr


def test_a_key_pair_is_private_and_never_overwritten(binaries: Path, tmp_path: Path) -> None:
    out = tmp_path / "key.json"
    assert keygen(binaries, "oidc", out).returncode == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    before = out.read_bytes()
    again = keygen(binaries, "oidc", out)
    assert again.returncode != 0
    assert "never overwritten" in again.stderr
    assert out.read_bytes() == before


def test_keygen_refuses_an_unknown_purpose(binaries: Path, tmp_path: Path) -> None:
    assert "use oidc or session" in keygen(binaries, "other", tmp_path / "key.json").stderr


def test_the_token_is_what_the_trust_policies_ask_for(binaries: Path, broker_environment: dict[str, str]) -> None:
    with serving(binaries, "agentkeys-broker-server", free_port(), broker_environment, "--bind", "127.0.0.1") as url:
        discovery = answer(f"{url}/.well-known/openid-configuration")[1]
        assert discovery["issuer"] == ISSUER
        assert discovery["jwks_uri"] == f"{ISSUER}/.well-known/jwks.json"
        keys = answer(f"{url}/.well-known/jwks.json")[1]
        status, minted = answer(f"{url}/v1/mint-oidc-jwt", {"actor_omni": ACTOR})
    assert status == 200
    token = str(minted["token"])
    key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, algorithms=["ES256"], audience="sts.amazonaws.com", issuer=ISSUER)
    assert ACTOR in claims["sub"]
    assert 0 < claims["exp"] - claims["iat"] <= 600
    assert claims["https://aws.amazon.com/tags"] == {
        "principal_tags": {"agentkeys_actor_omni": [ACTOR]},
        "transitive_tag_keys": ["agentkeys_actor_omni"],
    }


def test_a_token_without_the_tag_is_to_be_had_by_name_alone(binaries: Path, broker_environment: dict[str, str]) -> None:
    with serving(binaries, "agentkeys-broker-server", free_port(), broker_environment) as url:
        minted = answer(f"{url}/v1/mint-oidc-jwt", {"actor_omni": ACTOR, "standin_untagged": True})[1]
    claims = jwt.decode(str(minted["token"]), options={"verify_signature": False})
    assert "https://aws.amazon.com/tags" not in claims
    assert (claims["iss"], claims["aud"]) == (ISSUER, "sts.amazonaws.com")


@pytest.mark.parametrize("actor", ["", "abc", ACTOR.upper(), ACTOR + "0", "g" * 64, ACTOR[:-1] + "\n"])
def test_an_actor_of_another_form_gets_no_token(binaries: Path, broker_environment: dict[str, str], actor: str) -> None:
    with serving(binaries, "agentkeys-broker-server", free_port(), broker_environment) as url:
        status, body = answer(f"{url}/v1/mint-oidc-jwt", {"actor_omni": actor})
    assert status == 400
    assert "token" not in body


def test_the_broker_keeps_its_keys_over_a_restart(binaries: Path, broker_environment: dict[str, str]) -> None:
    seen = []
    for _ in range(2):
        with serving(binaries, "agentkeys-broker-server", free_port(), broker_environment) as url:
            seen.append(answer(f"{url}/.well-known/jwks.json"))
    assert seen[0] == seen[1]


@pytest.mark.parametrize("name", ["BROKER_OIDC_ISSUER", "BROKER_OIDC_KEYPAIR_PATH", "BROKER_AUDIT_ANCHORS"])
def test_the_broker_does_not_boot_without_its_environment(
    binaries: Path, broker_environment: dict[str, str], name: str
) -> None:
    del broker_environment[name]
    assert f"{name} is not set" in refused(binaries, "agentkeys-broker-server", broker_environment)


def test_the_broker_tells_its_two_key_pairs_apart(binaries: Path, broker_environment: dict[str, str]) -> None:
    broker_environment["BROKER_SESSION_KEYPAIR_PATH"] = broker_environment["BROKER_OIDC_KEYPAIR_PATH"]
    assert "BROKER_SESSION_KEYPAIR_PATH" in refused(binaries, "agentkeys-broker-server", broker_environment)


def test_the_signer_needs_the_session_key_and_shows_its_own_paths(
    binaries: Path, session_key: Path, tmp_path: Path
) -> None:
    environment = {"DEV_KEY_SERVICE_MASTER_SECRET": SECRET}
    signer = ("--signer-only", "--broker-session-pubkey-path")
    absent = refused(binaries, "agentkeys-mock-server", environment, *signer, tmp_path / "absent")
    assert "--broker-session-pubkey-path" in absent
    with serving(binaries, "agentkeys-mock-server", free_port(), environment, *signer, session_key) as url:
        assert answer(f"{url}/dev/sign-message")[0] == 401
        assert answer(f"{url}/dev/sign-message", headers={"Authorization": "Bearer x"})[0] == 200


def test_the_workers_start_with_the_environment_of_the_host(binaries: Path, session_key: Path, tmp_path: Path) -> None:
    chain = {
        "AGENTKEYS_CHAIN": "heima",
        "AGENTKEYS_CHAIN_RPC_HTTP": "https://rpc.example.org",
        "AWS_REGION": "us-east-1",
    }
    pem = {"BROKER_CAP_PUBKEY_PEM": session_key.read_text()}
    (tmp_path / "leaves").mkdir()

    def bind() -> tuple[int, str]:
        port = free_port()
        return port, f"127.0.0.1:{port}"

    for name, variable, environment, arguments in (
        (
            "audit",
            "AGENTKEYS_WORKER_AUDIT_BIND",
            {
                "AGENTKEYS_WORKER_AUDIT_LEAVES_DIR": str(tmp_path / "leaves"),
                "AGENTKEYS_WORKER_AUDIT_FLUSH_INTERVAL_SECS": "300",
            },
            (),
        ),
        (
            "email",
            "AGENTKEYS_WORKER_EMAIL_BIND",
            {"AGENTKEYS_VAULT_BUCKET": "vault", "AWS_REGION": "us-east-1"},
            ("--inbox-bucket", "mail"),
        ),
        ("creds", "WORKER_BIND", {"VAULT_BUCKET": "v", "AGENTKEYS_WORKER_KEK_HEX": SECRET, **chain, **pem}, ()),
        ("memory", "WORKER_BIND", {"MEMORY_BUCKET": "m", "AGENTKEYS_MEMORY_KEK_HEX": SECRET, **chain, **pem}, ()),
    ):
        port, address = bind()
        with serving(binaries, f"agentkeys-worker-{name}", port, {variable: address, **environment}, *arguments):
            pass
        for missing in environment:
            less = {variable: address, **environment}
            del less[missing]
            assert missing in refused(binaries, f"agentkeys-worker-{name}", less, *arguments)


@pytest.mark.parametrize("kek", ["", "abcd", "z" * 64])
def test_a_worker_with_a_broken_key_says_which_and_not_what(binaries: Path, session_key: Path, kek: str) -> None:
    environment = {
        **{"WORKER_BIND": "127.0.0.1:1", "VAULT_BUCKET": "v", "AWS_REGION": "r", "AGENTKEYS_CHAIN": "c"},
        **{"AGENTKEYS_CHAIN_RPC_HTTP": "h", "BROKER_CAP_PUBKEY_PEM": session_key.read_text()},
        "AGENTKEYS_WORKER_KEK_HEX": kek,
    }
    said = refused(binaries, "agentkeys-worker-creds", environment)
    assert "AGENTKEYS_WORKER_KEK_HEX" in said
    assert not kek or kek not in said


def test_another_name_is_no_stand_in(binaries: Path, tmp_path: Path) -> None:
    other = tmp_path / "something-else"
    os.link(binaries / BINARIES[0], other)
    assert "no stand-in of this name" in subprocess.run([other], capture_output=True, text=True, check=False).stderr
