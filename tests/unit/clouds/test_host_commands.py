"""The operator's commands for a stack on any Linux host, without an engine."""

import subprocess

import pytest
from click.testing import CliRunner

from dev.recorder import ADDRESS, PROJECT
from hostsetup.mail import KEY_FILE, MAIL_PACKAGES, MAIL_UNITS
from hostsetup.services import BINARIES
from hostsetup.steps import installed_files
from ops import stack
from ops.commands import doctor, drift, env, records, ssh
from ops.stack import StackError
from tests.unit.clouds.test_host_program import FOLDER, SECRET, archive


@pytest.fixture
def engine(monkeypatch, tmp_path):
    """Answers as `pulumi` does, in the folder of the cloud's project."""
    declared = stack.yaml.safe_load((FOLDER / "Pulumi.yaml").read_text())["config"]
    plain = {
        **{key: row["default"] for key, row in declared.items() if isinstance(row.get("default"), str | int)},
        **archive(tmp_path / "release.tar.gz", *BINARIES),
        "zone": "litentry.org",
        "suffix": "-host",
        "dns": "manual",
        "loginUser": "admin",
        "dataRole": "role",
        "hostAddress": ADDRESS,
        "storeEndpoint": "https://store.example.org",
        "storeAccessKeyId": "id",
        "buckets": '{"mail":"mail-bucket","vault":"vault-bucket","memory":"memory-bucket"}',
        "contracts": "{}",
        "dohUrls": '["https://resolver.example/resolve"]',
    }
    configured = {f"agentkeys-host:{key}": {"value": str(value), "secret": False} for key, value in plain.items()}
    configured |= {f"agentkeys-host:{key}": {"secret": True} for key in SECRET}
    outputs = {
        "address": ADDRESS,
        "sshPublicKeys": [],
        "dnsRecords": [{"name": "bots-host.litentry.org", "type": "MX", "value": "10 email-host.litentry.org"}],
    }
    asked = []

    def ask(_name, *arguments, folder=PROJECT):
        asked.append(folder)
        return configured if arguments[0] == "config" else outputs

    monkeypatch.setattr(stack, "ask", ask)
    yield outputs
    assert set(asked) == {FOLDER}


def test_a_stack_that_does_not_exist_is_created_in_the_folder_of_its_cloud(monkeypatch):
    said = "error: no stack named 'test' found"
    monkeypatch.setattr(stack, "called", lambda command, folder: subprocess.CompletedProcess(command, 255, "", said))
    with pytest.raises(StackError, match=r"create the stack: `pulumi -C clouds/host stack init test`\."):
        stack.read_any("test", FOLDER)
    with pytest.raises(StackError, match=r"create the stack: `pulumi stack init test`\."):
        stack.read("test")


def test_a_stack_is_read_in_the_folder_of_its_cloud(engine):
    read = stack.read_any("test", FOLDER)
    assert read.address == ADDRESS
    assert read.settings.site.elsewhere.mail.has_key
    engine.clear()
    with pytest.raises(StackError, match=r"Run `pulumi -C clouds/host up -s test` first"):
        stack.read_any("test", FOLDER).output("release")


def test_the_records_and_env_files_are_the_clouds(engine, tmp_path):
    shown = CliRunner().invoke(records.command, ["--cloud", "host", "-s", "test", "--format", "bind"])
    assert shown.exit_code == 0, shown.output
    assert "bots-host.litentry.org. IN MX 10 email-host.litentry.org." in shown.output
    written = env.files(stack.read_any("test", FOLDER))
    assert written.keys() == {"operator-workstation.host.env", "broker.host.env"}
    assert written["operator-workstation.host.env"]["MAIL_BUCKET"] == "mail-bucket"
    assert written["broker.host.env"]["AWS_ENDPOINT_URL_S3"] == "https://store.example.org"
    assert written["broker.host.env"]["EIP"] == ADDRESS


def test_drift_asks_for_the_mail_units_and_nothing_of_ec2(engine):
    looked = stack.read_any("test", FOLDER)
    site = looked.settings.site
    asked = "\n".join(drift.questions(installed_files(site, []), site, "admin", []))
    for wanted in (
        f"file secret - {KEY_FILE}",
        *(f"unit {unit} -" for unit in MAIL_UNITS),
        *(f"package {name}" for name in MAIL_PACKAGES),
        "user agentkeys-mail",
    ):
        assert f"{wanted}\n" in asked, wanted
    assert "package ec2-instance-connect" not in asked
    assert "10-agentkeys-instance-connect.conf" not in asked


def test_the_doctor_checks_what_every_cloud_has_and_asks_no_account(engine, monkeypatch):
    monkeypatch.setattr(doctor.HostDoctor, "certificate", lambda _self, _host, _address: doctor.well("60 days left"))
    monkeypatch.setattr(doctor.HostDoctor, "drift", lambda _self: doctor.well("none"))
    monkeypatch.setattr(doctor.dns, "resolve", lambda *_: [])
    monkeypatch.setattr(doctor.dns, "relevant_caa", lambda _host, _url: ("org", []))
    monkeypatch.setattr(doctor.issuer, "issuer", lambda _host, _urls, _bundle: "ab" * 20)
    lines = doctor.HostDoctor(stack=stack.read_any("test", FOLDER)).examine()
    claims = {line.claim for line in lines}
    assert {"every host has the stack's address", "email-host.litentry.org", "drift"} <= claims
    assert not {line.subject for line in lines} & {"account", "room", "names"}
    assert not any("aws" in line.seen for line in lines if line.claim == "programs")


def test_what_is_typed_next_names_the_cloud(engine, monkeypatch):
    read = stack.read_any("test", FOLDER)
    monkeypatch.setattr(doctor.drift, "look", lambda _stack: drift.Report(drift=[drift.Finding(what="x", said="y")]))
    assert doctor.HostDoctor(stack=read).drift().fix == "`agentkeys drift --cloud host -s test` lists each."
    assert " -m ops ssh --cloud host -s test " in ssh.aliases(read)


def test_another_cloud_is_a_usage_error():
    refused = CliRunner().invoke(records.command, ["--cloud", "nowhere", "-s", "test"])
    assert refused.exit_code == 2
    clouds = sorted(path.parent.name for path in PROJECT.glob("clouds/*/Pulumi.yaml"))
    assert f"there is no cloud 'nowhere'; the clouds are aws, {', '.join(clouds)}" in " ".join(refused.output.split())
