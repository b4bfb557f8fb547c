"""An image of one's own: before the first resource, it has to be there and to be for the instance type."""

import pulumi
import pytest

from dev.recorder import run

AMI, LOOKUP = "ami-0123456789abcdef0", "aws:ec2/getAmi:getAmi"
GONE = {LOOKUP: "Your query returned no results"}
_URN = "urn:pulumi:test::agentkeys-cloud::agentkeys:host:BrokerHost$aws:ec2/instance:Instance::host-instance"
LAUNCHED = {"pulumi:pulumi:readStackResourceOutputs": {"outputs": {_URN: {}}}}


@pytest.mark.parametrize("preview", [True, False])
def test_an_image_that_is_not_there_is_refused(release, preview):
    with pytest.raises(pulumi.RunError, match=f"ami: EC2 shows no image '{AMI}' in us-east-1.*Nothing was created"):
        run("test", changed={**release, "ami": AMI}, lookups=GONE, preview=preview)


def test_a_host_outlives_its_image(release):
    assert run("test", changed={**release, "ami": AMI}, lookups={**GONE, **LAUNCHED})


@pytest.mark.parametrize("state", [{}, LAUNCHED], ids=["a new stack", "a stack that is up"])
@pytest.mark.parametrize(
    ("architecture", "instance_type", "wanted"), [("x86_64", "t4g.small", "arm64"), ("arm64", "t3.small", "x86_64")]
)
def test_an_image_for_another_architecture_is_refused(release, architecture, instance_type, wanted, state):
    lookups = {LOOKUP: {"id": AMI, "architecture": architecture}, **state}
    with pytest.raises(
        pulumi.RunError, match=f"is for {architecture}, and instanceType '{instance_type}' has {wanted}"
    ):
        run("test", changed={**release, "ami": AMI, "instanceType": instance_type}, lookups=lookups)


def test_an_image_of_the_same_architecture_is_launched(release):
    lookups = {LOOKUP: {"id": AMI, "architecture": "arm64"}}
    recorded = run("test", changed={**release, "ami": AMI, "instanceType": "t4g.small"}, lookups=lookups)
    assert recorded.named("host-instance").inputs["ami"] == AMI
