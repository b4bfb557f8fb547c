"""The account outlives its process: stopped, killed, or with a snapshot it cannot read."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox import layout
from tests.support.emulated import ACCOUNT_ID, REGION, client_of, credentials, s3_rule, ses_policy, upsert

SERVE = """
import sys, time
from pathlib import Path
from tests.support.emulated import make_account
account = make_account(Path(sys.argv[1]), port=int(sys.argv[2]))
account.start()
print(account.endpoint, flush=True)
sys.stdin.readline()
account.stop()
print("stopped", flush=True)
"""


class Served:
    """An account in a process of its own: moto's state is global to a process."""

    def __init__(self, home: Path, port: int, clients: dict[str, Any]) -> None:
        self.home = home
        self.clients = clients
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(home), str(port)],
            cwd=layout.CHECKOUT,
            env={**os.environ, "PYTHONPATH": str(layout.CHECKOUT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        self.endpoint = self.process.stdout.readline().strip()

    def client(self, service: str) -> Any:
        # Kept from one process to the next: making a client takes longer than using it.
        if service not in self.clients:
            self.clients[service] = client_of(self.endpoint, service, credentials(self.home))
        return self.clients[service]

    def stop(self) -> None:
        self.process.communicate("\n", timeout=20)
        assert self.process.returncode == 0

    def kill(self) -> None:
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.communicate()


def listings(served: Served) -> dict[str, Any]:
    iam, s3, ec2 = served.client("iam"), served.client("s3"), served.client("ec2")
    route53, ses, sesv2 = served.client("route53"), served.client("ses"), served.client("sesv2")
    content: dict[str, Any] = {
        "caller": served.client("sts").get_caller_identity(),
        "users": iam.list_users(),
        "keys": iam.list_access_keys(UserName="agentkeys-admin"),
        "attached": iam.list_attached_user_policies(UserName="agentkeys-admin"),
        "roles": iam.list_roles(),
        "providers": iam.list_open_id_connect_providers(),
        "buckets": s3.list_buckets()["Buckets"],
        "policy": s3.get_bucket_policy(Bucket="kept"),
        "objects": s3.list_object_versions(Bucket="kept")["Versions"],
        "object": s3.get_object(Bucket="kept", Key="blob")["Body"].read(),
        "instances": ec2.describe_instances()["Reservations"],
        "addresses": ec2.describe_addresses()["Addresses"],
        "pairs": ec2.describe_key_pairs()["KeyPairs"],
        "groups": ec2.describe_security_groups()["SecurityGroups"],
        "volumes": ec2.describe_volumes()["Volumes"],
        "subnets": ec2.describe_subnets()["Subnets"],
        "images": ec2.describe_images()["Images"],
        "zones": route53.list_hosted_zones()["HostedZones"],
        "active": ses.describe_active_receipt_rule_set(),
        "identity": sesv2.get_email_identity(EmailIdentity="bots.litentry.org"),
        "blocked": served.client("s3control").get_public_access_block(AccountId=ACCOUNT_ID),
    }
    content["records"] = [
        route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"] for zone in content["zones"]
    ]
    for answer in content.values():
        if isinstance(answer, dict):
            answer.pop("ResponseMetadata", None)
    return content


def fill(served: Served) -> None:
    iam, s3, ec2 = served.client("iam"), served.client("s3"), served.client("ec2")
    ses, route53 = served.client("ses"), served.client("route53")
    iam.create_user(UserName="someone", Tags=[{"Key": "k", "Value": "v"}])
    iam.create_role(RoleName="r", AssumeRolePolicyDocument='{"Version":"2012-10-17","Statement":[]}')
    iam.create_open_id_connect_provider(Url="https://broker.litentry.org", ClientIDList=["x"])
    s3.create_bucket(Bucket="kept")
    s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_policy(Bucket="kept", Policy=ses_policy("kept", None))
    s3.put_object(Bucket="kept", Key="blob", Body=b"first")
    s3.put_object(Bucket="kept", Key="blob", Body=bytes(range(256)) * 40)
    ses.create_receipt_rule_set(RuleSetName="agentkeys")
    ses.create_receipt_rule(RuleSetName="agentkeys", Rule=s3_rule("in", "kept", "bots.litentry.org"))
    ses.set_active_receipt_rule_set(RuleSetName="agentkeys")
    served.client("sesv2").create_email_identity(EmailIdentity="bots.litentry.org")
    upsert(route53, "broker.litentry.org", "A", "127.0.0.9")
    ec2.create_key_pair(KeyName="k")
    ec2.enable_ebs_encryption_by_default()
    instance = ec2.run_instances(
        ImageId="ami-0a22042026090100a",
        MinCount=1,
        MaxCount=1,
        InstanceType="t3.small",
        KeyName="k",
        UserData="x",
    )["Instances"][0]["InstanceId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.associate_address(AllocationId=address, InstanceId=instance)
    served.client("s3control").put_public_access_block(
        AccountId=ACCOUNT_ID, PublicAccessBlockConfiguration={"BlockPublicAcls": True}
    )


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[], Served]]:
    started: list[Served] = []
    clients: dict[str, Any] = {}
    with socket.socket() as probe:
        probe.bind((layout.LOOPBACK, 0))
        port = probe.getsockname()[1]

    def start() -> Served:
        started.append(Served(tmp_path, port, clients))
        return started[-1]

    yield start
    for served in started:
        served.kill()


@pytest.mark.sandbox
def test_state_survives_a_restart_and_a_kill(serve: Callable[[], Served], tmp_path: Path) -> None:
    served = serve()
    fill(served)
    before = listings(served)
    keys = (tmp_path / "credentials.ini").read_text()
    served.stop()
    served = serve()
    after = listings(served)
    for name, listed in before.items():
        assert after[name] == listed, name
    assert (tmp_path / "credentials.ini").read_text() == keys
    served.client("s3").put_object(Bucket="kept", Key="late", Body=b"late")
    time.sleep(2)
    served.kill()
    served = serve()
    assert served.client("s3").get_object(Bucket="kept", Key="late")["Body"].read() == b"late"
    # What was restored also works: the release refuses, the terminated instance lets go.
    ec2 = served.client("ec2")
    (address,) = ec2.describe_addresses()["Addresses"]
    ec2.terminate_instances(InstanceIds=[address["InstanceId"]])
    ec2.release_address(AllocationId=address["AllocationId"])
    served.client("ses").delete_receipt_rule(RuleSetName="agentkeys", RuleName="in")
    served.stop()
    assert (tmp_path / "account.snapshot").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "credentials.ini").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"another version\nrest", b"", "torn"])
def test_a_snapshot_that_cannot_be_read_names_the_way_out(tmp_path: Path, content: Any) -> None:
    from sandbox.aws import snapshot

    path = tmp_path / "account.snapshot"
    path.write_bytes(snapshot.HEADER + b"\x80\x05torn" if content == "torn" else content)
    with pytest.raises(snapshot.SnapshotError, match="make sandbox-reset"):
        snapshot.load(path)


def test_the_seed_is_what_the_stack_files_say(client: Any, account: Any) -> None:
    zones = {zone["Id"]: zone for zone in client("route53").list_hosted_zones()["HostedZones"]}
    own = zones[f"/hostedzone/{account.zone_id}"]
    assert (own["Name"], own["Config"]["PrivateZone"]) == ("litentry.org.", False)
    (private,) = [zone for zone in zones.values() if zone["Config"]["PrivateZone"]]
    assert private["Name"] == own["Name"]
    records = client("route53").list_resource_record_sets(HostedZoneId=account.zone_id)["ResourceRecordSets"]
    assert {"NS", "SOA"} <= {record["Type"] for record in records}
    attached = client("iam").list_attached_user_policies(UserName="agentkeys-admin")["AttachedPolicies"]
    assert sorted(policy["PolicyName"] for policy in attached) == [
        "AmazonEC2FullAccess",
        "AmazonRoute53FullAccess",
        "AmazonS3FullAccess",
        "AmazonSESFullAccess",
        "AmazonSNSFullAccess",
        "IAMAccessAnalyzerFullAccess",
        "IAMFullAccess",
    ]
    assert json.loads(json.dumps(credentials(account.home))).keys() == {"aws_access_key_id", "aws_secret_access_key"}
    images = client("ec2").describe_images(
        Owners=["099720109477"],
        Filters=[{"Name": "name", "Values": ["ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-*"]}],
    )["Images"]
    assert [image["RootDeviceName"] for image in images] == ["/dev/sda1"]
    assert client("ec2").describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    assert REGION in client("ec2").describe_subnets()["Subnets"][0]["AvailabilityZone"]


def test_an_account_that_is_served_goes_back_to_an_earlier_snapshot(
    client: Any, account: Any, unique: str, tmp_path: Path
) -> None:
    from sandbox.aws import snapshot

    iam, kept = client("iam"), tmp_path / "kept"
    iam.create_user(UserName=unique)
    snapshot.save(kept, account.request_lock)
    iam.delete_user(UserName=unique)
    iam.create_user(UserName=f"{unique}-later")
    account.restore(kept)
    assert {user["UserName"] for user in iam.list_users()["Users"] if user["UserName"].startswith(unique)} == {unique}
