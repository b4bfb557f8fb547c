"""What the state says that a stack owns: its resources, not what groups or creates them."""

import pulumi
import pytest

from components.checks import state

STACK = "urn:pulumi:test::agentkeys-cloud::pulumi:pulumi:Stack::agentkeys-cloud-test"
PROVIDER = "urn:pulumi:test::agentkeys-cloud::pulumi:providers:aws::aws"
COMPONENT = "urn:pulumi:test::agentkeys-cloud::agentkeys:host:BrokerHost::host"
INSIDE = "urn:pulumi:test::agentkeys-cloud::agentkeys:mail:Mail$agentkeys:buckets:PrivateBucket::inbox"
ADDRESS = "urn:pulumi:test::agentkeys-cloud::agentkeys:host:BrokerHost$aws:ec2/eip:Eip::host-address"
RECORD = "urn:pulumi:test::agentkeys-cloud::aws:route53/record:Record::dns-broker"


@pytest.fixture
def own(monkeypatch):
    for name, value in (("organization", "organization"), ("project", "agentkeys-cloud"), ("stack", "test")):
        monkeypatch.setattr(pulumi, f"get_{name}", lambda value=value: value)

    def read(answer):
        def invoke(asked, given):
            assert (asked, given) == (state.READ, {"stackName": "organization/agentkeys-cloud/test"})
            if isinstance(answer, Exception):
                raise answer
            return {"outputs": {urn: {} for urn in answer}}

        monkeypatch.setattr(state, "invoke", invoke)
        return state.own()

    return read


def test_resources_are_a_stacks_own_and_components_and_providers_are_not(own):
    found = own([STACK, PROVIDER, COMPONENT, INSIDE, ADDRESS, RECORD])
    assert found.names == {"host-address", "dns-broker"}
    assert not found.is_new
    assert (found.has("host-address"), found.has("host"), found.launched) == (True, False, False)
    instance = ADDRESS.replace("aws:ec2/eip:Eip::host-address", "aws:ec2/instance:Instance::host-instance-arm64")
    assert own([ADDRESS, instance]).launched


@pytest.mark.parametrize("answer", [[], [STACK, PROVIDER], [STACK, COMPONENT, INSIDE]])
def test_a_stack_that_was_stopped_before_its_first_resource_is_new(own, answer):
    assert own(answer).is_new


def test_everything_may_be_the_stacks_own_if_the_engine_does_not_answer(own):
    found = own(RuntimeError("unknown function"))
    assert found.has("host-address")
    assert found.launched
    assert not found.is_new
