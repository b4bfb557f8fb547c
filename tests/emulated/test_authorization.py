"""What a caller may do: S3's actions and keys, users, roles, sessions and their policies together."""

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError  # type: ignore[import-untyped]

from sandbox.aws.server import Account
from tests.support.emulated import (
    ACCOUNT_ID,
    REGION,
    Somebody,
    client_of,
    keys_of,
    policy,
    refused,
    statement,
    tags,
    trusting,
)

Client = Callable[..., Any]
Keys = dict[str, str]


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


def status(call: Callable[..., Any], **arguments: Any) -> int:
    """Also of a call that finds nothing, which is after the door."""
    try:
        answer = call(**arguments)
    except ClientError as error:
        answer = error.response
    return int(answer["ResponseMetadata"]["HTTPStatusCode"])


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
    assert status(getattr(s3, call), Bucket=bucket, **arguments) != 403


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


def test_a_bucket_with_tags_needs_the_permission_to_tag(somebody: Somebody, unique: str) -> None:
    s3, name = somebody.client("s3"), f"{unique}-tagged"
    tags = {"Tags": [{"Key": "for", "Value": "tests"}]}
    create, arn = statement("s3:CreateBucket", f"arn:aws:s3:::{name}"), f"arn:aws:s3:::{name}"
    somebody.may(create)
    with refused("AccessDenied", "s3:TagResource"):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration=tags)
    wrong = {"StringEquals": {"aws:RequestTag/for": "others"}}
    somebody.may(create, statement("s3:TagResource", arn, Condition=wrong))
    with refused("AccessDenied", "s3:TagResource"):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration=tags)
    somebody.may(create, statement("s3:TagResource", arn, Condition={"StringEquals": {"aws:RequestTag/for": "tests"}}))
    s3.create_bucket(Bucket=name, CreateBucketConfiguration=tags)


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
    s3 = s3_of(account, somebody.assume(role, Tags=tags(actor="aa")))
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
            s3_of(account, somebody.assume(role, Tags=other)).get_object(Bucket=bucket, Key="bots/aa/x")


def test_tags_of_the_role_are_tags_of_its_sessions_and_lose_against_theirs(
    client: Client, account: Account, somebody: Somebody, role: str, bucket: str
) -> None:
    client("iam").tag_role(RoleName=somebody.name, Tags=tags(actor="aa"))
    client("iam").put_role_policy(RoleName=somebody.name, PolicyName="p", PolicyDocument=policy(*own_prefix(bucket)))
    s3_of(account, somebody.assume(role)).put_object(Bucket=bucket, Key="bots/aa/x")
    other = s3_of(account, somebody.assume(role, Tags=tags(Actor="bb")))
    other.put_object(Bucket=bucket, Key="bots/bb/x")
    with refused("AccessDenied"):
        other.put_object(Bucket=bucket, Key="bots/aa/x")


def test_the_bucket_policy_alone_lets_a_role_in(
    client: Client, account: Account, somebody: Somebody, role: str, bucket: str
) -> None:
    s3 = s3_of(account, somebody.assume(role, Tags=tags(actor="aa")))
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
        s3_of(account, somebody.assume(role)).get_object(Bucket=bucket, Key="bots/aa/x")


def test_a_role_is_assumed_by_whom_it_trusts(client: Client, somebody: Somebody, role: str, unique: str) -> None:
    iam = client("iam")
    somebody.assume(role)
    denied = f"User: {somebody.arn} is not authorized to perform: sts:AssumeRole on resource: {role}"
    root = {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"}
    iam.update_assume_role_policy(RoleName=unique, PolicyDocument=trusting(root, "sts:AssumeRole"))
    with refused("AccessDenied", denied):
        somebody.assume(role)
    somebody.may(statement("sts:AssumeRole", role))
    somebody.assume(role)
    with refused("AccessDenied", "sts:TagSession"):
        somebody.assume(role, Tags=tags(a="b"))
    ec2 = {"Service": "ec2.amazonaws.com"}
    iam.update_assume_role_policy(RoleName=unique, PolicyDocument=trusting(ec2, "sts:AssumeRole"))
    with refused("AccessDenied", denied):
        somebody.assume(role)
    with refused("AccessDenied", f"{denied}-missing"):
        somebody.assume(f"{role}-missing")


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
        somebody.assume(role, **arguments)


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

    first = somebody.assume(role, Tags=tags(actor="aa", other="x"), TransitiveTagKeys=["actor"])
    s3_of(account, second(first)).put_object(Bucket=bucket, Key="bots/aa/x")
    with refused("InvalidParameterValue", "conflicts with a transitive tag key"):
        second(first, Tags=tags(ACTOR="bb"))
    with refused("ValidationError", "role chaining"):
        second(first, DurationSeconds=7200)
    with refused("AccessDenied"):
        s3_of(account, second(somebody.assume(role, Tags=tags(actor="aa")))).put_object(Bucket=bucket, Key="bots/aa/x")


def test_a_session_policy_takes_away_and_never_adds(
    client: Client, account: Account, somebody: Somebody, role: str, bucket: str
) -> None:
    iam = client("iam")
    arn = f"arn:aws:s3:::{bucket}/*"
    iam.put_role_policy(RoleName=somebody.name, PolicyName="p", PolicyDocument=policy(statement("s3:PutObject", arn)))
    narrow = policy(statement("s3:*", f"arn:aws:s3:::{bucket}/a"))
    made = iam.create_policy(PolicyName=somebody.name, PolicyDocument=narrow)["Policy"]["Arn"]
    for given in ({"Policy": narrow}, {"PolicyArns": [{"arn": made}]}):
        s3 = s3_of(account, somebody.assume(role, **given))
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
    s3 = s3_of(account, somebody.assume(role))
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
    session = client_of(account.endpoint, "sts", somebody.assume(role))
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
