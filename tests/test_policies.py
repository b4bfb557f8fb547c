"""Every IAM document as text in a golden file, and rules that hold for all of them."""

import json

import pytest

from components.naming import ACTOR_TAG, DATA_CLASSES
from components.policies import buckets, trust
from components.policies.document import document, statement
from components.policies.trust import Repository
from tests.recorder import INSTANCE_ID, PROJECT, run

DOCUMENT_KEYS = ("policy", "assumeRolePolicy")


def documents(recorded):
    """Name of the document and its content, for everything in a program that holds one."""
    return {
        f"{resource.name}{'' if key == 'policy' else '-trust'}": json.loads(resource.inputs[key])
        for resource in recorded.custom
        for key in DOCUMENT_KEYS
        if key in resource.inputs
    }


def statements(recorded):
    return [(name, item) for name, made in documents(recorded).items() for item in made["Statement"]]


def listed(value):
    return [value] if isinstance(value, str) else list(value)


@pytest.mark.parametrize("stack", ["prod", "test"])
def test_every_document_is_the_golden_one(stack, programs, golden):
    for name, made in documents(programs[stack]).items():
        golden(f"policies/{stack}/{name}.json", json.dumps(made, indent=2, sort_keys=True) + "\n")


def test_every_document_of_the_account_is_the_golden_one(account, golden):
    for name, made in documents(account).items():
        golden(f"policies/account/{name}.json", json.dumps(made, indent=2, sort_keys=True) + "\n")


def test_no_document_allows_every_principal_or_every_action(program):
    for name, item in statements(program):
        if item["Effect"] == "Allow":
            assert item.get("Principal") != "*", name
            assert all(not action.endswith("*") for action in listed(item["Action"])), name


def test_every_resource_is_stars_only_where_aws_knows_no_resource(program):
    stars = {(name, item["Sid"]) for name, item in statements(program) if item.get("Resource") == "*"}
    assert stars == {("identities-broker-ec2ic", "FindBrokerHost")}


def test_only_sessions_of_this_stacks_issuer_may_pass_tags(programs):
    for stack, issuer in {"prod": "broker.litentry.org", "test": "test-broker.litentry.org"}.items():
        passing = [item for _, item in statements(programs[stack]) if "sts:TagSession" in listed(item["Action"])]
        assert len(passing) == 3
        for item in passing:
            assert item["Principal"] == {"Federated": f"arn:aws:iam::429071895007:oidc-provider/{issuer}"}
            assert item["Condition"]["StringEquals"] == {f"{issuer}:aud": "sts.amazonaws.com"}
            assert item["Condition"]["StringLike"] == {f"aws:RequestTag/{ACTOR_TAG}": "?" * 64}
            assert item["Condition"]["ForAllValues:StringEquals"] == {"aws:TagKeys": [ACTOR_TAG]}
            assert item["Condition"]["Null"] == {f"aws:RequestTag/{ACTOR_TAG}": "false", "aws:TagKeys": "false"}


def test_no_document_of_one_stack_names_anything_of_the_other(programs):
    prod, test = (json.dumps(documents(programs[stack])) for stack in ("prod", "test"))
    for name in ("-test", "test-broker"):
        assert name not in prod
    for row in ("vault", "memory", "mail"):
        assert f"agentkeys-{row}-429071895007" not in test
        assert f'agentkeys-{row}-role"' not in test
    assert "/broker.litentry.org" not in test


def test_every_bucket_refuses_plain_http(program):
    policies = program.of("aws:s3/bucketPolicy:BucketPolicy")
    assert len(policies) == 3
    for policy in policies:
        (denied,) = [item for item in policy.policy["Statement"] if item["Sid"] == "DenyPlainHttp"]
        assert denied["Effect"] == "Deny"
        assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert denied["Action"] == "s3:*"


@pytest.mark.parametrize("row", DATA_CLASSES, ids=[row.key for row in DATA_CLASSES])
def test_listing_is_bound_to_the_prefix_of_the_sessions_own_tag(row):
    made = buckets.data_class(row, "bucket", "arn:aws:iam::429071895007:role/r")
    by_sid = {item["Sid"]: item for item in made["Statement"]}
    listing, objects = by_sid[f"{row.sid}ListV3"], by_sid[f"{row.sid}ObjectsV3"]
    own = f"bots/${{aws:PrincipalTag/{ACTOR_TAG}}}/{row.prefix}/*"
    assert listing["Action"] == "s3:ListBucket"
    assert listing["Condition"]["StringLike"] == {"s3:prefix": own}
    assert objects["Resource"] == f"arn:aws:s3:::bucket/{own}"
    for item in (listing, objects):
        assert item["Condition"]["Null"] == {f"aws:PrincipalTag/{ACTOR_TAG}": "false"}


def lists_only_own_prefix(made):
    own = f"bots/${{aws:PrincipalTag/{ACTOR_TAG}}}/"
    return all(
        listed(item.get("Condition", {}).get("StringLike", {}).get("s3:prefix", ""))[0].startswith(own)
        for item in made["Statement"]
        if item["Effect"] == "Allow" and "s3:ListBucket" in listed(item["Action"])
    )


@pytest.mark.parametrize("row", DATA_CLASSES, ids=[row.key for row in DATA_CLASSES])
def test_v3_refuses_the_enumeration_that_v2_allowed(row):
    role = "arn:aws:iam::429071895007:role/r"
    own = f"arn:aws:s3:::bucket/bots/${{aws:PrincipalTag/{ACTOR_TAG}}}/{row.prefix}/*"
    v2 = document(
        statement(
            "OneStatementForAll",
            principal={"AWS": role},
            actions=["s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
            resources=["arn:aws:s3:::bucket", own],
            condition={"Null": {f"aws:PrincipalTag/{ACTOR_TAG}": "false"}},
        ),
        kind="bucket",
    )
    assert not lists_only_own_prefix(v2)
    assert lists_only_own_prefix(buckets.data_class(row, "bucket", role))


def test_nobody_reads_raw_mail_unless_a_setting_names_the_role(programs):
    reading = {
        stack: {
            item["Sid"]: item["Principal"]["AWS"]
            for item in programs[stack].named("inbox-policy").policy["Statement"]
            if item["Effect"] == "Allow" and "inbound/" in json.dumps(item) and "Service" not in item["Principal"]
        }
        for stack in programs
    }
    e2e = "arn:aws:iam::429071895007:role/github-actions-agentkeys-e2e"
    assert reading == {"prod": {}, "test": {"GetRawMail": e2e, "ListRawMail": e2e}}


def test_ses_writes_for_this_stacks_rule_only(programs):
    for stack, rule in {"prod": "agentkeys-inbound", "test": "agentkeys-inbound-test"}.items():
        writer = programs[stack].named("inbox-policy").policy["Statement"][0]
        assert writer["Principal"] == {"Service": "ses.amazonaws.com"}
        assert writer["Resource"].endswith("/inbound/*")
        assert writer["Condition"] == {
            "StringEquals": {
                "aws:SourceAccount": "429071895007",
                "aws:SourceArn": (f"arn:aws:ses:us-east-1:429071895007:receipt-rule-set/agentkeys:receipt-rule/{rule}"),
            }
        }


def test_a_job_of_github_is_bound_to_the_repository_and_a_deploy_to_one_branch(account):
    issuer = "token.actions.githubusercontent.com"
    conditions = {
        name: made["Statement"][0]["Condition"] for name, made in documents(account).items() if name.endswith("-trust")
    }
    aud = {f"{issuer}:aud": "sts.amazonaws.com"}
    assert conditions == {
        "ci-e2e-trust": {"StringEquals": aud, "StringLike": {f"{issuer}:sub": "repo:litentry/agentKeys:*"}},
        "ci-deploy-trust": {"StringEquals": {**aud, f"{issuer}:sub": "repo:litentry/agentKeys:ref:refs/heads/main"}},
    }


def test_with_the_repositorys_ids_both_forms_of_subject_are_taken_and_the_ids_are_asked_for():
    issuer = "token.actions.githubusercontent.com"
    repository = Repository(slug="litentry/agentKeys", owner_id="11", repository_id="22")
    (item,) = trust.github("429071895007", repository, ["environment:test"])["Statement"]
    assert item["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert item["Condition"] == {
        "StringEquals": {
            f"{issuer}:aud": "sts.amazonaws.com",
            f"{issuer}:repository_id": "22",
            f"{issuer}:repository_owner_id": "11",
            f"{issuer}:sub": [
                "repo:litentry/agentKeys:environment:test",
                "repo:litentry@11/agentKeys@22:environment:test",
            ],
        }
    }


def test_a_deploy_is_a_command_on_one_instance(account):
    (send,) = [item for _, item in statements(account) if "ssm:SendCommand" in listed(item["Action"])]
    assert send["Resource"] == [
        f"arn:aws:ec2:us-east-1:429071895007:instance/{INSTANCE_ID}",
        "arn:aws:ssm:us-east-1::document/AWS-RunShellScript",
    ]


def test_without_the_test_hosts_id_there_is_no_deploy_role():
    bare = run("litentry", folder=PROJECT / "account")
    assert [item.inputs["name"] for item in bare.of("aws:iam/role:Role")] == ["github-actions-agentkeys-e2e"]


def test_a_sid_used_twice_is_refused():
    with pytest.raises(ValueError, match="Sids must be unique"):
        document(statement("A", actions=["s3:GetObject"]), statement("A", actions=["s3:PutObject"]), kind="role")


def test_a_document_over_the_quota_is_refused():
    with pytest.raises(ValueError, match="over AWS's limit of 2048"):
        document(statement("A", actions=["s3:GetObject"], resources=["arn:aws:s3:::" + "b" * 2048]), kind="user")
