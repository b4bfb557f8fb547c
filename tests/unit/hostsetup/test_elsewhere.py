"""The steps of a host outside AWS as data: what is added, what is left out, and how its units are confined."""

import json
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from hostsetup.bundle import read_bundle
from hostsetup.mail import MAIL_UNITS, mail_files
from hostsetup.services import SERVICES, Relay
from hostsetup.steps import smtp_password, steps, store_key
from hostsetup.units import MOST_EXPOSED
from tests.support.elsewhere import CA, a_site_elsewhere
from tests.support.sites import SCRIPTS, a_site, require_tool

ELSEWHERE = SCRIPTS.parent / "elsewhere"


def by_name(site):
    return {step.name: step for step in steps(site)}


def test_the_rendered_mail_step_is_the_reviewed_one(golden) -> None:
    golden("hostsetup/elsewhere/mail.txt", by_name(a_site_elsewhere())["mail"].stdin)


def test_only_ec2s_step_is_missing_and_only_trust_and_mail_are_new() -> None:
    here, there = by_name(a_site("test")), by_name(a_site_elsewhere())
    assert here.keys() - there.keys() == {"instance-connect"}
    assert there.keys() - here.keys() == {"trust", "mail"}
    assert by_name(a_site_elsewhere(mail=None)).keys() - here.keys() == {"trust"}


def test_an_ec2_host_gets_none_of_it() -> None:
    text = "".join(step.stdin for step in steps(a_site("test")))
    for path in ELSEWHERE.iterdir():
        assert f"/{path.name}\n" not in text
    assert "agentkeys-mail." not in text


def test_the_stores_addresses_reach_every_service_that_calls_it_and_no_other() -> None:
    environment = by_name(a_site_elsewhere())["environment"].stdin
    readers = {
        match[1]
        for match in re.finditer(r"/etc/agentkeys/([a-z-]+)\.env\n((?:(?!#=>).*\n)*)", environment)
        if "AWS_ENDPOINT_URL_S3=https://store.example.org" in match[2]
        and "AWS_ENDPOINT_URL_STS=https://sts.example.org" in match[2]
    }
    assert {f"agentkeys-{name}" for name in readers} == {row.unit for row in SERVICES if row.reads_store}
    assert "AWS_ENDPOINT_URL" not in by_name(a_site("test"))["environment"].stdin


def test_the_exchanges_variables_reach_the_broker_alone() -> None:
    environment = by_name(a_site_elsewhere(exchange={"BROKER_EXCHANGE": "one"}))["environment"].stdin
    assert environment.count("BROKER_EXCHANGE=one") == 1
    broker = environment.index("/etc/agentkeys/broker.env")
    assert broker < environment.index("BROKER_EXCHANGE=one") < environment.index("#=>", broker)


@pytest.mark.parametrize(
    ("path_style", "address"),
    [(True, "https://store.example.org/bucket/key"), (False, "https://bucket.store.example.org/key")],
)
def test_a_bucket_is_addressed_as_the_store_requires(monkeypatch, path_style, address) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-real-secret")
    delivery = runpy.run_path(str(ELSEWHERE / "mail_delivery.py"))
    written = mail_files(a_site_elsewhere(path_style=path_style), a_site_elsewhere().elsewhere.mail)
    configuration = next(file.content for file in written if file.path.endswith("mail.json"))
    client = delivery["store"](json.loads(configuration))
    asked = client.generate_presigned_url("put_object", Params={"Bucket": "bucket", "Key": "key"})
    assert asked.split("?")[0] == address


def test_the_ca_is_installed_or_removed() -> None:
    assert CA in by_name(a_site_elsewhere())["trust"].stdin
    assert "store-ca.crt" not in by_name(a_site_elsewhere(store_ca=""))["trust"].stdin


def test_the_key_is_a_file_of_root_and_no_part_of_a_command() -> None:
    step = store_key("id", "not-a-real-secret")
    assert "not-a-real-secret" not in step.command
    assert "#=> 0600 root:root /etc/agentkeys-mail/store-key" in step.stdin


def test_the_smtp_password_is_a_file_of_root_that_only_the_broker_reads() -> None:
    step = smtp_password(r"""a"b$c`d\e#'!""")
    assert "a" + '"b$' not in step.command
    (file,) = read_bundle(step.stdin)
    assert (file.path, file.owner, file.mode) == ("/etc/agentkeys/smtp.env", "root:root", "0600")
    assert file.content == """BROKER_SMTP_PASSWORD="a\\"b\\$c\\`d\\\\e#'!"\n"""
    relay = Relay(host="smtp.example.org", port=465, user="bot@example.org")
    without, sending = (by_name(a_site_elsewhere(relay=one)) for one in (None, relay))
    units = {Path(file.path).name: file.content for file in read_bundle(sending["units"].stdin)}
    assert [name for name, text in units.items() if "EnvironmentFile=/etc/agentkeys/smtp.env" in text] == [
        "agentkeys-broker.service"
    ]
    (row,) = [line for line in units["services"].splitlines() if "smtp.env" in line]
    assert row.startswith("agentkeys-broker "), "it restarts with the file"
    for line in ("HOST=smtp.example.org", "PORT=465", "USER=bot@example.org"):
        assert f"BROKER_SMTP_{line}" in sending["environment"].stdin
    assert "smtp" not in (without["units"].stdin + without["environment"].stdin).lower()


def test_a_password_of_several_lines_is_refused_without_showing_it() -> None:
    with pytest.raises(ValueError, match="BROKER_SMTP_PASSWORD") as error:
        smtp_password("not-a-real\nsecret")
    assert "not-a-real" not in str(error.value)


def test_the_receiver_has_no_key_and_the_delivery_no_certificate_and_no_port() -> None:
    site = a_site_elsewhere()
    files = {Path(file.path).name: file.content for file in mail_files(site, site.elsewhere.mail)}
    assert "store-key" not in files["agentkeys-mail.service"]
    assert "privkey" not in files["agentkeys-mail-delivery.service"]
    assert json.loads(files["mail.json"])["limit_bytes"] == 10 * 1024 * 1024


@pytest.mark.parametrize("unit", [name for name in MAIL_UNITS if name.endswith(".service")])
def test_the_units_are_confined_as_the_services_are(unit, tmp_path) -> None:
    site = a_site_elsewhere()
    for file in mail_files(site, site.elsewhere.mail):
        if file.path.startswith("/etc/systemd/system/"):
            (tmp_path / Path(file.path).name).write_text(file.content)
    done = subprocess.run(
        [require_tool("systemd-analyze"), "security", "--offline=true", "--no-pager",
         f"--threshold={MOST_EXPOSED * 10:.0f}", tmp_path / unit],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_scripts_pass_shellcheck() -> None:
    scripts = [path for path in ELSEWHERE.iterdir() if path.suffix != ".py"]
    done = subprocess.run(
        [Path(sys.executable).parent / "shellcheck", "--external-sources", f"--source-path={SCRIPTS}", *scripts,
         SCRIPTS.parent / "templates" / "mail-renewal-hook"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_every_script_is_run_by_a_step_or_the_mail_step() -> None:
    commands = [*steps(a_site_elsewhere()), store_key("a", "b"), smtp_password("c")]
    run = {word for step in commands for word in step.command.split()}
    called = {"mail_receiver.py", "mail_delivery.py"}
    assert {path.name for path in ELSEWHERE.iterdir() if path.is_file()} <= run | called
