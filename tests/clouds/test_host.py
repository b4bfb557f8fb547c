"""The whole life of a stack on a host that somebody made, in the sandbox: `make test-clouds`.

By default on Debian 12; with ``--every-bracket`` on Debian 11 and 13 too. The object store is AWS's emulator.
"""

import json
import smtplib
import subprocess
import sys
import time

import pytest

from sandbox import layout, rehearsal, somebody, supervisor
from sandbox.rehearsal import say
from sandbox.standin.archive import build_archive
from tests.support import emulation
from tests.support.releases import NEVER_ANSWERS, later

pytestmark = pytest.mark.clouds

IMAGES = ("debian-12-amd64-*", "debian-11-amd64-*", "debian-13-amd64-*")
DOMAIN = "bots-host.litentry.org"


class Life:
    """The stack, and its host as its owner sees it."""

    def __init__(self, image):
        self.project = rehearsal.elsewhere("host", "test")
        self.engine = rehearsal.Engine(rehearsal.prepare(say))
        self.project.file.unlink(missing_ok=True)
        self.brought = rehearsal.configure(self.engine, self.project, say, image)
        self.store = supervisor.client("s3")

    def pulumi(self, *arguments, check=True):
        done = self.engine.run(self.project, *arguments, capture=True, check=check)
        return done.stdout + done.stderr

    def up(self, *, check=True):
        self.engine.init(self.project)
        return self.pulumi("up", "--yes", "--skip-preview", check=check)

    def agentkeys(self, *arguments):
        environment = {**self.engine.environment, "PULUMI_OPTION_CONFIG_FILE": str(self.project.file)}
        return subprocess.run(
            [sys.executable, "-m", "ops", arguments[0], "--cloud", "host", "-s", "test", *arguments[1:]],
            cwd=layout.CHECKOUT, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def on_host(self, command):
        done = subprocess.run(
            ["ssh", "-i", self.brought.key, "-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null",
             "-oLogLevel=ERROR", "-oBatchMode=yes", f"{self.brought.login_user}@{self.brought.address}", command],
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def release(self, name, changed):
        archive, digest = build_archive(layout.HOME / "releases" / name, say, changed)
        self.engine.environment |= {"AGENTKEYS_RELEASE": str(archive), "AGENTKEYS_RELEASE_SHA256": digest}
        return f"sha256:{digest}"

    def send(self, subject, size=100):
        """The answer's code and the message's name."""
        with smtplib.SMTP(self.brought.address, 25, timeout=30) as client:
            client.ehlo("sender.example.com")
            code, said = client.mail("somebody@example.com")
            if code != 250:
                return code, said.decode()
            client.rcpt(f"bot@{DOMAIN}")
            code, said = client.data(f"Subject: {subject}\r\n\r\n{'x' * size}\r\n")
            return code, said.split()[-1].decode()

    def delivered(self, name):
        bucket = self.brought.buckets["mail"]
        found = self.store.list_objects_v2(Bucket=bucket, Prefix="inbound/").get("Contents", [])
        return f"inbound/{name}" in {item["Key"] for item in found}


@pytest.fixture(scope="module", params=IMAGES, ids=lambda image: image.removesuffix("-amd64-*"))
def life(request, home):
    if request.param != IMAGES[0] and not request.config.getoption("--every-bracket"):
        pytest.skip("one image is enough by default; --every-bracket sets up the others")
    supervisor.start(say)
    made = Life(request.param)
    yield made
    # The next image gets a machine of its own.
    made.pulumi("destroy", "--yes", check=False)
    made.engine.run(made.project, "stack", "rm", "--yes", "--preserve-config", capture=True, check=False)
    ec2 = supervisor.client("ec2")
    ec2.terminate_instances(InstanceIds=[made.brought.instance_id])
    addresses = ec2.describe_addresses(PublicIps=[made.brought.address])["Addresses"]
    ec2.release_address(AllocationId=addresses[0]["AllocationId"])


def test_up_brings_it_from_a_bare_machine_to_health_and_the_next_preview_is_empty(life):
    somebody.publish(rehearsal.records(life.engine, life.project))
    said = life.up()
    assert "no equal: Firewall" in said, "what it cannot do is in its output"
    life.pulumi("preview", "--expect-no-changes")
    outputs = life.engine.outputs(life.project)
    assert outputs["issuer"] == {
        "url": "https://host-broker.litentry.org", "audience": "sts.amazonaws.com",
        "thumbprint": outputs["issuer"]["thumbprint"],
    }  # fmt: skip
    assert len(outputs["issuer"]["thumbprint"]) == 40


def test_the_host_matches_and_a_change_by_hand_is_drift(life):
    assert life.agentkeys("drift").returncode == 0, life.agentkeys("drift").stdout
    assert life.agentkeys("doctor").returncode == 0, life.agentkeys("doctor").stdout
    life.on_host("sudo systemctl stop agentkeys-mail-delivery; sudo touch /etc/agentkeys/stray")
    found = {item["what"] for item in json.loads(life.agentkeys("drift", "--json").stdout)["drift"]}
    assert found == {"agentkeys-mail-delivery.service", "/etc/agentkeys/stray"}
    life.on_host("sudo systemctl start agentkeys-mail-delivery; sudo rm /etc/agentkeys/stray")


def test_mail_reaches_the_bucket_with_the_hosts_own_key_and_expires_as_on_aws(life):
    code, name = life.send("hello")
    assert code == 250
    assert emulation.eventually(lambda: life.delivered(name), 60)
    (rule,) = life.store.get_bucket_lifecycle_configuration(Bucket=life.brought.buckets["mail"])["Rules"]
    assert (rule["Filter"]["Prefix"], rule["Expiration"]["Days"]) == ("inbound/", 30)
    exposed = life.on_host("systemd-analyze security --no-pager agentkeys-mail.service | tail -1")
    assert float(exposed.split("agentkeys-mail.service:")[1].split()[0]) <= 2.5


def test_a_full_disk_is_452_and_a_killed_receiver_keeps_what_it_accepted(life):
    spool = "/var/lib/agentkeys-mail/spool"
    # Less than what the receiver leaves free.
    life.on_host(
        f"sudo systemctl stop agentkeys-mail-delivery agentkeys-mail; sudo mount -t tmpfs -o size=260m tmpfs {spool}; "
        f"sudo chown agentkeys-mail:agentkeys-mail {spool}; sudo chmod 700 {spool}; sudo systemctl start agentkeys-mail"
    )
    assert life.send("no room")[0] == 452
    life.on_host(f"sudo systemctl stop agentkeys-mail; sudo umount {spool}; sudo systemctl start agentkeys-mail")
    code, name = life.send("kept")
    assert code == 250
    life.on_host("sudo systemctl kill --signal=KILL agentkeys-mail.service")
    assert name in life.on_host(f"sudo ls {spool}")
    life.on_host("sudo systemctl start agentkeys-mail-delivery")
    assert emulation.eventually(lambda: life.delivered(name), 60)
    # The socket is systemd's: a sender in the meantime waits instead of being turned away.
    assert life.send("after the kill")[0] == 250


def test_another_release_is_swapped_in_and_one_that_fails_is_taken_back(life):
    wanted = life.release("later", later())
    life.up()
    assert life.engine.outputs(life.project)["release"] == wanted
    life.release("broken", {"agentkeys-worker-audit": NEVER_ANSWERS})
    said = life.up(check=False)
    assert "agentkeys-worker-audit did not answer" in said
    assert wanted in life.on_host("cat /usr/local/share/agentkeys/release")
    life.release("later", later())
    life.up()
    life.pulumi("preview", "--expect-no-changes")


def test_destroy_leaves_the_host_and_lists_what_is_on_it(life):
    said = life.pulumi("destroy", "--yes")
    assert f"The host {life.brought.address} stays as it is" in said
    assert "agentkeys-broker.service" in said
    assert life.on_host("systemctl is-active agentkeys-broker").strip() == "active"
    began = time.monotonic()
    life.up()
    say(f"taken again in {time.monotonic() - began:.0f} s")
