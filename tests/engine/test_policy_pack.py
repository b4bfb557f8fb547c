"""The policy pack and the protection of what may not be lost, under the real engine and without any cloud."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dev.recorder import PROJECT
from policypack.table import RULES
from sandbox.engine import build, policies, warm
from sandbox.rehearsal import say

pytestmark = pytest.mark.engine

KEPT = """
import pulumi, pulumi_tls as tls
tls.PrivateKey("key", algorithm="ED25519", opts=pulumi.ResourceOptions(protect=True))
"""
COMMAND = """
import pulumi_command as command
command.local.Command("say", create="curl https://{host}")
"""


#: Without a cloud: nothing here is asked of AWS before something is created.
RECORD = """
import pulumi, pulumi_aws as aws
provider = aws.Provider(
    "aws", region="us-east-1", access_key="a", secret_key="b", skip_credentials_validation=True,
    skip_requesting_account_id=True, skip_metadata_api_check=True, skip_region_validation=True,
)
opts = pulumi.ResourceOptions(provider=provider, protect=True)
own = aws.ec2.Eip("address", domain="vpc", opts=opts)
aws.route53.Record(
    "signer", zone_id="Z1", name="signer.litentry.org", type="A", ttl=300, records=[{address}], opts=opts
)
"""


@pytest.fixture(scope="module")
def pulumi(tmp_path_factory):
    """Runs the engine on a program of one file, as stack prod of this repository's project."""
    home, work, state = (tmp_path_factory.mktemp(name) for name in ("home", "program", "state"))
    engine = build.ensure()
    engine.prepare_home(home)
    environment = {
        **os.environ,
        "PATH": f"{engine.bin_dir}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PULUMI_HOME": str(home),
        "PULUMI_BACKEND_URL": f"file://{state}",
        "PULUMI_CONFIG_PASSPHRASE": "test",
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "PULUMI_OPTION_POLICY_PACK": str(policies.prepare(engine, home, say)),
    }
    (work / "Pulumi.yaml").write_text((PROJECT / "Pulumi.yaml").read_text().replace("virtualenv: venv", ""))
    (work / "Pulumi.prod.yaml").write_text((PROJECT / "Pulumi.prod.yaml").read_text())

    def run(program, *arguments):
        (work / "__main__.py").write_text(program)
        done = subprocess.run(
            ["pulumi", "--non-interactive", *arguments, "--stack", "prod"],
            cwd=work,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    assert run("", "stack", "init")[0] == 0
    yield run
    warm.stop(home)


@pytest.fixture(scope="module")
def protected(pulumi):
    """A protected key in the state."""
    code, said = pulumi(KEPT, "up", "--yes", "--skip-preview")
    assert code == 0, said
    assert "✅ agentkeys-cloud@" in said
    return pulumi


def test_a_program_that_keeps_the_rules_passes_without_a_word_about_them(protected):
    code, said = protected(KEPT + COMMAND.format(host="broker.litentry.org"), "preview")
    assert code == 0, said
    assert "✅ agentkeys-cloud@" in said
    assert "warning" not in said
    assert "can't run policy" not in said


@pytest.mark.parametrize(
    ("program", "rule", "saw"),
    [
        (KEPT.replace("protect=True", "protect=False"), "kept-is-protected", "key: is not protected"),
        (
            KEPT + COMMAND.format(host="test-broker.litentry.org"),
            "names-of-own-stack",
            "say: names 'test-broker.litentry.org', which belongs to another stack",
        ),
    ],
    ids=["kept-is-protected", "names-of-own-stack"],
)
@pytest.mark.parametrize("command", [("preview",), ("up", "--yes", "--skip-preview")], ids=["preview", "up"])
def test_a_weakened_program_is_stopped_with_the_rule_what_was_seen_and_the_fix(protected, command, program, rule, saw):
    code, said = protected(program, *command)
    assert code != 0, said
    assert "❌ agentkeys-cloud@" in said
    told = " ".join(said.split())
    assert f"[mandatory] {rule}" in told
    assert saw in told
    assert next(each.fix for each in RULES if each.name == rule) in told
    assert "created" not in told


def test_a_rule_over_the_whole_stack_knows_where_an_unknown_address_comes_from(protected):
    code, said = protected(KEPT + RECORD.format(address="own.public_ip"), "preview")
    assert code == 0, said
    other = "aws.ec2.Instance('o', ami='a', instance_type='t', metadata_options={'http_tokens': 'required'}, opts=opts)"
    for elsewhere, saw in {
        '"3.208.99.99"': "signer.litentry.org leads to 3.208.99.99",
        f"{other}.public_ip": "does not come from the stack's elastic address",
    }.items():
        code, said = protected(KEPT + RECORD.format(address=elsewhere), "preview")
        assert code != 0, said
        assert re.search(r"\[mandatory\] +dns-own-address", said), said
        assert saw in " ".join(said.split())


@pytest.mark.parametrize(
    ("program", "refusal"),
    [
        ("", "cannot be deleted"),
        (KEPT.replace("ED25519", "RSA"), "unable to replace resource"),
    ],
    ids=["deleted", "replaced"],
)
def test_what_is_protected_is_neither_deleted_nor_replaced(protected, program, refusal):
    code, said = protected(program, "preview")
    assert code != 0, said
    assert refusal in said
    assert "protect" in said


def test_settings_that_are_not_usable_are_left_to_the_program_to_refuse(pulumi):
    too_long = f"agentkeys-cloud:suffix=-{'x' * 60}"
    code, said = pulumi("raise SystemExit('suffix: too long')", "preview", "--config", too_long)
    assert code != 0
    assert "failed to run policy" not in said, said
    assert "Exception calling application" not in said, said
