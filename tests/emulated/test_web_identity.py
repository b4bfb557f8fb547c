"""AssumeRoleWithWebIdentity hands out credentials only for what STS would."""

import json
import ssl
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3  # type: ignore[import-untyped]
import pytest
from botocore import UNSIGNED  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.exceptions import ClientError  # type: ignore[import-untyped]
from cryptography.hazmat.primitives.asymmetric import ec

from sandbox.aws.server import Account
from sandbox.aws.services import sts
from tests.support.emulated import (
    ACCOUNT_ID,
    BROKER,
    ISSUER_ADDRESS,
    REGION,
    TAGS_CLAIM,
    Issuer,
    client_of,
    public_jwk,
    upsert,
)

Client = Callable[..., Any]
PROVIDER = f"arn:aws:iam::{ACCOUNT_ID}:oidc-provider/{BROKER}"
ACTIONS = ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"]
CONDITION = {
    "StringEquals": {f"{BROKER}:aud": "sts.amazonaws.com"},
    "Null": {"aws:RequestTag/agentkeys_actor_omni": "false"},
}


def trust(actions: list[str] | None = None, condition: dict[str, Any] | None = None, **changes: Any) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": PROVIDER},
        "Action": actions or ACTIONS,
        "Condition": CONDITION if condition is None else condition,
        **changes,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def provider(client: Client) -> Iterator[None]:
    iam = client("iam")
    iam.create_open_id_connect_provider(Url=f"https://{BROKER}", ClientIDList=["sts.amazonaws.com"])
    upsert(client("route53"), BROKER, "A", ISSUER_ADDRESS)
    yield
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=PROVIDER)


@pytest.fixture
def role(client: Client, unique: str, provider: None) -> str:
    assert provider is None
    return str(client("iam").create_role(RoleName=unique, AssumeRolePolicyDocument=trust())["Role"]["Arn"])


@pytest.fixture(scope="module")
def assume(account: Account) -> Callable[..., Any]:
    sts = boto3.client(
        "sts", endpoint_url=account.endpoint, region_name=REGION, config=Config(signature_version=UNSIGNED)
    )

    def call(role: str, token: str, **changes: Any) -> Any:
        return sts.assume_role_with_web_identity(
            RoleArn=role, RoleSessionName="actor", WebIdentityToken=token, **changes
        )

    return call


def refused(code: str, message: str = "") -> Any:
    return pytest.raises(ClientError, match=rf"\({code}\).*{message}")


def test_a_good_token_becomes_a_session(assume: Any, role: str, issuer: Issuer, account: Account, unique: str) -> None:
    answer = assume(role, issuer.token())
    assert answer["SubjectFromWebIdentityToken"] == "actor:1"
    assert answer["Audience"] == "sts.amazonaws.com"
    assert answer["Provider"] == PROVIDER
    arn = f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/{unique}/actor"
    assert answer["AssumedRoleUser"]["Arn"] == arn
    given = answer["Credentials"]
    keys = {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }
    assert client_of(account.endpoint, "sts", keys).get_caller_identity()["Arn"] == arn


def test_the_role_must_exist(assume: Any, role: str, issuer: Issuer) -> None:
    with refused("AccessDenied") as denied:
        assume(f"{role}-missing", issuer.token())
    assert denied.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_the_issuer_must_be_a_registered_provider(assume: Any, role: str, issuer: Issuer) -> None:
    with refused("InvalidIdentityToken", "No OpenIDConnect provider"):
        assume(role, issuer.token(iss="https://other.litentry.org"))


def test_the_trust_policy_must_name_the_provider(
    assume: Any, role: str, issuer: Issuer, client: Client, unique: str
) -> None:
    other = {"Federated": f"arn:aws:iam::{ACCOUNT_ID}:oidc-provider/test-{BROKER}"}
    client("iam").update_assume_role_policy(RoleName=unique, PolicyDocument=trust(Principal=other))
    with refused("AccessDenied"):
        assume(role, issuer.token())


def test_the_token_must_be_one(assume: Any, role: str) -> None:
    with refused("InvalidIdentityToken", "not a valid JWT"):
        assume(role, "no.token.at-all")


@pytest.mark.parametrize("claim", ["sub", "aud", "exp", "iat"])
def test_the_token_must_have_the_claims_sts_needs(assume: Any, role: str, issuer: Issuer, claim: str) -> None:
    with refused("InvalidIdentityToken", claim):
        assume(role, issuer.token(**{claim: None}))


def test_the_signature_must_be_the_issuers(assume: Any, role: str, issuer: Issuer) -> None:
    with refused("InvalidIdentityToken", "Signature"):
        assume(role, issuer.token(key=ec.generate_private_key(ec.SECP256R1())))


def test_while_keys_rotate_each_is_good_and_a_key_of_an_unknown_type_is_ignored(
    assume: Any, role: str, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RFC 7517 section 5; libraries that reject the whole set are in findings/jwks-unknown-key-type.sh."""
    coming = ec.generate_private_key(ec.SECP256R1())
    unknown = {"kty": "AKP", "alg": "ML-DSA-44", "kid": "three", "pub": "AA"}
    monkeypatch.setattr(issuer, "beside", [unknown, public_jwk(coming, "two")])
    for token in (issuer.token(), issuer.token(key=coming, kid="two"), issuer.token(aud=["x", "sts.amazonaws.com"])):
        assert assume(role, token)["Provider"] == PROVIDER
    with refused("InvalidIdentityToken", "Signature"):
        assume(role, issuer.token(key=coming, kid="one"))
    with refused("InvalidIdentityToken", "no key with the token's key id"):
        assume(role, issuer.token(key=coming, kid="gone"))


def test_the_token_must_not_be_expired(assume: Any, role: str, issuer: Issuer) -> None:
    with refused("ExpiredTokenException"):
        assume(role, issuer.token(exp=int(time.time()) - 10))


def test_the_audience_must_be_a_client_of_the_provider(assume: Any, role: str, issuer: Issuer) -> None:
    with refused("InvalidIdentityToken", "Incorrect token audience"):
        assume(role, issuer.token(aud="someone-else"))


def test_tags_need_tag_session_in_the_trust_policy(
    assume: Any, role: str, issuer: Issuer, client: Client, unique: str
) -> None:
    policy = trust(["sts:AssumeRoleWithWebIdentity"], {})
    client("iam").update_assume_role_policy(RoleName=unique, PolicyDocument=policy)
    with refused("AccessDenied"):
        assume(role, issuer.token())
    assume(role, issuer.token(**{TAGS_CLAIM: None}))


def test_an_untagged_session_is_refused_by_the_null_guard(assume: Any, role: str, issuer: Issuer) -> None:
    with refused("AccessDenied"):
        assume(role, issuer.token(**{TAGS_CLAIM: None}))


def test_a_tag_has_one_value(assume: Any, role: str, issuer: Issuer) -> None:
    with refused("InvalidIdentityToken", "one value"):
        assume(role, issuer.token(**{TAGS_CLAIM: {"principal_tags": {"agentkeys_actor_omni": ["a", "b"]}}}))


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        ({"StringLike": {f"{BROKER}:sub": "actor:*"}}, True),
        ({"StringLike": {f"{BROKER}:sub": "other:*"}}, False),
        ({"StringEquals": {f"{BROKER}:sub": ["x", "actor:1"]}}, True),
        ({"StringEquals": {"aws:RequestTag/agentkeys_actor_omni": "ab" * 32}}, True),
        ({"StringEquals": {"aws:RequestTag/agentkeys_actor_omni": "cd" * 32}}, False),
        ({"StringLike": {"aws:RequestTag/agentkeys_actor_omni": "?" * 64}}, True),
        ({"StringLike": {"aws:RequestTag/agentkeys_actor_omni": "?" * 63}}, False),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["agentkeys_actor_omni"]}}, True),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["something_else"]}}, False),
        ({"ForAllValues:StringLike": {"aws:TagKeys": ["agentkeys_*"]}}, True),
        ({"ForAllValues:StringLike": {"aws:TagKeys": ["x_*"]}}, False),
        ({"Null": {"aws:RequestTag/other": "true"}}, True),
        ({"Null": {"aws:RequestTag/other": "false"}}, False),
        ({"StringEquals": {"token.actions.githubusercontent.com:sub": "actor:1"}}, False),
        ({"StringEquals": {f"{BROKER}:sub": "${aws:username}"}}, False),
    ],
)
def test_the_conditions_of_the_trust_policy_decide(
    assume: Any, role: str, issuer: Issuer, client: Client, unique: str, condition: dict[str, Any], allowed: bool
) -> None:
    client("iam").update_assume_role_policy(RoleName=unique, PolicyDocument=trust(condition=condition))
    if allowed:
        assume(role, issuer.token())
    else:
        with refused("AccessDenied"):
            assume(role, issuer.token())


def test_a_session_is_no_longer_than_the_roles_maximum(assume: Any, role: str, issuer: Issuer) -> None:
    with refused("ValidationError", "MaxSessionDuration"):
        assume(role, issuer.token(), DurationSeconds=7200)


def test_an_issuer_without_a_record_cannot_be_asked(assume: Any, role: str, issuer: Issuer, client: Client) -> None:
    upsert(client("route53"), BROKER, "A", ISSUER_ADDRESS, action="DELETE")
    with refused("IDPCommunicationError", "no A record"):
        assume(role, issuer.token())


def test_an_issuer_outside_the_sandbox_is_never_asked(assume: Any, role: str, issuer: Issuer, client: Client) -> None:
    upsert(client("route53"), BROKER, "A", "198.51.100.7")
    with refused("IDPCommunicationError", "not an address of this sandbox"):
        assume(role, issuer.token())


def test_the_issuers_certificate_must_be_trusted(
    assume: Any, role: str, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Trusts the system's authorities only.
    monkeypatch.setattr(ssl, "create_default_context", lambda **_: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    with refused("IDPCommunicationError", "CERTIFICATE_VERIFY_FAILED"):
        assume(role, issuer.token())


def test_a_slow_issuer_is_given_up_and_holds_nobody_up(
    assume: Any, role: str, issuer: Issuer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    monkeypatch.setattr(sts, "FETCH_SECONDS", 1.5)
    monkeypatch.setattr(issuer, "delay", 2.0)
    failures: list[ClientError] = []

    def ask() -> None:
        with refused("IDPCommunicationError") as caught:
            assume(role, issuer.token())
        failures.append(caught.value)

    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(0.1)
    client("iam").list_roles()
    assert asking.is_alive(), "STS still waits for the issuer while IAM answers"
    asking.join()
    assert failures
