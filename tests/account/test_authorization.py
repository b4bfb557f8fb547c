"""The door in front of the APIs: who may call, what a call needs, and what AWS answers otherwise."""

import contextlib
import datetime
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import boto3  # type: ignore[import-untyped]
import pytest
from botocore import UNSIGNED  # type: ignore[import-untyped]
from botocore.auth import S3SigV4Auth, SigV4Auth  # type: ignore[import-untyped]
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.credentials import Credentials  # type: ignore[import-untyped]
from botocore.exceptions import ClientError  # type: ignore[import-untyped]
from emulated import ACCOUNT_ID, REGION, client_of, credentials

from sandbox.account.server import Account

Client = Callable[..., Any]
Keys = dict[str, str]


@contextlib.contextmanager
def refused(code: str, message: str = "") -> Any:
    with pytest.raises(ClientError) as caught:
        yield caught
    assert caught.value.response["Error"]["Code"] == code, caught.value
    assert message in str(caught.value)


def statement(action: Any, resource: Any = "*", effect: str = "Allow", **changes: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **changes}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def keys_of(given: dict[str, Any]) -> Keys:
    return {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        **({"aws_session_token": given["SessionToken"]} if "SessionToken" in given else {}),
    }


class Somebody:
    """A user of this test's own."""

    def __init__(self, iam: Any, endpoint: str, name: str) -> None:
        self.iam = iam
        self.endpoint = endpoint
        self.name = name
        self.arn = iam.create_user(UserName=name)["User"]["Arn"]
        self.keys = keys_of(iam.create_access_key(UserName=name)["AccessKey"])

    def may(self, *statements: dict[str, Any]) -> None:
        self.iam.put_user_policy(UserName=self.name, PolicyName="p", PolicyDocument=policy(*statements))

    def client(self, service: str) -> Any:
        return client_of(self.endpoint, service, self.keys)


@pytest.fixture
def somebody(client: Client, account: Account, unique: str) -> Somebody:
    return Somebody(client("iam"), account.endpoint, unique)


@pytest.fixture
def role(client: Client, unique: str, somebody: Somebody) -> str:
    """A role that somebody may assume, without policies."""
    trust = trusting({"AWS": somebody.arn}, "sts:AssumeRole", "sts:TagSession")
    return str(client("iam").create_role(RoleName=unique, AssumeRolePolicyDocument=trust)["Role"]["Arn"])


def trusting(principal: Any, *actions: str, **changes: Any) -> str:
    return policy({"Effect": "Allow", "Principal": principal, "Action": list(actions), **changes})


def assume(somebody: Somebody, role: str, **changes: Any) -> Keys:
    answer = somebody.client("sts").assume_role(RoleArn=role, RoleSessionName="test", **changes)
    return keys_of(answer["Credentials"])


def tags(**values: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in values.items()]


# --- who asks

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
    session = assume(somebody, role)
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
    session = assume(somebody, role)
    CALLS["sts"](client_of(account.endpoint, "sts", session))
    for wrong in ({**session, "aws_session_token": "another"}, {k: v for k, v in session.items() if "token" not in k}):
        with refused(code):
            CALLS[service](client_of(account.endpoint, service, wrong))
    with refused(code):
        CALLS[service](client_of(account.endpoint, service, {**somebody.keys, "aws_session_token": "x"}))


def anonymous(account: Account, service: str) -> Any:
    config = Config(signature_version=UNSIGNED, s3={"addressing_style": "path"})
    return boto3.client(service, endpoint_url=account.endpoint, region_name=REGION, config=config)


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
        CALLS[service](anonymous(account, service))


@pytest.mark.parametrize("path", ["/moto-api/data.json", "/moto-api/reset", "/iam_us-east-1/?Action=ListRoles"])
def test_motos_own_ways_in_are_shut(account: Account, path: str) -> None:
    request = urllib.request.Request(account.endpoint + path, method="POST")  # noqa: S310
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)  # noqa: S310
    assert caught.value.code in (400, 403)


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
    import hashlib

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
    own = assume(somebody, role)
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


# --- what may they do


def test_a_refusal_is_worded_as_on_aws(client: Client, somebody: Somebody, bucket: str, unique: str) -> None:
    s3 = somebody.client("s3")
    arn = f"arn:aws:s3:::{bucket}/k"
    client("s3").put_object(Bucket=bucket, Key="k")
    subject = f"User: {somebody.arn} is not authorized to perform: s3:GetObject on resource: "
    because = "because no identity-based policy allows the s3:GetObject action"
    with refused("AccessDenied", f'{subject}"{arn}" {because}'):
        s3.get_object(Bucket=bucket, Key="k")
    somebody.may(statement("*"))
    s3.get_object(Bucket=bucket, Key="k")
    deny = statement("s3:GetObject", arn, "Deny", Principal={"AWS": somebody.arn})
    client("s3").put_bucket_policy(Bucket=bucket, Policy=policy(deny))
    with refused("AccessDenied", f'{subject}"{arn}" with an explicit deny in a resource-based policy'):
        s3.get_object(Bucket=bucket, Key="k")
    somebody.may(statement("*"), statement("*", effect="Deny"))
    iam = (
        f"User: {somebody.arn} is not authorized to perform: iam:GetRole on resource: arn:aws:iam::{ACCOUNT_ID}:role/x"
    )
    with refused("AccessDenied", f"{iam} with an explicit deny in an identity-based policy"):
        somebody.client("iam").get_role(RoleName="x")
    with refused("UnauthorizedOperation", "You are not authorized to perform this operation. User: "):
        somebody.client("ec2").describe_instances()
    with refused("AccessDeniedException", "ses:ListEmailIdentities"):
        somebody.client("sesv2").list_email_identities()


S3_CALLS: list[tuple[str, dict[str, Any], list[tuple[str, str]]]] = [
    ("list_objects_v2", {}, [("s3:ListBucket", "")]),
    ("list_objects", {}, [("s3:ListBucket", "")]),
    ("head_bucket", {}, [("s3:ListBucket", "")]),
    ("list_object_versions", {}, [("s3:ListBucketVersions", "")]),
    ("list_multipart_uploads", {}, [("s3:ListBucketMultipartUploads", "")]),
    ("get_object", {"Key": "k"}, [("s3:GetObject", "/k")]),
    ("head_object", {"Key": "k"}, [("s3:GetObject", "/k")]),
    ("get_object", {"Key": "k", "VersionId": "null"}, [("s3:GetObjectVersion", "/k")]),
    ("get_object_tagging", {"Key": "k"}, [("s3:GetObjectTagging", "/k")]),
    ("put_object", {"Key": "n"}, [("s3:PutObject", "/n")]),
    ("put_object", {"Key": "n", "Tagging": "a=b"}, [("s3:PutObject", "/n"), ("s3:PutObjectTagging", "/n")]),
    ("delete_object", {"Key": "n"}, [("s3:DeleteObject", "/n")]),
    ("delete_object", {"Key": "k", "VersionId": "x"}, [("s3:DeleteObjectVersion", "/k")]),
    ("copy_object", {"Key": "c", "CopySource": "{bucket}/k"}, [("s3:PutObject", "/c"), ("s3:GetObject", "/k")]),
    ("create_multipart_upload", {"Key": "m"}, [("s3:PutObject", "/m")]),
    ("get_bucket_policy", {}, [("s3:GetBucketPolicy", "")]),
    ("delete_bucket_policy", {}, [("s3:DeleteBucketPolicy", "")]),
    ("get_bucket_encryption", {}, [("s3:GetEncryptionConfiguration", "")]),
    ("delete_bucket_encryption", {}, [("s3:PutEncryptionConfiguration", "")]),
    ("get_public_access_block", {}, [("s3:GetBucketPublicAccessBlock", "")]),
    ("delete_public_access_block", {}, [("s3:PutBucketPublicAccessBlock", "")]),
    ("get_bucket_lifecycle_configuration", {}, [("s3:GetLifecycleConfiguration", "")]),
    ("get_bucket_versioning", {}, [("s3:GetBucketVersioning", "")]),
    ("get_bucket_location", {}, [("s3:GetBucketLocation", "")]),
    ("get_bucket_ownership_controls", {}, [("s3:GetBucketOwnershipControls", "")]),
    ("delete_bucket", {}, [("s3:DeleteBucket", "")]),
]


@pytest.mark.parametrize(("call", "arguments", "needed"), S3_CALLS)
def test_each_call_of_s3_needs_these_actions_and_no_others(
    client: Client, somebody: Somebody, bucket: str, call: str, arguments: Any, needed: list[tuple[str, str]]
) -> None:
    client("s3").put_object(Bucket=bucket, Key="k")
    arguments = {key: value.replace("{bucket}", bucket) for key, value in arguments.items()}
    s3 = somebody.client("s3")
    statements = [statement(action, f"arn:aws:s3:::{bucket}{suffix}") for action, suffix in needed]
    for left_out in range(len(statements)):
        somebody.may(
            *statements[:left_out],
            *statements[left_out + 1 :],
            statement("s3:*", f"arn:aws:s3:::{bucket}-other/*"),
        )
        with pytest.raises(ClientError) as caught:
            getattr(s3, call)(Bucket=bucket, **arguments)
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
        if not call.startswith("head"):
            assert f"not authorized to perform: {needed[left_out][0]} on" in str(caught.value)
    somebody.may(*statements)
    try:
        getattr(s3, call)(Bucket=bucket, **arguments)
    except ClientError as error:
        # Nothing is set that could be read; that is after the door.
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] != 403, error


def test_a_multipart_upload_needs_put_and_its_end_its_own(client: Client, somebody: Somebody, bucket: str) -> None:
    arn = f"arn:aws:s3:::{bucket}/m"
    somebody.may(statement("s3:PutObject", arn))
    s3 = somebody.client("s3")
    upload = {"Bucket": bucket, "Key": "m", "UploadId": s3.create_multipart_upload(Bucket=bucket, Key="m")["UploadId"]}
    part = s3.upload_part(**upload, PartNumber=1, Body=b"x")
    with refused("AccessDenied", "s3:ListMultipartUploadParts"):
        s3.list_parts(**upload)
    with refused("AccessDenied", "s3:AbortMultipartUpload"):
        s3.abort_multipart_upload(**upload)
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    upload["UploadId"] = s3.create_multipart_upload(Bucket=bucket, Key="m")["UploadId"]
    somebody.may(statement("s3:AbortMultipartUpload", arn))
    s3.abort_multipart_upload(**upload)


def test_a_deletion_of_many_is_decided_key_by_key(client: Client, somebody: Somebody, bucket: str) -> None:
    for key in ("own/a", "own/b", "other/a"):
        client("s3").put_object(Bucket=bucket, Key=key)
    somebody.may(statement("s3:DeleteObject", f"arn:aws:s3:::{bucket}/own/*"))
    objects = [{"Key": "own/a"}, {"Key": "other/a"}, {"Key": "own/b"}]
    answer = somebody.client("s3").delete_objects(Bucket=bucket, Delete={"Objects": objects})
    assert [one["Key"] for one in answer["Deleted"]] == ["own/a", "own/b"]
    assert [(one["Key"], one["Code"]) for one in answer["Errors"]] == [("other/a", "AccessDenied")]
    assert [one["Key"] for one in client("s3").list_objects_v2(Bucket=bucket)["Contents"]] == ["other/a"]


def test_a_missing_object_is_only_shown_to_whom_may_list(somebody: Somebody, bucket: str) -> None:
    s3 = somebody.client("s3")
    own = statement("s3:GetObject", f"arn:aws:s3:::{bucket}/*")
    somebody.may(own)
    with refused("AccessDenied", "s3:ListBucket"):
        s3.get_object(Bucket=bucket, Key="none")
    somebody.may(own, statement("s3:ListBucket", f"arn:aws:s3:::{bucket}"))
    with refused("NoSuchKey"):
        s3.get_object(Bucket=bucket, Key="none")


def test_a_missing_bucket_is_no_question_of_permission(somebody: Somebody) -> None:
    with refused("NoSuchBucket"):
        somebody.client("s3").list_objects_v2(Bucket="no-such-bucket-here")
    with refused("AccessDenied", "s3:CreateBucket"):
        somebody.client("s3").create_bucket(Bucket="no-such-bucket-here")


def test_two_subresources_in_one_request_are_refused(account: Account, bucket: str) -> None:
    request = AWSRequest("GET", f"{account.endpoint}/{bucket}?policy=&versions=")
    assert signed(account, credentials(account.home), "s3", request) == 400


@pytest.mark.parametrize(
    ("condition", "arguments", "allowed"),
    [
        ({"StringLike": {"s3:prefix": "bots/aa/*"}}, {"Prefix": "bots/aa/"}, True),
        ({"StringLike": {"s3:prefix": "bots/aa/*"}}, {"Prefix": "bots/bb/"}, False),
        ({"StringLike": {"s3:prefix": "bots/aa/*"}}, {"Prefix": "bots/"}, False),
        ({"StringLike": {"s3:prefix": "bots/aa/*"}}, {}, False),
        ({"StringEquals": {"s3:delimiter": "/"}}, {"Delimiter": "/"}, True),
        ({"NumericLessThanEquals": {"s3:max-keys": "10"}}, {"MaxKeys": 10}, True),
        ({"NumericLessThanEquals": {"s3:max-keys": "10"}}, {"MaxKeys": 11}, False),
        ({"Bool": {"aws:SecureTransport": "true"}}, {}, True),
        ({"Bool": {"aws:SecureTransport": "false"}}, {}, False),
        ({"StringEquals": {"aws:PrincipalAccount": ACCOUNT_ID, "aws:ResourceAccount": ACCOUNT_ID}}, {}, True),
        ({"StringEquals": {"aws:ResourceAccount": "111122223333"}}, {}, False),
        ({"StringEquals": {"aws:RequestedRegion": REGION}}, {}, True),
        ({"StringEquals": {"aws:username": "${aws:username}"}}, {}, True),
        ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT_ID}:user/*"}}, {}, True),
        ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, {}, True),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, {}, False),
        ({"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, {}, False),
        ({"StringEquals": {"aws:PrincipalTag/team": "red"}}, {}, True),
        ({"StringEquals": {"aws:PrincipalTag/team": "blue"}}, {}, False),
        ({"StringEquals": {"s3:authType": "REST-HEADER"}}, {}, True),
    ],
)
def test_condition_keys_have_the_requests_values(
    client: Client, somebody: Somebody, bucket: str, condition: Any, arguments: Any, allowed: bool
) -> None:
    client("iam").tag_user(UserName=somebody.name, Tags=tags(team="red"))
    somebody.may(statement("s3:ListBucket", f"arn:aws:s3:::{bucket}", Condition=condition))
    with contextlib.nullcontext() if allowed else refused("AccessDenied"):
        somebody.client("s3").list_objects_v2(Bucket=bucket, **arguments)


# --- sessions


def s3_of(account: Account, session: Keys) -> Any:
    return client_of(account.endpoint, "s3", session)


def own_prefix(bucket: str) -> list[dict[str, Any]]:
    prefix = "bots/${aws:PrincipalTag/actor}/*"
    return [
        statement("s3:ListBucket", f"arn:aws:s3:::{bucket}", Condition={"StringLike": {"s3:prefix": prefix}}),
        statement(["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{bucket}/{prefix}"),
    ]


def test_a_tagged_session_reaches_its_own_prefix_and_no_other(
    client: Client, account: Account, somebody: Somebody, role: str, bucket: str
) -> None:
    client("iam").put_role_policy(RoleName=somebody.name, PolicyName="p", PolicyDocument=policy(*own_prefix(bucket)))
    client("s3").put_object(Bucket=bucket, Key="bots/bb/x", Body=b"theirs")
    s3 = s3_of(account, assume(somebody, role, Tags=tags(actor="aa")))
    s3.put_object(Bucket=bucket, Key="bots/aa/x", Body=b"own")
    assert s3.get_object(Bucket=bucket, Key="bots/aa/x")["Body"].read() == b"own"
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket, Prefix="bots/aa/")["Contents"]] == ["bots/aa/x"]
    for key in ("bots/bb/x", "bots/aa", "x"):
        with refused("AccessDenied", "s3:PutObject"):
            s3.put_object(Bucket=bucket, Key=key)
    with refused("AccessDenied", "s3:GetObject"):
        s3.get_object(Bucket=bucket, Key="bots/bb/x")
    for prefix in ("bots/bb/", "bots/", ""):
        with refused("AccessDenied", "s3:ListBucket"):
            s3.list_objects_v2(Bucket=bucket, Prefix=prefix)
    for other in ([], tags(actor="*"), tags(actor=""), tags(actress="aa")):
        with refused("AccessDenied"):
            s3_of(account, assume(somebody, role, Tags=other)).get_object(Bucket=bucket, Key="bots/aa/x")


def test_tags_of_the_role_are_tags_of_its_sessions_and_lose_against_theirs(
    client: Client, account: Account, somebody: Somebody, role: str, bucket: str
) -> None:
    client("iam").tag_role(RoleName=somebody.name, Tags=tags(actor="aa"))
    client("iam").put_role_policy(RoleName=somebody.name, PolicyName="p", PolicyDocument=policy(*own_prefix(bucket)))
    s3_of(account, assume(somebody, role)).put_object(Bucket=bucket, Key="bots/aa/x")
    other = s3_of(account, assume(somebody, role, Tags=tags(Actor="bb")))
    other.put_object(Bucket=bucket, Key="bots/bb/x")
    with refused("AccessDenied"):
        other.put_object(Bucket=bucket, Key="bots/aa/x")


def test_the_bucket_policy_alone_lets_a_role_in(
    client: Client, account: Account, somebody: Somebody, role: str, bucket: str
) -> None:
    s3 = s3_of(account, assume(somebody, role, Tags=tags(actor="aa")))
    with refused("AccessDenied"):
        s3.put_object(Bucket=bucket, Key="bots/aa/x")
    guard = {"Null": {"aws:PrincipalTag/actor": "false"}}
    listed = [{**one, "Principal": {"AWS": role}} for one in own_prefix(bucket)]
    listed[1]["Condition"] = guard
    client("s3").put_bucket_policy(Bucket=bucket, Policy=policy(*listed))
    s3.put_object(Bucket=bucket, Key="bots/aa/x")
    with refused("AccessDenied"):
        s3.put_object(Bucket=bucket, Key="bots/bb/x")
    with refused("AccessDenied"):
        s3_of(account, assume(somebody, role)).get_object(Bucket=bucket, Key="bots/aa/x")


def test_a_role_is_assumed_by_whom_it_trusts(client: Client, somebody: Somebody, role: str, unique: str) -> None:
    iam = client("iam")
    assume(somebody, role)
    denied = f"User: {somebody.arn} is not authorized to perform: sts:AssumeRole on resource: {role}"
    root = {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"}
    iam.update_assume_role_policy(RoleName=unique, PolicyDocument=trusting(root, "sts:AssumeRole"))
    with refused("AccessDenied", denied):
        assume(somebody, role)
    somebody.may(statement("sts:AssumeRole", role))
    assume(somebody, role)
    with refused("AccessDenied", "sts:TagSession"):
        assume(somebody, role, Tags=tags(a="b"))
    ec2 = {"Service": "ec2.amazonaws.com"}
    iam.update_assume_role_policy(RoleName=unique, PolicyDocument=trusting(ec2, "sts:AssumeRole"))
    with refused("AccessDenied", denied):
        assume(somebody, role)
    with refused("AccessDenied", f"{denied}-missing"):
        assume(somebody, f"{role}-missing")


@pytest.mark.parametrize(
    ("condition", "arguments", "allowed"),
    [
        ({"StringEquals": {"sts:ExternalId": "x"}}, {"ExternalId": "x"}, True),
        ({"StringEquals": {"sts:ExternalId": "x"}}, {}, False),
        ({"StringEquals": {"sts:RoleSessionName": "test"}}, {}, True),
        ({"StringEquals": {"aws:RequestTag/actor": "aa"}}, {"Tags": tags(actor="aa")}, True),
        ({"StringEquals": {"aws:RequestTag/actor": "aa"}}, {"Tags": tags(actor="bb")}, False),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["actor"]}}, {"Tags": tags(actor="a", x="y")}, False),
        ({"Null": {"sts:TransitiveTagKeys": "true"}}, {"Tags": tags(a="b"), "TransitiveTagKeys": ["a"]}, False),
    ],
)
def test_a_trust_policys_conditions_see_the_request(
    client: Client, somebody: Somebody, role: str, unique: str, condition: Any, arguments: Any, allowed: bool
) -> None:
    trust = trusting({"AWS": somebody.arn}, "sts:AssumeRole", "sts:TagSession", Condition=condition)
    client("iam").update_assume_role_policy(RoleName=unique, PolicyDocument=trust)
    with contextlib.nullcontext() if allowed else refused("AccessDenied"):
        assume(somebody, role, **arguments)


@pytest.fixture
def second_role(client: Client, unique: str, role: str) -> str:
    trust = trusting({"AWS": role}, "sts:AssumeRole", "sts:TagSession")
    return str(client("iam").create_role(RoleName=f"{unique}-second", AssumeRolePolicyDocument=trust)["Role"]["Arn"])


def test_transitive_tags_go_through_a_chain_of_roles(
    client: Client, account: Account, somebody: Somebody, role: str, second_role: str, bucket: str
) -> None:
    client("iam").put_role_policy(
        RoleName=second_role.rpartition("/")[2], PolicyName="p", PolicyDocument=policy(*own_prefix(bucket))
    )

    def second(first: Keys, **changes: Any) -> Keys:
        sts = client_of(account.endpoint, "sts", first)
        return keys_of(sts.assume_role(RoleArn=second_role, RoleSessionName="second", **changes)["Credentials"])

    first = assume(somebody, role, Tags=tags(actor="aa", other="x"), TransitiveTagKeys=["actor"])
    s3_of(account, second(first)).put_object(Bucket=bucket, Key="bots/aa/x")
    with refused("InvalidParameterValue", "conflicts with a transitive tag key"):
        second(first, Tags=tags(ACTOR="bb"))
    with refused("ValidationError", "role chaining"):
        second(first, DurationSeconds=7200)
    with refused("AccessDenied"):
        s3_of(account, second(assume(somebody, role, Tags=tags(actor="aa")))).put_object(Bucket=bucket, Key="bots/aa/x")


def test_a_session_policy_takes_away_and_never_adds(
    client: Client, account: Account, somebody: Somebody, role: str, bucket: str
) -> None:
    iam = client("iam")
    arn = f"arn:aws:s3:::{bucket}/*"
    iam.put_role_policy(RoleName=somebody.name, PolicyName="p", PolicyDocument=policy(statement("s3:PutObject", arn)))
    narrow = policy(statement("s3:*", f"arn:aws:s3:::{bucket}/a"))
    made = iam.create_policy(PolicyName=somebody.name, PolicyDocument=narrow)["Policy"]["Arn"]
    for given in ({"Policy": narrow}, {"PolicyArns": [{"arn": made}]}):
        s3 = s3_of(account, assume(somebody, role, **given))
        s3.put_object(Bucket=bucket, Key="a")
        with refused("AccessDenied", "because no session policy allows the s3:PutObject action"):
            s3.put_object(Bucket=bucket, Key="b")
        with refused("AccessDenied", "because no identity-based policy allows the s3:GetObject action"):
            s3.get_object(Bucket=bucket, Key="a")


def test_a_permissions_boundary_takes_away_and_never_adds(
    client: Client, account: Account, somebody: Somebody, role: str, bucket: str
) -> None:
    iam = client("iam")
    iam.put_role_policy(RoleName=somebody.name, PolicyName="p", PolicyDocument=policy(statement("*")))
    narrow = policy(statement("s3:*", f"arn:aws:s3:::{bucket}/a"))
    boundary = iam.create_policy(PolicyName=somebody.name, PolicyDocument=narrow)["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName=somebody.name, PermissionsBoundary=boundary)
    s3 = s3_of(account, assume(somebody, role))
    s3.put_object(Bucket=bucket, Key="a")
    with refused("AccessDenied", "because no permissions boundary allows the s3:PutObject action"):
        s3.put_object(Bucket=bucket, Key="b")


def test_managed_policies_and_groups_count(client: Client, somebody: Somebody, unique: str) -> None:
    iam, ec2 = client("iam"), somebody.client("ec2")
    iam.attach_user_policy(UserName=unique, PolicyArn="arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess")
    ec2.describe_instances()
    with refused("UnauthorizedOperation", "ec2:CreateVpc"):
        ec2.create_vpc(CidrBlock="10.0.0.0/16")
    iam.create_group(GroupName=unique)
    iam.put_group_policy(GroupName=unique, PolicyName="p", PolicyDocument=policy(statement("iam:ListRoles")))
    with refused("AccessDenied"):
        somebody.client("iam").list_roles()
    iam.add_user_to_group(GroupName=unique, UserName=unique)
    somebody.client("iam").list_roles()


def test_a_session_ends_with_its_role(client: Client, account: Account, somebody: Somebody, role: str) -> None:
    session = client_of(account.endpoint, "sts", assume(somebody, role))
    session.get_caller_identity()
    iam = client("iam")
    trust = iam.get_role(RoleName=somebody.name)["Role"]["AssumeRolePolicyDocument"]
    iam.delete_role(RoleName=somebody.name)
    with refused("InvalidClientTokenId"):
        session.get_caller_identity()
    iam.create_role(RoleName=somebody.name, AssumeRolePolicyDocument=json.dumps(trust))
    with refused("InvalidClientTokenId"):
        session.get_caller_identity()


def test_another_account_needs_both_its_own_and_the_buckets_policy(client: Client, bucket: str) -> None:
    theirs = client("s3", "other-account")
    client("s3").put_object(Bucket=bucket, Key="k", Body=b"content")
    with refused("AccessDenied", "no resource-based policy"):
        theirs.get_object(Bucket=bucket, Key="k")
    allow = statement("s3:GetObject", f"arn:aws:s3:::{bucket}/*", Principal={"AWS": "111122223333"})
    client("s3").put_bucket_policy(Bucket=bucket, Policy=policy(allow))
    assert theirs.get_object(Bucket=bucket, Key="k")["Body"].read() == b"content"


# --- the other services' resources

INSTANCE = "i-0123456789abcdef0"


def ec2_arn(kind: str) -> str:
    return f"arn:aws:ec2:{REGION}:{ACCOUNT_ID}:{kind}"


def iam_arn(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT_ID}:{name}"


def ses_arn(name: str) -> str:
    return f"arn:aws:ses:{REGION}:{ACCOUNT_ID}:identity/{name}"


DOCUMENT = f"arn:aws:ssm:{REGION}::document/AWS-RunShellScript"
EMAIL = {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}


@pytest.mark.parametrize(
    ("service", "call", "arguments", "action", "resources"),
    [
        ("iam", "get_role", {"RoleName": "r"}, "iam:GetRole", [iam_arn("role/r")]),
        ("iam", "create_user", {"UserName": "{unique}x", "Path": "/p/"}, "iam:CreateUser", [iam_arn("user/p/{unique}x")]),
        ("iam", "list_access_keys", {}, "iam:ListAccessKeys", [iam_arn("user/{unique}")]),
        ("iam", "get_policy", {"PolicyArn": iam_arn("policy/none")}, "iam:GetPolicy", [iam_arn("policy/none")]),
        ("iam", "list_roles", {}, "iam:ListRoles", ["*"]),
        ("iam", "get_instance_profile", {"InstanceProfileName": "n"}, "iam:GetInstanceProfile", [iam_arn("instance-profile/n")]),
        ("iam", "create_open_id_connect_provider", {"Url": "https://{unique}.org"}, "iam:CreateOpenIDConnectProvider", [iam_arn("oidc-provider/{unique}.org")]),
        ("ec2", "describe_instances", {}, "ec2:DescribeInstances", ["*"]),
        ("ec2", "stop_instances", {"InstanceIds": [INSTANCE]}, "ec2:StopInstances", [ec2_arn(f"instance/{INSTANCE}")]),
        ("ec2", "create_security_group", {"GroupName": "{unique}", "Description": "d"}, "ec2:CreateSecurityGroup", ["*"]),
        ("ec2", "delete_security_group", {"GroupId": "sg-0123456789abcdef0"}, "ec2:DeleteSecurityGroup", [ec2_arn("security-group/sg-0123456789abcdef0")]),
        ("ec2-instance-connect", "send_ssh_public_key", {"InstanceId": INSTANCE, "InstanceOSUser": "agentkey", "SSHPublicKey": "k"}, "ec2-instance-connect:SendSSHPublicKey", [ec2_arn(f"instance/{INSTANCE}")]),
        ("route53", "list_hosted_zones", {}, "route53:ListHostedZones", ["*"]),
        ("route53", "list_resource_record_sets", {"HostedZoneId": "Z0"}, "route53:ListResourceRecordSets", ["arn:aws:route53:::hostedzone/Z0"]),
        ("route53", "get_change", {"Id": "C0"}, "route53:GetChange", ["arn:aws:route53:::change/C0"]),
        ("ses", "list_receipt_rule_sets", {}, "ses:ListReceiptRuleSets", ["*"]),
        ("ses", "send_email", {"Source": "n@{unique}.org", "Destination": {"ToAddresses": ["a@b.c"]}, "Message": EMAIL}, "ses:SendEmail", [ses_arn("{unique}.org")]),
        ("sesv2", "get_email_identity", {"EmailIdentity": "n@{unique}.org"}, "ses:GetEmailIdentity", [ses_arn("n@{unique}.org")]),
        ("sesv2", "create_email_identity", {"EmailIdentity": "{unique}.org"}, "ses:CreateEmailIdentity", [ses_arn("{unique}.org")]),
        ("sesv2", "send_email", {"FromEmailAddress": "N <n@{unique}.org>", "Destination": {"ToAddresses": ["a@b.c"]}, "Content": {"Simple": EMAIL}}, "ses:SendEmail", [ses_arn("{unique}.org")]),
        ("ssm", "send_command", {"DocumentName": "AWS-RunShellScript", "InstanceIds": [INSTANCE]}, "ssm:SendCommand", [DOCUMENT, ec2_arn(f"instance/{INSTANCE}")]),
        ("ssm", "get_command_invocation", {"CommandId": "0" * 36, "InstanceId": INSTANCE}, "ssm:GetCommandInvocation", ["*"]),
        ("ssm", "send_command", {"DocumentName": "AWS-RunShellScript", "Targets": [{"Key": "tag:a", "Values": ["b"]}]}, "ssm:SendCommand", ["*"]),
        ("s3control", "get_public_access_block", {"AccountId": ACCOUNT_ID}, "s3:GetAccountPublicAccessBlock", ["*"]),
        ("kms", "create_key", {}, "kms:CreateKey", ["*"]),
    ],
)  # fmt: skip
def test_each_call_needs_its_action_on_its_resources(
    somebody: Somebody, unique: str, service: str, call: str, arguments: Any, action: str, resources: list[str]
) -> None:
    arguments = json.loads(json.dumps(arguments).replace("{unique}", unique))
    statements = [statement(action, resource.replace("{unique}", unique)) for resource in resources]
    made = somebody.client(service)

    def attempt() -> str:
        try:
            getattr(made, call)(**arguments)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return ""

    denials = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")
    # Everything but one of the resources, and every resource but with another action.
    for left_out in range(len(statements)):
        resource = statements[left_out]["Resource"]
        elsewhere = statement(action, "arn:aws:s3:::elsewhere" if resource == "*" else f"{resource}-other")
        somebody.may(*statements[:left_out], *statements[left_out + 1 :], elsewhere)
        assert attempt() in denials
    somebody.may(*[{**one, "Action": f"{action}Other"} for one in statements])
    assert attempt() in denials
    somebody.may(*statements)
    assert attempt() not in denials


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [("ec2:osuser", "agentkey", True), ("ec2:osuser", "root", False)],
)
def test_the_user_of_a_pushed_key_is_a_condition(somebody: Somebody, key: str, value: str, allowed: bool) -> None:
    condition = {"StringEquals": {key: value}}
    somebody.may(statement("ec2-instance-connect:SendSSHPublicKey", ec2_arn("instance/*"), Condition=condition))
    with contextlib.nullcontext() if allowed else refused("AccessDeniedException"):
        somebody.client("ec2-instance-connect").send_ssh_public_key(
            InstanceId=INSTANCE, InstanceOSUser="agentkey", SSHPublicKey="k"
        )


def test_the_senders_address_is_a_condition(client: Client, somebody: Somebody, unique: str) -> None:
    domain = f"{unique}.org"
    condition = {"StringEquals": {"ses:FromAddress": f"noreply@{domain}"}}
    somebody.may(statement("ses:SendEmail", [ses_arn(domain), ses_arn(f"*@{domain}")], Condition=condition))
    content = {"Destination": {"ToAddresses": ["a@b.c"]}, "Content": {"Simple": EMAIL}}
    ses = somebody.client("sesv2")
    with refused("AccessDeniedException"):
        ses.send_email(FromEmailAddress=f"other@{domain}", **content)
    with refused("MessageRejected"):
        ses.send_email(FromEmailAddress=f"noreply@{domain}", **content)


def test_handing_a_role_to_a_service_needs_passrole(client: Client, somebody: Somebody, role: str) -> None:
    iam = client("iam")
    iam.create_instance_profile(InstanceProfileName=somebody.name)
    ours = somebody.client("iam")
    add = {"InstanceProfileName": somebody.name, "RoleName": somebody.name}
    may_add = statement("iam:AddRoleToInstanceProfile", iam_arn(f"instance-profile/{somebody.name}"))
    somebody.may(may_add)
    with refused("AccessDenied", f"iam:PassRole on resource: {role}"):
        ours.add_role_to_instance_profile(**add)
    somebody.may(may_add, statement("iam:PassRole", role))
    ours.add_role_to_instance_profile(**add)
    somebody.may(statement("ec2:RunInstances"))
    run = {"ImageId": "ami-0a22042026090100a", "MinCount": 1, "MaxCount": 1, "InstanceType": "t3.small"}
    ec2 = somebody.client("ec2")
    ec2.run_instances(**run)
    with refused("UnauthorizedOperation", f"iam:PassRole on resource: {role}"):
        ec2.run_instances(**run, IamInstanceProfile={"Name": somebody.name})


@pytest.fixture
def open_bucket(client: Client, bucket: str) -> Iterator[str]:
    """A bucket that is public by its policy, in an account that does not prevent it."""
    client("s3control").delete_public_access_block(AccountId=ACCOUNT_ID)
    client("s3").delete_public_access_block(Bucket=bucket)
    everybody = statement("s3:GetObject", f"arn:aws:s3:::{bucket}/*", Principal="*")
    client("s3").put_bucket_policy(Bucket=bucket, Policy=policy(everybody))
    client("s3").put_object(Bucket=bucket, Key="k", Body=b"content")
    return bucket


def test_nobody_in_particular_reads_a_public_bucket(account: Account, open_bucket: str) -> None:
    s3 = anonymous(account, "s3")
    assert s3.get_object(Bucket=open_bucket, Key="k")["Body"].read() == b"content"
    with refused("AccessDenied"):
        s3.put_object(Bucket=open_bucket, Key="k")
    with refused("AccessDenied"):
        s3.delete_objects(Bucket=open_bucket, Delete={"Objects": [{"Key": "k"}]})
