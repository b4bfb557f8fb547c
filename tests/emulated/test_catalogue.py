"""Instance types that a region offers: loaded when a request asks for the region, and the same as moto's."""

import json
import subprocess
import sys

import pytest
from moto.utilities.utils import load_resource

from sandbox import layout
from sandbox.aws.catalogue import Offerings

ACCOUNT_ALONE = """
import json
import sandbox.aws.server
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS
print(json.dumps(INSTANCE_TYPE_OFFERINGS))
"""


def test_no_region_is_loaded_with_the_account():
    # In a process of its own: another test may have imported moto's EC2 before the account.
    done = subprocess.run(
        [sys.executable, "-c", ACCOUNT_ALONE], cwd=layout.CHECKOUT, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == {"availability-zone": {}, "availability-zone-id": {}, "region": {}}


@pytest.mark.parametrize("location_type", ["availability-zone", "region"])
def test_a_region_has_the_offerings_that_moto_has(location_type):
    listed = load_resource(f"ec2/resources/instance_type_offerings/{location_type}/eu-west-1.json")
    offerings = Offerings(location_type)
    assert offerings.get("eu-west-1") == [{**offering, "LocationType": location_type} for offering in listed]
    assert "eu-west-1" in offerings
    assert offerings["eu-west-1"] is offerings["eu-west-1"]


def test_a_region_that_there_is_not_offers_nothing():
    offerings = Offerings("region")
    assert offerings.get("us-east-9", []) == []
    with pytest.raises(KeyError, match="us-east-9"):
        offerings["us-east-9"]
