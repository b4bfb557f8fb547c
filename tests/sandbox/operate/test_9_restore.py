"""What keeps the host's disk from being lost: a backup put back on a host without secrets, and a host launched from a
snapshot. The last of this folder, because the stack has another host then.
"""

import json
import shlex

import pytest
import yaml

from hostsetup.secret_files import SECRETS
from ops import exits
from ops.commands.ssh import ephemeral_key
from sandbox import layout
from tests.sandbox.operate.test_2_faults import ops
from tests.support.documented import expected
from tests.support.live import ACTOR, changes

BROKER = "test-broker.litentry.org"
PATHS = " ".join(str(row.path) for row in SECRETS)
CERTIFICATES = "/etc/letsencrypt/live/*/cert.pem"


def on_host(ground, script):
    return ground.on_host("test", f"sudo sh -euc {shlex.quote(script)}")


def digests(ground, paths):
    return on_host(ground, f"sha256sum {paths}")


@pytest.fixture
def pulumi(ground, tmp_path):
    """Runs the engine with settings beside those of the stack's file."""

    def run(*arguments, **settings):
        content = yaml.safe_load((layout.CHECKOUT / "Pulumi.test.yaml").read_text())
        content["config"] |= {f"agentkeys-cloud:{key}": value for key, value in settings.items()}
        file = tmp_path / "Pulumi.test.yaml"
        file.write_text(yaml.safe_dump(content))
        return ground.pulumi("test", *arguments, "--config-file", str(file))

    return run


def test_a_backup_gives_a_host_without_secrets_its_own_again(ground, tmp_path):
    private, public = ephemeral_key()
    key, backup = tmp_path / "key", tmp_path / "test.age"
    key.write_text(private)
    before = digests(ground, PATHS)
    done = ops(ground, "backup", "-s", "test", "--recipient", public.strip(), "--out", str(backup))
    assert done.returncode == 0, done.stderr
    on_host(ground, f"mkdir /root/lost; cp -a {PATHS} /root/lost; echo other >{SECRETS[0].path}")
    refused = ops(ground, "restore", "-s", "test", str(backup), "--identity", str(key))
    assert refused.returncode == exits.WRONG, "a host that has other secrets keeps them"
    on_host(ground, f"rm {PATHS}")
    done = ops(ground, "restore", "-s", "test", str(backup), "--identity", str(key))
    assert done.returncode == 0, done.stdout + done.stderr
    assert digests(ground, PATHS) == before
    on_host(ground, "rm -r /root/lost")
    assert ops(ground, "drift", "-s", "test").returncode == 0, "owners and modes too"


def test_a_host_from_a_snapshot_has_the_same_address_secrets_and_certificates(ground, pulumi):
    kept = f"{PATHS} {CERTIFICATES}"
    before, outputs = digests(ground, kept), ground.outputs("test")
    done = ops(ground, "snapshots", "-s", "test", "--take", "--json")
    assert done.returncode == 0, done.stderr
    snapshot = json.loads(done.stdout)["snapshots"][0]["identifier"]
    assert changes(pulumi("preview", "--json", restoreFrom=snapshot)) == expected("The disk is lost")[0]
    pulumi("up", "--yes", "--skip-preview", restoreFrom=snapshot)
    pulumi("preview", "--refresh", "--expect-no-changes", restoreFrom=snapshot)
    after = ground.outputs("test")
    assert after["instanceId"] != outputs["instanceId"]
    assert (after["elasticIp"], digests(ground, kept)) == (outputs["elasticIp"], before)
    assert ground.get(BROKER, "/healthz").status == 200
    ground.assume("vault", "test", ground.token(BROKER, ACTOR))
    states = [
        one["State"]["Name"]
        for several in ground.client("ec2").describe_instances(InstanceIds=[outputs["instanceId"]])["Reservations"]
        for one in several["Instances"]
    ]
    assert states in ([], ["terminated"])
    assert changes(pulumi("preview", "--json")) == expected("The disk is lost")[1]
