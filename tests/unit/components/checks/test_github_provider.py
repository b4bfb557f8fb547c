"""GitHub's OIDC provider, of which an account has one: created, left to somebody else, or in the way."""

import json

import pulumi
import pytest

from dev.recorder import PROJECT, run

LOOKUP = "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider"
STATE = "pulumi:pulumi:readStackResourceOutputs"
ARN = "arn:aws:iam::429071895007:oidc-provider/token.actions.githubusercontent.com"
THERE = {LOOKUP: {"arn": ARN, "clientIdLists": ["sts.amazonaws.com"]}}
OWN = {
    STATE: {
        "outputs": {
            "urn:pulumi:litentry::agentkeys-account::agentkeys:account:Singletons$aws:iam/openIdConnectProvider:"
            "OpenIdConnectProvider::account-github": {}
        }
    }
}
EXISTING = {"githubProvider": "existing"}


def account(lookups, *, preview=False, **changed):
    return run("litentry", folder=PROJECT / "account", lookups=lookups, changed=changed, preview=preview)


@pytest.fixture
def warnings(monkeypatch):
    said = []
    monkeypatch.setattr(pulumi.log, "warn", said.append)
    return said


def test_one_that_somebody_else_manages_stops_the_up_with_the_setting_that_uses_it(warnings):
    with pytest.raises(pulumi.RunError) as refused:
        account(THERE)
    for part in (ARN, "`pulumi -C account config set -s litentry githubProvider existing`", "Nothing was created."):
        assert part in str(refused.value)
    account(THERE, preview=True)
    assert ["The `up` stops here" in said for said in warnings] == [True]


def test_its_own_is_no_obstacle(warnings):
    assert account({**THERE, **OWN}).named("account-github").inputs["url"]
    assert warnings == []


def test_the_existing_one_is_trusted_and_not_created():
    recorded = account(THERE, **EXISTING)
    assert recorded.of("aws:iam/openIdConnectProvider:OpenIdConnectProvider") == []
    assert recorded.outputs["githubProviderArn"] == ARN
    trusted = json.loads(recorded.named("ci-e2e").inputs["assumeRolePolicy"])
    assert trusted["Statement"][0]["Principal"] == {"Federated": ARN}


@pytest.mark.parametrize(
    ("lookups", "said"),
    [
        ({LOOKUP: "couldn't find resource"}, "githubProvider: is 'existing', and the account has no OIDC provider"),
        ({LOOKUP: {"arn": ARN, "clientIdLists": ["other"]}}, "accepts other and not sts.amazonaws.com"),
        ({**THERE, **OWN}, "the provider is this project's: the `up` would delete it"),
        ({LOOKUP: "AccessDenied"}, "AWS rejected the lookup of the OIDC provider"),
    ],
)
def test_an_existing_one_has_to_be_there_and_take_githubs_tokens(lookups, said):
    with pytest.raises(pulumi.RunError) as refused:
        account(lookups, **EXISTING)
    assert said in str(refused.value)


def test_an_answer_that_is_none_is_not_taken_for_absence():
    with pytest.raises(pulumi.RunError, match=r"AWS rejected the lookup of the OIDC provider .*: .*AccessDenied"):
        account({LOOKUP: "AccessDenied"})
