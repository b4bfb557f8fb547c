"""What is real below the emulated project in the sandbox: hosts and addresses are those of the emulated AWS account.

An instance of Compute Engine is an instance there that no stack of AWS knows, and Cloud DNS is its Route 53. Nothing of
it is seen through Google's APIs.
"""

import json
import time
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from moto.core.exceptions import ServiceException

from sandbox.aws.services import sts
from sandbox.gcp.calls import ApiError
from sandbox.hosts import network
from sandbox.supervisor import client, emulated

#: What a host on Compute Engine finds at Google; here it is the front, behind the host's gateway.
_GOOGLE = "metadata.google.internal storage.googleapis.com"

_NAME = "google:name"
_IMAGE = "debian-12-amd64-*"


class SandboxWorld:
    """Hosts, addresses, DNS and issuers of the sandbox that this process runs."""

    def __init__(self, home: Path, authority: Path) -> None:
        self._home, self._authority = home, authority

    def address(self, name: str) -> str:
        """An elastic address."""
        tags = [{"ResourceType": "elastic-ip", "Tags": [{"Key": _NAME, "Value": name}]}]
        return str(client("ec2").allocate_address(Domain="vpc", TagSpecifications=tags)["PublicIp"])

    def release(self, name: str) -> None:
        """Release the elastic address."""
        ec2 = client("ec2")
        for found in ec2.describe_addresses(Filters=[_tagged(name)])["Addresses"]:
            ec2.release_address(AllocationId=found["AllocationId"])

    def launch(self, name: str, address: str, user: str, public_key: str) -> None:
        """Launch an instance, whose host knows Google's names and trusts the front's authority."""
        ec2 = client("ec2")
        (image,) = ec2.describe_images(Filters=[{"Name": "name", "Values": [_IMAGE]}])["Images"]
        if user != "admin":
            raise ApiError(501, f"the sandbox's Debian hosts let in admin, not {user}: leave loginUser out")
        ec2.import_key_pair(KeyName=f"google-{name}", PublicKeyMaterial=public_key.encode())
        group = ec2.create_security_group(GroupName=f"google-{name}", Description="firewall rules of Compute Engine")
        tags = [{"Key": _NAME, "Value": name}, {"Key": "Name", "Value": f"google-{name}"}]
        (made,) = ec2.run_instances(
            ImageId=image["ImageId"],
            InstanceType="t3.small",
            MinCount=1,
            MaxCount=1,
            KeyName=f"google-{name}",
            SecurityGroupIds=[group["GroupId"]],
            UserData=self._first_boot(),
            TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
        )["Instances"]
        ec2.associate_address(PublicIp=address, InstanceId=made["InstanceId"])

    def _first_boot(self) -> str:
        known = f"echo \"$(ip route show default | cut -d' ' -f3) {_GOOGLE}\" >>/etc/hosts"
        return "#cloud-config\n" + json.dumps(
            {
                "ca_certs": {"trusted": [self._authority.read_text()]},
                "bootcmd": [["cloud-init-per", "once", "google", "sh", "-c", known]],
            }
        )

    def terminate(self, name: str) -> None:
        """Terminate the instance, and delete its key pair and group."""
        ec2 = client("ec2")
        for instance in self._instances(name):
            ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
        ec2.delete_key_pair(KeyName=f"google-{name}")
        for group in self._groups(name):
            ec2.delete_security_group(GroupId=group["GroupId"])

    def open(self, name: str, ports: dict[int, list[str]]) -> None:
        """Give the instance's group exactly these rules."""
        ec2 = client("ec2")
        for group in self._groups(name):
            if group["IpPermissions"]:
                ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
            rules = [
                {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": one} for one in cidrs]}
                for port, cidrs in sorted(ports.items())
            ]
            if rules:
                ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=rules)

    def host_at(self, source: str) -> str:
        """Name of the instance whose host has the address ``source``; empty if none has."""
        for noted in self._home.glob("hosts/*/number"):
            if network.host_address(int(noted.read_text())) == source:
                tags = [{"Name": "resource-id", "Values": [noted.parent.name]}, {"Name": "key", "Values": [_NAME]}]
                return next((tag["Value"] for tag in client("ec2").describe_tags(Filters=tags)["Tags"]), "")
        return ""

    def records(self) -> list[dict[str, Any]]:
        """The record sets of the zone; an alias of Route 53 has no equal in Cloud DNS."""
        pages = client("route53").get_paginator("list_resource_record_sets").paginate(HostedZoneId=emulated().zone_id)
        return [
            {
                "kind": "dns#resourceRecordSet",
                "name": found["Name"],
                "type": found["Type"],
                "ttl": found["TTL"],
                "rrdatas": [record["Value"] for record in found["ResourceRecords"]],
            }
            for page in pages
            for found in page["ResourceRecordSets"]
            if "ResourceRecords" in found
        ]

    def change(self, additions: list[dict[str, Any]], deletions: list[dict[str, Any]]) -> None:
        """Change record sets, all or none. Raises ApiError."""
        changes = [
            {
                "Action": action,
                "ResourceRecordSet": {
                    "Name": record["name"],
                    "Type": record["type"],
                    "TTL": record["ttl"],
                    "ResourceRecords": [{"Value": value} for value in record["rrdatas"]],
                },
            }
            for action, records in (("DELETE", deletions), ("CREATE", additions))
            for record in records
        ]
        try:
            client("route53").change_resource_record_sets(
                HostedZoneId=emulated().zone_id, ChangeBatch={"Changes": changes}
            )
        except ClientError as error:
            raise ApiError(409, f"The change cannot be made: {error.response['Error']['Message']}") from None

    def fetch(self, url: str) -> dict[str, Any]:
        """A document of an issuer that is a host of this sandbox. Raises OSError."""
        try:
            return sts.fetch(url, time.monotonic() + sts.FETCH_SECONDS)
        except ServiceException as error:
            raise OSError(str(error)) from None

    @staticmethod
    def _instances(name: str) -> list[dict[str, Any]]:
        found = client("ec2").describe_instances(
            Filters=[_tagged(name), {"Name": "instance-state-name", "Values": ["pending", "running"]}]
        )
        return [one for each in found["Reservations"] for one in each["Instances"]]

    @staticmethod
    def _groups(name: str) -> list[dict[str, Any]]:
        filters = [{"Name": "group-name", "Values": [f"google-{name}"]}]
        found: list[dict[str, Any]] = client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"]
        return found


def _tagged(name: str) -> dict[str, Any]:
    return {"Name": f"tag:{_NAME}", "Values": [name]}
