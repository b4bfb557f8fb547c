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
from sandbox.rehearsal import say
from sandbox.standin.archive import build_archive
from tests.sandbox.operate.test_2_faults import ops
from tests.support.documented import expected
from tests.support.live import ACTOR, changes
from tests.support.releases import later

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


def another_zone(ground, instance_id):
    """A subnet of the instance's VPC in another zone."""
    ec2 = ground.client("ec2")
    (reservation,) = ec2.describe_instances(InstanceIds=[instance_id])["Reservations"]
    (instance,) = reservation["Instances"]
    found = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [instance["VpcId"]]}])["Subnets"]
    here = instance["Placement"]["AvailabilityZone"]
    return min(item["SubnetId"] for item in found if item["AvailabilityZone"] != here)


def test_a_disk_of_an_older_release_becomes_a_host_in_another_zone_behind_the_same_address(ground, pulumi, monkeypatch):
    kept = f"{PATHS} {CERTIFICATES}"
    before, outputs = digests(ground, kept), ground.outputs("test")
    done = ops(ground, "snapshots", "-s", "test", "--take", "--json")
    assert done.returncode == 0, done.stderr
    restored = {
        "restoreFrom": json.loads(done.stdout)["snapshots"][0]["identifier"],
        "subnetId": another_zone(ground, outputs["instanceId"]),
    }
    archive, digest = build_archive(layout.HOME / "releases" / "newer", say, later())
    monkeypatch.setitem(ground.engine.environment, "AGENTKEYS_RELEASE", str(archive))
    monkeypatch.setitem(ground.engine.environment, "AGENTKEYS_RELEASE_SHA256", digest)
    assert changes(pulumi("preview", "--json", **restored)) == expected("The disk is lost")[0]
    pulumi("up", "--yes", "--skip-preview", **restored)
    pulumi("preview", "--refresh", "--expect-no-changes", **restored)
    after = ground.outputs("test")
    assert after["instanceId"] != outputs["instanceId"]
    assert after["elasticIp"] == outputs["elasticIp"]
    assert after["release"] == f"sha256:{digest}" != outputs["release"]
    assert digests(ground, kept) == before
    assert ground.get(BROKER, "/healthz").status == 200
    ground.assume("vault", "test", ground.token(BROKER, ACTOR))
    left = ground.client("ec2").describe_instances(InstanceIds=[outputs["instanceId"]])["Reservations"]
    assert [one["State"]["Name"] for several in left for one in several["Instances"]] in ([], ["terminated"])
    del restored["restoreFrom"]
    assert changes(pulumi("preview", "--json", **restored)) == expected("The disk is lost")[1]
