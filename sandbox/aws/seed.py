"""What an account has before anybody works in it: an operator, a zone, an image, and neighbours to mistake it for.

Owns the first content and the credentials file. Leaves out everything the Pulumi program or the runbook's operator
makes. It writes to moto's backends directly, since no API call can choose a hosted zone's id or an image's owner.
"""

import configparser
import os
from pathlib import Path

from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from moto.ec2.models.amis import Ami
from moto.iam.models import iam_backends
from moto.route53.models import route53_backends

OPERATOR = "agentkeys-admin"

#: Another company's account, whose credential an operator may pick by mistake.
OTHER_ACCOUNT = "111122223333"

#: A private zone of the same name: only its flag tells it from the right one.
PRIVATE_ZONE_ID = "Z0PRIVATEZONE00000001"

CANONICAL = "099720109477"
UBUNTU_NAME = "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-20260901"
UBUNTU_ID = "ami-0a22042026090100a"

#: The runbook's administrator has the first four and lacks EC2, which address, instance and firewall need.
_ADMINISTRATOR = (
    "arn:aws:iam::aws:policy/IAMFullAccess",
    "arn:aws:iam::aws:policy/AmazonS3FullAccess",
    "arn:aws:iam::aws:policy/AmazonSESFullAccess",
    "arn:aws:iam::aws:policy/AmazonRoute53FullAccess",
    "arn:aws:iam::aws:policy/AmazonEC2FullAccess",
)


def seed(home: Path, *, account_id: str, zone: str, zone_id: str, region: str) -> None:
    """Fill the empty account and write `home`/credentials.ini."""
    credentials = configparser.ConfigParser()
    credentials[OPERATOR] = _operator(account_id, region)
    credentials["other-account"] = _operator(OTHER_ACCOUNT, region)
    _zone(account_id, zone, zone_id, private=False, region=region)
    _zone(account_id, zone, PRIVATE_ZONE_ID, private=True, region=region)
    _ubuntu(account_id, region)
    _write(home / "credentials.ini", credentials)


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
    # Moto's own SOA record has a nested value, which ListResourceRecordSets then shows.
    soa = f"{servers[0]} awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"
    made.rrsets = []
    made.add_rrset({"Name": made.name, "Type": "NS", "TTL": 172800, "ResourceRecords": servers})
    made.add_rrset({"Name": made.name, "Type": "SOA", "TTL": 900, "ResourceRecords": [soa]})


def _ubuntu(account_id: str, region: str) -> None:
    ec2 = ec2_backends[account_id][region]
    ec2.amis[UBUNTU_ID] = Ami(
        ec2,
        UBUNTU_ID,
        name=UBUNTU_NAME,
        description="Canonical, Ubuntu, 22.04 LTS, amd64 jammy image",
        owner_id=CANONICAL,
        owner_alias="amazon",
        public=True,
        virtualization_type="hvm",
        architecture="x86_64",
        hypervisor="xen",
        root_device_type="ebs",
        root_device_name="/dev/sda1",
        image_location=f"amazon/{UBUNTU_NAME}",
        creation_date=utcnow(),
        boot_mode="legacy-bios",
        region_name=f"{region}a",
    )


def _write(path: Path, credentials: configparser.ConfigParser) -> None:
    partial = path.with_suffix(".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        credentials.write(file)
    partial.replace(path)
