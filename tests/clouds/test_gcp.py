"""The whole life of a stack on the emulated Google Cloud, beside a stack on AWS: `make test-clouds`.

Terraform's provider 3.60.0 makes the resources, Google's own client libraries judge who reaches what.
"""

import json
import smtplib

import pytest
import requests
from google.api_core import exceptions
from google.auth import default
from google.auth.exceptions import OAuthError, RefreshError
from google.auth.transport.requests import Request
from google.cloud import storage

from sandbox import layout, rehearsal
from sandbox.gcp import client as gcp
from sandbox.rehearsal import say
from tests.support import emulation
from tests.support.google_cloud import federated
from tests.support.other_cloud import OtherCloud

pytestmark = pytest.mark.clouds

ONE, OTHER = "a1" * 32, "b2" * 32
BROKER, DOMAIN = "gcp-broker.litentry.org", "bots-gcp.litentry.org"
VAULT, MEMORY, MAIL = (f"agentkeys-{key}-gcp-litentry-agentkeys" for key in ("vault", "memory", "mail"))
PROJECT = "litentry-agentkeys"


class Life(OtherCloud):
    """Both stacks, and Google Cloud as its operator and as actors see it."""

    def __init__(self, scratch):
        super().__init__("gcp", gcp.FOLDER)
        self.scratch = scratch

    def owned(self, bucket):
        credentials, _ = default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
        return storage.Client(project=PROJECT, credentials=credentials).bucket(bucket)

    def session(self, token):
        """Credentials for a broker's token."""
        exchange = self.output("exchange")
        return federated(self.scratch / "token", token, exchange["audience"], exchange["url"])

    def seen_by(self, actor, bucket):
        credentials = self.session(self.token(BROKER, actor))
        return storage.Client(project=PROJECT, credentials=credentials).bucket(bucket)


@pytest.fixture(scope="module")
def life(home, tmp_path_factory):
    # Before the proxy is set, which refuses the package index.
    made = Life(tmp_path_factory.mktemp("google"))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**gcp.environment(), "NO_PROXY": layout.LOOPBACK, "no_proxy": layout.LOOPBACK}.items():
            patch.setenv(name, value)
        made.bring_up("test")
        rehearsal.up("test", say, "gcp")
        yield made


def test_the_next_preview_is_empty_and_says_where_this_was_applied(life):
    said = life.there("preview", "--expect-no-changes")
    assert "never applied to a real account" in said
    assert "no equal: Session tags in policies" in said


def test_an_enrolled_actor_reaches_its_folders_and_nothing_else(life):
    shown = life.agentkeys("enrol", ONE)
    assert f"bots/{ONE}/credentials/" in shown
    assert "created" in shown
    assert "unchanged" in life.agentkeys("enrol", ONE)
    life.agentkeys("enrol", OTHER)
    for bucket, name in ((VAULT, "credentials"), (MEMORY, "memory")):
        own = life.seen_by(ONE, bucket).blob(f"bots/{ONE}/{name}/one")
        own.upload_from_string(b"mine")
        assert own.download_as_bytes() == b"mine"
        assert [found.name for found in own.bucket.list_blobs(prefix=f"bots/{ONE}/{name}/")] == [own.name]
    theirs = life.seen_by(OTHER, VAULT).blob(f"bots/{OTHER}/credentials/one")
    theirs.upload_from_string(b"theirs")
    seen = life.seen_by(ONE, VAULT)
    for attempt in (
        lambda: seen.blob(theirs.name).download_as_bytes(),
        lambda: seen.blob(theirs.name).upload_from_string(b"mine"),
        lambda: seen.blob(theirs.name).delete(),
        lambda: seen.blob(f"bots/{ONE}/memory/one").upload_from_string(b"another class"),
        lambda: list(seen.list_blobs(prefix="bots/")),
        lambda: list(seen.list_blobs(prefix=f"bots/{OTHER}/credentials/")),
        lambda: list(life.seen_by(ONE, MAIL).list_blobs(prefix="inbound/")),
        lambda: seen.reload(),
    ):
        with pytest.raises(exceptions.Forbidden):
            attempt()
    assert theirs.download_as_bytes() == b"theirs"


def test_whoever_has_no_token_of_an_enrolled_actor_reaches_nothing(life):
    nobody = requests.get(f"https://storage.googleapis.com/storage/v1/b/{VAULT}/o?prefix=bots/", timeout=10)
    assert nobody.status_code == 401
    with pytest.raises(exceptions.Forbidden):
        life.seen_by("c3" * 32, VAULT).blob(f"bots/{'c3' * 32}/credentials/one").upload_from_string(b"")
    answer = life.get(BROKER, "/v1/mint-oidc-jwt", method="POST", json={"actor_omni": ONE, "standin_untagged": True})
    for token in (answer.json()["token"], life.token("test-broker.litentry.org", ONE), "no.token.atall"):
        with pytest.raises((OAuthError, RefreshError)):
            life.session(token).refresh(Request())
    life.agentkeys("enrol", OTHER, "--release")
    with pytest.raises(exceptions.Forbidden):
        life.seen_by(OTHER, VAULT).blob(f"bots/{OTHER}/credentials/one").download_as_bytes()


def test_the_operators_proof_passes_and_leaves_nothing(life):
    before = life.kept("folders"), life.kept("objects")
    proved = json.loads(life.agentkeys("proof", "--json"))
    assert proved["summary"].keys() == {"ok", "warning", "wrong", "not run"}
    assert proved["summary"]["ok"] > 80
    assert proved["summary"]["wrong"] == proved["summary"]["not run"] == 0
    assert proved["stays"] == []
    assert (life.kept("folders"), life.kept("objects")) == before


def test_mail_reaches_the_bucket_with_the_token_of_the_hosts_service_account(life):
    with smtplib.SMTP(life.output("address"), 25, timeout=30) as client:
        client.sendmail("somebody@example.com", [f"bot@{DOMAIN}"], "Subject: hello\r\n\r\nto Google\r\n")
    bucket = life.owned(MAIL)

    def arrived():
        return [one for one in bucket.list_blobs(prefix="inbound/") if b"to Google" in one.download_as_bytes()]

    assert emulation.eventually(arrived, 60)
    bucket.reload()
    assert [rule["condition"] for rule in bucket.lifecycle_rules] == [{"age": 30}]


def test_the_host_is_as_the_program_left_it(life):
    assert json.loads(life.agentkeys("drift", "--json"))["drift"] == []
    account = next(iter(life.kept("accounts")))
    assert not [call for call in (layout.HOME / "sandbox.log").read_text().splitlines() if f"{account}/keys" in call]


def test_destroy_leaves_nothing_there_and_the_stack_on_aws_untouched(life):
    life.there("destroy", "--yes")
    for table in ("buckets", "objects", "folders", "instances", "addresses", "firewalls", "networks", "accounts"):
        assert life.kept(table) == {}, table
    assert {pool["state"] for pool in life.kept("pools").values()} == {"DELETED"}
    life.pulumi("test", "preview", "--expect-no-changes")
    assert life.get("test-broker.litentry.org", "/healthz").status == 200
