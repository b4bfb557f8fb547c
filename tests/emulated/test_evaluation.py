"""AWS's decision, as a table of documents and requests; no account behind it."""

import json
from typing import Any

import pytest

from sandbox.aws.iam.evaluation import ANONYMOUS, Policies, Principal, Request, allows, decide
from sandbox.aws.iam.patterns import Variables, matches, substituted
from sandbox.aws.iam.publicity import is_public

ACCOUNT = "429071895007"
OTHER = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/vault"
USER = f"arn:aws:iam::{ACCOUNT}:user/somebody"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/vault/actor"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
BUCKET = "arn:aws:s3:::vault-bucket"
KEY = f"{BUCKET}/bots/aa/credentials/x"
ACTOR = "aws:PrincipalTag/actor"

user = Principal(account_id=ACCOUNT, names=frozenset({USER, "AIDAUSER"}))
session = Principal(account_id=ACCOUNT, names=frozenset({ROLE, "AROAROLE"}), session=SESSION)
stranger = Principal(account_id=OTHER, names=frozenset({f"arn:aws:iam::{OTHER}:user/x"}))


def allow(**changes: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{BUCKET}/*", **changes}


def deny(**changes: Any) -> dict[str, Any]:
    return allow(Effect="Deny", **changes)


def document(*statements: dict[str, Any], version: str = "2012-10-17") -> dict[str, Any]:
    return {"Version": version, "Statement": list(statements)}


def request(principal: Principal = session, **changes: Any) -> Request:
    context = {
        key: value if isinstance(value, tuple) else (value,) for key, value in changes.pop("context", {}).items()
    }
    arguments = {"action": "s3:GetObject", "resource": KEY, "resource_account": ACCOUNT, **changes}
    return Request(principal=principal, context=context, **arguments)


IDENTITY = "identity-based policy"
RESOURCE = "resource-based policy"
BOUNDARY = "permissions boundary"
SESSION_POLICY = "session policy"
PRINCIPAL = {"AWS": ROLE}


@pytest.mark.parametrize(
    ("who", "identity", "resource", "boundary", "sessions", "refused_for"),
    [
        # Nothing allows.
        (session, [], None, None, None, IDENTITY),
        (user, [], None, None, None, IDENTITY),
        # The union of identity and resource policy, inside one account.
        (session, [allow()], None, None, None, None),
        (session, [], [allow(Principal=PRINCIPAL)], None, None, None),
        (user, [], [allow(Principal={"AWS": USER})], None, None, None),
        (user, [], [allow(Principal={"AWS": "AIDAUSER"})], None, None, None),
        (session, [], [allow(Principal={"AWS": "AROAROLE"})], None, None, None),
        (session, [], [allow(Principal={"AWS": SESSION})], None, None, None),
        (session, [], [allow(Principal="*")], None, None, None),
        (session, [], [allow(Principal={"AWS": "*"})], None, None, None),
        (session, [], [allow(Principal={"AWS": USER})], None, None, IDENTITY),
        (session, [], [allow(Principal={"AWS": f"{ROLE}2"})], None, None, IDENTITY),
        (session, [], [allow(Principal={"AWS": f"{SESSION}2"})], None, None, IDENTITY),
        (session, [], [allow(Principal={"Service": ROLE})], None, None, IDENTITY),
        (session, [], [allow()], None, None, IDENTITY),
        # The account as principal hands the question to identity policies.
        (session, [], [allow(Principal={"AWS": ROOT})], None, None, IDENTITY),
        (session, [], [allow(Principal={"AWS": ACCOUNT})], None, None, IDENTITY),
        (session, [allow()], [allow(Principal={"AWS": ROOT})], None, None, None),
        # An explicit deny wins, wherever it is.
        (session, [allow(), deny()], None, None, None, f"deny in an {IDENTITY}"),
        (session, [allow()], [deny(Principal="*")], None, None, f"deny in a {RESOURCE}"),
        (session, [allow()], [deny(Principal={"AWS": ROOT})], None, None, f"deny in a {RESOURCE}"),
        (session, [allow()], [deny(Principal={"AWS": f"arn:aws:iam::{OTHER}:root"})], None, None, None),
        (session, [allow()], None, [allow(), deny()], None, f"deny in a {BOUNDARY}"),
        (session, [allow()], None, None, [allow(), deny()], f"deny in a {SESSION_POLICY}"),
        (session, [], [allow(Principal={"AWS": SESSION})], [deny()], None, f"deny in a {BOUNDARY}"),
        # Who is not named in every way does not escape a NotPrincipal.
        (session, [allow()], [deny(NotPrincipal={"AWS": [ROOT, ROLE, SESSION]})], None, None, None),
        (session, [allow()], [deny(NotPrincipal={"AWS": [ROOT, ROLE]})], None, None, f"deny in a {RESOURCE}"),
        (session, [allow()], [deny(NotPrincipal={"AWS": [ROLE, SESSION]})], None, None, f"deny in a {RESOURCE}"),
        (user, [allow()], [deny(NotPrincipal={"AWS": [ROOT, USER]})], None, None, None),
        (session, [], [allow(NotPrincipal={"AWS": USER})], None, None, None),
        (session, [], [allow(NotPrincipal={"AWS": ROLE})], None, None, IDENTITY),
        # A boundary limits identity policies, and what a resource policy gives to the role; not to user or session.
        (session, [allow()], None, [allow()], None, None),
        (session, [allow()], None, [], None, BOUNDARY),
        (session, [], [allow(Principal=PRINCIPAL)], [], None, BOUNDARY),
        (session, [], [allow(Principal={"AWS": SESSION})], [], None, None),
        (user, [], [allow(Principal={"AWS": USER})], [], None, None),
        (user, [], [allow(Principal="*")], [], None, BOUNDARY),
        # So does a session policy.
        (session, [allow()], None, None, [allow()], None),
        (session, [allow()], None, None, [], SESSION_POLICY),
        (session, [], [allow(Principal=PRINCIPAL)], None, [], SESSION_POLICY),
        (session, [], [allow(Principal={"AWS": SESSION})], None, [], None),
        (session, [], None, None, [allow()], IDENTITY),
        # Between accounts both have to allow.
        (stranger, [allow()], None, None, None, RESOURCE),
        (stranger, [], [allow(Principal="*")], None, None, IDENTITY),
        (stranger, [allow()], [allow(Principal="*")], None, None, None),
        (stranger, [allow()], [allow(Principal={"AWS": OTHER})], None, None, None),
        (stranger, [allow()], [allow(Principal={"AWS": ROOT})], None, None, RESOURCE),
        # Without credentials, only the resource policy decides.
        (ANONYMOUS, [], [allow(Principal="*")], None, None, None),
        (ANONYMOUS, [], [allow(Principal={"AWS": ROOT})], None, None, RESOURCE),
        (ANONYMOUS, [], None, None, None, RESOURCE),
    ],
)
def test_the_policies_of_one_request_decide_together(
    who: Principal, identity: Any, resource: Any, boundary: Any, sessions: Any, refused_for: str | None
) -> None:
    policies = Policies(
        identity=(document(*identity),),
        resource=None if resource is None else document(*resource),
        boundary=None if boundary is None else document(*boundary),
        session=() if sessions is None else (document(*sessions),),
    )
    decision = decide(request(who), policies)
    assert decision.allowed is (refused_for is None), decision
    if refused_for is not None and "deny" in refused_for:
        assert decision.reason == f"with an explicit {refused_for}"
    elif refused_for is not None:
        assert decision.reason == f"because no {refused_for} allows the s3:GetObject action"


@pytest.mark.parametrize(
    ("trust", "identity", "allowed"),
    [
        ({"AWS": USER}, False, True),
        ({"AWS": ROOT}, False, False),
        ({"AWS": ROOT}, True, True),
        ({"AWS": f"{USER}2"}, True, False),
        (None, True, False),
    ],
)
def test_a_role_is_assumed_only_with_its_trust_policy(trust: Any, identity: bool, allowed: bool) -> None:
    policies = Policies(
        identity=(document(allow(Action="sts:AssumeRole", Resource=ROLE)),) if identity else (),
        resource=document(*([{"Effect": "Allow", "Principal": trust, "Action": "sts:AssumeRole"}] if trust else [])),
        resource_decides=True,
    )
    assert decide(request(user, action="sts:AssumeRole", resource=ROLE), policies).allowed is allowed


@pytest.mark.parametrize(
    ("statement", "changes", "allowed"),
    [
        ({"Action": "s3:getobject"}, {}, True),
        ({"Action": "S3:Get*"}, {}, True),
        ({"Action": "*"}, {}, True),
        ({"Action": ["s3:PutObject", "s3:Ge?Object"]}, {}, True),
        ({"Action": "s3:GetObjectVersion"}, {}, False),
        ({"NotAction": "s3:PutObject"}, {}, True),
        ({"NotAction": ["s3:Put*", "s3:Get*"]}, {}, False),
        ({"Resource": "*"}, {}, True),
        ({"Resource": "arn:aws:s3:::*"}, {}, True),
        ({"Resource": KEY.upper()}, {}, False),
        ({"Resource": BUCKET}, {}, False),
        ({"Resource": f"{BUCKET}/bots/?a/*"}, {}, True),
        ({"Resource": f"{BUCKET}/bots/[ab]a/*"}, {}, False),
        ({"Resource": "arn:aws:s3:*"}, {}, True),
        ({"Resource": "arn:aws:ec2:*:instance/*"}, {"resource": f"arn:aws:ec2:us-east-1:{ACCOUNT}:instance/i-1"}, True),
        # Before the last part of an ARN a wildcard stays inside its colons.
        ({"Resource": "arn:aws:sns:*:1:topic"}, {"resource": "arn:aws:sns:us-east-1:2:1:topic"}, False),
        ({"Resource": "arn:aws:ec2:*::instance/i-1"}, {"resource": "arn:aws:ec2:us-east-1:1:instance/i-1"}, False),
        # The type of a resource is no place for one; S3 has none.
        ({"Resource": "arn:aws:iam::1:*/x"}, {"resource": "arn:aws:iam::1:role/x"}, False),
        ({"Resource": "arn:aws:iam::1:role*/x"}, {"resource": "arn:aws:iam::1:role/x"}, False),
        ({"Resource": "arn:aws:iam::1:role/*"}, {"resource": "arn:aws:iam::1:role/x"}, True),
        ({"Resource": "arn:aws:iam::1:*"}, {"resource": "arn:aws:iam::1:role/x"}, True),
        ({"Resource": "arn:aws:s3:::vault-*/bots/*"}, {}, True),
        ({"NotResource": f"{BUCKET}/inbound/*"}, {}, True),
        ({"NotResource": f"{BUCKET}/bots/*"}, {}, False),
        # Only the bare wildcard allows a resource that is not modelled.
        ({"Resource": "*"}, {"resource": None}, True),
        ({"Resource": "arn:aws:s3:::*"}, {"resource": None}, False),
        ({"NotResource": "arn:aws:s3:::other"}, {"resource": None}, False),
        # An action on nothing in particular asks for the bare wildcard too, and a NotResource leaves it out.
        ({"Resource": "arn:aws:s3:::*"}, {"resource": "*"}, False),
        ({"NotResource": "arn:aws:s3:::other"}, {"resource": "*"}, True),
        ({"Effect": "allow"}, {}, False),
    ],
)
def test_actions_and_resources_are_matched(statement: Any, changes: Any, allowed: bool) -> None:
    base = allow()
    if "NotAction" in statement:
        base.pop("Action")
    if "NotResource" in statement:
        base.pop("Resource")
    policies = Policies(identity=(document({**base, **statement}),))
    assert decide(request(**changes), policies).allowed is allowed


def test_a_deny_covers_a_resource_that_is_not_modelled() -> None:
    policies = Policies(identity=(document(allow(Resource="*"), deny(Resource="arn:aws:s3:::elsewhere/*")),))
    assert decide(request(), policies).allowed
    assert not decide(request(resource=None), policies).allowed


PATTERN = f"{BUCKET}/bots/${{{ACTOR}}}/credentials/*"


@pytest.mark.parametrize(
    ("pattern", "context", "allowed"),
    [
        (PATTERN, {ACTOR: "aa"}, True),
        (PATTERN, {ACTOR.upper(): "aa"}, True),
        (PATTERN, {ACTOR: "bb"}, False),
        # What a variable stands for is literal.
        (PATTERN, {ACTOR: "*"}, False),
        (PATTERN, {ACTOR: "??"}, False),
        (PATTERN, {ACTOR: "aa/credentials"}, False),
        # Not there, or not one value: it matches nothing, not even itself.
        (PATTERN, {}, False),
        (PATTERN, {ACTOR: ("aa", "aa")}, False),
        (f"{BUCKET}/bots/${{{ACTOR}}}aa/*", {ACTOR: ""}, False),
        (f"{BUCKET}/bots/${{{ACTOR}, 'aa'}}/*", {}, True),
        (f"{BUCKET}/bots/${{{ACTOR}, 'aa'}}/*", {ACTOR: "bb"}, False),
        (f"{BUCKET}/bots/${{*}}/*", {}, False),
        (f"{BUCKET}/bots/${{unknown}}/*", {}, False),
        (f"{BUCKET}/*", {}, True),
    ],
)
def test_a_variable_stands_for_its_value_and_nothing_else(pattern: str, context: Any, allowed: bool) -> None:
    policies = Policies(identity=(document(allow(Resource=pattern)),))
    assert decide(request(context=context), policies).allowed is allowed


def test_a_key_with_a_wildcard_in_its_name_is_reached_by_the_escape() -> None:
    policies = Policies(identity=(document(allow(Resource=f"{BUCKET}/${{*}}/${{?}}/${{$}}")),))
    assert decide(request(resource=f"{BUCKET}/*/?/$"), policies).allowed


def test_an_identity_policy_without_a_resource_allows_nothing() -> None:
    statement = allow()
    statement.pop("Resource")
    assert not decide(request(), Policies(identity=(document(statement),))).allowed


def test_an_unresolved_variable_in_a_notresource_allows_nobody() -> None:
    statement = allow(NotResource=PATTERN)
    statement.pop("Resource")
    assert not decide(request(), Policies(identity=(document(statement),))).allowed
    assert decide(request(context={ACTOR: "bb"}), Policies(identity=(document(statement),))).allowed


def test_documents_of_the_old_version_have_no_variables() -> None:
    old = document(allow(Resource=PATTERN), version="2008-10-17")
    assert not decide(request(context={ACTOR: "aa"}), Policies(identity=(old,))).allowed
    literal = request(resource=PATTERN.replace("*", "x"), context={ACTOR: "aa"})
    assert decide(literal, Policies(identity=(old,))).allowed


def test_wildcards_and_values_are_told_apart() -> None:
    context = Variables(context={"x": ("a*b",)})
    assert substituted("-${x}-", context) == "-a*b-"
    assert matches("${x}?", "a*bc", context)
    assert not matches("${x}", "aXb", context)
    assert matches("a.b", "a.b")
    assert not matches("a.b", "axb")
    assert matches("line*", "line\nline")


@pytest.mark.parametrize(
    ("condition", "context", "holds"),
    [
        ({"StringEquals": {"k": "v"}}, {"k": "v"}, True),
        ({"StringEquals": {"K": ["u", "v"]}}, {"k": "v"}, True),
        ({"StringEquals": {"k": "v*"}}, {"k": "vx"}, False),
        ({"StringEquals": {"k": "v"}}, {}, False),
        ({"StringEquals": {"k": "V"}}, {"k": "v"}, False),
        ({"StringEquals": {"k": "${m}"}}, {"k": "v", "m": "v"}, True),
        ({"StringEquals": {"k": "${m}"}}, {"k": "*", "m": "*"}, True),
        ({"StringEquals": {"k": "${m}"}}, {"k": "${m}"}, False),
        ({"StringEqualsIfExists": {"k": "v"}}, {}, True),
        ({"StringEqualsIfExists": {"k": "v"}}, {"k": "u"}, False),
        ({"StringEqualsIgnoreCase": {"k": "V"}}, {"k": "v"}, True),
        ({"StringNotEquals": {"k": ["u", "v"]}}, {"k": "v"}, False),
        ({"StringNotEquals": {"k": ["u", "w"]}}, {"k": "v"}, True),
        ({"StringNotEquals": {"k": "v"}}, {"k": ("u", "v")}, False),
        ({"StringEquals": {"k": "v"}}, {"k": ("u", "v")}, True),
        ({"StringNotEquals": {"k": "v"}}, {}, True),
        ({"StringNotEquals": {"k": "${m}"}}, {"k": "v"}, False),
        ({"StringNotEqualsIgnoreCase": {"k": "V"}}, {"k": "v"}, False),
        ({"StringLike": {"k": "a*c?"}}, {"k": "abbcd"}, True),
        ({"StringLike": {"k": "bots/${m}/*"}}, {"k": "bots/*/x", "m": "aa"}, False),
        ({"StringLike": {"k": "bots/${m}/*"}}, {"k": "bots/aa/x", "m": "*"}, False),
        ({"StringLike": {"k": "bots/${m}/*"}}, {"k": "bots/aa/", "m": "aa"}, True),
        ({"StringLike": {"k": "bots/${m}/*"}}, {"k": "bots/aa", "m": "aa"}, False),
        ({"StringLike": {"k": "bots/${m}/*"}}, {"k": "", "m": "aa"}, False),
        ({"StringNotLike": {"k": "a*"}}, {"k": "b"}, True),
        ({"StringNotLike": {"k": "a*"}}, {"k": "ab"}, False),
        ({"ArnLike": {"k": "arn:aws:ses:*:*:receipt-rule-set/*"}}, {"k": "arn:aws:ses:e:1:receipt-rule-set/a:b"}, True),
        ({"ArnLike": {"k": "arn:aws:ses:*:receipt-rule-set/*"}}, {"k": "arn:aws:ses:e:1:receipt-rule-set/a"}, False),
        ({"ArnEquals": {"k": "arn:aws:iam::1:role/*"}}, {"k": "arn:aws:iam::1:role/x"}, True),
        ({"ArnNotLike": {"k": "arn:aws:iam::1:role/*"}}, {"k": "arn:aws:iam::1:role/x"}, False),
        ({"Bool": {"k": "true"}}, {"k": "true"}, True),
        ({"Bool": {"k": True}}, {"k": "true"}, True),
        ({"Bool": {"k": "false"}}, {"k": "true"}, False),
        ({"Bool": {"k": "false"}}, {}, False),
        ({"BoolIfExists": {"k": "false"}}, {}, True),
        ({"Null": {"k": "true"}}, {}, True),
        ({"Null": {"k": "true"}}, {"k": ""}, False),
        ({"Null": {"k": "false"}}, {}, False),
        ({"Null": {"k": "false"}}, {"k": ""}, True),
        ({"NumericLessThan": {"k": "10"}}, {"k": "9.5"}, True),
        ({"NumericLessThanEquals": {"k": 10}}, {"k": "10"}, True),
        ({"NumericGreaterThan": {"k": "10"}}, {"k": "10"}, False),
        ({"NumericGreaterThanEquals": {"k": "10"}}, {"k": "10"}, True),
        ({"NumericEquals": {"k": "10"}}, {"k": "10.0"}, True),
        ({"NumericNotEquals": {"k": "10"}}, {"k": "10.0"}, False),
        ({"NumericEquals": {"k": "ten"}}, {"k": "10"}, False),
        ({"DateGreaterThan": {"k": "2026-01-01T00:00:00Z"}}, {"k": "2026-01-02T00:00:00Z"}, True),
        ({"DateLessThan": {"k": "2026-01-01"}}, {"k": "2026-01-02T00:00:00Z"}, False),
        ({"DateEquals": {"k": "2026-01-02T00:00:00+00:00"}}, {"k": "2026-01-02T00:00:00Z"}, True),
        ({"DateLessThanEquals": {"k": "1767225600"}}, {"k": "2026-01-01T00:00:00Z"}, True),
        ({"DateEquals": {"k": "soon"}}, {"k": "2026-01-01T00:00:00Z"}, False),
        ({"IpAddress": {"k": "10.0.0.0/8"}}, {"k": "10.1.2.3"}, True),
        ({"IpAddress": {"k": ["192.0.2.0/24", "10.0.0.1"]}}, {"k": "10.0.0.2"}, False),
        ({"NotIpAddress": {"k": "10.0.0.0/8"}}, {"k": "10.1.2.3"}, False),
        ({"NotIpAddress": {"k": "10.0.0.0/8"}}, {"k": "::1"}, True),
        ({"BinaryEquals": {"k": "YWI="}}, {"k": "YWI="}, True),
        ({"BinaryEquals": {"k": "YWI="}}, {"k": "YWM="}, False),
        ({"ForAllValues:StringEquals": {"k": ["a", "b"]}}, {"k": ("a", "b")}, True),
        ({"ForAllValues:StringEquals": {"k": ["a"]}}, {"k": ("a", "b")}, False),
        ({"ForAllValues:StringEquals": {"k": ["a"]}}, {}, True),
        ({"ForAnyValue:StringEquals": {"k": ["a"]}}, {"k": ("a", "b")}, True),
        ({"ForAnyValue:StringEquals": {"k": ["c"]}}, {"k": ("a", "b")}, False),
        ({"ForAnyValue:StringEquals": {"k": ["a"]}}, {}, False),
        ({"ForAnyValue:StringNotEquals": {"k": ["a"]}}, {}, False),
        ({"ForAnyValue:StringNotEquals": {"k": ["a"]}}, {"k": ("a", "b")}, True),
        ({"ForAllValues:StringNotLike": {"k": ["a*"]}}, {"k": ("b", "ab")}, False),
        # All operators and all keys of each have to hold.
        ({"StringEquals": {"k": "v", "m": "v"}}, {"k": "v", "m": "u"}, False),
        ({"StringEquals": {"k": "v"}, "Null": {"m": "true"}}, {"k": "v", "m": "u"}, False),
        ({}, {}, True),
    ],
)
def test_conditions_hold_as_on_aws(condition: Any, context: Any, holds: bool) -> None:
    statement = allow(Condition=condition)
    assert decide(request(context=context), Policies(identity=(document(statement),))).allowed is holds


@pytest.mark.parametrize(
    "condition",
    [
        {"NoSuchOperator": {"k": "v"}},
        {"ForSomeValues:StringEquals": {"k": "v"}},
        {"NumericEquals": {"k": "${m}"}},
        {"StringNotLike": {"k": "${missing}"}},
    ],
)
def test_what_cannot_be_evaluated_counts_against_the_request(condition: Any) -> None:
    asked = request(context={"k": "1", "m": "1"})
    assert not decide(asked, Policies(identity=(document(allow(Condition=condition)),))).allowed
    assert not decide(asked, Policies(identity=(document(allow(), deny(Condition=condition)),))).allowed


@pytest.mark.parametrize("text", [json.dumps(document(allow(Principal=PRINCIPAL))), b'{"Statement": []}'])
def test_documents_are_read_as_text_too(text: str | bytes) -> None:
    assert decide(request(), Policies(resource=text)).allowed is ("Allow" in str(text))


def test_a_single_statement_and_a_single_value_need_no_list() -> None:
    assert decide(request(), Policies(identity=({"Version": "2012-10-17", "Statement": allow()},))).allowed


@pytest.mark.parametrize(
    ("principal", "allowed"),
    [
        (Principal(kind="Service", names=frozenset({"ses.amazonaws.com"})), True),
        (Principal(kind="Service", names=frozenset({"ec2.amazonaws.com"})), False),
        (Principal(kind="Federated", names=frozenset({"ses.amazonaws.com"})), False),
    ],
)
def test_a_service_needs_a_resource_policy_that_names_it(principal: Principal, allowed: bool) -> None:
    policy = document(allow(Principal={"Service": "ses.amazonaws.com"}))
    assert allows(policy, request(principal)) is allowed
    assert decide(request(principal), Policies(resource=policy)).allowed is allowed
    assert not allows(document(*policy["Statement"], deny(Principal="*")), request(principal))


@pytest.mark.parametrize(
    ("statement", "public"),
    [
        ({"Principal": "*"}, True),
        ({"Principal": {"AWS": "*"}}, True),
        ({"Principal": {"AWS": [ROLE, "*"]}}, True),
        ({"NotPrincipal": {"AWS": ROLE}}, True),
        ({"Principal": {"AWS": ROLE}}, False),
        ({"Principal": {"Service": "ses.amazonaws.com"}}, False),
        ({"Principal": "*", "Effect": "Deny"}, False),
        ({"Principal": "*", "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}}}, False),
        ({"Principal": "*", "Condition": {"ArnLike": {"aws:PrincipalArn": ROLE}}}, False),
        ({"Principal": "*", "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/x"}}}, True),
        ({"Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalTag/x": "y"}}}, True),
        ({"Principal": "*", "Condition": {"StringNotEquals": {"aws:SourceAccount": ACCOUNT}}}, True),
        ({"Principal": "*", "Condition": {"Null": {"aws:PrincipalTag/x": "false"}}}, True),
        ({"Principal": "*", "Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}}, False),
        ({"Principal": "*", "Condition": {"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}}}, True),
        ({"Principal": "*", "Condition": {"IpAddress": {"aws:SourceIp": "2001:db8::/31"}}}, True),
    ],
)
def test_a_policy_is_public_unless_something_fixed_binds_it(statement: Any, public: bool) -> None:
    assert is_public(document(allow(**statement))) is public
