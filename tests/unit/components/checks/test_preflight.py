"""Checks of the account before the first resource: the caller, the hosted zone, the rule set, the readers of mail."""

import pulumi
import pytest

from dev.recorder import CALLER, LOOKUPS, PROJECT, Recorder, run

ZONE = "aws:route53/getZone:getZone"
RULE_SET = "aws:ses/getActiveReceiptRuleSet:getActiveReceiptRuleSet"


def said(release, token, answer, *, stack="test", **changed):
    """The error that an answer of AWS ends the program with."""
    with pytest.raises(pulumi.RunError) as refused:
        run(stack, changed={**release, **changed}, lookups={token: answer})
    text = str(refused.value)
    assert "Nothing was created." in text
    return text


def caller_of(arn):
    return {**LOOKUPS[CALLER], "arn": arn}


def test_credentials_of_another_account_are_named_with_both_accounts(release):
    text = said(release, CALLER, {**LOOKUPS[CALLER], "accountId": "111122223333"})
    assert text.startswith("accountId: the stack is for account 429071895007, the credentials belong to 111122223333.")
    assert "AWS_PROFILE" in text


@pytest.mark.parametrize(("folder", "stack"), [(PROJECT, "test"), (PROJECT / "account", "litentry")])
def test_credentials_of_another_account_are_refused_before_an_engine_configures_the_provider(
    release, monkeypatch, folder, stack
):
    registered, register = [], Recorder.RegisterResource
    monkeypatch.setattr(
        Recorder, "RegisterResource", lambda self, asked: (registered.append(asked.type), register(self, asked))[1]
    )
    other = {CALLER: {**LOOKUPS[CALLER], "accountId": "111122223333"}}
    with pytest.raises(pulumi.RunError, match="accountId: "):
        run(stack, folder=folder, changed=release if folder == PROJECT else {}, lookups=other)
    assert set(registered) <= {"pulumi:pulumi:Stack"}


def test_credentials_that_aws_does_not_take_are_an_error_of_the_lookup(release):
    text = said(release, CALLER, "ExpiredToken: the security token is expired")
    assert text.startswith("AWS rejected the lookup of the caller's identity: ")
    assert "ExpiredToken" in text


@pytest.mark.parametrize(
    ("arn", "who"),
    [
        ("arn:aws:iam::429071895007:user/somebody", "user/somebody"),
        ("arn:aws:iam::429071895007:user/agentkeys-admin/somebody", "user/somebody"),
        ("arn:aws:sts::429071895007:assumed-role/other/agentkeys-admin", "role/other"),
        ("arn:aws:sts::429071895007:assumed-role/agentkeys-admin/session", "role/agentkeys-admin"),
        ("arn:aws:iam::429071895007:root", "root/"),
    ],
)
def test_an_identity_that_may_not_run_the_program_is_named(release, arn, who):
    text = said(release, CALLER, caller_of(arn))
    assert text.startswith(f"allowedCallers: the credentials belong to {who!r}, and only user/agentkeys-admin, ")


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::429071895007:user/agentkeys-admin",
        "arn:aws:iam::429071895007:user/a/path/AgentKeys-Admin",
        "arn:aws:sts::429071895007:assumed-role/agentkeys-broker-host/i-0123456789abcdef0",
    ],
)
def test_an_identity_that_may_is_let_through_whatever_its_case_and_path(release, arn):
    run("test", changed=release, lookups={CALLER: caller_of(arn)})


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ({"privateZone": True}, "is a private hosted zone"),
        ({"name": "example.org"}, "is the hosted zone of 'example.org', not of zone 'litentry.org'"),
        ({"name": "example.org."}, "is the hosted zone of 'example.org', not of zone 'litentry.org'"),
    ],
)
def test_another_hosted_zone_is_refused(release, answer, sentence):
    assert sentence in said(release, ZONE, {**LOOKUPS[ZONE], **answer})


def test_a_hosted_zone_that_does_not_exist_is_refused(release):
    assert "the hosted zone Z09723983CFJOHAE3VC65" in said(release, ZONE, "NoSuchHostedZone: none")


def test_another_active_rule_set_and_none_are_refused(release):
    assert "is 'other'; this program adds its rule to 'agentkeys'" in said(release, RULE_SET, {"ruleSetName": "other"})
    assert "no active SES receipt rule set in us-east-1" in said(release, RULE_SET, "empty result")


def test_a_reader_of_mail_that_does_not_exist_is_named(release):
    text = said(release, "aws:iam/getRole:getRole", "NoSuchEntity: none", rawMailReaders='["reader"]')
    assert text.startswith("rawMailReaders: the account has no role 'reader'")


STATE = "pulumi:pulumi:readStackResourceOutputs"
ADDRESS = "aws:ec2/getElasticIp:getElasticIp"
HOST = "agentkeys-broker-host-test"


def address_of(instance="", **tags):
    return {"id": "eipalloc-1", "publicIp": "3.208.99.99", "instanceId": instance, "tags": tags}


def test_an_address_that_this_stack_allocated_is_not_configured_too(release):
    own = {ADDRESS: address_of(**{"agentkeys:owned-by": HOST})}
    urn = "urn:pulumi:test::agentkeys-cloud::agentkeys:host:BrokerHost$aws:ec2/eip:Eip::host-address"
    changed = {**release, "elasticIp": "3.208.99.99"}
    with pytest.raises(pulumi.RunError, match="was allocated by this stack, which would release it now"):
        run("test", changed=changed, lookups={**own, STATE: {"outputs": {urn: {}}}})
    with pytest.raises(pulumi.RunError, match="was allocated by this stack"):
        run("test", changed=changed, lookups={**own, STATE: "no answer"})
    # The state is lost and the account adopted.
    run("test", changed=changed, lookups=own)
    run("test", changed=changed, lookups={ADDRESS: address_of(Name="somebody's")})


@pytest.mark.parametrize(("holder", "named"), [({"Name": "other"}, "(other)"), ({}, "(without a name)")])
def test_an_address_of_another_instance_is_refused_with_that_instance(release, holder, named):
    instance = "aws:ec2/getInstance:getInstance"
    lookups = {ADDRESS: address_of("i-1"), instance: {"tags": holder}}
    changed = {**release, "elasticIp": "3.208.99.99"}
    with pytest.raises(pulumi.RunError) as refused:
        run("test", changed=changed, lookups=lookups)
    assert f"serves instance i-1 {named}, not this stack's {HOST}. Nothing was created." in str(refused.value)
    run("test", changed=changed, lookups={**lookups, instance: {"tags": {"Name": HOST}}})


def test_an_address_without_an_instance_needs_no_look_at_one(release):
    run("test", changed={**release, "elasticIp": "3.208.99.99"}, lookups={ADDRESS: address_of()})
