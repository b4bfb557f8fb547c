"""What somebody has who deploys to a host of their own: a machine, buckets, a key of one bucket, a DNS provider.

The emulated account stands in for all of it: an instance that no stack launched, S3 as the object store, Route 53 as
the DNS provider. Nothing here is destroyed with a stack; `make sandbox-reset` deletes it.
"""

import json
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import ClientError

from sandbox import layout
from sandbox.hosts import network
from sandbox.supervisor import SandboxError, client, emulated

#: Ports that they have opened: SSH, ACME challenges, the services, mail.
OPEN_PORTS = (22, 25, 80, 443)

#: Keys of the buckets; mail is the one that the host has a key of.
BUCKETS = ("mail", "vault", "memory")

#: What the host's key may do: what docs/clouds/host.md asks for, and no more.
_RIGHTS = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::{bucket}/inbound/*"},
        {
            "Effect": "Allow",
            "Action": ["s3:GetLifecycleConfiguration", "s3:PutLifecycleConfiguration"],
            "Resource": "arn:aws:s3:::{bucket}",
        },
    ],
}

_BOOT_SECONDS = 120


@dataclass(frozen=True, kw_only=True)
class Brought:
    """What they enter as settings."""

    #: Public address of the machine.
    address: str
    #: EC2 id of the machine, which they do not enter.
    instance_id: str
    #: User that the key lets in.
    login_user: str
    #: File of the private key.
    key: Path
    #: URL of the object store, as the machine reaches it.
    endpoint: str
    #: Names of the buckets.
    buckets: Mapping[str, str]
    #: Key of the mail bucket, and its secret.
    access_key: tuple[str, str]


def bring(name: str, image_name: str) -> Brought:
    """Create what is missing, and return all of it. ``image_name`` is a pattern of the machine image's name."""
    folder = layout.HOME / "somebody" / name
    folder.mkdir(parents=True, exist_ok=True)
    instance, address, user = _machine(name, folder, image_name)
    buckets = {key: f"somebodys-{key}-{name}" for key in BUCKETS}
    s3 = client("s3")
    there = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    for bucket in buckets.values():
        if bucket not in there:
            s3.create_bucket(Bucket=bucket)
    return Brought(
        address=address,
        instance_id=instance,
        login_user=user,
        key=folder / "key",
        endpoint=f"http://{network.gateway_address(_number(instance))}:{layout.PORTS['aws']}",
        buckets=buckets,
        access_key=_access_key(name, folder, buckets["mail"]),
    )


def publish(records: Sequence[Mapping[str, str]]) -> None:
    """Enter records at the DNS provider, as a person does with `dns: manual`."""
    changes = [
        {
            "Action": "UPSERT",
            "ResourceRecordSet": {
                "Name": record["name"],
                "Type": record["type"],
                "TTL": 300,
                "ResourceRecords": [{"Value": f'"{record["value"]}"' if record["type"] == "TXT" else record["value"]}],
            },
        }
        for record in records
    ]
    if not changes:
        return
    client("route53").change_resource_record_sets(HostedZoneId=emulated().zone_id, ChangeBatch={"Changes": changes})


def _machine(name: str, folder: Path, image_name: str) -> tuple[str, str, str]:
    """Instance id, address and login user of the machine."""
    ec2, tag = client("ec2"), f"somebodys-{name}"
    (image,) = ec2.describe_images(Filters=[{"Name": "name", "Values": [image_name]}])["Images"]
    user = "ubuntu" if "ubuntu" in image["Name"] else "admin"
    running = [
        {"Name": "tag:Name", "Values": [tag]},
        {"Name": "instance-state-name", "Values": ["pending", "running"]},
    ]
    found = [one for each in ec2.describe_instances(Filters=running)["Reservations"] for one in each["Instances"]]
    if found:
        (address,) = ec2.describe_addresses(Filters=[{"Name": "instance-id", "Values": [found[0]["InstanceId"]]}])[
            "Addresses"
        ]
        return found[0]["InstanceId"], address["PublicIp"], user
    key = folder / "key"
    if not key.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", tag, "-f", key], check=True)
        ec2.import_key_pair(KeyName=tag, PublicKeyMaterial=key.with_suffix(".pub").read_bytes())
        group = ec2.create_security_group(GroupName=tag, Description="a machine that somebody made")["GroupId"]
        rules = [
            {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
            for port in OPEN_PORTS
        ]
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rules)
    (group,) = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [tag]}])["SecurityGroups"]
    (made,) = ec2.run_instances(
        ImageId=image["ImageId"],
        InstanceType="t3.small",
        MinCount=1,
        MaxCount=1,
        KeyName=tag,
        SecurityGroupIds=[group["GroupId"]],
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": tag}]}],
    )["Instances"]
    address = ec2.allocate_address(Domain="vpc")
    ec2.associate_address(AllocationId=address["AllocationId"], InstanceId=made["InstanceId"])
    return made["InstanceId"], address["PublicIp"], user


def _number(instance_id: str) -> int:
    """The host's number in the host network, once its disk exists. Raises SandboxError."""
    file = layout.HOME / "hosts" / instance_id / "number"
    until = time.monotonic() + _BOOT_SECONDS
    while not file.exists():
        if time.monotonic() > until:
            raise SandboxError(f"host {instance_id} does not boot; see the sandbox's log {layout.HOME / 'sandbox.log'}")
        time.sleep(0.2)
    return int(file.read_text())


def _access_key(name: str, folder: Path, bucket: str) -> tuple[str, str]:
    kept = folder / "access-key.json"
    if not kept.exists():
        iam, user = client("iam"), f"somebodys-mail-{name}"
        try:
            iam.create_user(UserName=user)
        except ClientError as error:
            if error.response["Error"]["Code"] != "EntityAlreadyExists":
                raise
        rights = json.dumps(_RIGHTS).replace("{bucket}", bucket)
        iam.put_user_policy(UserName=user, PolicyName="mail", PolicyDocument=rights)
        made = iam.create_access_key(UserName=user)["AccessKey"]
        kept.touch(mode=0o600)
        kept.write_text(json.dumps([made["AccessKeyId"], made["SecretAccessKey"]]))
    key_id, secret = json.loads(kept.read_text())
    return key_id, secret
