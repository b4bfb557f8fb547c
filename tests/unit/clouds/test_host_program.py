"""The program of any Linux host under mocks: its resources, its settings' errors, and the packages that it loads."""

import hashlib
import io
import json
import subprocess
import sys
import tarfile
import textwrap
from pathlib import Path

import pulumi
import pytest

from clouds.host import limits
from clouds.limits import rows
from components.naming import STS_AUDIENCE
from dev.recorder import ADDRESS, PROJECT, run
from hostsetup.environment import AUDIENCE
from hostsetup.services import BINARIES
from tests.support import at_cloudflare
from tests.unit.test_program import COMPONENT_TYPES

FOLDER = PROJECT / "clouds" / "host"
KEY = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAAA\n-----END PRIVATE KEY-----\n"
SECRET = ("hostPrivateKey", "storeSecretAccessKey")


def archive(path: Path, *names: str, content: bytes = b"") -> dict[str, str]:
    with tarfile.open(path, "w:gz") as opened:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            opened.addfile(member, io.BytesIO(content))
    return {"release": str(path), "releaseSha256": hashlib.sha256(path.read_bytes()).hexdigest()}


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return {
        **archive(tmp_path_factory.mktemp("release") / "release.tar.gz", *BINARIES),
        "hostAddress": ADDRESS,
        "hostPrivateKey": KEY,
        "storeAccessKeyId": "AKIAEXAMPLE",
        "storeSecretAccessKey": "not-a-real-secret",
    }


def up(given, *, secret=SECRET, **changed):
    return run("test", folder=FOLDER, changed={**given, **changed}, secret=secret)


@pytest.fixture(scope="module")
def program(given):
    return up(given)


def test_the_inventory_is_the_golden_one(program, golden):
    golden("inventory.host.txt", "".join(sorted(f"{i.type} {i.name} < {i.parent}\n" for i in program.registered)))


def test_it_takes_components_of_aws_stacks_and_nothing_of_aws(program):
    kinds = {item.type for item in program.registered}
    assert {kind for kind in kinds if kind.startswith("agentkeys:")} <= COMPONENT_TYPES
    assert {kind.split(":")[0] for kind in kinds} <= {"agentkeys", "command"}


def test_secrets_travel_as_secrets(program):
    for item in program.registered:
        text = json.dumps(item.inputs)
        if "not-a-real-secret" in text or "MC4CAQ" in text:
            assert '"4dabf18193072939515e22adb298388d"' in text, item.name
    assert "not-a-real-secret" in json.dumps(program.named("setup-store-key").inputs["stdin"])


def test_mail_waits_for_the_key_and_the_certificate_and_the_issuer_does_not_wait_for_mail(program):
    before = {urn.rsplit("::", 1)[-1] for urn in program.named("setup-mail").request.dependencies}
    assert {"setup-store-key", "setup-certificates", "setup-trust"} <= before
    assert program.named("federation-issuer-check").request.dependencies[0].endswith("::setup-health")


def test_gates_run_from_the_projects_folder(program, monkeypatch, given):
    monkeypatch.chdir(FOLDER)
    assert up(given).named("setup-dns").inputs["create"].startswith("cd ../.. && exec venv/bin/python -E -m gates dns ")
    assert program.named("setup-dns").inputs["create"].startswith("exec "), "as AWS's stacks have it in their state"


@pytest.mark.parametrize(("mail", "mx"), [("receive", "10 email-host.litentry.org"), ("none", "0 .")])
def test_the_mail_domain_leads_to_the_host_or_nowhere(given, mail, mx):
    recorded = up(given, mail=mail)
    assert f"bots-host.litentry.org MX {mx}" in recorded.named("dns-published").inputs["create"]
    assert ("setup-mail" in {item.name for item in recorded.registered}) == (mail == "receive")


def test_what_has_no_equal_is_an_output_and_in_the_clouds_page(program):
    page = (PROJECT / "docs" / "clouds" / "host.md").read_text()
    assert program.outputs["noEqual"] == rows(limits.NO_EQUAL)
    assert limits.APPLIED in " ".join(page.split())
    for limit in limits.NO_EQUAL:
        assert f"| {limit.row} | {limit.here} |" in page


def test_destroy_lists_what_stays(program):
    shown = program.named("host-left").inputs["delete"]
    for what in ("agentkeys-broker.service", "agentkeys-mail.socket", "/etc/agentkeys", "agentkeys-mail", ADDRESS):
        assert what in shown


BUCKETS = {"mail": "mail-bucket", "vault": "vault-bucket", "memory": "memory-bucket"}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"accountId": "429071895007"}, "accountId: is a setting of a stack in AWS"),
        ({"nonsense": "1"}, "nonsense: no such key"),
        ({"dns": "route53"}, "dns: 'route53' input should be 'cloudflare' or 'manual'"),
        ({"dns": "cloudflare"}, "cloudflareZoneId: is empty"),
        ({"hostAddress": "10.1.2.3"}, "hostAddress: '10.1.2.3' is in 10.0.0.0/8"),
        ({"hostAddress": "host.example"}, "must be the host's public IPv4 address"),
        ({"hostPrivateKey": ""}, "hostPrivateKey: is empty"),
        ({"hostPrivateKey": "ssh-ed25519 AAAA"}, "hostPrivateKey: must be a private key in PEM form"),
        ({"storeEndpoint": "ftp://store"}, "storeEndpoint: 'ftp://store' must be a URL of http or https"),
        ({"storeEndpoint": "https://store/bucket"}, "must be a URL without a path"),
        ({"storeCa": "/nonexistent.pem"}, "storeCa: '/nonexistent.pem' must be a file with PEM certificates"),
        ({"buckets": json.dumps({"mail": "mail-bucket"})}, "must have exactly the keys mail, vault, memory"),
        ({"buckets": json.dumps({**BUCKETS, "vault": "mail-bucket"})}, "must not have one name twice"),
        ({"buckets": json.dumps({**BUCKETS, "vault": "Not_A_Bucket"})}, "buckets.vault"),
        ({"storeAccessKeyId": ""}, "storeAccessKeyId: is empty, and the other half"),
        ({"dataRole": ""}, "dataRole: '' must not be empty, since the broker does not start"),
        ({"emailSender": "ses"}, "emailSender: 'ses' needs AWS"),
        ({"authMethods": "email_link"}, "emailSender: is empty, and authMethods has email_link"),
        ({"mailSizeLimitMib": "41"}, "mailSizeLimitMib: '41' input should be less than or equal to 40"),
        ({"issuerAudience": "store"}, f"needs a broker that reads {AUDIENCE}"),
        ({"release": "", "releaseSha256": ""}, "set exactly one source for the binaries"),
    ],
)
def test_a_wrong_setting_is_one_clear_error_and_nothing_is_created(given, changed, said):
    with pytest.raises(pulumi.RunError) as error:
        up(given, **changed)
    assert said in str(error.value), str(error.value)
    assert "Nothing was created" in str(error.value)
    assert "not-a-real-secret" not in str(error.value)


@pytest.fixture
def cloudflare(monkeypatch):
    at_cloudflare.install(monkeypatch)


def test_cloudflare_keeps_the_same_records(given, cloudflare, program):
    changed = {**given, **at_cloudflare.SETTINGS}
    recorded = run("test", folder=FOLDER, changed=changed, secret=SECRET, lookups=at_cloudflare.zone_with())
    made = recorded.of("cloudflare:index/dnsRecord:DnsRecord")
    asked = program.named("dns-published").inputs["create"]
    assert len(made) == 9
    for item in made:
        assert f"{item.inputs['name']} {item.inputs['type']} " in asked
    mx = recorded.named("dns-mx").inputs
    assert (mx["priority"], mx["content"]) == (10, "email-host.litentry.org")


def test_a_record_at_cloudflare_that_collides_stops_it(given, cloudflare):
    changed = {**given, **at_cloudflare.SETTINGS}
    there = ("email-host.litentry.org", "CNAME", "elsewhere.example")
    with pytest.raises(pulumi.RunError, match=r"email-host\.litentry\.org CNAME"):
        run("test", folder=FOLDER, changed=changed, secret=SECRET, lookups=at_cloudflare.zone_with(there))


def test_secrets_in_plain_text_are_refused(given):
    for key in SECRET:
        with pytest.raises(pulumi.RunError, match=f"{key}: is in plain text"):
            up(given, secret=tuple(other for other in SECRET if other != key))


def test_a_release_without_a_binary_or_that_is_none_is_refused(given, tmp_path):
    with pytest.raises(pulumi.RunError, match="lacks agentkeys-worker-"):
        up(given, **archive(tmp_path / "a.tar.gz", *BINARIES[:3]))
    broken = {"release": str(tmp_path / "b"), "releaseSha256": archive(tmp_path / "b", "x")["releaseSha256"]}
    (tmp_path / "b").write_bytes(b"not a tar")
    broken["releaseSha256"] = hashlib.sha256(b"not a tar").hexdigest()
    with pytest.raises(pulumi.RunError, match=r"is no tar\.gz archive"):
        up(given, **broken)


def test_another_audience_reaches_a_broker_that_reads_it(given, tmp_path):
    changed = archive(tmp_path / "a.tar.gz", *BINARIES, content=AUDIENCE.encode())
    recorded = up(given, **changed, issuerAudience="store")
    assert f"{AUDIENCE}=store" in recorded.named("setup-environment").inputs["stdin"]
    assert recorded.outputs["issuer"]["audience"] == "store"
    assert up(given).outputs["issuer"]["audience"] == STS_AUDIENCE


@pytest.mark.parametrize(
    ("folder", "stack", "absent"),
    [
        ("clouds/host", "test", ("pulumi_aws", "pulumi_tls", "boto3", "botocore", "pulumi_cloudflare")),
        (
            ".",
            "test",
            (
                "clouds",
                "boto3",
                "google.auth",
                "pulumi_cloudflare",
                "pulumi_gcp",
                "pulumi_alicloud",
                "tencentcloud_iac_pulumi",
            ),
        ),
    ],
)
def test_a_run_imports_no_sdk_of_another_cloud(given, folder, stack, absent):
    """In a process of its own, since this one has imported everything."""
    mine = given if folder != "." else {key: given[key] for key in ("release", "releaseSha256")}
    script = f"""
        import sys
        from dev.recorder import PROJECT, run
        run({stack!r}, folder=PROJECT / {folder!r}, changed={mine!r}, secret={SECRET!r})
        print([name for name in {absent!r} if name in sys.modules])
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-1:] == ["[]"], done.stdout + done.stderr
