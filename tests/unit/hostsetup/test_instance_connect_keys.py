"""Our own AuthorizedKeysCommand before a stand-in metadata service: what it accepts, and that all else is refused."""

import datetime
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import instance_connect, metadata_service
from tests.support.instance_connect import INSTANCE, Authority, Push, block
from tests.support.sites import SCRIPTS


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Push:
    """A good push, made once: RSA keys take time."""
    folder = tmp_path_factory.mktemp("push")
    return Push(folder / "served", key_of(folder / "key"))


@pytest.fixture
def push(made: Push, tmp_path: Path) -> Iterator[Push]:
    """The good push, put back as it was for the next test."""
    shutil.copytree(made.folder, tmp_path / "before")
    yield made
    shutil.rmtree(made.folder)
    shutil.copytree(tmp_path / "before", made.folder)


@pytest.fixture(scope="module")
def metadata(made: Push) -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, metadata_service.__file__, "0", made.folder], stdout=subprocess.PIPE, text=True
    ) as service:
        assert service.stdout is not None
        yield f"http://127.0.0.1:{service.stdout.readline().strip()}"
        service.terminate()


def key_of(path: Path) -> str:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "somebody", "-f", path], check=True)
    return path.with_suffix(".pub").read_text().strip()


def fingerprint(public_key: str) -> str:
    done = subprocess.run(["ssh-keygen", "-lf", "-"], input=public_key, capture_output=True, text=True, check=True)
    return done.stdout.split()[1]


def ask(push: Push, metadata: str, *, user: str = "agentkey", key: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [
            *("bash", SCRIPTS / "instance-connect-keys", user, fingerprint(key or push.public_key)),
            *(metadata, push.folder / "asset-tag", push.authorities),
        ],
        # Without the script's own limit of five seconds, which a busy computer may exceed.
        env={**os.environ, "WITHIN_TIME": "yes"},
        capture_output=True,
        text=True,
        check=False,
    )


def refusal(push: Push, metadata: str) -> str:
    """Why it accepts nothing; empty when it has no complaint and no key."""
    done = ask(push, metadata)
    assert done.stdout == ""
    assert (done.returncode == 0) == (done.stderr == "")
    return done.stderr


def test_a_pushed_key_is_accepted_without_its_comment(push: Push, metadata: str) -> None:
    done = ask(push, metadata)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == " ".join(push.public_key.split()[:2]) + "\n"


def test_one_good_block_among_others_is_found(push: Push, metadata: str, tmp_path: Path) -> None:
    other = key_of(tmp_path / "other")
    push.blocks(block(push.signer, other), "#Timestamp=1\n\n", block(push.signer, push.public_key).rstrip("\n") + "\n")
    assert ask(push, metadata).stdout.split()[1] == push.public_key.split()[1]
    assert ask(push, metadata, key=other).stdout.split()[1] == other.split()[1]


def test_only_agentkey_is_asked_for(push: Push, metadata: str) -> None:
    push.blocks(block(push.signer, push.public_key), user="ubuntu")
    done = ask(push, metadata, user="ubuntu")
    assert (done.returncode, done.stdout) == (0, "")


def test_nothing_is_said_where_nobody_pushed_a_key(push: Push, metadata: str) -> None:
    shutil.rmtree(push.folder / "latest/meta-data/managed-ssh-keys/active-keys")
    assert refusal(push, metadata) == ""


def test_another_key_than_the_offered_one_is_not_printed(push: Push, metadata: str, tmp_path: Path) -> None:
    assert ask(push, metadata, key=key_of(tmp_path / "other")).stdout == ""


@pytest.mark.parametrize(
    "wrong", [{"expires": 1}, {"instance": "i-0fedcba9876543210"}, {"forged": True}, {"expires": 10**13}]
)
def test_a_block_that_has_ended_or_is_anothers_or_is_forged_counts_nothing(
    push: Push, metadata: str, wrong: dict[str, object]
) -> None:
    push.blocks(block(push.signer, push.public_key, **wrong))  # type: ignore[arg-type]
    assert refusal(push, metadata) == ""


def test_options_before_a_key_are_not_accepted(push: Push, metadata: str) -> None:
    push.blocks(block(push.signer, f'command="/bin/sh" {push.public_key}'))
    assert refusal(push, metadata) == ""


def test_a_block_signed_by_somebody_else_counts_nothing(push: Push, metadata: str) -> None:
    stranger = Authority(instance_connect.SIGNER, push.middle, is_authority=False)
    push.blocks(block(stranger, push.public_key))
    assert refusal(push, metadata) == ""


def test_a_signer_of_another_name_is_refused(push: Push, metadata: str) -> None:
    push.put("latest/meta-data/placement/region", "eu-west-1")
    assert "is not the signer of eu-west-1" in refusal(push, metadata)


def test_a_chain_that_ends_at_no_trusted_authority_is_refused(push: Push, metadata: str) -> None:
    push.put("root.pem", Authority("Root").pem.decode())
    assert "no trusted authority" in refusal(push, metadata)


@pytest.mark.parametrize("which", ["signer", "middle"])
@pytest.mark.parametrize("how", ["revoked", "out of date", "missing", "of another certificate", "not the issuer's"])
def test_a_certificate_that_is_not_known_to_be_good_is_refused(push: Push, metadata: str, which: str, how: str) -> None:
    certificate: Authority = getattr(push, which)
    file = push.folder / "latest/meta-data/managed-ssh-keys/signer-ocsp" / certificate.fingerprint
    if how == "revoked":
        push.staple(certificate, good=False)
    elif how == "out of date":
        push.staple(certificate, age=datetime.timedelta(days=30))
    elif how == "missing":
        file.unlink()
    elif how == "not the issuer's":
        assert certificate.issuer is not None
        push.staple(certificate, by=Authority(certificate.issuer.name))
    else:
        other = push.middle if which == "signer" else push.signer
        shutil.copy(file.with_name(other.fingerprint), file)
    assert "of the signer's chain" in refusal(push, metadata)


def test_a_machine_that_is_not_the_instance_believes_no_metadata(push: Push, metadata: str) -> None:
    push.put("asset-tag", "i-0fedcba9876543210\n")
    assert f"this machine is not {INSTANCE}" in refusal(push, metadata)
    (push.folder / "asset-tag").unlink()
    assert f"this machine is not {INSTANCE}" in refusal(push, metadata)


def test_a_strange_domain_or_fingerprint_is_refused(push: Push, metadata: str) -> None:
    push.put("latest/meta-data/services/domain", "example.org")
    assert "not a domain of AWS" in refusal(push, metadata)
    done = subprocess.run(
        ["bash", SCRIPTS / "instance-connect-keys", "agentkey", "x", metadata],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")


def test_without_a_metadata_service_nobody_is_let_in(push: Push) -> None:
    assert "gives no token" in refusal(push, "http://127.0.0.1:9")
