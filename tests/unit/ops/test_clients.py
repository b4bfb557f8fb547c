"""How the operator's commands ask AWS."""

import io
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError, EndpointConnectionError

from ops import clients


class Raw(io.BytesIO):
    def stream(self, **_):
        return iter([self.getvalue()])


@pytest.mark.parametrize(
    ("endpoint", "host"),
    [("http://127.0.0.1:14566", "127.0.0.1:14566"), ("https://s3.example.com", "429071895007.s3.example.com")],
)
def test_an_account_stands_in_front_of_a_name_and_never_of_an_address(endpoint, host, monkeypatch):
    """The signature covers the host, so it is made of the right one."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    session = boto3.Session(region_name="us-east-1", aws_access_key_id="AKIA", aws_secret_access_key="x")
    client = clients.of(session, "s3control")
    signed, sent = [], []
    client.meta.events.register("before-sign.s3-control", lambda request, **_: signed.append(request.url))

    def answer(request, **_):
        sent.append(request.url)
        return AWSResponse(request.url, 200, {}, Raw(b"<PublicAccessBlockConfiguration/>"))

    client.meta.events.register("before-send.s3-control", answer)
    client.get_public_access_block(AccountId="429071895007")
    assert [urlsplit(url).netloc for url in (*signed, *sent)] == [host, host]


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        *((code, True) for code in ("NoSuchEntity", "NoSuchBucketPolicy", "404", "NotFoundException")),
        *((code, True) for code in ("OwnershipControlsNotFoundError", "InvalidInstanceID.NotFound")),
        *((code, True) for code in ("RuleDoesNotExist", "RuleSetDoesNotExist")),
        *((code, False) for code in ("AccessDenied", "Throttling", "403", "InvalidInstanceID.Malformed")),
    ],
)
def test_what_is_not_there_is_told_from_what_may_not_be_seen(code, absent):
    assert clients.is_absent(ClientError({"Error": {"Code": code}}, "Operation")) is absent
    assert not clients.is_absent(EndpointConnectionError(endpoint_url="https://x"))


def test_a_client_for_another_region_is_asked_for_by_its_name():
    def ask(*arguments, **more):
        return arguments, more

    assert clients.elsewhere(ask, "sns", "us-east-1", "us-east-1") == (("sns",), {})
    assert clients.elsewhere(ask, "sns", "us-east-1", "eu-west-1") == (("sns",), {"region_name": "eu-west-1"})
    assert clients.elsewhere(ask, "sns", "eu-west-1", "us-east-1") == (("sns",), {"region_name": "us-east-1"})
