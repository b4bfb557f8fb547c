"""The settings of a stack on Google Cloud and their errors, without Google's SDK."""

import asyncio
import hashlib
import io
import subprocess
import sys
import tarfile

import pulumi
import pytest
from pulumi.runtime import config

from clouds.gcp.settings import EXCHANGE_AUDIENCE, EXCHANGE_URL, GcpSettings
from dev.recorder import LOOP, PROJECT
from hostsetup.environment import AUDIENCE, variables
from hostsetup.mail import mail_files
from hostsetup.services import BINARIES
from policypack.facts import configuration
from settings import load

FOLDER = PROJECT / "clouds" / "gcp"


def given(folder, *names, content=b""):
    """Settings of a release whose broker exchanges tokens at Google, or has ``content``."""
    content = content or f"{EXCHANGE_URL} {AUDIENCE}".encode()
    path = folder / "release.tar.gz"
    with tarfile.open(path, "w:gz") as opened:
        for name in names or BINARIES:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            opened.addfile(member, io.BytesIO(content))
    return {"release": str(path), "releaseSha256": hashlib.sha256(path.read_bytes()).hexdigest()}


@pytest.fixture
def read(tmp_path):
    """Reads the settings of the stack test with some changed."""

    def settings(*, release=None, **changed):
        asyncio.set_event_loop(LOOP)
        pulumi.runtime.settings.configure(pulumi.runtime.Settings(project="agentkeys-gcp", stack="test"))
        values = {**(release or given(tmp_path)), **changed}
        config.set_all_config(
            {**configuration(FOLDER, "test"), **{f"agentkeys-gcp:{key}": value for key, value in values.items()}}, []
        )
        return load(GcpSettings)

    return settings


def test_names_and_principals(read):
    names = read().names
    assert names.bucket("vault") == "agentkeys-vault-gcp-litentry-agentkeys"
    pool = "projects/429071895007/locations/global/workloadIdentityPools/agentkeys-gcp"
    assert names.actor("ab") == f"principalSet://iam.googleapis.com/{pool}/attribute.actor/ab"
    assert names.exchange_audience == f"//iam.googleapis.com/{pool}/providers/broker"
    assert read(poolEpoch="2").names.pool == "agentkeys-gcp-2"
    assert names.folders("ab") == [
        (names.bucket("vault"), "bots/ab/credentials/"), (names.bucket("memory"), "bots/ab/memory/")
    ]  # fmt: skip


def test_the_broker_learns_where_its_tokens_are_exchanged(read):
    settings = read()
    broker = variables(settings.site)["agentkeys-broker"]
    assert broker[EXCHANGE_URL] == "https://sts.googleapis.com/v1/token"
    assert broker[EXCHANGE_AUDIENCE] == settings.names.exchange_audience
    assert AUDIENCE not in broker
    assert variables(read(issuerAudience="mine").site)["agentkeys-broker"][AUDIENCE] == "mine"


def test_the_delivery_of_mail_has_no_key(read):
    settings = read()
    files = {file.path: file.content for file in mail_files(settings.site, settings.receiver)}
    assert '"api": "gcs"' in files["/etc/agentkeys-mail/mail.json"]
    assert "store-key" not in "".join(files.values())
    assert read(mail="none").site.elsewhere.mail is None


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"accountId": "429071895007"}, "accountId: is a setting of a stack in AWS"),
        ({"storeEndpoint": "https://x"}, "storeEndpoint: is a setting of a stack in clouds/host"),
        ({"nonsense": "1"}, "nonsense: no such key"),
        ({"dns": "route53"}, "dns: 'route53' input should be 'clouddns', 'cloudflare' or 'manual'"),
        ({"managedZone": ""}, "managedZone: is empty, and dns is 'clouddns'"),
        ({"dns": "cloudflare"}, "cloudflareZoneId: is empty"),
        ({"region": "nowhere"}, "region: 'nowhere'"),
        ({"computeZone": "europe-west1-b"}, "computeZone: 'europe-west1-b' is not in the region 'us-east1'"),
        (
            {"image": "debian-cloud/debian-10"},
            "'debian-cloud/debian-10' input should be 'debian-cloud/debian-12'",
        ),
        ({"projectId": "Not A Project"}, "projectId: 'Not A Project'"),
        ({"projectNumber": "litentry"}, "projectNumber: 'litentry'"),
        ({"sshCidrs": '["10.0.0.1/8"]'}, "must be an IPv4 network in CIDR form"),
        ({"suffix": "-abcdefghijklmnop", "projectId": "a" * 30}, "suffix: makes the bucket name"),
        ({"bucketsOnDestroy": "keep"}, "bucketsOnDestroy: 'keep' input should be 'refuse' or 'delete'"),
        ({"emailSender": "ses"}, "emailSender: 'ses' needs AWS"),
        ({"issuerAudience": ""}, "issuerAudience: ''"),
    ],
)
def test_a_wrong_setting_is_one_clear_error(read, changed, said):
    with pytest.raises(pulumi.RunError) as error:
        read(**changed)
    assert said in str(error.value), str(error.value)
    assert "Nothing was created" in str(error.value)


def test_a_release_without_googles_exchange_is_refused(read, tmp_path):
    with pytest.raises(pulumi.RunError, match=r"broker without Google's exchange of tokens \(RFC 8693\)"):
        read(release=given(tmp_path, content=b"for AWS"))
    with pytest.raises(pulumi.RunError, match=f"issuerAudience: 'mine' needs a broker that reads {AUDIENCE}"):
        read(release=given(tmp_path, content=EXCHANGE_URL.encode()), issuerAudience="mine")


def test_settings_and_enrolment_import_no_sdk_of_a_cloud():
    """The operator's commands read them in an environment without it."""
    code = (
        "import sys; import clouds.gcp.settings, clouds.gcp.enrolment; "
        "assert not {'pulumi_gcp', 'pulumi_aws', 'google.auth', 'boto3'} & {*sys.modules}"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-300:]
