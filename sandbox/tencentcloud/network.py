"""VPC's calls: networks, subnets, security groups and elastic IPs. https://www.tencentcloud.com/document/product/215"""

from typing import Any

from sandbox.tencentcloud.account import Account, Caller, now
from sandbox.tencentcloud.errors import ApiError

Fields = dict[str, Any]


class Network:
    """Networks only keep what they are given; groups and addresses are those of the sandbox's hosts."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def create_vpc(self, given: Fields, _caller: Caller) -> Fields:
        made = {
            "VpcId": self._id("vpc"), "VpcName": given["VpcName"], "CidrBlock": given["CidrBlock"],
            "IsDefault": False, "EnableMulticast": given.get("EnableMulticast") == "true", "CreatedTime": now(),
            "DnsServerSet": [], "TagSet": [], "AssistantCidrSet": [],
        }  # fmt: skip
        self._keep("vpcs", made["VpcId"], made)
        return {"Vpc": made}

    def describe_vpcs(self, given: Fields, _caller: Caller) -> Fields:
        found = self._filtered("vpcs", given, "vpc-id", "VpcId")
        return {"TotalCount": len(found), "VpcSet": found}

    def delete_vpc(self, given: Fields, _caller: Caller) -> Fields:
        used = [one for one in self._account.table("subnets").values() if one["VpcId"] == given["VpcId"]]
        if used:
            raise ApiError("ResourceInUse", f"The network {given['VpcId']} has subnets.")
        return self._drop("vpcs", given["VpcId"])

    def describe_route_tables(self, given: Fields, _caller: Caller) -> Fields:
        found = [
            {
                "RouteTableId": f"rtb-{vpc['VpcId'][4:]}", "RouteTableName": "default", "VpcId": vpc["VpcId"],
                "Main": True, "CreatedTime": vpc["CreatedTime"], "AssociationSet": [], "RouteSet": [],
            }
            for vpc in self._filtered("vpcs", given, "vpc-id", "VpcId")
        ]  # fmt: skip
        return {"TotalCount": len(found), "RouteTableSet": found}

    def create_subnet(self, given: Fields, _caller: Caller) -> Fields:
        if given["VpcId"] not in self._account.table("vpcs"):
            raise ApiError("ResourceNotFound", f"There is no network {given['VpcId']}.")
        region = self._account.identity.region
        if not given["Zone"].startswith(f"{region}-"):
            raise ApiError("InvalidParameterValue.Zone", f"{given['Zone']} is no zone of {region}.")
        made = {
            "SubnetId": self._id("subnet"), "SubnetName": given["SubnetName"], "VpcId": given["VpcId"],
            "CidrBlock": given["CidrBlock"], "Zone": given["Zone"], "IsDefault": False, "EnableBroadcast": False,
            "RouteTableId": f"rtb-{given['VpcId'][4:]}", "AvailableIpAddressCount": 253, "CreatedTime": now(),
        }  # fmt: skip
        self._keep("subnets", made["SubnetId"], made)
        return {"Subnet": made}

    def modify_subnet_attribute(self, given: Fields, _caller: Caller) -> Fields:
        subnet = self._found("subnets", given["SubnetId"])
        subnet["EnableBroadcast"] = given.get("EnableBroadcast") == "true"
        self._account.save()
        return {}

    def describe_subnets(self, given: Fields, _caller: Caller) -> Fields:
        found = self._filtered("subnets", given, "subnet-id", "SubnetId")
        return {"TotalCount": len(found), "SubnetSet": found}

    def delete_subnet(self, given: Fields, _caller: Caller) -> Fields:
        return self._drop("subnets", given["SubnetId"])

    def create_security_group(self, given: Fields, _caller: Caller) -> Fields:
        made = {
            "SecurityGroupId": self._id("sg"), "SecurityGroupName": given["GroupName"], "ProjectId": "0",
            "SecurityGroupDesc": given["GroupDescription"], "CreatedTime": now(), "IsDefault": False,
        }  # fmt: skip
        self._keep("groups", made["SecurityGroupId"], made)
        self._keep("rules", made["SecurityGroupId"], {"Version": "0", "Ingress": [], "Egress": []})
        return {"SecurityGroup": made}

    def describe_security_groups(self, given: Fields, _caller: Caller) -> Fields:
        found = [self._found("groups", name) for name in given["SecurityGroupIds"]]
        return {"TotalCount": len(found), "SecurityGroupSet": found}

    def describe_security_group_association_statistics(self, given: Fields, _caller: Caller) -> Fields:
        instances = self._account.table("instances").values()
        shown = [
            {
                "SecurityGroupId": name, "CLB": 0, "CDB": 0, "ENI": 0, "SG": 0,
                "CVM": sum(name in one["SecurityGroupIds"] for one in instances),
            }
            for name in given["SecurityGroupIds"]
        ]  # fmt: skip
        return {"SecurityGroupAssociationStatisticsSet": shown}

    def delete_security_group(self, given: Fields, _caller: Caller) -> Fields:
        name = given["SecurityGroupId"]
        if any(name in one["SecurityGroupIds"] for one in self._account.table("instances").values()):
            raise ApiError("ResourceInUse", f"The group {name} has instances.")
        self._account.table("rules").pop(name, None)
        return self._drop("groups", name)

    def modify_security_group_policies(self, given: Fields, _caller: Caller) -> Fields:
        """Replace all rules of a group."""
        rules, wanted = self._found("rules", given["SecurityGroupId"]), given["SecurityGroupPolicySet"]
        rules["Version"] = str(int(rules["Version"]) + 1)
        for direction in ("Ingress", "Egress"):
            rules[direction] = [
                {**rule, "PolicyIndex": index, "PolicyDescription": rule.get("PolicyDescription", "")}
                for index, rule in enumerate(wanted.get(direction) or [])
            ]
        self._account.save()
        self.open_hosts()
        return {}

    def describe_security_group_policies(self, given: Fields, _caller: Caller) -> Fields:
        return {"SecurityGroupPolicySet": self._found("rules", given["SecurityGroupId"])}

    def open_hosts(self) -> None:
        """Give every host the TCP ports that its groups accept; the first rule that matches counts at the cloud."""
        for name, instance in self._account.table("instances").items():
            ports: dict[int, list[str]] = {}
            for rule in (
                rule for group in instance["SecurityGroupIds"] for rule in self._found("rules", group)["Ingress"]
            ):
                if rule["Action"] != "ACCEPT" or rule["Protocol"].upper() != "TCP" or not rule["Port"].isdigit():
                    raise ApiError("UnsupportedOperation", f"the sandbox's emulator cannot decide the rule {rule}")
                ports.setdefault(int(rule["Port"]), []).append(rule["CidrBlock"])
            self._account.world.open(name, ports)

    def allocate_addresses(self, given: Fields, _caller: Caller) -> Fields:
        name = self._id("eip")
        self._keep(
            "addresses",
            name,
            {
                "AddressId": name, "AddressName": given.get("AddressName", ""), "AddressStatus": "UNBIND",
                "AddressIp": self._account.world.address(name), "AddressType": "EIP", "InstanceId": "",
                "InternetChargeType": given["InternetChargeType"], "Bandwidth": given["InternetMaxBandwidthOut"],
                "CreatedTime": now(),
            },
        )  # fmt: skip
        return {"AddressSet": [name], "TaskId": "1"}

    def describe_addresses(self, given: Fields, _caller: Caller) -> Fields:
        addresses = self._account.table("addresses")
        found = [addresses[name] for name in given["AddressIds"] if name in addresses]
        return {"TotalCount": len(found), "AddressSet": found}

    def describe_bandwidth_packages(self, _given: Fields, _caller: Caller) -> Fields:
        return {"TotalCount": 0, "BandwidthPackageSet": []}

    def associate_address(self, given: Fields, _caller: Caller) -> Fields:
        address = self._found("addresses", given["AddressId"])
        if given["InstanceId"] not in self._account.table("instances"):
            raise ApiError("InvalidInstanceId.NotFound", f"There is no instance {given['InstanceId']}.")
        self._account.world.attach(given["InstanceId"], address["AddressIp"])
        address.update(AddressStatus="BIND", InstanceId=given["InstanceId"])
        self._account.save()
        return {"TaskId": "1"}

    def disassociate_address(self, given: Fields, _caller: Caller) -> Fields:
        address = self._found("addresses", given["AddressId"])
        self._account.world.detach(address["AddressIp"])
        address.update(AddressStatus="UNBIND", InstanceId="")
        self._account.save()
        return {"TaskId": "1"}

    def describe_task_result(self, _given: Fields, _caller: Caller) -> Fields:
        """Every task is done when it is answered."""
        return {"Result": "SUCCESS"}

    def release_addresses(self, given: Fields, _caller: Caller) -> Fields:
        for name in given["AddressIds"]:
            if self._found("addresses", name)["AddressStatus"] != "UNBIND":
                raise ApiError("InvalidAddressStatus.NotPermit", f"The address {name} has an instance.")
            self._account.world.release(name)
            self._drop("addresses", name)
        return {"TaskId": "1"}

    def _id(self, kind: str) -> str:
        return f"{kind}-{int(self._account.next_number()):x}"

    def _keep(self, table: str, name: str, made: Fields) -> None:
        self._account.table(table)[name] = made
        self._account.save()

    def _found(self, table: str, name: str) -> Fields:
        found: Fields | None = self._account.table(table).get(name)
        if found is None:
            raise ApiError("ResourceNotFound", f"There is no {name}.")
        return found

    def _drop(self, table: str, name: str) -> Fields:
        self._found(table, name)
        del self._account.table(table)[name]
        self._account.save()
        return {}

    def _filtered(self, table: str, given: Fields, wanted: str, field: str) -> list[Fields]:
        names = [one["Values"] for one in given.get("Filters", []) if one["Name"] == wanted]
        return [one for one in self._account.table(table).values() if all(one[field] in values for values in names)]
