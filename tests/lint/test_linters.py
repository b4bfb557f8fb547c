"""The linters themselves, over the real programs and over weakened ones. They are installed by the first run."""

import dataclasses
import json

import pytest

from lint import documents, resources
from lint.__main__ import programs as every_program
from lint.findings import allowed, judge

silent = list[str]().append


@pytest.fixture(scope="module")
def stacks():
    return every_program()


def with_props(planned, name, **props):
    assert any(item.name == name for item in planned), name
    return [dataclasses.replace(item, props={**item.props, **props}) if item.name == name else item for item in planned]


def with_statement(planned, name, key, **members):
    (text,) = [item.props[key] for item in planned if item.name == name]
    document = json.loads(text)
    document["Statement"][0] |= members
    return with_props(planned, name, **{key: json.dumps(document)})


def test_the_real_documents_have_no_finding_that_is_not_allowed(stacks):
    assert judge(documents.findings(stacks, silent), allowed(documents.ALLOWED), "list") == []


def test_the_real_resources_have_no_finding_that_is_not_allowed(stacks):
    assert judge(resources.findings(stacks, silent), allowed(resources.ALLOWED), "list") == []


def test_weakened_documents_are_found(stacks):
    test, account = stacks["test"], stacks["account"]
    found = documents.findings(
        {
            "star": with_statement(test, "vault-policy", "policy", Principal="*", Condition={}),
            "typo": with_statement(test, "roles-vault-inline", "policy", Action="s3:GetObjekt"),
            "admin": with_statement(test, "roles-vault-inline", "policy", Action="*", Resource="*"),
            "github": with_statement(account, "ci-e2e", "assumeRolePolicy", Condition={}),
            "ses": with_statement(test, "inbox-policy", "policy", Condition={"StringEquals": {"aws:Referer": "1"}}),
        },
        silent,
    )
    told = judge(found, allowed(documents.ALLOWED), "list")
    for stack, resource, said in (
        ("star", "vault-policy", "principal"),
        ("typo", "roles-vault-inline", "GetObjekt"),
        ("admin", "roles-vault-inline", "*"),
        ("github", "ci-e2e", ":sub"),
        ("ses", "inbox-policy", "aws:SourceA"),
    ):
        mine = [line for line in told if line.startswith(f"{stack} {resource}")]
        assert any(said in line for line in mine), (stack, mine)


def test_weakened_resources_are_found(stacks):
    test = stacks["test"]
    found = resources.findings(
        {
            "public": with_props(test, "vault-public-access", blockPublicPolicy=False),
            "imds": with_props(test, "host-instance", metadataOptions={"httpTokens": "optional"}),
            "disk": with_props(test, "host-instance", rootBlockDevice={"encrypted": False}),
            "unguarded": [item for item in test if item.name != "vault-public-access"],
        },
        silent,
    )
    told = judge(found, allowed(resources.ALLOWED), "list")
    for stack, said in (
        ("public", "vault-public-access: CKV_AWS_54"),
        ("imds", "host-instance: CKV_AWS_79"),
        ("disk", "host-instance: CKV_AWS_8"),
        ("unguarded", "vault-bucket: CKV2_AWS_6"),
    ):
        assert any(line.startswith(f"{stack} {said}") for line in told), (stack, told)
