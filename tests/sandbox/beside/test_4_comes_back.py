"""A sandbox that is stopped and started again; ``test_4_rotations`` needs the other authority that it has then."""

from sandbox import layout, rehearsal, supervisor
from tests.support.emulation import eventually, refuses

BROKERS = {"test": "test-broker.litentry.org", "prod": "broker.litentry.org"}


def test_the_sandbox_comes_back_with_its_state_and_both_stacks(ground):
    before = ground.listing()
    supervisor.stop(rehearsal.say)
    assert refuses(layout.LOOPBACK, layout.PORTS["aws"])
    supervisor.start(rehearsal.say)
    assert ground.listing() == before
    for stack, broker in BROKERS.items():
        assert eventually(lambda stack=stack: not refuses(ground.outputs(stack)["elasticIp"], 443), 120)
        assert eventually(lambda broker=broker: ground.get(broker, "/healthz").status == 200, 60)
        ground.pulumi(stack, "preview", "--refresh", "--expect-no-changes")
