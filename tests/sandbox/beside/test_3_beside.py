"""prod beside test: brought up through three kills, each with its own tokens and its own mail."""

import subprocess
import time

import pytest
from botocore.exceptions import ClientError

from sandbox import rehearsal
from tests.support.live import ACTOR

#: What is being made when the engine is killed: names and machines, packages on the host, certificates.
KILLS = ("host-address creating", "setup-packages creating", "setup-certificates creating")


def kill_during(ground, stack, what, tmp_path):
    """An `up` that is killed, as a lost machine would, as soon as it does ``what``."""
    project = rehearsal.deployment(stack)
    ground.engine.repair(project)
    log = tmp_path / "killed.log"
    with log.open("wb") as output:
        up = subprocess.Popen(
            ["pulumi", "up", "--yes", "--suppress-outputs", "--stack", stack],
            cwd=project.folder, env=ground.engine.environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
        until = time.monotonic() + 240
        while what not in log.read_text(errors="replace"):
            assert up.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.02)
        up.kill()
        up.wait()


@pytest.fixture(scope="module", autouse=True)
def prod(ground, tmp_path_factory):
    ground.bring_up("test")
    ground.engine.init(rehearsal.deployment("prod"))
    for what in KILLS:
        kill_during(ground, "prod", what, tmp_path_factory.mktemp("kill"))
    rehearsal.up("prod", rehearsal.say)


def test_after_three_kills_everything_is_there_once(ground):
    twice = {}
    for name in ground.listing():
        kind, _, rest = name.partition(" ")
        if kind in {"instance", "address"}:
            twice.setdefault((kind, rest.split()[0]), []).append(name)
    assert {key: found for key, found in twice.items() if len(found) != 1} == {}
    assert set(twice) == {
        ("instance", "agentkeys-broker-host"), ("instance", "agentkeys-broker-host-test"),
        ("address", "agentkeys-broker-eip"), ("address", "agentkeys-broker-eip-test"),
    }  # fmt: skip
    assert len(ground.listing()["user agentkeys-broker"][2]) == 1, "one access key"


def test_after_three_kills_state_and_account_agree(ground):
    ground.pulumi("prod", "preview", "--refresh", "--expect-no-changes")


def test_prod_answers_beside_test(ground):
    assert ground.get("broker.litentry.org", "/healthz").status == 200
    assert ground.get("test-broker.litentry.org", "/healthz").status == 200


def test_every_address_record_of_a_stack_says_its_own_address_and_the_other_stacks_is_in_none(ground):
    """The first associated address of the account was once taken for every stack's."""
    own = {stack: ground.outputs(stack)["elasticIp"] for stack in ("prod", "test")}
    assert own["prod"] != own["test"]
    records = {
        name.split()[1].rstrip("."): [value["Value"] for value in values]
        for name, values in ground.listing().items() if name.startswith("record ") and name.endswith(" A")
    }  # fmt: skip
    for stack, address in own.items():
        hosts = [url.removeprefix("https://") for url in ground.outputs(stack)["urls"].values()]
        assert len(hosts) == 6
        assert {host: records[host] for host in hosts} == {host: [address] for host in hosts}


def test_a_token_of_one_stack_is_nothing_to_the_other(ground):
    with pytest.raises(ClientError, match="AccessDenied"):
        ground.assume("vault", "prod", ground.token("test-broker.litentry.org", ACTOR))
    ground.assume("vault", "prod", ground.token("broker.litentry.org", ACTOR))


def test_mail_of_test_is_not_in_prods_inbox(ground):
    ground.send_mail("somebody@bots-test.litentry.org", "for test alone")
    buckets = {stack: ground.outputs(stack)["buckets"]["mail"] for stack in ("prod", "test")}
    assert any(b"for test alone" in mail for mail in ground.mails(buckets["test"]))
    assert not any(b"for test alone" in mail for mail in ground.mails(buckets["prod"]))
