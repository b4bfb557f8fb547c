"""Alarms on a stack that runs: they come with one `up` and go with another, and so does the timer on its host."""

import json
import re

import pytest
import yaml

from components.alarms import ALARMS
from hostsetup.units import MOST_EXPOSED
from tests.sandbox.operate.test_2_faults import ops
from tests.support.documented import expected
from tests.support.live import changes, copy_of_checkout

KINDS = {"alarm", "topic", "health"}


def alarming(ground):
    """What the account has for alarms, by the first word of its kind."""
    return {name.split()[0] for name in ground.listing()} & KINDS


@pytest.fixture(scope="module")
def alarmed(ground, tmp_path_factory):
    """A checkout whose stack has alarms."""
    checkout = copy_of_checkout(tmp_path_factory.mktemp("alarmed"))
    file = checkout / "Pulumi.test.yaml"
    content = yaml.safe_load(file.read_text())
    content["config"]["agentkeys-cloud:alarmEmail"] = "ops@litentry.org"
    file.write_text(yaml.safe_dump(content))
    given = ("--config-file", str(file))
    assert changes(ground.pulumi("test", "preview", "--json", *given)) == expected("An alarm arrives")[0]
    ground.pulumi("test", "up", "--yes", "--skip-preview", *given)
    ground.pulumi("test", "preview", "--refresh", "--expect-no-changes", *given)
    return checkout


def test_they_write_to_the_address_and_the_host_measures_itself(ground, alarmed):
    assert alarming(ground) == KINDS
    (topic,) = ground.client("sns").list_topics()["Topics"]
    (mail,) = ground.client("sns").list_subscriptions_by_topic(TopicArn=topic["TopicArn"])["Subscriptions"]
    assert (mail["Endpoint"], mail["SubscriptionArn"]) == ("ops@litentry.org", "PendingConfirmation")
    assert len(ground.client("cloudwatch").describe_alarms()["MetricAlarms"]) == len(ALARMS)
    # The sandbox has no metadata service, and so no role whose metrics CloudWatch would take.
    said = ground.on_host(
        "test",
        "sudo systemctl start agentkeys-measure.service && systemctl is-active agentkeys-measure.timer && "
        "sudo journalctl -u agentkeys-measure.service -o cat --no-pager",
    )
    assert said.startswith("active\n")
    assert "not sent: the metadata service gives no credentials of a role" in said
    rating = ground.on_host("test", "systemd-analyze security --no-pager agentkeys-measure.service | tail -n 1")
    assert float(re.search(r"([\d.]+) ", rating)[1]) <= MOST_EXPOSED


@pytest.mark.parametrize(
    ("command", "wrong"),
    # Nobody has opened the link, and no metrics arrive from the sandbox.
    [("audit", set()), ("doctor", {"mail to ops@litentry.org", "metrics of the host"})],
)
def test_a_command_knows_them(ground, alarmed, command, wrong):
    lines = json.loads(ops(ground, command, "-s", "test", "--json", folder=alarmed).stdout)["lines"]
    seen = {line["claim"]: line["verdict"] for line in lines if "alarm" in line["subject"]}
    assert seen
    assert {claim for claim, verdict in seen.items() if verdict == "wrong"} <= wrong, seen


@pytest.mark.usefixtures("alarmed")
def test_they_go_with_the_setting_and_so_does_the_timer(ground):
    ground.pulumi("test", "up", "--yes", "--skip-preview")
    assert alarming(ground) == set()
    left = ground.on_host("test", "ls /etc/systemd/system /usr/local/lib/agentkeys-setup; systemctl list-timers --all")
    assert "measure" not in left
    assert "metrics" not in left
    assert ops(ground, "drift", "-s", "test").returncode == 0
