"""The environment files: what stands in them, how they are written, and what --check sees."""

import json
import re
import subprocess

import pytest
from click.testing import CliRunner

from hostsetup.environment import variables
from ops import exits
from ops.commands import env
from ops.stack import StackError
from tests.support.stacks import a_stack

CONTRACTS = {"SCOPE_CONTRACT_ADDRESS_HEIMA": "0x1111111111111111111111111111111111111111"}

#: Variables of the runbook's tables.
OPERATOR = {
    *("ACCOUNT_ID", "REGION", "ZONE", "PARENT_ZONE_ID", "BROKER_HOST", "MAIL_DOMAIN", "BUCKET", "MAIL_BUCKET"),
    *("VAULT_BUCKET", "MEMORY_BUCKET", "DATA_ROLE_ARN", "VAULT_ROLE_ARN", "MEMORY_ROLE_ARN", "OIDC_PROVIDER_ARN"),
    *("SIGNER_HOST", "AUDIT_HOST", "EMAIL_HOST", "CRED_HOST", "MEMORY_HOST", "BROKER_EMAIL_FROM_ADDRESS"),
}
RUNNER = {
    *("TEST_ACCOUNT_ID", "TEST_AWS_REGION", "TEST_BROKER_HOST", "TEST_VAULT_BUCKET", "TEST_MEMORY_BUCKET"),
    *("TEST_DATA_ROLE_ARN", "TEST_VAULT_ROLE_ARN", "TEST_MEMORY_ROLE_ARN", "TEST_OIDC_AWS_ROLE_ARN"),
}


@pytest.fixture
def stack(release):
    return a_stack("test", release, contracts=json.dumps(CONTRACTS))


@pytest.fixture
def run(stack, monkeypatch, tmp_path):
    monkeypatch.setattr(env, "read_any", lambda *_: stack)

    def call(*arguments):
        return CliRunner().invoke(env.command, ["-s", "test", "--directory", str(tmp_path), *arguments])

    return call


def test_the_operators_file_has_every_variable_of_the_runbook_and_the_contracts(stack):
    content = env.files(stack)["operator-workstation.test.env"]
    assert set(content) == OPERATOR | set(CONTRACTS)
    assert content["OIDC_PROVIDER_ARN"] == "arn:aws:iam::429071895007:oidc-provider/test-broker.litentry.org"
    assert content["MEMORY_HOST"] == "memory-test.litentry.org"
    assert content["BUCKET"] == "agentkeys-mail-test-429071895007"


def test_the_brokers_file_is_the_hosts_own_table_and_the_machine(stack):
    content = dict(env.files(stack)["broker.test.env"])
    assert (content.pop("INSTANCE_ID"), content.pop("EIP")) == ("i-0123456789abcdef0", "3.208.12.34")
    assert content == variables(stack.settings.site)["agentkeys-broker"]


def test_the_runners_file_has_githubs_names_and_no_secret(stack):
    content = env.files(stack)["github-runner.test.env"]
    assert set(content) >= RUNNER
    assert content["TEST_SCOPE_CONTRACT_ADDRESS_HEIMA"] == CONTRACTS["SCOPE_CONTRACT_ADDRESS_HEIMA"]
    assert "TEST_HEIMA_DEPLOYER_KEY" not in content
    assert content["TEST_OIDC_AWS_ROLE_ARN"].endswith(":role/github-actions-agentkeys-e2e")


def test_two_files_of_each_stack_and_the_runners_of_the_one_that_its_role_may_read(release):
    assert [file for name in ("prod", "test") for file in env.files(a_stack(name, release))] == [
        *("operator-workstation.env", "broker.env"),
        *("operator-workstation.test.env", "broker.test.env", "github-runner.test.env"),
    ]


def test_prods_files_have_no_infix_and_nothing_of_tests(release):
    made = env.files(a_stack("prod", release))
    assert "-test" not in json.dumps(made["operator-workstation.env"])


def test_before_the_first_up_the_way_out_is_named(release):
    with pytest.raises(StackError, match="Run `pulumi up -s test` first"):
        env.files(a_stack("test", release, up=False))


def test_files_are_written_once_for_their_owner_alone_and_a_shell_reads_them(run, tmp_path):
    assert run().output.count("written /") == 3
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    assert run().output.count("unchanged /") == 3
    said = subprocess.run(
        ["bash", "-c", "set -eu; . ./broker.test.env; echo $BROKER_AUTH_METHODS $EIP"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert said.stdout == "wallet_sig,email_link 3.208.12.34\n"


def test_check_names_what_differs_without_its_value_and_writes_nothing(run, tmp_path):
    run()
    path = tmp_path / "broker.test.env"
    path.write_text(re.sub(r"EIP=.*", "EIP=198.18.0.7", path.read_text()) + "STRAY=1\n")
    path.chmod(0o644)
    before = path.read_text()
    told = run("--check")
    assert told.exit_code == exits.DRIFT
    assert "EIP has another value; STRAY is not of this stack; its mode is 0644, not 0600" in told.output
    assert "198.18.0.7" not in told.output
    assert path.read_text() == before
    run()
    assert run("--check").exit_code == exits.OK


def test_a_file_written_by_hand_is_kept_until_force_is_given(run, tmp_path):
    path = tmp_path / "operator-workstation.test.env"
    path.write_text("ACCOUNT_ID=1\n")
    refused = run()
    assert refused.exit_code == exits.WRONG
    assert "was not written by this command. Nothing was changed" in refused.output
    assert [item.name for item in tmp_path.iterdir()] == [path.name]
    assert run("--force").exit_code == exits.OK
    assert path.read_text().startswith(env.HEADER)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("export EIP=3.208.12.34 # the host's\n", "as it should be"),
        ("EIP='3.208.12.34\n", "no shell can read it (No closing quotation)"),
        ('#EIP=1\n  EIP="3.208.12.34"\r\n', "as it should be"),
        ("EIP=3.208.12.34\nNOTE=\xff\n", "NOTE is not of this stack"),
    ],
    ids=["exported with a comment", "open quote", "indented and quoted", "not UTF-8"],
)
def test_check_reads_a_file_as_a_shell_does(tmp_path, text, told):
    path = tmp_path / "broker.env"
    path.write_bytes(text.encode("latin-1"))
    path.chmod(0o600)
    assert "; ".join(env.differences(path, {"EIP": "3.208.12.34"}) or ["as it should be"]) == told


def test_json_is_all_that_standard_output_has(run):
    first, second = (json.loads(run("--json").stdout)["files"] for _ in range(2))
    assert {file["state"] for file in first} == {"written"}
    assert {file["state"] for file in second} == {"unchanged"}
