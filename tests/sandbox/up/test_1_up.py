"""The main job: a stack from nothing to a working broker, and everything that must be seen of it."""

import json
import re

import pytest
from botocore.exceptions import ClientError

from sandbox import layout, rehearsal, supervisor
from sandbox.engine import wire
from sandbox.standin.archive import build_archive
from tests.support.emulation import FOOTPRINT, eventually, refuses
from tests.support.live import ACTOR
from tests.support.releases import EXITS


@pytest.fixture(scope="module", autouse=True)
def printed(ground):
    """What `make up` printed at its end."""
    import contextlib
    import io

    answer = io.StringIO()
    with contextlib.redirect_stdout(answer):
        rehearsal.up("test", rehearsal.say)
    return answer.getvalue()


def test_the_summary_tells_urls_masked_outputs_times_and_what_next(printed):
    for name in ("test-broker", "signer-test", "audit-test", "email-test", "cred-test", "memory-test"):
        assert f"https://{name}.litentry.org" in printed
    assert "sshPrivateKey    [secret]" in printed
    assert "  accessKeys\n    broker  [secret]\n" in printed
    assert "BEGIN OPENSSH" not in printed
    assert re.search(r"stack +\d+\.\d s", printed)
    assert "make preview STACK=test" in printed


@pytest.mark.parametrize("name", ["test-broker", "signer-test", "audit-test", "email-test", "cred-test", "memory-test"])
def test_every_host_answers_over_tls_with_a_certificate_of_the_sandboxs_authority(ground, name):
    assert ground.get(f"{name}.litentry.org", "/healthz").status == 200


def test_the_broker_is_an_oidc_issuer(ground):
    broker = "test-broker.litentry.org"
    discovery = ground.get(broker, "/.well-known/openid-configuration").json()
    assert discovery["issuer"] == f"https://{broker}"
    keys = ground.get(broker, "/.well-known/jwks.json").json()["keys"]
    assert [(key["kty"], key["crv"], key["alg"]) for key in keys] == [("EC", "P-256", "ES256")]


def test_the_signer_shows_the_world_nothing_but_its_own_paths(ground):
    assert ground.get("signer-test.litentry.org", "/v1/anything").status == 404


def test_the_host_is_reachable_on_three_ports_only(ground):
    address = ground.outputs("test")["elasticIp"]
    assert [port for port in (22, 80, 443, 8090, 8091, 8092, 9092, 9093, 9094, 9095) if not refuses(address, port)] == [
        22, 80, 443
    ]  # fmt: skip


def test_a_preview_is_empty(ground):
    ground.pulumi("test", "preview", "--expect-no-changes")


def test_a_preview_that_asks_aws_is_empty(ground):
    ground.pulumi("test", "preview", "--refresh", "--expect-no-changes")


def test_a_second_up_changes_nothing_on_the_host_either(ground):
    before = ground.on_host("test", FOOTPRINT)
    assert before.count("Id=agentkeys-") == 7
    ground.pulumi("test", "up", "--yes", "--expect-no-changes")
    assert ground.on_host("test", FOOTPRINT) == before


def test_running_the_steps_again_changes_nothing_either(ground):
    """As after a killed session: every script once more on a host that is done."""
    before = ground.on_host("test", FOOTPRINT)
    steps = [
        resource["urn"]
        for resource in ground.state("test")["resources"]
        if resource["type"].startswith("command:remote:")
    ]
    assert len(steps) == 19
    again = [part for urn in steps for part in ("--target-replace", urn)]
    done = ground.pulumi("test", "up", "--yes", "--skip-preview", *again)
    assert f"+-{len(steps)} replaced" in done.stdout
    assert ground.on_host("test", FOOTPRINT) == before


def test_ses_left_its_notification_when_the_rule_was_made(ground):
    keys = ground.client("s3").list_objects_v2(Bucket=ground.outputs("test")["buckets"]["mail"])["Contents"]
    assert "inbound/AMAZON_SES_SETUP_NOTIFICATION" in [item["Key"] for item in keys]


def test_mail_to_any_address_of_the_domain_lands_in_the_inbox(ground):
    ground.send_mail("anything@bots-test.litentry.org", "found it")
    bucket = ground.outputs("test")["buckets"]["mail"]
    assert eventually(lambda: [mail for mail in ground.mails(bucket) if b"Subject: found it" in mail])


@pytest.mark.parametrize("key", ["data", "vault", "memory"])
def test_a_token_of_the_broker_assumes_the_role(ground, key):
    session = ground.assume(key, "test", ground.token("test-broker.litentry.org", ACTOR))
    assert session["AssumedRoleUser"]["Arn"].startswith(
        f"arn:aws:sts::429071895007:assumed-role/agentkeys-{key}-role-test/"
    )
    assert session["Provider"].endswith("oidc-provider/test-broker.litentry.org")


def test_a_token_that_was_changed_assumes_nothing(ground):
    head, body, signature = ground.token("test-broker.litentry.org", ACTOR).split(".")
    forged = ".".join([head, body, signature[:-4] + ("AAAA" if signature[-4:] != "AAAA" else "BBBB")])
    with pytest.raises(ClientError, match="InvalidIdentityToken"):
        ground.assume("vault", "test", forged)


def test_no_secret_stands_in_the_state_in_clear(ground):
    text = ground.engine.run(rehearsal.deployment("test"), "stack", "export", capture=True).stdout
    shown = ground.engine.run(
        rehearsal.deployment("test"), "stack", "output", "--json", "--show-secrets", capture=True
    ).stdout
    assert "BEGIN OPENSSH PRIVATE KEY" in shown
    assert "BEGIN OPENSSH PRIVATE KEY" not in text
    secret = re.search(r'"aws_secret_access_key": "([^"]+)"', shown).group(1)
    assert secret not in text
    for path in ground.on_host("test", "sudo sh -c 'cat /etc/agentkeys/*.env'").splitlines():
        value = path.partition("=")[2].strip('"')
        if re.fullmatch(r"[0-9a-f]{64}", value):
            assert value not in text
            assert value not in supervisor.LOG.read_text()


def _hidden(value, *, inside=False):
    """The texts below secret marks in an export, but for what a connection holds beside its key."""
    if isinstance(value, dict):
        if value.get(wire.MARK) == wire.SECRET:
            plain = json.loads(value["plaintext"]) if "plaintext" in value else value["value"]
            yield from _hidden(plain, inside=True)
        else:
            kept = {key: item for key, item in value.items() if "privateKey" not in value or key == "privateKey"}
            yield from (text for item in kept.values() for text in _hidden(item, inside=inside))
    elif isinstance(value, list):
        yield from (text for item in value for text in _hidden(item, inside=inside))
    elif inside and isinstance(value, str):
        yield value


def test_nothing_that_a_step_prints_is_secret(ground):
    """The official plugin keeps what a command prints plain in the state (sandbox/engine/conformance/cases.py)."""
    exported = ground.engine.run(rehearsal.deployment("test"), "stack", "export", "--show-secrets", capture=True).stdout
    deployment = json.loads(exported)["deployment"]
    on_host = ground.on_host(
        "test",
        "sudo sh -c 'cat /etc/agentkeys/*.env /etc/letsencrypt/live/*/privkey.pem; find /var/lib/agentkeys/keys -type f"
        " -exec cat {} +'",
    )
    keys = re.findall(r'=["]?([0-9a-f]{64})["]?$|^([A-Za-z0-9+/=]{40,})$', on_host, re.MULTILINE)
    values = [*_hidden(deployment), *(text for pair in keys for text in pair)]
    secrets = {line for value in values for line in value.splitlines() if len(line) >= 20 and "-----" not in line}
    assert len(secrets) >= 20
    printed = {
        (item["urn"].rpartition("::")[2], name): item["outputs"][name]
        for item in deployment["resources"]
        if item["type"] in ("command:remote:Command", "command:local:Command")
        for name in ("stdout", "stderr")
    }
    assert len(printed) >= 2 * 22
    for place, text in printed.items():
        assert isinstance(text, str), f"{place} is marked as a secret"
        assert not [secret[:4] for secret in secrets if secret in text], place


def test_a_broken_release_fails_every_up_and_the_state_tells_what_runs(ground):
    runs = ground.outputs("test")["release"]
    assert runs == f"sha256:{ground.engine.environment['AGENTKEYS_RELEASE_SHA256']}"
    archive, digest = build_archive(layout.HOME / "broken", rehearsal.say, {"agentkeys-worker-audit": EXITS})
    broken = {"AGENTKEYS_RELEASE": str(archive), "AGENTKEYS_RELEASE_SHA256": digest}
    for _ in range(2):
        done = ground.pulumi("test", "up", "--yes", "--skip-preview", check=False, **broken)
        said = done.stdout + done.stderr
        assert done.returncode != 0
        assert "this release cannot start" in said
        assert f"The release sha256:{digest} was taken back: {runs} runs again" in said
        assert ground.outputs("test")["release"] == runs
    ground.pulumi("test", "up", "--yes", "--skip-preview")
    assert ground.outputs("test")["release"] == runs
    ground.pulumi("test", "preview", "--expect-no-changes")


def test_trust_switches_in_place_and_back(ground):
    static = ground.pulumi("test", "up", "--yes", "--config", "agentkeys-cloud:trust=static")
    assert "~ 3 updated" in static.stdout
    assert "+ 1 created" in static.stdout
    assert "replaced" not in static.stdout
    with pytest.raises(ClientError, match="AccessDenied"):
        ground.assume("data", "test", ground.token("test-broker.litentry.org", ACTOR))
    ground.assume("vault", "test", ground.token("test-broker.litentry.org", ACTOR))
    back = ground.pulumi("test", "up", "--yes")
    assert "~ 3 updated" in back.stdout
    assert "- 1 deleted" in back.stdout
    ground.assume("data", "test", ground.token("test-broker.litentry.org", ACTOR))
