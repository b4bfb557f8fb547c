"""Where a launched host goes: the default VPC, or a subnet that the internet reaches."""

import pulumi
import pytest

from dev.recorder import run

SUBNET, VPC = "subnet-0123456789abcdef0", "vpc-0123456789abcdef0"
GATEWAY = {"cidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}
LOCAL = {"cidrBlock": "10.0.0.0/16", "gatewayId": "local"}


def answers(*, own=None, main=(), subnet=None):
    """Route tables by whose they are: the subnet's own, the VPC's main one."""

    def tables(asked):
        (first, *_) = asked["filters"]
        if first["name"] == "association.subnet-id":
            return {"ids": [] if own is None else ["rtb-own"]}
        assert asked["filters"][1] == {"name": "vpc-id", "values": [VPC]}
        return {"ids": ["rtb-main"]}

    return {
        "aws:ec2/getSubnet:getSubnet": subnet or {"id": SUBNET, "vpcId": VPC},
        "aws:ec2/getRouteTables:getRouteTables": tables,
        "aws:ec2/getRouteTable:getRouteTable": lambda asked: {
            "routes": {"rtb-own": own, "rtb-main": list(main)}[asked["routeTableId"]]
        },
        # The subnet is checked instead of the default VPC.
        "aws:ec2/getVpc:getVpc": "no matching EC2 VPC found",
    }


def test_without_a_subnet_the_instance_goes_where_ec2_puts_it(release):
    asked = []
    lookups = {
        "aws:ec2/getVpc:getVpc": lambda given: asked.append(given) or {"id": VPC},
        "aws:ec2/getSubnets:getSubnets": lambda given: asked.append(given) or {"ids": [SUBNET]},
    }
    recorded = run("test", changed=release, lookups=lookups)
    default = [{"name": "vpc-id", "values": [VPC]}, {"name": "default-for-az", "values": ["true"]}]
    assert asked == [{"default": True}, {"filters": default}], "another VPC says nothing about the default one"
    assert "subnetId" not in recorded.named("host-instance").inputs
    assert "vpcId" not in recorded.named("host-firewall").inputs


@pytest.mark.parametrize("preview", [True, False])
@pytest.mark.parametrize(
    ("lookups", "said", "way"),
    [
        (
            {"aws:ec2/getVpc:getVpc": "no matching EC2 VPC found"},
            "has no default VPC in us-east-1",
            "create-default-vpc",
        ),
        ({"aws:ec2/getSubnets:getSubnets": {"ids": []}}, "has no default subnet", "create-default-subnet"),
    ],
)
def test_an_account_without_a_default_vpc_is_told_before_the_first_resource(release, lookups, said, way, preview):
    with pytest.raises(pulumi.RunError) as refused:
        run("test", changed=release, lookups=lookups, preview=preview)
    assert "subnetId: is empty, and the" in str(refused.value)
    for part in (said, way, "`pulumi config set -s test subnetId <id>`", "Nothing was created."):
        assert part in str(refused.value)


@pytest.mark.parametrize(
    "routes", [{"own": [LOCAL, GATEWAY]}, {"main": [GATEWAY]}], ids=["its own route table", "the VPC's main one"]
)
def test_instance_and_firewall_go_to_a_public_subnet(release, routes):
    recorded = run("test", changed={**release, "subnetId": SUBNET}, lookups=answers(**routes))
    assert recorded.named("host-instance").inputs["subnetId"] == SUBNET
    assert recorded.named("host-firewall").inputs["vpcId"] == VPC


@pytest.mark.parametrize(
    "routes",
    [
        {"own": [LOCAL], "main": [GATEWAY]},
        {"own": [{"cidrBlock": "0.0.0.0/0", "natGatewayId": "nat-1", "gatewayId": ""}]},
        {"own": [{"cidrBlock": "10.0.0.0/8", "gatewayId": "igw-1"}]},
        {"main": [LOCAL]},
    ],
    ids=["none", "a NAT gateway", "to one network only", "none in the main table"],
)
def test_a_private_subnet_is_rejected(release, routes):
    with pytest.raises(
        pulumi.RunError, match=rf"subnetId: {SUBNET} of {VPC} has no route to an internet gateway.*Nothing"
    ):
        run("test", changed={**release, "subnetId": SUBNET}, lookups=answers(**routes))


def test_a_subnet_that_the_account_lacks_is_rejected(release):
    with pytest.raises(pulumi.RunError, match=f"subnetId: the account has no subnet '{SUBNET}' in us-east-1"):
        run("test", changed={**release, "subnetId": SUBNET}, lookups=answers(subnet="no matching EC2 Subnet found"))


def test_routes_that_could_not_be_read_are_not_taken_for_none(release):
    lookups = {**answers(), "aws:ec2/getRouteTables:getRouteTables": "UnauthorizedOperation"}
    with pytest.raises(pulumi.RunError, match="AWS rejected the lookup of the routes"):
        run("test", changed={**release, "subnetId": SUBNET}, lookups=lookups)
