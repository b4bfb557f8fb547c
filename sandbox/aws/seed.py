"""The first content of the emulated account: an operator, a hosted zone, machine images, and a second account.

A private zone and the second account are there to be confused with the right ones. Owns this content and the
credentials file. Leaves out everything that the Pulumi program or the operator creates. The module writes to moto's
backends directly, because no API call can choose a hosted zone's id or an image's owner.
"""

import configparser
import json
import os
from dataclasses import dataclass
from pathlib import Path

from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from moto.ec2.models.amis import Ami
from moto.iam.models import iam_backends
from moto.route53.models import route53_backends

from sandbox.layout import OPERATOR

#: Another company's account. An operator may choose its credentials by mistake.
OTHER_ACCOUNT = "111122223333"

#: A private zone of the same name. It differs from the public zone only in its flag.
PRIVATE_ZONE_ID = "Z0PRIVATEZONE00000001"

CANONICAL, DEBIAN, AMAZON = "099720109477", "136693071363", "137112412989"


@dataclass(frozen=True, kw_only=True)
class MachineImage:
    """A public machine image of the emulated region, and what a host launched from it boots.

    docs/hosts.md describes which real host each base represents. Amazon Linux cannot run here, so its hosts are Debian
    with Amazon's login user.
    """

    id: str
    name: str
    #: Account that publishes the image.
    owner: str
    #: ``x86_64`` or ``arm64``. The host always has this machine's architecture.
    architecture: str
    #: Key of ``sandbox.hosts.image.BASES``.
    base: str
    login_user: str


IMAGES = (
    MachineImage(
        id="ami-0a22042026090100a",
        name="ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-20260901",
        owner=CANONICAL,
        architecture="x86_64",
        base="debian-12",
        login_user="ubuntu",
    ),
    MachineImage(
        id="ami-0a22042026090100b",
        name="ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-arm64-server-20260901",
        owner=CANONICAL,
        architecture="arm64",
        base="debian-12",
        login_user="ubuntu",
    ),
    MachineImage(
        id="ami-0a24042026090100a",
        name="ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20260901",
        owner=CANONICAL,
        architecture="x86_64",
        base="debian-12",
        login_user="ubuntu",
    ),
    MachineImage(
        id="ami-0a24042026090100b",
        name="ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-arm64-server-20260901",
        owner=CANONICAL,
        architecture="arm64",
        base="debian-12",
        login_user="ubuntu",
    ),
    MachineImage(
        id="ami-0deb112026083100a",
        name="debian-11-amd64-20260831-2220",
        owner=DEBIAN,
        architecture="x86_64",
        base="debian-11",
        login_user="admin",
    ),
    MachineImage(
        id="ami-0deb122026090100a",
        name="debian-12-amd64-20260901-2221",
        owner=DEBIAN,
        architecture="x86_64",
        base="debian-12",
        login_user="admin",
    ),
    MachineImage(
        id="ami-0deb122026090100b",
        name="debian-12-arm64-20260901-2221",
        owner=DEBIAN,
        architecture="arm64",
        base="debian-12",
        login_user="admin",
    ),
    MachineImage(
        id="ami-0deb132026090100a",
        name="debian-13-amd64-20260901-2221",
        owner=DEBIAN,
        architecture="x86_64",
        base="debian-13",
        login_user="admin",
    ),
    MachineImage(
        id="ami-0deb132026090100b",
        name="debian-13-arm64-20260901-2221",
        owner=DEBIAN,
        architecture="arm64",
        base="debian-13",
        login_user="admin",
    ),
    MachineImage(
        id="ami-0a120232026090100",
        name="al2023-ami-2023.12.20260901.0-kernel-6.1-x86_64",
        owner=AMAZON,
        architecture="x86_64",
        base="debian-12",
        login_user="ec2-user",
    ),
    MachineImage(
        id="ami-0a120232026090101",
        name="al2023-ami-2023.12.20260901.0-kernel-6.1-arm64",
        owner=AMAZON,
        architecture="arm64",
        base="debian-12",
        login_user="ec2-user",
    ),
)

#: The image for an instance that names an unknown one.
UBUNTU = IMAGES[0]

#: The runbook's administrator has only the first four. The address, the instance and the firewall also need EC2.
_ADMINISTRATOR = (
    "arn:aws:iam::aws:policy/IAMFullAccess",
    "arn:aws:iam::aws:policy/AmazonS3FullAccess",
    "arn:aws:iam::aws:policy/AmazonSESFullAccess",
    "arn:aws:iam::aws:policy/AmazonRoute53FullAccess",
    "arn:aws:iam::aws:policy/AmazonEC2FullAccess",
    "arn:aws:iam::aws:policy/AmazonSNSFullAccess",
    "arn:aws:iam::aws:policy/IAMAccessAnalyzerFullAccess",
)

#: Data Lifecycle Manager has no managed policy for operators: docs/runbook.md, First account.
_SNAPSHOTS = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "Snapshots", "Effect": "Allow", "Action": "dlm:*", "Resource": "*"}],
}


def seed(home: Path, *, account_id: str, zone: str, zone_id: str, region: str) -> None:
    """Fill the empty account and write `home`/credentials.ini."""
    credentials = configparser.ConfigParser()
    credentials[OPERATOR] = _operator(account_id, region)
    credentials["other-account"] = _operator(OTHER_ACCOUNT, region)
    _zone(account_id, zone, zone_id, private=False, region=region)
    _zone(account_id, zone, PRIVATE_ZONE_ID, private=True, region=region)
    _write(home / "credentials.ini", credentials)


def complete(account_id: str, region: str) -> None:
    """Add what an account has from the start, also to one that an older sandbox or snapshot made."""
    add_images(account_id, region)
    allow_snapshots(account_id)
    route_default_vpc(account_id, region)


def add_images(account_id: str, region: str) -> None:
    """Publish ``IMAGES``. Also adds new images to an account that exists already."""
    ec2 = ec2_backends[account_id][region]
    for image in IMAGES:
        if image.id not in ec2.amis:
            ec2.amis[image.id] = Ami(
                ec2,
                image.id,
                name=image.name,
                description=image.name,
                owner_id=image.owner,
                owner_alias="amazon",
                public=True,
                virtualization_type="hvm",
                architecture=image.architecture,
                hypervisor="xen",
                root_device_type="ebs",
                root_device_name="/dev/sda1",
                image_location=f"amazon/{image.name}",
                creation_date=utcnow(),
                boot_mode="legacy-bios",
                region_name=f"{region}a",
            )


def allow_snapshots(account_id: str) -> None:
    """Let the operator use Data Lifecycle Manager, also in an account that exists already."""
    iam = iam_backends[account_id]["aws"]
    if OPERATOR in {user.name for user in iam.users.values()}:
        iam.put_user_policy(OPERATOR, "agentkeys-snapshots", json.dumps(_SNAPSHOTS))


def route_default_vpc(account_id: str, region: str) -> None:
    """Route the default VPC to the internet, which moto leaves out. Also in an account that exists already.

    https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc-components.html
    """
    ec2 = ec2_backends[account_id][region]
    for vpc in ec2.vpcs.values():
        if vpc.is_default and not any(gateway.vpc is vpc for gateway in ec2.internet_gateways.values()):
            gateway = ec2.create_internet_gateway()
            ec2.attach_internet_gateway(gateway.id, vpc.id)
            (table,) = ec2.describe_route_tables(filters={"vpc-id": [vpc.id], "association.main": ["true"]})
            ec2.create_route(table.id, "0.0.0.0/0", gateway_id=gateway.id)


def _operator(account_id: str, region: str) -> dict[str, str]:
    iam = iam_backends[account_id]["aws"]
    iam.create_user(region, OPERATOR)
    for policy in _ADMINISTRATOR:
        iam.attach_user_policy(policy, OPERATOR)
    key = iam.create_access_key(OPERATOR)
    return {
        "aws_access_key_id": key.access_key_id,
        "aws_secret_access_key": key.secret_access_key,
    }


def _zone(account_id: str, zone: str, zone_id: str, *, private: bool, region: str) -> None:
    route53 = route53_backends[account_id]["aws"]
    vpc = next(iter(ec2_backends[account_id][region].vpcs)) if private else None
    made = route53.create_hosted_zone(
        zone.rstrip(".") + ".", private_zone=private, vpcid=vpc, vpcregion=region if private else None
    )
    del route53.zones[made.resource_id]
    made.resource_id = zone_id
    route53.zones[zone_id] = made
    servers = [f"{server}." for server in made.delegation_set.name_servers]  # type: ignore[union-attr]
    # The value of Moto's own SOA record is nested, and ListResourceRecordSets would return it so.
    soa = f"{servers[0]} awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"
    made.rrsets = []
    made.add_rrset({"Name": made.name, "Type": "NS", "TTL": 172800, "ResourceRecords": servers})
    made.add_rrset({"Name": made.name, "Type": "SOA", "TTL": 900, "ResourceRecords": [soa]})


def _write(path: Path, credentials: configparser.ConfigParser) -> None:
    partial = path.with_suffix(".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        credentials.write(file)
    partial.replace(path)
