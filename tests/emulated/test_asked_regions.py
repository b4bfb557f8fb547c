"""An operator whose profile and shell say us-west-2: program and commands ask in the stack's region all the same."""

from functools import partial

import boto3
import pulumi
import pytest
from click.testing import CliRunner

from components.checks import preflight
from ops import clients, exits, stack
from ops import session as account_of
from ops.commands import adopt, doctor, sender
from ops.commands.audit import Audit
from sandbox.aws import server
from tests.support.emulated import ACCOUNT_ID, REGION, upsert
from tests.support.stacks import a_stack

ELSEWHERE = "us-west-2"


@pytest.fixture
def asked(account, monkeypatch, tmp_path):
    """Region and operation of every request that the account gets, of an operator who is elsewhere."""
    seen = []
    ask = server.door.ask

    def noted(received, environ, account_id):
        if received.credential:
            seen.append((received.credential.region, f"{received.service}:{received.operation}"))
        return ask(received, environ, account_id)

    monkeypatch.setattr(server.door, "ask", noted)
    config = tmp_path / "config"
    config.write_text(f"[default]\nregion = {ELSEWHERE}\n[profile agentkeys-admin]\nregion = {ELSEWHERE}\n")
    for name, value in {
        "AWS_ENDPOINT_URL": account.endpoint,
        "AWS_CONFIG_FILE": str(config),
        "AWS_SHARED_CREDENTIALS_FILE": str(account.home / "credentials.ini"),
        "AWS_PROFILE": "agentkeys-admin",
        "AWS_REGION": ELSEWHERE,
        "AWS_DEFAULT_REGION": ELSEWHERE,
    }.items():
        monkeypatch.setenv(name, value)
    # boto3's own session has read the configuration of the tests before.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    return seen


@pytest.fixture
def looked(release, account, monkeypatch):
    monkeypatch.setattr(stack, "ask", lambda *_asked: {"deployment": {"resources": []}})
    return a_stack("test", release, parentZoneId=account.zone_id)


def only_the_stacks(asked):
    """IAM and the like sign for us-east-1 wherever they are asked from, which is the stack's region here."""
    assert {region for region, _ in asked} == {"us-east-1"}
    return {operation for _, operation in asked}


def test_doctor_asks_in_the_stacks_region(asked, looked):
    doctor.Doctor(stack=looked, ask=partial(clients.of, account_of.of(looked.settings))).before()
    assert {"ec2:DescribeAddresses", "ses:GetSendQuota", "ses:DescribeActiveReceiptRuleSet"} <= only_the_stacks(asked)


def test_the_audit_asks_in_the_stacks_region(asked, looked):
    Audit(stack=looked, ask=partial(clients.of, account_of.of(looked.settings))).lines()
    assert {"ec2:DescribeInstances", "ses:DescribeReceiptRule", "s3:GetBucketPolicy"} <= only_the_stacks(asked)


def test_the_senders_verification_asks_in_the_stacks_region(asked, looked):
    with pytest.raises(sender.SenderError, match="SES has no identity"):
        sender.verify(looked, account_of.of(looked.settings), say=lambda _line: None)
    assert "sesv2:GetEmailIdentity" in only_the_stacks(asked)


def test_adopting_looks_for_the_machine_in_the_stacks_region(asked, looked, client, account):
    ec2, route53 = client("ec2"), client("route53")
    made = ec2.allocate_address(Domain="vpc")
    upsert(route53, looked.names.broker_host, "A", made["PublicIp"], zone_id=account.zone_id)
    of = partial(clients.of, account_of.of(looked.settings))
    try:
        found = adopt.Lookup(names=looked.names, zone_id=account.zone_id, of=of).machine()
    finally:
        upsert(
            route53, looked.names.broker_host, "A", made["PublicIp"], action="DELETE", zone_id=account.zone_id
        )  # fmt: skip
        ec2.release_address(AllocationId=made["AllocationId"])
    assert found == ("", made["PublicIp"])
    assert {"ec2:DescribeAddresses", "route53:ListResourceRecordSets"} <= only_the_stacks(asked)


def test_the_credentials_of_another_account_are_refused_by_every_command_that_asks_aws(asked, looked, monkeypatch):
    """The program refuses them by itself; a command reads, and one of them deletes mail."""
    monkeypatch.setenv("AWS_PROFILE", "other-account")
    for module in (doctor, sender):
        monkeypatch.setattr("ops.stack.read", lambda _name: looked)
        monkeypatch.setattr(module, "read", lambda _name: looked, raising=False)
        monkeypatch.setattr(module, "read_any", lambda *_: looked, raising=False)
        done = CliRunner().invoke(module.command, ["-s", "test"])
        assert done.exit_code == exits.NOT_RUN, done.output
        assert "accountId: the stack is for account 429071895007, but the credentials belong to" in done.output
    assert {operation for _, operation in asked} == {"sts:GetCallerIdentity"}


def test_the_program_refuses_the_credentials_of_another_account_before_it_has_a_provider(asked, monkeypatch):
    preflight.account(ACCOUNT_ID, REGION)
    monkeypatch.setenv("AWS_PROFILE", "other-account")
    with pytest.raises(pulumi.RunError) as refused:
        preflight.account(ACCOUNT_ID, REGION)
    assert str(refused.value) == (
        f"accountId: the stack is for account {ACCOUNT_ID}, the credentials belong to 111122223333. Nothing was "
        "created. Select the right profile (AWS_PROFILE), or correct accountId."
    )
    assert only_the_stacks(asked) == {"sts:GetCallerIdentity"}


@pytest.mark.parametrize(
    "environment",
    [
        {"AWS_PROFILE": "nobody"},
        {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "x"},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"},
        {"AWS_ENDPOINT_URL": "nonsense"},
    ],
)
def test_credentials_that_the_program_cannot_use_are_left_to_the_provider(asked, monkeypatch, environment):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    preflight.account("111122223333", REGION)
