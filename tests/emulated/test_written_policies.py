"""What AWS refuses when a policy is written, and what a policy means for somebody who is gone."""

import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sandbox.aws.server import Account
from tests.support.emulated import ACCOUNT_ID, Somebody, anonymous, client_of, policy, refused, statement, trusting

Client = Callable[..., Any]
GITHUB = "token.actions.githubusercontent.com"
PROVIDER = {"Federated": f"arn:aws:iam::{ACCOUNT_ID}:oidc-provider/{GITHUB}"}
SUBJECT = f"{GITHUB}:sub"
EC2 = {"Service": "ec2.amazonaws.com"}


@pytest.mark.parametrize(
    ("condition", "accepted"),
    [
        ({"StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"}}, False),
        ({}, False),
        ({"StringLike": {SUBJECT: "*"}}, False),
        ({"StringLike": {SUBJECT: ["repo:a/b:*", "*"]}}, False),
        ({"StringNotEquals": {SUBJECT: "repo:a/b:*"}}, False),
        ({"ForAllValues:StringLike": {SUBJECT: "repo:a/b:*"}}, False),
        ({"StringLikeIfExists": {SUBJECT: "repo:a/b:*"}}, False),
        ({"Null": {SUBJECT: "false"}}, False),
        ({"StringLike": {SUBJECT: "repo:a/b:*"}}, True),
        ({"StringEquals": {SUBJECT.upper(): ["repo:a/b:ref:refs/heads/main"]}}, True),
        ({"ForAnyValue:StringLike": {SUBJECT: "repo:a/b:*"}}, True),
    ],
)
def test_a_trust_in_github_names_a_subject(client: Client, unique: str, condition: Any, accepted: bool) -> None:
    iam = client("iam")
    trust = trusting(PROVIDER, "sts:AssumeRoleWithWebIdentity", Condition=condition)
    with contextlib.nullcontext() if accepted else refused("MalformedPolicyDocument", SUBJECT):
        iam.create_role(RoleName=unique, AssumeRolePolicyDocument=trust)
    iam.create_role(RoleName=f"{unique}b", AssumeRolePolicyDocument=trusting(EC2, "sts:AssumeRole"))
    with contextlib.nullcontext() if accepted else refused("MalformedPolicyDocument", SUBJECT):
        iam.update_assume_role_policy(RoleName=f"{unique}b", PolicyDocument=trust)


@pytest.mark.parametrize("document", ["{", "[]", policy({"Effect": "Allow", "Action": "sts:AssumeRole"})])
def test_a_trust_policy_is_a_policy(client: Client, unique: str, document: str) -> None:
    with refused("MalformedPolicyDocument"):
        client("iam").create_role(RoleName=unique, AssumeRolePolicyDocument=document)


def longest(size: int) -> str:
    """A document of so many characters, white space beside."""
    empty = policy(statement("s3:GetObject", "arn:aws:s3:::"))
    return policy(statement("s3:GetObject", "arn:aws:s3:::" + "x" * (size - len(empty.replace(" ", "")))))


def test_policies_have_a_largest_size(client: Client, unique: str, somebody: Somebody, role: str) -> None:
    iam = client("iam")
    assert role
    iam.create_group(GroupName=unique)
    name = {"PolicyName": "p"}
    writers: list[tuple[int, str, Callable[[str], Any]]] = [
        (2048, f"for user {unique}", lambda text: iam.put_user_policy(UserName=unique, PolicyDocument=text, **name)),
        (5120, f"for group {unique}", lambda text: iam.put_group_policy(GroupName=unique, PolicyDocument=text, **name)),
        (10240, f"for role {unique}", lambda text: iam.put_role_policy(RoleName=unique, PolicyDocument=text, **name)),
        (
            6144,
            "PolicySize: 6144",
            lambda text: iam.create_policy(PolicyName=f"{unique}{len(text)}", PolicyDocument=text),
        ),
    ]
    for size, message, write in writers:
        write(longest(size))
        with refused("LimitExceeded", message):
            write(longest(size + 1))
    # Together, not each.
    with refused("LimitExceeded", "2048 bytes exceeded"):
        iam.put_user_policy(UserName=unique, PolicyName="second", PolicyDocument=policy(statement("s3:GetObject")))
    trust = trusting(EC2, "sts:AssumeRole", Sid="x" * 2048)
    with refused("LimitExceeded", "ACLSizePerRole: 2048"):
        iam.create_role(RoleName=f"{unique}b", AssumeRolePolicyDocument=trust)


@pytest.mark.parametrize(
    ("altered", "code", "message"),
    [
        ({}, None, ""),
        ({"Effect": "allow"}, "MalformedPolicy", "Invalid effect"),
        ({"Effect": None}, "MalformedPolicy", "Missing required field Effect"),
        ({"Principal": None}, "MalformedPolicy", "Missing required field Principal"),
        ({"Action": None}, "MalformedPolicy", "Missing required field Action"),
        ({"Resource": None}, "MalformedPolicy", "Missing required field Resource"),
        ({"Action": "sqs:SendMessage"}, "MalformedPolicy", "invalid action"),
        ({"Resource": "arn:aws:s3:::other/*"}, "MalformedPolicy", "invalid resource"),
        ({"Principal": {"AWS": "AROAAAAAAAAAAAAAAAAAA"}}, "MalformedPolicy", "Invalid principal"),
        ({"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:user/nobody"}}, "MalformedPolicy", "Invalid principal"),
        ({"Sid": "x" * 20480}, "PolicyTooLarge", "maximum allowed document size"),
    ],
)
def test_a_bucket_policy_is_checked_when_it_is_written(
    client: Client, bucket: str, altered: dict[str, Any], code: str | None, message: str
) -> None:
    whole = statement("s3:GetObject", f"arn:aws:s3:::{bucket}/*", Principal={"AWS": ACCOUNT_ID})
    changed = {key: value for key, value in {**whole, **altered}.items() if value is not None}
    with refused(code, message) if code else contextlib.nullcontext():
        client("s3").put_bucket_policy(Bucket=bucket, Policy=policy(changed))


def test_a_policy_remembers_who_was_meant(
    client: Client, account: Account, somebody: Somebody, role: str, bucket: str, unique: str
) -> None:
    iam, s3 = client("iam"), client("s3")
    s3.put_object(Bucket=bucket, Key="k")
    allow = statement("s3:GetObject", f"arn:aws:s3:::{bucket}/*", Principal={"AWS": [role, somebody.arn]})
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(allow))
    unique_id = iam.get_role(RoleName=unique)["Role"]["RoleId"]
    trust = trusting({"AWS": somebody.arn}, "sts:AssumeRole")
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == json.loads(policy(allow))

    def read() -> None:
        client_of(account.endpoint, "s3", somebody.assume(role)).get_object(Bucket=bucket, Key="k")

    read()
    iam.delete_role(RoleName=unique)
    iam.create_role(RoleName=unique, AssumeRolePolicyDocument=trust)
    with refused("AccessDenied"):
        read()
    (shown,) = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert unique_id.startswith("AROA")
    assert shown["Principal"]["AWS"] == [unique_id, somebody.arn]
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(allow))
    read()


def test_a_trust_policy_remembers_who_was_meant(client: Client, somebody: Somebody, role: str, unique: str) -> None:
    iam = client("iam")
    somebody.assume(role)
    unique_id = iam.get_user(UserName=unique)["User"]["UserId"]
    assert unique_id.startswith("AIDA")
    iam.delete_access_key(UserName=unique, AccessKeyId=somebody.keys["aws_access_key_id"])
    iam.delete_user(UserName=unique)
    again = Somebody(iam, somebody.endpoint, unique)
    with refused("AccessDenied"):
        again.assume(role)
    (trust,) = iam.get_role(RoleName=unique)["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"]["AWS"] == unique_id


# --- public buckets


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
    s3 = anonymous(account.endpoint, "s3")
    assert s3.get_object(Bucket=open_bucket, Key="k")["Body"].read() == b"content"
    with refused("AccessDenied"):
        s3.put_object(Bucket=open_bucket, Key="k")
    with refused("AccessDenied"):
        s3.delete_objects(Bucket=open_bucket, Delete={"Objects": [{"Key": "k"}]})


def test_a_fresh_bucket_blocks_public_access(client: Client, bucket: str) -> None:
    flags = client("s3").get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert flags == dict.fromkeys(
        ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
    )


def flags_of(name: str) -> dict[str, bool]:
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    return {one: one == name for one in names}


@pytest.mark.parametrize("by_account", [False, True])
def test_a_public_policy_is_blocked(client: Client, open_bucket: str, by_account: bool) -> None:
    s3, control = client("s3"), client("s3control")
    everybody = policy(statement("s3:GetObject", f"arn:aws:s3:::{open_bucket}/*", Principal="*"))
    wanted = {"PublicAccessBlockConfiguration": flags_of("BlockPublicPolicy")}
    if by_account:
        control.put_public_access_block(AccountId=ACCOUNT_ID, **wanted)
    else:
        s3.put_public_access_block(Bucket=open_bucket, **wanted)
    with refused("AccessDenied", "blocked by the BlockPublicPolicy block public access setting"):
        s3.put_bucket_policy(Bucket=open_bucket, Policy=everybody)
    s3.put_bucket_policy(Bucket=open_bucket, Policy=everybody.replace('"*"', f'{{"AWS": "{ACCOUNT_ID}"}}'))
    control.delete_public_access_block(AccountId=ACCOUNT_ID)


def test_a_restricted_bucket_is_public_to_its_account_alone(
    client: Client, account: Account, somebody: Somebody, open_bucket: str
) -> None:
    s3, theirs = client("s3"), client("s3", "other-account")
    theirs.get_object(Bucket=open_bucket, Key="k")
    s3.put_public_access_block(Bucket=open_bucket, PublicAccessBlockConfiguration=flags_of("RestrictPublicBuckets"))
    with refused("AccessDenied"):
        anonymous(account.endpoint, "s3").get_object(Bucket=open_bucket, Key="k")
    with refused("AccessDenied"):
        theirs.get_object(Bucket=open_bucket, Key="k")
    somebody.client("s3").get_object(Bucket=open_bucket, Key="k")
