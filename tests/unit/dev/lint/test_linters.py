"""The linters themselves, over the real programs and over weakened ones. They are installed by the first run."""

import dataclasses
import json

import pytest

from dev.lint import documents, resources
from dev.lint.__main__ import programs
from dev.lint.findings import allowed, judge

silent = list[str]().append


@pytest.fixture(scope="module")
def stacks():
    return programs()


def with_props(planned, name, **props):
    assert any(item.name == name for item in planned), name
    return [dataclasses.replace(item, props={**item.props, **props}) if item.name == name else item for item in planned]


def with_statement(planned, name, key, **members):
    (text,) = [item.props[key] for item in planned if item.name == name]
    document = json.loads(text)
    document["Statement"][0] |= members
    return with_props(planned, name, **{key: json.dumps(document)})


def told(linter, stacks, weakened):
    """One run of a linter over everything: its findings for the real stacks, and for the others by weakening."""
    entries = allowed(linter.ALLOWED)
    findings = linter.findings({**stacks, **weakened}, silent)
    real = [finding for finding in findings if finding.where.split()[0] in stacks]
    return judge(real, entries, "list"), {
        name: [line for line in judge(findings, entries, "list") if line.startswith(f"{name} ")] for name in weakened
    }


def test_documents_are_clean_and_weakened_ones_are_found(stacks):
    test, account = stacks["test"], stacks["account"]
    real, found = told(
        documents,
        stacks,
        {
            "star": with_statement(test, "vault-policy", "policy", Principal="*", Condition={}),
            "typo": with_statement(test, "roles-vault-inline", "policy", Action="s3:GetObjekt"),
            "admin": with_statement(test, "roles-vault-inline", "policy", Action="*", Resource="*"),
            "github": with_statement(account, "ci-e2e", "assumeRolePolicy", Condition={}),
            "ses": with_statement(test, "inbox-policy", "policy", Condition={"StringEquals": {"aws:Referer": "1"}}),
        },
    )
    assert real == []
    for name, place, said in (
        ("star", "vault-policy", "principal"),
        ("typo", "roles-vault-inline", "GetObjekt"),
        ("admin", "roles-vault-inline", "*"),
        ("github", "ci-e2e", ":sub"),
        ("ses", "inbox-policy", "aws:SourceA"),
    ):
        assert any(line.startswith(f"{name} {place}") and said in line for line in found[name]), (name, found[name])


def test_resources_are_clean_and_weakened_ones_are_found(stacks):
    test = stacks["test"]
    real, found = told(
        resources,
        stacks,
        {
            "public": with_props(test, "vault-public-access", blockPublicPolicy=False),
            "imds": with_props(test, "host-instance", metadataOptions={"httpTokens": "optional"}),
            "disk": with_props(test, "host-instance", rootBlockDevice={"encrypted": False}),
            "unguarded": [item for item in test if item.name != "vault-public-access"],
        },
    )
    assert real == []
    for name, said in (
        ("public", "vault-public-access: CKV_AWS_54"),
        ("imds", "host-instance: CKV_AWS_79"),
        ("disk", "host-instance: CKV_AWS_8"),
        ("unguarded", "vault-bucket: CKV2_AWS_6"),
    ):
        assert any(line.startswith(f"{name} {said}") for line in found[name]), (name, found[name])
