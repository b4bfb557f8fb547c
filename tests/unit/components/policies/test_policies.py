"""Every IAM document as text in a golden file, and rules that hold for all of them."""

import json
import re
from collections import Counter

import pytest

from components.naming import ACTOR_TAG, DATA_CLASSES
from components.policies import buckets, trust
from components.policies.document import SIZE_LIMITS, document, statement
from components.policies.trust import Repository
from dev.recorder import INSTANCE_ID, PROJECT, Registered, run

KINDS = {
    "aws:iam/role:Role": "trust",
    "aws:iam/rolePolicy:RolePolicy": "role",
    "aws:iam/userPolicy:UserPolicy": "user",
    "aws:s3/bucketPolicy:BucketPolicy": "bucket",
}
DOCUMENT_KEYS = ("policy", "assumeRolePolicy")

#: All that may be said of every resource: reads that AWS lets nobody narrow.
READS_OF_EVERYTHING = {
    "FindBrokerHost": ["ec2:DescribeInstanceConnectEndpoints", "ec2:DescribeInstances"],
    "FindHostAndSnapshots": ["ec2:DescribeInstances", "ec2:DescribeSnapshots", "ec2:DescribeVolumes"],
    "PollCommandStatus": ["ssm:GetCommandInvocation", "ssm:ListCommandInvocations", "ssm:ListCommands"],
    "DescribeTestBrokerInstanceOnly": ["ssm:DescribeInstanceInformation"],
}
#: Names without a stack's suffix that a stack's documents may have: the account's.
OF_THE_ACCOUNT = {"agentkeys-e2e"}


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


def principals(item):
    named = item.get("Principal", {})
    return ["*"] if named == "*" else [value for values in named.values() for value in listed(values)]


@pytest.fixture(scope="session")
def every_program(programs, before_federation, account, account_with_ids):
    """Every run whose documents are kept: both stacks, before federation as well, and the account, with and without
    ids.
    """
    static = {f"{stack} before federation": recorded for stack, recorded in before_federation.items()}
    return {**programs, **static, "account": account, "account with ids": account_with_ids}


@pytest.mark.parametrize("stack", ["prod", "test"])
def test_every_document_is_the_golden_one(stack, programs, golden):
    for name, made in documents(programs[stack]).items():
        golden(f"policies/{stack}/{name}.json", json.dumps(made, indent=2, sort_keys=True) + "\n")


def test_every_document_of_the_account_is_the_golden_one(account, golden):
    for name, made in documents(account).items():
        golden(f"policies/account/{name}.json", json.dumps(made, indent=2, sort_keys=True) + "\n")


def test_no_golden_document_is_one_that_is_gone(programs, account):
    for folder, recorded in {**programs, "account": account}.items():
        kept = {path.stem for path in (PROJECT / "tests/golden/policies" / folder).glob("*.json")}
        assert kept == set(documents(recorded))


#: What every statement keeps, and a statement that does not.
RULES = {
    "a grant names whom it is for": (
        lambda item: item["Effect"] == "Deny" or not any("*" in name for name in principals(item)),
        [{"Principal": "*"}, {"Principal": {"AWS": "*"}}, {"Principal": {"AWS": ["arn:aws:iam::*:root"]}}],
    ),
    "a grant to an account is to one of its users or roles": (
        lambda item: item["Effect"] == "Deny" or not any(re.search(r":root$|^\d+$", name) for name in principals(item)),
        [{"Principal": {"AWS": "arn:aws:iam::429071895007:root"}}, {"Principal": {"AWS": ["429071895007"]}}],
    ),
    "a grant names its actions": (
        lambda item: item["Effect"] == "Deny" or not any("*" in action for action in listed(item["Action"])),
        [{"Action": "*"}, {"Action": ["s3:GetObject", "s3:Get*"]}],
    ),
    "nothing is said by what it is not": (
        lambda item: not {"NotAction", "NotPrincipal", "NotResource"} & set(item),
        [{"NotAction": "s3:GetObject"}, {"NotPrincipal": {"AWS": "a"}}, {"NotResource": "a"}],
    ),
    "only listed reads are granted on every resource": (
        lambda item: (
            "*" not in listed(item.get("Resource", []))
            or READS_OF_EVERYTHING.get(item["Sid"]) == listed(item["Action"])
        ),
        [
            {"Resource": "*"},
            {"Resource": ["*"]},
            {"Sid": "FindBrokerHost", "Resource": "*", "Action": "ec2:RunInstances"},
        ],
    ),
    "who brings a token is trusted alone": (
        lambda item: set(item.get("Principal", {})) in ({"Federated"}, set()) or "Federated" not in item["Principal"],
        [{"Principal": {"Federated": "provider", "AWS": "role"}}],
    ),
    "only who brings a token passes tags": (
        lambda item: "sts:TagSession" not in listed(item["Action"]) or set(item["Principal"]) == {"Federated"},
        [{"Principal": {"AWS": "role"}, "Action": ["sts:AssumeRole", "sts:TagSession"]}],
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_every_statement_keeps_the_rule(rule, every_program):
    keeps, broken = RULES[rule]
    plain = {"Sid": "Plain", "Effect": "Allow", "Principal": {"AWS": "role"}, "Action": "s3:GetObject", "Resource": "a"}
    assert keeps(plain)
    assert [item for item in broken if keeps({**plain, **item})] == [], "a rule that refuses nothing"
    for label, recorded in every_program.items():
        for name, item in statements(recorded):
            assert keeps(item), f"{label}: {name} {item['Sid']}"


def test_every_read_of_everything_that_is_listed_is_one(every_program):
    stars = {
        item["Sid"]
        for recorded in every_program.values()
        for _, item in statements(recorded)
        if item.get("Resource") == "*"
    }
    assert stars == set(READS_OF_EVERYTHING)


def test_sids_are_unique_and_every_document_is_within_its_quota(every_program):
    for label, recorded in every_program.items():
        for resource in recorded.custom:
            for key in DOCUMENT_KEYS:
                if key in resource.inputs:
                    made = json.loads(resource.inputs[key])
                    sids = [item["Sid"] for item in made["Statement"]]
                    assert len(set(sids)) == len(sids), f"{label}: {resource.name}"
                    assert len(resource.inputs[key]) <= SIZE_LIMITS[KINDS[resource.type]], f"{label}: {resource.name}"


def test_every_inline_policy_of_one_owner_fits_its_quota_together(every_program):
    """The quota is for all inline policies of a role or user."""
    for recorded in every_program.values():
        sizes = Counter()
        for resource in recorded.custom:
            if KINDS.get(resource.type) in {"role", "user"}:
                owner = resource.inputs.get("role") or resource.inputs["user"]
                sizes[KINDS[resource.type], owner] += len(resource.inputs["policy"])
        assert sizes
        for (kind, _), size in sizes.items():
            assert size <= SIZE_LIMITS[kind]


def carries_the_actors_key(resource):
    tags = {**resource.inputs.get("tags", {}), **resource.inputs.get("tagsAll", {})}
    defaults = resource.inputs.get("defaultTags", {})
    tags |= json.loads(defaults)["tags"] if isinstance(defaults, str) else defaults.get("tags", {})
    return ACTOR_TAG.casefold() in {key.casefold() for key in tags}


def test_nothing_that_can_have_sessions_carries_the_actors_tag(every_program):
    """A role's tags are its sessions' too, so an untagged session of a tagged role would be an actor."""
    for label, recorded in every_program.items():
        for resource in recorded.registered:
            assert not carries_the_actors_key(resource), f"{label}: {resource.name}"


@pytest.mark.parametrize(
    "inputs",
    [
        {"tags": {ACTOR_TAG: "a"}},
        {"tags": {"Name": "n", ACTOR_TAG.upper(): "a"}},
        {"defaultTags": json.dumps({"tags": {ACTOR_TAG: "a"}})},
    ],
)
def test_the_actors_tag_is_seen_wherever_it_is(inputs):
    assert carries_the_actors_key(Registered("aws:iam/role:Role", "r", "", inputs, None))
    assert not carries_the_actors_key(Registered("aws:iam/role:Role", "r", "", {"tags": {"Name": ACTOR_TAG}}, None))


def test_a_session_of_a_role_that_a_token_opens_lasts_an_hour_at_most(every_program):
    for label, recorded in every_program.items():
        opened = [
            resource
            for resource in recorded.of("aws:iam/role:Role")
            if "WebIdentity" in resource.inputs["assumeRolePolicy"] or resource.parent == "roles"
        ]
        assert opened
        for role in opened:
            assert role.inputs["maxSessionDuration"] == 3600, f"{label}: {role.name}"


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


@pytest.mark.parametrize("stage", ["programs", "before_federation"])
def test_no_document_of_one_stack_names_anything_of_the_other(stage, request):
    stacks = request.getfixturevalue(stage)
    prod, test = (json.dumps(documents(stacks[stack])) for stack in ("prod", "test"))
    assert "test" not in prod
    names = set(re.findall(r"agentkeys-[\w-]+", test)) - OF_THE_ACCOUNT
    assert len(names) > 5
    assert [name for name in names if "-test" not in name] == []
    assert set(re.findall(r"[\w.-]+\.litentry\.org", test)) == {"test-broker.litentry.org", "bots-test.litentry.org"}


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
    opened = {name: made["Statement"] for name, made in documents(account).items() if name.endswith("-trust")}
    conditions = {name: item["Condition"] for name, (item,) in opened.items()}
    provider = {"Federated": f"arn:aws:iam::429071895007:oidc-provider/{issuer}"}
    assert [item["Principal"] for (item,) in opened.values()] == [provider, provider]
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
    with pytest.raises(ValueError, match="exceeds AWS's limit of 2048"):
        document(statement("A", actions=["s3:GetObject"], resources=["arn:aws:s3:::" + "b" * 2048]), kind="user")
