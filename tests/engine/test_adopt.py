"""A hand-made account, built as the runbook's commands do, taken under the program by the real engine; no host runs."""

import functools
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import boto3
import pytest
import yaml

from components.naming import Names, default_broker_host, default_email_from, default_mail_domain
from dev.recorder import PROJECT
from tests.support import runbook
from tests.support.engine_run import ACCOUNT_ID, REGION, ZONE, ZONE_ID, EngineRun

pytestmark = pytest.mark.engine


def names_of(suffix: str) -> Names:
    mail_domain = default_mail_domain(ZONE, suffix)
    return Names(
        account_id=ACCOUNT_ID,
        region=REGION,
        zone=ZONE,
        suffix=suffix,
        broker_host=default_broker_host(ZONE, suffix),
        mail_domain=mail_domain,
        email_from=default_email_from(mail_domain, suffix),
    )


NAMES = names_of("")


class Adoption(EngineRun):
    """An emulated account of its own, an empty stack prod, and the commands that a person runs."""

    def __init__(self, folder: Path, release: dict[str, str]) -> None:
        super().__init__(folder)
        self.environment |= {
            "AGENTKEYS_RELEASE": release["release"],
            "AGENTKEYS_RELEASE_SHA256": release["releaseSha256"],
        }
        self.init("agentkeys-cloud", "prod")

    @functools.cached_property
    def clients(self) -> runbook.Clients:
        session = boto3.Session(
            profile_name="agentkeys-admin",
            region_name=REGION,
        )
        return functools.cache(functools.partial(session.client, endpoint_url=self.account.endpoint))

    def adopt(self, stack: str = "prod", *, check: bool = True) -> "subprocess.CompletedProcess[str]":
        return self.run(
            sys.executable, "-m", "ops", "adopt", "-s", stack, "--directory", str(self.folder), "--json", check=check
        )

    def settle(self, stack: str, report: str, private_key: str) -> Sequence[str]:
        """Runs what the report prints, on a stack file of this folder, up to the preview; gives the file's options."""
        file, key = self.folder / f"Pulumi.{stack}.yaml", self.folder / "key.pem"
        file.write_text((PROJECT / file.name).read_text())
        key.write_text(private_key)
        *lines, preview, up = json.loads(report)["next"]
        assert (preview, up) == (f"pulumi preview -s {stack} --diff", f"pulumi up -s {stack}")
        typed = {"PULUMI_OPTION_CONFIG_FILE": str(file), "PULUMI_SKIP_CONFIRMATIONS": "true", "HOST_KEY": str(key)}
        for line in lines:
            self.run("bash", "-euc", line, more=typed)
        assert yaml.safe_load(file.read_text())["config"]["agentkeys-cloud:accessKeyUsers"] == []
        return ("--stack", stack, "--config-file", str(file))


@pytest.fixture(scope="module")
def ground(tmp_path_factory, release):
    made = Adoption(tmp_path_factory.mktemp("adoption"), release)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", made.environment["AWS_SHARED_CREDENTIALS_FILE"])
        yield made
    made.close()


@pytest.fixture(scope="module")
def machine(ground):
    made = runbook.build(ground.clients, NAMES, ZONE_ID)
    runbook.issuer(ground.clients, NAMES, "a" * 40)
    return made


def by_state(report):
    told = {}
    for line in json.loads(report)["lines"]:
        told.setdefault(line["state"], {})[line["what"]] = line["detail"]
    return told


def test_a_machine_that_answers_without_a_token_is_named_with_its_cure_first(ground, machine):
    refused = ground.adopt(check=False)
    assert refused.returncode == 1
    assert "answers metadata requests without a token (IMDSv1)" in refused.stderr
    assert "modify-instance-metadata-options" in refused.stderr
    assert "Traceback" not in refused.stderr
    ground.clients("ec2").modify_instance_metadata_options(InstanceId=machine.instance_id, HttpTokens="required")


@pytest.fixture(scope="module")
def report(ground, machine):
    ground.clients("ec2").modify_instance_metadata_options(InstanceId=machine.instance_id, HttpTokens="required")
    return ground.adopt().stdout


def test_nothing_is_replaced_or_deleted_and_what_changes_is_the_known_hardening(report):
    told = by_state(report)
    assert "replaced" not in told
    assert "deleted" not in told
    assert set(told["different"]) == runbook.HARDENING


def test_everything_that_the_scripts_made_is_matched(report):
    told = by_state(report)
    assert len(told["matched"]) == 46
    assert sorted(name for name in told["missing"] if " " not in name) == [
        "memory-lifecycle", "memory-versioning", "snapshots-grant", "snapshots-role", "snapshots-schedule",
        "vault-lifecycle", "vault-versioning",
    ]  # fmt: skip


def test_what_is_not_the_programs_is_told(report, ground):
    told = by_state(report)["foreign"]
    assert told["arn:aws:iam::aws:policy/AmazonS3FullAccess on agentkeys-broker-host"] == "the up detaches it"
    assert told["inline policy agentkeys-data-role-inline of agentkeys-data-role"] == "the up deletes it"
    assert len([what for what in told if what.startswith("access key ")]) == 2


def test_the_settings_that_follow_name_the_machine_its_address_and_no_second_key(report, machine):
    assert json.loads(report)["settings"] == {
        "hostInstanceId": machine.instance_id, "elasticIp": machine.address, "accessKeyUsers": []
    }  # fmt: skip


def test_after_the_import_a_preview_changes_only_that_and_nothing_is_left_to_import(ground, machine, report):
    here = ground.settle("prod", report, machine.private_key)
    steps = json.loads(ground.run("pulumi", "preview", *here, "--json").stdout)["steps"]
    done = {}
    for step in steps:
        done.setdefault(step["op"], set()).add(step["urn"].rsplit("::", 1)[-1])
    assert set(done) == {"same", "update", "create"}
    assert done["update"] == runbook.HARDENING
    again = by_state(ground.adopt().stdout)
    assert len(again["matched"]) == 46
    left = json.loads((ground.folder / "adopt.prod.json").read_text())["resources"]
    assert [item["name"] for item in left if "id" in item] == []


def test_an_address_that_can_be_nobodys_is_refused_with_its_record(ground, report):
    runbook.address_records(ground.clients, NAMES, ZONE_ID, "198.18.0.7")
    refused = ground.adopt(check=False)
    assert refused.returncode == 1
    assert "the A record of broker.litentry.org has 198.18.0.7, which is in 198.18.0.0/15" in refused.stderr


def test_a_machine_without_an_elastic_address_gets_one_and_its_names_follow(ground, machine):
    """The last case, next to the adopted stack: the warning that the auto-assigned address will be lost comes first."""
    names = names_of("-test")
    made = runbook.build(ground.clients, names, ZONE_ID, elastic=False)
    runbook.e2e_role(ground.clients, names)
    runbook.issuer(ground.clients, names, "a" * 40)
    ground.init("agentkeys-cloud", "test")
    adopted = ground.adopt("test")
    assert f"auto-assigned address {made.address}" in adopted.stderr
    assert "answers metadata requests without a token" in adopted.stderr, "a warning, where prod is refused"
    assert json.loads(adopted.stdout)["settings"] == {"hostInstanceId": made.instance_id, "accessKeyUsers": []}
    told = by_state(adopted.stdout)
    assert not {"replaced", "deleted"} & set(told)
    moved = {f"dns-{key}" for key in names.public_hosts}
    assert set(told["different"]) == runbook.HARDENING | runbook.EMPTIED_ON_DESTROY | moved
    here = ground.settle("test", adopted.stdout, made.private_key)
    before = {address["AllocationId"] for address in ground.clients("ec2").describe_addresses()["Addresses"]}
    # No machine answers: `setup-host-key` would wait for one.
    targets = [f"--target=**{what}" for what in ("BrokerHost::host", "::host-*")]
    ground.run("pulumi", "up", "--yes", "--skip-preview", *here, *targets)
    (address,) = [
        address
        for address in ground.clients("ec2").describe_addresses()["Addresses"]
        if address["AllocationId"] not in before
    ]
    assert address["InstanceId"] == made.instance_id
    assert {tag["Key"]: tag["Value"] for tag in address["Tags"]} == {
        "Name": names.elastic_ip, "agentkeys:owned-by": names.host
    }  # fmt: skip
