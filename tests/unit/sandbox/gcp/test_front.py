"""The emulated Google Cloud, judged by Google's own client libraries: who gets a token, and what it may do."""

import time

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec
from google.api_core import exceptions
from google.api_core.iam import Policy
from google.auth.exceptions import OAuthError, RefreshError
from google.auth.transport.requests import Request
from google.oauth2.credentials import Credentials

from clouds.gcp import enrolment
from clouds.gcp.grants import MAIL_ROLE, NOT_PUBLIC, inbound_only
from components.naming import ACTOR_TAG
from sandbox.gcp.project import Project
from tests.support.google_cloud import IDENTITY, NAMES, POOLS, UNIFORM, google, isolated  # noqa: F401 - a fixture
from tests.support.issuer import TAGS

ONE, OTHER = "1" * 64, "2" * 64
VAULT, MAIL = NAMES.bucket("vault"), NAMES.bucket("mail")


@pytest.fixture
def stack(google):  # noqa: F811
    isolated(google)
    enrolment.enrol(google.session, NAMES, ONE)
    return google


@pytest.fixture
def bucket(stack):
    """The vault bucket as the actor ONE sees it."""
    return stack.storage(stack.federated(stack.world.issuer.token(ONE))).bucket(VAULT)


def test_an_actor_reads_writes_lists_and_deletes_in_its_own_folder(bucket):
    blob = bucket.blob(f"bots/{ONE}/credentials/key")
    blob.upload_from_string(b"secret")
    assert blob.download_as_bytes() == b"secret"
    assert [found.name for found in bucket.list_blobs(prefix=f"bots/{ONE}/credentials/")] == [blob.name]
    blob.upload_from_string(b"another")
    blob.delete()
    with pytest.raises(exceptions.NotFound):
        blob.download_as_bytes()


@pytest.mark.parametrize(
    "place", [f"bots/{OTHER}/credentials/key", f"bots/{ONE}/memory/key", f"bots/{ONE}x/key", "key", f"bots/{ONE}"]
)
def test_an_actor_reaches_nothing_else(stack, bucket, place):
    stack.owned(VAULT).blob(place).upload_from_string(b"theirs")
    blob = bucket.blob(place)
    for attempt in (blob.download_as_bytes, lambda: blob.upload_from_string(b"mine"), blob.delete):
        with pytest.raises(exceptions.Forbidden):
            attempt()
    assert stack.owned(VAULT).blob(place).download_as_bytes() == b"theirs"


@pytest.mark.parametrize("prefix", ["", "bots/", f"bots/{OTHER}/credentials/", f"bots/{ONE}/", f"bots/{ONE[:-1]}"])
def test_an_actor_lists_nothing_else(bucket, prefix):
    with pytest.raises(exceptions.Forbidden):
        list(bucket.list_blobs(prefix=prefix))


def test_an_actor_changes_no_rights(stack, bucket):
    folder = f"https://storage.googleapis.com/storage/v1/b/{VAULT}/managedFolders/bots%2F{OTHER}%2Fcredentials%2F"
    credentials = stack.federated(stack.world.issuer.token(ONE))
    for method, url in (("GET", folder + "/iam"), ("PUT", folder + "/iam"), ("POST", folder.rpartition("/")[0])):
        body = {"name": "bots/x/"} if method == "POST" else {"bindings": []}
        enrolment.enrol(stack.session, NAMES, OTHER)
        assert stack.call(method, url, credentials, **({} if method == "GET" else body)).status_code == 403
    with pytest.raises(exceptions.Forbidden):
        bucket.set_iam_policy(Policy())


def test_an_actor_that_is_not_enrolled_or_was_released_reaches_nothing(stack):
    session = stack.session
    theirs = (
        stack.storage(stack.federated(stack.world.issuer.token(OTHER)))
        .bucket(VAULT)
        .blob(f"bots/{OTHER}/credentials/a")
    )
    with pytest.raises(exceptions.Forbidden):
        theirs.upload_from_string(b"")
    assert {folder.done for folder in enrolment.enrol(session, NAMES, OTHER)} == {"created"}
    theirs.upload_from_string(b"")
    assert {folder.done for folder in enrolment.enrol(session, NAMES, OTHER)} == {"unchanged"}
    assert {folder.done for folder in enrolment.release(session, NAMES, OTHER)} == {"released"}
    with pytest.raises(exceptions.Forbidden):
        theirs.download_as_bytes()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"iss": "https://elsewhere.example.org"}, "does not match the expected"),
        ({"aud": "another"}, "could not be verified"),
        ({"exp": int(time.time()) - 5}, "could not be verified"),
        ({TAGS: {"principal_tags": {"other": [ONE]}}}, "must be of type STRING"),
        ({TAGS: {"principal_tags": {ACTOR_TAG: ["../" + ONE]}}}, "rejected by the attribute condition"),
        ({"key": ec.generate_private_key(ec.SECP256R1())}, "could not be verified"),
    ],
)
def test_a_token_that_is_not_the_brokers_is_not_exchanged(stack, changed, said):
    credentials = stack.federated(stack.world.issuer.token(ONE, **changed))
    with pytest.raises((OAuthError, RefreshError), match=said):
        credentials.refresh(Request())


def test_a_token_without_its_tag_is_not_exchanged(stack):
    with pytest.raises((OAuthError, RefreshError), match="must be of type STRING"):
        stack.federated(stack.world.issuer.token(None)).refresh(Request())


def test_a_deleted_provider_exchanges_nothing_and_keeps_its_id(stack):
    provider = f"{POOLS}/{NAMES.pool}/providers/broker"
    assert stack.call("DELETE", provider).status_code == 200
    with pytest.raises((OAuthError, RefreshError), match="is invalid"):
        stack.federated(stack.world.issuer.token(ONE)).refresh(Request())
    again = stack.call("POST", f"{POOLS}/{NAMES.pool}/providers?workloadIdentityPoolProviderId=broker", oidc={})
    assert again.status_code in (404, 409)


def test_the_host_creates_mail_and_can_do_nothing_else(stack):
    stack.project.table("instances")["vm"] = {"name": "vm", "serviceAccounts": [{"email": "vm@a-project.iam"}]}
    policy = {"bindings": [{"role": MAIL_ROLE, "members": ["serviceAccount:vm@a-project.iam"],
                            "condition": {"title": "inbound", "expression": inbound_only(MAIL)}}]}  # fmt: skip
    assert stack.call("PUT", f"https://storage.googleapis.com/storage/v1/b/{MAIL}/iam", **policy).status_code == 200
    metadata = (
        f"http://127.0.0.1:{stack.doors.metadata_port}/computeMetadata/v1/instance/service-accounts/default/token"
    )
    assert requests.get(metadata, timeout=5).status_code == 403, "without its header"
    token = requests.get(metadata, headers={"Metadata-Flavor": "Google"}, timeout=5).json()["access_token"]
    mail = stack.storage(Credentials(token)).bucket(MAIL)
    mail.blob("inbound/one").upload_from_string(b"mail", if_generation_match=0)
    with pytest.raises(exceptions.PreconditionFailed):
        mail.blob("inbound/one").upload_from_string(b"again", if_generation_match=0)
    for attempt in (
        lambda: mail.blob("inbound/one").upload_from_string(b"replaced"),
        lambda: mail.blob("inbound/one").download_as_bytes(),
        lambda: mail.blob("inbound/one").delete(),
        lambda: mail.blob("elsewhere").upload_from_string(b""),
        lambda: mail.blob("inbound").upload_from_string(b""),
        lambda: list(mail.list_blobs(prefix="inbound/")),
    ):
        with pytest.raises(exceptions.Forbidden):
            attempt()


def test_nothing_is_public_and_the_projects_constraint_keeps_it_so(stack):
    key = f"https://storage.googleapis.com/storage/v1/b/{VAULT}/o/key?alt=media"
    assert requests.get(key, timeout=5).status_code == 401
    public = {"bindings": [{"role": "roles/storage.objectViewer", "members": ["allUsers"]}]}
    url = f"https://storage.googleapis.com/storage/v1/b/{VAULT}/iam"
    assert stack.call("PUT", url, **public).status_code == 200
    stack.owned(VAULT).blob("key").upload_from_string(b"seen")
    assert requests.get(key, timeout=5).content == b"seen", "the guard is what keeps it private"
    project = f"https://cloudresourcemanager.googleapis.com/v1/projects/{IDENTITY.project_id}:setOrgPolicy"
    stack.call("POST", project, policy={"constraint": NOT_PUBLIC, "booleanPolicy": {"enforced": True}})
    assert stack.call("PUT", url, **public).status_code == 412


def test_only_the_owner_makes_resources(stack):
    theirs = stack.federated(stack.world.issuer.token(ONE))
    for url in (
        f"https://storage.googleapis.com/storage/v1/b/{VAULT}",
        f"{POOLS}/{NAMES.pool}",
        "https://compute.googleapis.com/compute/beta/projects/a-project/zones",
        "https://dns.googleapis.com/dns/v1beta2/projects/a-project/managedZones/example-org",
        "https://cloudresourcemanager.googleapis.com/v1/projects/a-project",
    ):
        assert stack.call("GET", url).status_code == 200, url
        assert stack.call("GET", url, theirs).status_code == 403, url
        assert requests.get(url, timeout=5).status_code == 401, url
        assert requests.get(url, headers={"Authorization": "Bearer made-up"}, timeout=5).status_code == 401, url
    assert stack.call("GET", "https://cloudresourcemanager.googleapis.com/v1/projects/another").status_code == 403


def test_what_it_does_not_know_it_refuses(stack):
    assert (
        stack.call("GET", "https://compute.googleapis.com/compute/beta/projects/a-project/global/routers").status_code
        == 501
    )
    policy = {"bindings": [{"role": "roles/storage.admin", "members": []}]}
    assert stack.call("PUT", f"https://storage.googleapis.com/storage/v1/b/{VAULT}/iam", **policy).status_code == 400
    with pytest.raises(requests.exceptions.ProxyError, match="403"):
        requests.get("https://example.org/", timeout=5)


def test_state_is_kept(stack, tmp_path):
    assert Project(IDENTITY, stack.world, tmp_path / "project.json").table("buckets").keys() >= {VAULT, MAIL}
