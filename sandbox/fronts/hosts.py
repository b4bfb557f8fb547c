"""What is real below an emulated cloud: hosts, addresses and DNS are those of the emulated AWS account.

An instance of another cloud is an instance there that no stack of AWS knows, and every public zone is in its Route 53.
Nothing of it is seen through the cloud's APIs.
"""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from botocore.exceptions import ClientError
from moto.core.exceptions import ServiceException

from sandbox.aws.services import sts
from sandbox.hosts import network
from sandbox.supervisor import client, emulated

_IMAGE = "debian-12-amd64-*"


class RealHosts:
    """Hosts, addresses, DNS and issuers of the sandbox that this process runs, for one cloud."""

    def __init__(self, home: Path, cloud: str, authority: Path) -> None:
        """``cloud`` begins the names in the account. Hosts trust ``authority``."""
        self._home, self._cloud, self._authority = home, cloud, authority

    def address(self, name: str) -> str:
        """Allocate an elastic address."""
        tags = [{"ResourceType": "elastic-ip", "Tags": [{"Key": self._tag, "Value": name}]}]
        return str(client("ec2").allocate_address(Domain="vpc", TagSpecifications=tags)["PublicIp"])

    def release(self, name: str) -> None:
        """Release the elastic address."""
        ec2 = client("ec2")
        for found in ec2.describe_addresses(Filters=[self._tagged(name)])["Addresses"]:
            ec2.release_address(AllocationId=found["AllocationId"])

    def launch(self, name: str, *, known: Sequence[str], public_key: str = "", user_data: str = "") -> None:
        """Launch an instance, whose host finds the ``known`` names at its gateway and trusts the cloud's authority.

        ``user_data`` is a cloud-config, empty for none.
        """
        ec2 = client("ec2")
        (image,) = ec2.describe_images(Filters=[{"Name": "name", "Values": [_IMAGE]}])["Images"]
        key = {}
        if public_key:
            ec2.import_key_pair(KeyName=self._named(name), PublicKeyMaterial=public_key.encode())
            key = {"KeyName": self._named(name)}
        group = ec2.create_security_group(GroupName=self._named(name), Description=f"firewall of {self._cloud}")
        tags = [{"Key": self._tag, "Value": name}, {"Key": "Name", "Value": self._named(name)}]
        ec2.run_instances(
            ImageId=image["ImageId"],
            InstanceType="t3.small",
            MinCount=1,
            MaxCount=1,
            **key,
            SecurityGroupIds=[group["GroupId"]],
            UserData=self._first_boot(known, user_data),
            TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
        )

    def _first_boot(self, known: Sequence[str], user_data: str) -> str:
        line = f"echo \"$(ip route show default | cut -d' ' -f3) {' '.join(known)}\" >>/etc/hosts"
        return "#cloud-config\n" + json.dumps(
            {
                **(yaml.safe_load(user_data) or {} if user_data else {}),
                "ca_certs": {"trusted": [self._authority.read_text()]},
                "bootcmd": [["cloud-init-per", "once", self._cloud, "sh", "-c", line]],
            }
        )

    def attach(self, name: str, address: str) -> None:
        """Give the instance the address."""
        ec2 = client("ec2")
        for instance in self._instances(name):
            ec2.associate_address(PublicIp=address, InstanceId=instance["InstanceId"])

    def detach(self, address: str) -> None:
        """Take the address from its instance, if it has one."""
        ec2 = client("ec2")
        for found in ec2.describe_addresses(PublicIps=[address])["Addresses"]:
            if "AssociationId" in found:
                ec2.disassociate_address(AssociationId=found["AssociationId"])

    def terminate(self, name: str) -> None:
        """Terminate the instance, and delete its key pair and group."""
        ec2 = client("ec2")
        for instance in self._instances(name):
            ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
        ec2.delete_key_pair(KeyName=self._named(name))
        for group in self._groups(name):
            ec2.delete_security_group(GroupId=group["GroupId"])

    def open(self, name: str, ports: Mapping[int, Sequence[str]]) -> None:
        """Give the instance's group exactly these TCP ports, each with the networks that may reach it."""
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
                tags = [{"Name": "resource-id", "Values": [noted.parent.name]}, {"Name": "key", "Values": [self._tag]}]
                return next((tag["Value"] for tag in client("ec2").describe_tags(Filters=tags)["Tags"]), "")
        return ""

    def record_sets(self) -> list[dict[str, Any]]:
        """The zone's record sets as Route 53 shows them, without its aliases, which no other DNS has."""
        pages = client("route53").get_paginator("list_resource_record_sets").paginate(HostedZoneId=emulated().zone_id)
        return [found for page in pages for found in page["ResourceRecordSets"] if "ResourceRecords" in found]

    def change(self, changes: Sequence[Mapping[str, Any]]) -> None:
        """Make changes of Route 53's form, all or none. Raises ValueError."""
        try:
            client("route53").change_resource_record_sets(
                HostedZoneId=emulated().zone_id, ChangeBatch={"Changes": list(changes)}
            )
        except ClientError as error:
            raise ValueError(str(error.response["Error"]["Message"])) from None

    def fetch(self, url: str) -> dict[str, Any]:
        """A document of an issuer that is a host of this sandbox. Raises OSError."""
        try:
            return sts.fetch(url, time.monotonic() + sts.FETCH_SECONDS)
        except ServiceException as error:
            raise OSError(str(error)) from None

    @property
    def _tag(self) -> str:
        return f"{self._cloud}:name"

    def _named(self, name: str) -> str:
        return f"{self._cloud}-{name}"

    def _tagged(self, name: str) -> dict[str, Any]:
        return {"Name": f"tag:{self._tag}", "Values": [name]}

    def _instances(self, name: str) -> list[dict[str, Any]]:
        found = client("ec2").describe_instances(
            Filters=[self._tagged(name), {"Name": "instance-state-name", "Values": ["pending", "running"]}]
        )
        return [one for each in found["Reservations"] for one in each["Instances"]]

    def _groups(self, name: str) -> list[dict[str, Any]]:
        filters = [{"Name": "group-name", "Values": [self._named(name)]}]
        found: list[dict[str, Any]] = client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"]
        return found
