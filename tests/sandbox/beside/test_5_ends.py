"""The ends: prod refuses, the account refuses, test goes and takes nothing of prod along."""

from sandbox import layout, rehearsal
from tests.support.emulation import refuses


def test_prod_refuses_to_be_destroyed_and_loses_nothing(ground):
    before = ground.listing()
    done = ground.pulumi("prod", "destroy", "--yes", check=False)
    assert done.returncode != 0
    assert "protect" in done.stdout + done.stderr
    assert ground.listing() == before


def test_the_account_refuses_to_go_while_stacks_have_rules(ground):
    before = ground.listing()
    protected = ground.pulumi(rehearsal.ACCOUNT_STACK, "destroy", "--yes", check=False)
    assert protected.returncode != 0
    unlocked = ("--config", "agentkeys-account:protect=false")
    ground.pulumi(rehearsal.ACCOUNT_STACK, "up", "--yes", *unlocked)
    guarded = ground.pulumi(rehearsal.ACCOUNT_STACK, "destroy", "--yes", check=False)
    assert guarded.returncode != 0
    assert "agentkeys-inbound" in guarded.stdout + guarded.stderr
    ground.pulumi(rehearsal.ACCOUNT_STACK, "up", "--yes")
    assert ground.listing() == before


def test_destroying_test_leaves_nothing_of_test_and_prod_as_it_was(ground):
    prod_state, before = ground.state("prod"), ground.listing()
    instance, address = ground.outputs("test")["instanceId"], ground.outputs("test")["elasticIp"]
    rehearsal.down("test", rehearsal.say)
    after = ground.listing()
    assert [name for name in after if "-test" in name or "test-broker" in name] == []
    assert {name: before[name] for name in after} == after
    assert ground.state("prod") == prod_state
    assert not (layout.HOME / "hosts" / instance).exists()
    assert all(refuses(address, port) for port in (22, 80, 443))
    ground.pulumi("prod", "preview", "--refresh", "--expect-no-changes")
    assert ground.get("broker.litentry.org", "/healthz").status == 200


def test_down_after_a_failed_up_cleans_everything(ground):
    before = ground.listing()
    nowhere = {"AGENTKEYS_ACME_DIRECTORY": f"https://{layout.ACME_HOST}:1/dir"}
    ground.engine.init(rehearsal.deployment("test"))
    failed = ground.pulumi("test", "up", "--yes", check=False, **nowhere)
    assert failed.returncode != 0
    assert "certificates: FAILED" in failed.stdout + failed.stderr
    assert "Traceback" not in failed.stdout + failed.stderr
    assert len(ground.listing()) > len(before)
    rehearsal.down("test", rehearsal.say)
    assert ground.listing() == before
