"""Where a launched host is placed: the subnet of ``subnetId``, or the default VPC.

Owns the checks that the place exists and that the internet reaches it. They run in every preview and only read. Leaves
out an existing host, which keeps its place (``existing.py``).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.checks.answers import reason


@dataclass(frozen=True, kw_only=True)
class Place:
    """Arguments of the instance and its security group. Both are empty for the default VPC, where EC2 chooses."""

    #: VPC of the security group.
    vpc_id: str = ""
    #: Subnet of the instance.
    subnet_id: str = ""


#: The account's default VPC.
DEFAULT = Place()


def place(provider: aws.Provider, subnet_id: str, region: str) -> Place:
    """Where the host goes. Raises RunError without such a subnet, a default VPC, or a route to the internet."""
    options = pulumi.InvokeOptions(provider=provider)
    if not subnet_id:
        _require_default_vpc(options, region)
        return DEFAULT
    try:
        subnet = aws.ec2.get_subnet(id=subnet_id, opts=options)
    except Exception as error:
        raise pulumi.RunError(
            f"subnetId: the account has no subnet {subnet_id!r} in {region} ({reason(error)}). Nothing was created. "
            f"Correct it (`aws ec2 describe-subnets --region {region}`), or remove it to use the default VPC."
        ) from None
    if not _is_public(_routes(options, subnet_id, subnet.vpc_id)):
        raise pulumi.RunError(
            f"subnetId: {subnet_id} of {subnet.vpc_id} has no route to an internet gateway, and authorities, agents "
            "and AWS STS reach the host from the internet. Nothing was created. Give a public subnet, or add the route "
            f"`aws ec2 create-route --region {region} --route-table-id <id> --destination-cidr-block 0.0.0.0/0 "
            "--gateway-id <internet gateway of the VPC>`."
        )
    return Place(vpc_id=subnet.vpc_id, subnet_id=subnet_id)


def _require_default_vpc(options: pulumi.InvokeOptions, region: str) -> None:
    """EC2 launches an instance without a subnet into a default subnet only:
    https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc.html
    """
    ways = (
        "Nothing was created. Give a public subnet of another VPC (`pulumi config set -s "
        f"{pulumi.get_stack()} subnetId <id>`; `aws ec2 describe-subnets --region {region}` lists them), or create "
    )
    try:
        vpc = aws.ec2.get_vpc(default=True, opts=options).id
    except Exception as error:
        raise pulumi.RunError(
            f"subnetId: is empty, and the account has no default VPC in {region} ({reason(error)}). {ways}"
            f"the default VPC again: `aws ec2 create-default-vpc --region {region}`."
        ) from None
    filters: list[Any] = [{"name": "vpc-id", "values": [vpc]}, {"name": "default-for-az", "values": ["true"]}]
    if not aws.ec2.get_subnets(filters=filters, opts=options).ids:
        raise pulumi.RunError(
            f"subnetId: is empty, and the default VPC {vpc} of {region} has no default subnet. {ways}a default subnet: "
            f"`aws ec2 create-default-subnet --region {region} --availability-zone {region}a`."
        )


def _routes(options: pulumi.InvokeOptions, subnet_id: str, vpc_id: str) -> Iterable[Any]:
    """Of the subnet's own route table, or of the VPC's main one, which serves subnets without their own."""
    own: list[Any] = [{"name": "association.subnet-id", "values": [subnet_id]}]
    main: list[Any] = [{"name": "association.main", "values": ["true"]}, {"name": "vpc-id", "values": [vpc_id]}]
    try:
        for asked in (own, main):
            # Its singular fails where nothing is found, in words that differ between releases of the provider.
            for identifier in aws.ec2.get_route_tables(filters=asked, opts=options).ids:
                return aws.ec2.get_route_table(route_table_id=identifier, opts=options).routes
    except Exception as error:
        raise pulumi.RunError(
            f"subnetId: AWS rejected the lookup of the routes of {subnet_id}: {reason(error)}. Nothing was "
            "created. Use credentials that may describe route tables."
        ) from None
    return ()


def _is_public(routes: Iterable[Any]) -> bool:
    return any(route.cidr_block == "0.0.0.0/0" and (route.gateway_id or "").startswith("igw-") for route in routes)
