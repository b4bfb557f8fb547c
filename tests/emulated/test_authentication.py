"""Who calls: keys, signatures and tokens are checked as AWS checks them, in each service's own words."""

import contextlib
import datetime
import hashlib
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import boto3  # type: ignore[import-untyped]
import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth  # type: ignore[import-untyped]
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.credentials import Credentials  # type: ignore[import-untyped]

from sandbox.aws.server import Account
from tests.support.emulated import (
    ACCOUNT_ID,
    REGION,
    Somebody,
    anonymous,
    client_of,
    credentials,
    policy,
    refused,
    statement,
)

Client = Callable[..., Any]
Keys = dict[str, str]

UNKNOWN = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "x"}

CALLS: dict[str, Callable[[Any], Any]] = {
    "s3": lambda client: client.list_buckets(),
    "s3control": lambda client: client.get_public_access_block(AccountId=ACCOUNT_ID),
    "sts": lambda client: client.get_caller_identity(),
    "iam": lambda client: client.list_roles(),
    "ec2": lambda client: client.describe_instances(),
    "route53": lambda client: client.list_hosted_zones(),
    "ses": lambda client: client.list_receipt_rule_sets(),
    "sesv2": lambda client: client.list_email_identities(),
    "ssm": lambda client: client.describe_instance_information(),
}


@pytest.mark.parametrize(
    ("service", "unknown", "wrong", "expired"),
    [
        ("s3", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"),
        ("s3control", "InvalidClientTokenId", "SignatureDoesNotMatch", "ExpiredToken"),
        ("sts", "InvalidClientTokenId", "SignatureDoesNotMatch", "ExpiredToken"),
        ("iam", "InvalidClientTokenId", "SignatureDoesNotMatch", "ExpiredToken"),
        ("route53", "InvalidClientTokenId", "SignatureDoesNotMatch", "ExpiredToken"),
        ("ses", "InvalidClientTokenId", "SignatureDoesNotMatch", "ExpiredToken"),
        ("ec2", "AuthFailure", "AuthFailure", "RequestExpired"),
        ("sesv2", "UnrecognizedClientException", "InvalidSignatureException", "ExpiredTokenException"),
        ("ssm", "UnrecognizedClientException", "InvalidSignatureException", "ExpiredTokenException"),
    ],
)
def test_each_service_refuses_credentials_in_its_own_words(
    account: Account, somebody: Somebody, role: str, service: str, unknown: str, wrong: str, expired: str
) -> None:
    call = CALLS[service]
    with refused(unknown):
        call(client_of(account.endpoint, service, UNKNOWN))
    with refused(wrong):
        call(client_of(account.endpoint, service, {**somebody.keys, "aws_secret_access_key": "wrong"}))
    session = somebody.assume(role)
    somebody.iam.update_access_key(
        UserName=somebody.name, AccessKeyId=somebody.keys["aws_access_key_id"], Status="Inactive"
    )
    with refused(unknown):
        call(somebody.client(service))
    expire(session)
    with refused(expired):
        call(client_of(account.endpoint, service, session))


def expire(session: Keys) -> None:
    from moto.sts.models import sts_backends

    assumed = sts_backends[ACCOUNT_ID]["aws"].get_assumed_role_from_access_key(session["aws_access_key_id"])
    assert assumed
    assumed.expiration = datetime.datetime.now(datetime.UTC).replace(tzinfo=None) - datetime.timedelta(seconds=1)


@pytest.mark.parametrize(
    ("service", "code"),
    [("s3", "InvalidToken"), ("sts", "InvalidClientTokenId"), ("sesv2", "UnrecognizedClientException")],
)
def test_a_sessions_token_goes_with_its_key(
    account: Account, somebody: Somebody, role: str, service: str, code: str
) -> None:
    session = somebody.assume(role)
    CALLS["sts"](client_of(account.endpoint, "sts", session))
    for wrong in ({**session, "aws_session_token": "another"}, {k: v for k, v in session.items() if "token" not in k}):
        with refused(code):
            CALLS[service](client_of(account.endpoint, service, wrong))
    with refused(code):
        CALLS[service](client_of(account.endpoint, service, {**somebody.keys, "aws_session_token": "x"}))


@pytest.mark.parametrize(
    ("service", "code"),
    [
        ("s3", "AccessDenied"),
        ("sts", "MissingAuthenticationToken"),
        ("route53", "MissingAuthenticationToken"),
        ("sesv2", "MissingAuthenticationTokenException"),
        ("ssm", "MissingAuthenticationTokenException"),
    ],
)
def test_a_request_without_a_signature_is_refused(account: Account, service: str, code: str) -> None:
    with refused(code):
        CALLS[service](anonymous(account.endpoint, service))


def signed(account: Account, keys: Keys, service: str, request: AWSRequest, **changes: Any) -> int:
    """Sign a request by hand, change it, send it; the status of the answer."""
    signer = (S3SigV4Auth if service == "s3" else SigV4Auth)(
        Credentials(keys["aws_access_key_id"], keys["aws_secret_access_key"], keys.get("aws_session_token")),
        service,
        REGION,
    )
    signer.add_auth(request)
    headers = {**dict(request.headers.items()), **changes.pop("headers", {})}
    headers = {name: value for name, value in headers.items() if value is not None}
    sent = urllib.request.Request(  # noqa: S310
        changes.pop("url", request.url),
        method=changes.pop("method", request.method),
        data=changes.pop("body", request.data) or None,
        headers=headers,
    )
    assert not changes
    try:
        with urllib.request.urlopen(sent) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


@pytest.mark.parametrize("path", ["/moto-api/data.json", "/moto-api/reset", "/latest/meta-data/x"])
def test_motos_own_ways_in_are_shut(account: Account, path: str) -> None:
    request = AWSRequest("POST", account.endpoint + path)
    assert signed(account, credentials(account.home), "s3", request) == 403


def test_moto_takes_no_service_from_a_path(account: Account) -> None:
    request = urllib.request.Request(f"{account.endpoint}/iam_us-east-1/?Action=ListRoles", method="POST")  # noqa: S310
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(request)  # noqa: S310


@pytest.mark.parametrize(
    ("alterations", "status"),
    [
        ({}, 200),
        ({"body": b"another"}, 400),
        ({"headers": {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}}, 403),
        ({"headers": {"x-amz-meta-a": "2"}}, 403),
        ({"headers": {"x-amz-date": "20200101T000000Z"}}, 403),
        ({"headers": {"x-amz-copy-source": "/other/key"}}, 403),
        ({"method": "DELETE"}, 403),
    ],
)
def test_what_was_signed_is_what_is_taken(
    account: Account, client: Client, bucket: str, alterations: Any, status: int
) -> None:
    request = AWSRequest(
        "PUT",
        f"{account.endpoint}/{bucket}/a%20key/with%2Bsigns",
        data=b"content",
        headers={"x-amz-meta-a": "1", "content-type": "text/plain"},
    )
    assert signed(account, credentials(account.home), "s3", request, **alterations) == status
    found = [entry["Key"] for entry in client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])]
    assert found == (["a key/with+signs"] if status == 200 else [])


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [("", "", 200), (f"/{REGION}/", "/eu-west-1/", 403), ("/s3/", "/ses/", 400), ("{today}", "20200101", 403)],
)
def test_a_credential_is_for_a_day_a_region_and_a_service(account: Account, old: str, new: str, status: int) -> None:
    request = AWSRequest("GET", f"{account.endpoint}/")
    keys = credentials(account.home)
    S3SigV4Auth(Credentials(keys["aws_access_key_id"], keys["aws_secret_access_key"]), "s3", REGION).add_auth(request)
    today = f"/{request.headers['X-Amz-Date'][:8]}/"
    altered = request.headers["Authorization"].replace(old.replace("{today}", today), new and f"/{new.strip('/')}/")
    sent = urllib.request.Request(request.url, headers={**request.headers, "Authorization": altered})  # noqa: S310
    with contextlib.nullcontext() if status == 200 else pytest.raises(urllib.error.HTTPError, match=str(status)):
        urllib.request.urlopen(sent).close()  # noqa: S310


def test_a_request_is_signed_in_one_way(account: Account) -> None:
    for query, status in (("?x=y", 200), ("?X-Amz-Signature=x", 400), ("?X-Amz-Credential=x", 200)):
        request = AWSRequest("GET", f"{account.endpoint}/{query}")
        assert signed(account, credentials(account.home), "s3", request) == status


def signing_at(monkeypatch: pytest.MonkeyPatch, minutes: float) -> None:
    """Clients sign as if it were that many minutes from now."""
    moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=minutes)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: moment)


@pytest.mark.parametrize(("minutes", "accepted"), [(-16, False), (-14, True), (14, True), (16, False)])
def test_a_signature_is_good_for_a_quarter_of_an_hour(
    client: Client, monkeypatch: pytest.MonkeyPatch, minutes: float, accepted: bool
) -> None:
    signing_at(monkeypatch, minutes)
    with contextlib.nullcontext() if accepted else refused("RequestTimeTooSkewed"):
        client("s3").list_buckets()
    with contextlib.nullcontext() if accepted else refused("SignatureDoesNotMatch"):
        client("sts").get_caller_identity()


@pytest.mark.parametrize(
    ("minutes", "said"), [(-4, ""), (-6, "Request has expired"), (14, ""), (16, "Request is not valid yet")]
)
def test_a_presigned_address_has_its_time(
    account: Account, bucket: str, monkeypatch: pytest.MonkeyPatch, minutes: float, said: str
) -> None:
    signing_at(monkeypatch, minutes)
    s3 = boto3.client(
        "s3",
        endpoint_url=account.endpoint,
        region_name=REGION,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
        **credentials(account.home),
    )
    url = s3.generate_presigned_url("list_objects_v2", Params={"Bucket": bucket}, ExpiresIn=300)
    if not said:
        urllib.request.urlopen(url).close()  # noqa: S310
        return
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(url)  # noqa: S310
    with caught.value as answer:
        assert said in answer.read().decode()


def test_the_body_of_a_call_is_signed_too(account: Account, unique: str, client: Client) -> None:
    body = f"Action=CreateUser&Version=2010-05-08&UserName={unique}"
    headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    request = AWSRequest("POST", f"{account.endpoint}/", data=body.encode(), headers=headers)
    assert signed(account, credentials(account.home), "iam", request, body=f"{body}x".encode()) == 403
    request = AWSRequest("POST", f"{account.endpoint}/", data=body.encode(), headers=headers)
    assert signed(account, credentials(account.home), "iam", request) == 200
    assert client("iam").get_user(UserName=unique)


@pytest.mark.parametrize(
    ("service", "query", "headers"),
    [
        ("iam", "?Action=ListUsers", {"content-type": "application/x-www-form-urlencoded"}),
        ("iam", "", {"content-type": "application/x-www-form-urlencoded", "x-amz-target": "x.ListUsers"}),
        ("sesv2", "?Action=DeleteEmailIdentity", {}),
    ],
)
def test_an_operation_is_named_once(account: Account, service: str, query: str, headers: dict[str, str]) -> None:
    path = "/v2/email/identities" if service == "sesv2" else "/"
    body = b"" if service == "sesv2" else b"Action=ListRoles&Version=2010-05-08"
    request = AWSRequest("GET" if service == "sesv2" else "POST", account.endpoint + path + query, data=body)
    for name, value in headers.items():
        request.headers[name] = value
    assert signed(account, credentials(account.home), service.removesuffix("v2"), request) in (400, 403)


def chunks(signer: S3SigV4Auth, request: AWSRequest, *parts: bytes) -> bytes:
    """A body in signed chunks, as AWS's older SDKs send it."""
    previous = request.headers["Authorization"].rpartition("Signature=")[2]
    written = b""
    for part in (*parts, b""):
        text = "\n".join(
            [
                "AWS4-HMAC-SHA256-PAYLOAD",
                request.context["timestamp"],
                signer.credential_scope(request),
                previous,
                hashlib.sha256(b"").hexdigest(),
                hashlib.sha256(part).hexdigest(),
            ]
        )
        previous = signer.signature(text, request)
        written += f"{len(part):x};chunk-signature={previous}\r\n".encode() + part + b"\r\n"
    return written


class SignedChunks(S3SigV4Auth):  # type: ignore[misc]
    def payload(self, request: AWSRequest) -> str:
        return "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"


@pytest.mark.parametrize("forged", [False, True])
def test_signed_chunks_are_checked_one_by_one(account: Account, client: Client, bucket: str, forged: bool) -> None:
    own = credentials(account.home)
    signer = SignedChunks(Credentials(own["aws_access_key_id"], own["aws_secret_access_key"]), "s3", REGION)
    request = AWSRequest(
        "PUT",
        f"{account.endpoint}/{bucket}/k",
        headers={"x-amz-decoded-content-length": "10", "content-type": "text/plain"},
    )
    signer.add_auth(request)
    body = chunks(signer, request, b"hello", b"world")
    if forged:
        body = body.replace(b"world", b"there")
    sent = urllib.request.Request(  # noqa: S310
        request.url, method="PUT", data=body, headers=dict(request.headers.items())
    )
    if forged:
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(sent)  # noqa: S310
    else:
        urllib.request.urlopen(sent).close()  # noqa: S310
        assert client("s3").get_object(Bucket=bucket, Key="k")["Body"].read() == b"helloworld"


def test_a_presigned_address_works_until_it_expires_and_for_what_it_says(
    account: Account, client: Client, bucket: str, somebody: Somebody, role: str
) -> None:
    client("s3").put_object(Bucket=bucket, Key="k", Body=b"content")
    client("s3").put_object(Bucket=bucket, Key="other", Body=b"other")
    arn = f"arn:aws:s3:::{bucket}/*"
    client("iam").put_role_policy(
        RoleName=somebody.name, PolicyName="p", PolicyDocument=policy(statement("s3:GetObject", arn))
    )
    own = somebody.assume(role)
    s3 = boto3.client(
        "s3",
        endpoint_url=account.endpoint,
        region_name=REGION,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
        **own,
    )

    def fetch(url: str) -> Any:
        try:
            with urllib.request.urlopen(url) as answer:  # noqa: S310
                return answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.read().decode()

    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"}, ExpiresIn=60)
    assert fetch(url) == b"content"
    assert "SignatureDoesNotMatch" in fetch(url.replace("/k?", "/other?"))
    assert "SignatureDoesNotMatch" in fetch(url.replace("Expires=60", "Expires=600"))
    assert "AccessDenied" in fetch(s3.generate_presigned_url("list_objects_v2", Params={"Bucket": bucket}))
    old = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"}, ExpiresIn=-5)
    assert "AuthorizationQueryParametersError" in fetch(old)
    version_2 = boto3.client(
        "s3", endpoint_url=account.endpoint, region_name=REGION, config=Config(signature_version="s3"), **own
    )
    url = version_2.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    assert "Please use AWS4-HMAC-SHA256" in fetch(url)


def test_a_presigned_call_is_for_the_service_that_signed_it(account: Account, somebody: Somebody) -> None:
    url = somebody.client("sts").generate_presigned_url("get_caller_identity")
    request = urllib.request.Request(url, method="POST")  # noqa: S310
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        assert somebody.arn in answer.read().decode()


def test_everybody_may_ask_who_they_are(somebody: Somebody) -> None:
    somebody.may(statement("*", effect="Deny"))
    assert somebody.client("sts").get_caller_identity()["Arn"] == somebody.arn


def test_two_subresources_in_one_request_are_refused(account: Account, bucket: str) -> None:
    request = AWSRequest("GET", f"{account.endpoint}/{bucket}?policy=&versions=")
    assert signed(account, credentials(account.home), "s3", request) == 400
