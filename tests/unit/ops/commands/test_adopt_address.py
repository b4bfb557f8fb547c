"""Which machine and which address an adoption proposes in each case, from nothing but the account.

The rungs as the program takes them are listed in ``tests/unit/components/checks/test_existing_host.py``.
"""

from types import SimpleNamespace

import pytest

from ops.commands.adopt import AdoptError, Lookup
from settings import REFUSED_NETWORKS
from tests.support.stacks import a_stack

MACHINE, OTHER = "i-0fedcba9876543210", "i-0123456789abcdef0"
ELASTIC, TAGGED, ASSIGNED = "3.208.1.1", "3.208.2.2", "54.1.2.3"


class World:
    """One zone, the account's addresses and machines, and the questions that EC2 answers about them."""

    def __init__(self, names, *, record="", addresses=(), machines=()):
        self.names, self.record = names, record
        self.addresses = [dict(zip(("PublicIp", "InstanceId", "Name"), one, strict=True)) for one in addresses]
        self.machines = [dict(zip(("InstanceId", "PublicIp", "Profile"), one, strict=True)) for one in machines]

    def client(self, service):
        def records(HostedZoneId):
            values = [{"Value": self.record}] if self.record else []
            return [{"ResourceRecordSets": [
                {"Name": f"{self.names.broker_host}.", "Type": "A", "ResourceRecords": values}
            ]}]  # fmt: skip

        return {
            "route53": SimpleNamespace(get_paginator=lambda _operation: SimpleNamespace(paginate=records)),
            "ec2": SimpleNamespace(describe_addresses=self._addresses, describe_instances=self._machines),
        }[service]

    def _addresses(self, Filters):
        ((name, (value,)),) = ((one["Name"], one["Values"]) for one in Filters)
        key = {"public-ip": "PublicIp", "instance-id": "InstanceId", "tag:Name": "Name"}[name]
        found = [{k: v for k, v in one.items() if v} for one in self.addresses if one[key] == value]
        return {"Addresses": found}

    def _machines(self, Filters):
        name, (value,) = Filters[0]["Name"], Filters[0]["Values"]
        key = {"ip-address": "PublicIp", "iam-instance-profile.arn": "Profile"}[name]
        found = [one for one in self.machines if one[key] and value.endswith(one[key])]
        return {"Reservations": [{"Instances": found}] if found else []}


@pytest.fixture
def proposed(release):
    names = a_stack("prod", release).names

    def propose(**world):
        return Lookup(names=names, zone_id="Z1", of=World(names, **world).client).machine()

    return propose


HOST, NAME = "agentkeys-broker-host", "agentkeys-broker-eip"

#: Rung, what the account has, and what is proposed for hostInstanceId and elasticIp.
LADDER = [
    ("attached, and the name leads to it", {
        "record": ELASTIC, "addresses": [(ELASTIC, MACHINE, ""), (TAGGED, "", NAME)],
        "machines": [(MACHINE, ELASTIC, HOST)],
    }, (MACHINE, ELASTIC)),
    ("attached, and no name leads to it yet", {
        "addresses": [(ELASTIC, MACHINE, ""), (TAGGED, "", NAME)], "machines": [(MACHINE, ELASTIC, HOST)],
    }, (MACHINE, ELASTIC)),
    ("tagged, beside a machine without one", {
        "record": ASSIGNED, "addresses": [(TAGGED, "", NAME)], "machines": [(MACHINE, ASSIGNED, HOST)],
    }, (MACHINE, TAGGED)),
    ("none: one is allocated by the up, the auto-assigned one is not proposed", {
        "record": ASSIGNED, "addresses": [(ELASTIC, OTHER, "")], "machines": [(MACHINE, ASSIGNED, HOST)],
    }, (MACHINE, "")),
    ("no machine, and the address of the name is free", {
        "record": ELASTIC, "addresses": [(ELASTIC, "", "")],
    }, ("", ELASTIC)),
    ("nothing", {}, ("", "")),
]  # fmt: skip


@pytest.mark.parametrize(("world", "settings"), [row[1:] for row in LADDER], ids=[row[0] for row in LADDER])
def test_the_ladder_proposes_a_machine_and_its_address(proposed, world, settings):
    assert proposed(**world) == settings


@pytest.mark.parametrize("network", REFUSED_NETWORKS, ids=str)
def test_a_name_that_leads_into_a_refused_range_ends_with_its_record_and_the_range(proposed, network):
    with pytest.raises(AdoptError) as refused:
        proposed(record=str(network[7]))
    assert f"the A record of broker.litentry.org has {network[7]}, which is in {network}" in str(refused.value)
