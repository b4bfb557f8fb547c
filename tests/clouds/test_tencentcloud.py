"""The whole life of a stack on the emulated Tencent Cloud, beside a stack on AWS: `make test-clouds`.

Terraform's provider 1.81.20 makes the resources, Tencent Cloud's own SDKs judge who reaches what. The test takes the
broker's part: it assumes roles with the key of the host's role and passes the session policies.
"""

import json
import shutil
import smtplib
import subprocess
from urllib.parse import quote

import pytest
import requests
from botocore.exceptions import ClientError
from qcloud_cos.cos_exception import CosServiceError

from sandbox import layout, rehearsal
from sandbox.rehearsal import say
from sandbox.tencentcloud import client as tencentcloud
from tests.support import emulation
from tests.support.other_cloud import OtherCloud
from tests.support.tencent_cloud import cos, s3, session

pytestmark = pytest.mark.clouds

ONE, OTHER = "a1" * 32, "b2" * 32
BROKER, DOMAIN = "tencent-broker.litentry.org", "bots-tencent.litentry.org"
VAULT, MEMORY, MAIL = (f"agentkeys-{key}-tencent-1250000000" for key in ("vault", "memory", "mail"))
HOST_ROLE = "agentkeys-broker-host-tencent"
METADATA = f"http://metadata.tencentyun.com/latest/meta-data/cam/security-credentials/{HOST_ROLE}"


class Life(OtherCloud):
    """Both stacks, and Tencent Cloud as its operator, its host and actors see it."""

    def __init__(self):
        super().__init__("tencentcloud", tencentcloud.FOLDER)
        given = json.loads(tencentcloud.CREDENTIALS.read_text())
        self.operator = given["TENCENTCLOUD_SECRET_ID"], given["TENCENTCLOUD_SECRET_KEY"]

    def on_the_host(self, command):
        key = layout.HOME / "tencent.key"
        key.touch(mode=0o600)
        key.write_text(self.there("stack", "output", "sshPrivateKey", "--show-secrets"))
        done = subprocess.run(
            ["ssh", "-i", str(key), "-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null", "-oLogLevel=ERROR",
             "-oBatchMode=yes", f"agentkeys-setup@{self.output('address')}", command],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @property
    def host(self):
        """The key of the host's role, which a process on the host reads."""
        found = json.loads(self.on_the_host(f"curl -sf {METADATA}"))
        return found["TmpSecretId"], found["TmpSecretKey"], found["Token"]

    def seen_by(self, actor, key):
        """COS as an actor sees it whose session the broker narrowed."""
        policy = self.output("sessionPolicies")[key].replace("{actor}", actor)
        return cos(session(self.host, self.output("roleArns")[key], quote(policy), DurationSeconds=3600))


@pytest.fixture(scope="module")
def life(home):
    with pytest.MonkeyPatch.context() as patch:
        made = Life()
        for name, value in {**tencentcloud.environment(), "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}.items():
            patch.setenv(name, value)
        patch.setenv("AWS_CA_BUNDLE", str(tencentcloud.AUTHORITY))
        made.bring_up("test")
        rehearsal.up("test", say, "tencentcloud")
        yield made


def refused(attempt, code="AccessDenied"):
    with pytest.raises((CosServiceError, ClientError)) as error:
        attempt()
    shown = error.value
    assert code in (shown.get_error_code() if isinstance(shown, CosServiceError) else shown.response["Error"]["Code"])


def test_the_next_preview_is_empty_and_says_where_this_was_applied(life):
    said = life.there("preview", "--expect-no-changes")
    assert "never applied to a real account" in said
    assert "no equal: Isolation of actors by session tags" in said


def test_what_is_there_is_what_the_state_says(life):
    said = life.there("refresh", "--preview-only", "--expect-no-changes")
    assert "unchanged" in said


def test_a_session_reaches_its_actors_prefix_and_nothing_else(life):
    for key, bucket, part in (("vault", VAULT, "credentials"), ("memory", MEMORY, "memory")):
        own, name = life.seen_by(ONE, key), f"bots/{ONE}/{part}/one"
        own.put_object(Bucket=bucket, Key=name, Body=b"mine")
        assert own.get_object(Bucket=bucket, Key=name)["Body"].read() == b"mine"
        listed = own.list_objects(Bucket=bucket, Prefix=f"bots/{ONE}/{part}/")
        assert [found["Key"] for found in listed["Contents"]] == [name]
    theirs = f"bots/{OTHER}/credentials/one"
    life.seen_by(OTHER, "vault").put_object(Bucket=VAULT, Key=theirs, Body=b"theirs")
    seen = life.seen_by(ONE, "vault")
    for attempt in (
        lambda: seen.get_object(Bucket=VAULT, Key=theirs),
        lambda: seen.put_object(Bucket=VAULT, Key=theirs, Body=b"mine"),
        lambda: seen.delete_object(Bucket=VAULT, Key=theirs),
        lambda: seen.put_object(Bucket=MEMORY, Key=f"bots/{ONE}/memory/one", Body=b"another class"),
        lambda: seen.list_objects(Bucket=VAULT, Prefix="bots/"),
        lambda: seen.list_objects(Bucket=VAULT, Prefix=f"bots/{OTHER}/credentials/"),
        lambda: seen.list_objects(Bucket=MAIL, Prefix="inbound/"),
        lambda: seen.get_bucket_policy(Bucket=VAULT),
    ):
        refused(attempt)
    assert cos(life.operator).get_object(Bucket=VAULT, Key=theirs)["Body"].read() == b"theirs"


def test_only_the_session_policy_keeps_actors_apart(life):
    """What the page and the preview say: whoever has the host's role has every class."""
    wide = cos(session(life.host, life.output("roleArns")["vault"]))
    assert wide.get_object(Bucket=VAULT, Key=f"bots/{OTHER}/credentials/one")["Body"].read() == b"theirs"
    refused(lambda: wide.get_object(Bucket=MEMORY, Key=f"bots/{ONE}/memory/one"))
    refused(lambda: cos(life.host).get_object(Bucket=VAULT, Key=f"bots/{OTHER}/credentials/one"))
    assert requests.get(f"https://{VAULT}.cos.ap-singapore.myqcloud.com/?prefix=bots/", timeout=10).status_code == 403


def test_the_operators_proof_passes_and_leaves_nothing(life):
    before = life.kept("objects")
    proved = json.loads(life.agentkeys("proof", "--json"))
    assert proved["summary"]["ok"] > 120
    assert proved["summary"]["wrong"] == proved["summary"]["not run"] == 0
    assert [line["subject"] for line in proved["lines"] if line["verdict"] == "warning"] == ["broker"]
    assert proved["stays"] == []
    assert life.kept("objects") == before


def test_mail_reaches_the_bucket_with_the_hosts_key_which_can_do_nothing_else(life):
    with smtplib.SMTP(life.output("address"), 25, timeout=30) as client:
        client.sendmail("somebody@example.com", [f"bot@{DOMAIN}"], "Subject: hello\r\n\r\nto Tencent\r\n")
    owner = cos(life.operator)

    def arrived():
        listed = owner.list_objects(Bucket=MAIL, Prefix="inbound/").get("Contents", [])
        # The SDK reads an empty object as text.
        bodies = [owner.get_object(Bucket=MAIL, Key=one["Key"])["Body"].read() or b"" for one in listed]
        return [body for body in bodies if b"to Tencent" in body]

    assert emulation.eventually(arrived, 60)
    (key_id,) = [key_id for key_id, key in life.kept("keys").items() if key["of"] == "user"]
    daemon = s3((key_id, life.kept("keys")[key_id]["secret"]))
    (rule,) = [one for one in daemon.get_bucket_lifecycle_configuration(Bucket=MAIL)["Rules"] if "Expiration" in one]
    assert (rule["Filter"]["Prefix"], rule["Expiration"]["Days"]) == ("inbound/", 30)
    refused(lambda: daemon.list_objects(Bucket=MAIL, Prefix="inbound/"))
    refused(lambda: daemon.put_object(Bucket=MAIL, Key="elsewhere", Body=b""))
    refused(lambda: daemon.put_object(Bucket=VAULT, Key="inbound/one", Body=b""))


def test_the_host_is_as_the_program_left_it_without_agents_of_the_cloud(life):
    assert json.loads(life.agentkeys("drift", "--json"))["drift"] == []
    # The provider drops disableAutomationService: tests/clouds/test_tencentcloud_program.py.
    running = life.on_the_host("ps -e -o comm=").split()
    assert "nginx" in running
    assert [one for one in running if one.startswith(("tat_agent", "YDService", "barad", "sgagent"))] == []


def test_a_region_that_the_account_does_not_have_is_one_error(life):
    file = layout.HOME / "tokyo.yaml"
    text = life.project.file.read_text()
    for region, said in (("ap-tokyo", "refused to list instance types"), ("ap-moon", "must be a region of Tencent")):
        shutil.copyfile(life.project.file, file)
        file.write_text(text.replace("ap-singapore", region))
        done = life.there_engine.run(
            rehearsal.Project(name=life.project.name, folder=life.project.folder, stack="test", file=file),
            "preview", capture=True, check=False,
        )  # fmt: skip
        shown = done.stdout + done.stderr
        assert done.returncode != 0
        assert "region: " in shown
        assert said in shown
        assert "Traceback" not in shown


def test_destroy_leaves_nothing_there_and_the_stack_on_aws_untouched(life):
    life.there("destroy", "--yes")
    for table in (
        *("buckets", "objects", "instances", "addresses", "groups", "rules", "subnets", "vpcs"),
        *("users", "roles", "policies", "records"),
    ):
        assert life.kept(table) == {}, table
    assert {key["of"] for key in life.kept("keys").values()} <= {"operator", "role"}
    life.pulumi("test", "preview", "--expect-no-changes")
    assert life.get("test-broker.litentry.org", "/healthz").status == 200
