"""The delivery of mail to Google, as the host runs it, against the emulated Google Cloud."""

import importlib.util
import urllib.error

import pytest

from clouds.gcp.grants import MAIL_ROLE, inbound_only
from dev.recorder import PROJECT
from tests.support.google_cloud import IDENTITY, google  # noqa: F401 - a fixture

BUCKET = "agentkeys-mail-test"
URL = "https://storage.googleapis.com/storage/v1/b"


@pytest.fixture
def delivery(google, monkeypatch):  # noqa: F811
    path = PROJECT / "hostsetup/elsewhere/mail_delivery.py"
    spec = importlib.util.spec_from_file_location("mail_delivery", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    host = "http://metadata.google.internal"
    assert module.TOKENS.startswith(host)
    monkeypatch.setattr(module, "TOKENS", module.TOKENS.replace(host, f"http://127.0.0.1:{google.doors.metadata_port}"))
    monkeypatch.setattr(module, "AUTHORITIES", str(google.front.authority))
    google.project.table("instances")["vm"] = {"name": "vm", "serviceAccounts": [{"email": "vm@a-project.iam"}]}
    google.call("POST", f"{URL}?project={IDENTITY.project_id}", name=BUCKET,
                iamConfiguration={"uniformBucketLevelAccess": {"enabled": True}})  # fmt: skip
    return module


@pytest.fixture
def configuration(tmp_path):
    (tmp_path / "spool").mkdir()
    return {"api": "gcs", "bucket": BUCKET, "prefix": "inbound/", "expire_days": 30, "endpoint": "", "region": "x",
            "spool": str(tmp_path / "spool")}  # fmt: skip


def grant(google):  # noqa: F811
    binding = {"role": MAIL_ROLE, "members": ["serviceAccount:vm@a-project.iam"],
               "condition": {"title": "inbound", "expression": inbound_only(BUCKET)}}  # fmt: skip
    assert google.call("PUT", f"{URL}/{BUCKET}/iam", bindings=[binding]).status_code == 200


def test_a_message_is_written_once_and_a_second_delivery_ends_it(google, delivery, configuration, tmp_path):  # noqa: F811
    grant(google)
    client = delivery.store(configuration)
    for _ in range(2):
        # The second finds the object that an interrupted delivery wrote.
        message = tmp_path / "spool" / "one"
        message.write_bytes(b"Subject: one\r\n")
        assert delivery.deliver_all(client, configuration)
        assert not message.exists()
    assert google.owned(BUCKET).blob("inbound/one").download_as_bytes() == b"Subject: one\r\n"
    assert delivery.check(configuration) == f"unchanged expiry of inbound/ in {BUCKET}: 30 days"


def test_what_google_refuses_stays_in_the_spool_and_the_check_says_what_to_do(
    google, delivery, configuration, tmp_path  # noqa: F811
):  # fmt: skip
    message = tmp_path / "spool" / "one"
    message.write_bytes(b"Subject: one\r\n")
    assert not delivery.deliver_all(delivery.store(configuration), configuration)
    assert message.exists()
    with pytest.raises(SystemExit, match=r"HTTP Error 403.* needs the role Storage Object Creator"):
        delivery.check(configuration)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        delivery.store(configuration).put_object(BUCKET, "elsewhere", b"")
    assert google.project.table("objects") == {}
