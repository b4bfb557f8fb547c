"""The alarms of a stack with ``alarmEmail``: what each does, and who may write to the topic."""

import json

import pytest

from components import alarms
from components.naming import OWNER_TAG
from dev.recorder import INSTANCE_ID, PROJECT, run
from tests.support.stacks import a_stack

EMAIL = {"alarmEmail": "ops@litentry.org"}
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"


@pytest.fixture(scope="module")
def alarmed(release):
    return {stack: run(stack, changed={**release, **EMAIL}) for stack in ("prod", "test")}


@pytest.mark.parametrize("stack", ["prod", "test"])
def test_only_these_resources_are_added(stack, alarmed, programs, golden):
    had = {(item.type, item.name) for item in programs[stack].registered}
    added = sorted(
        f"{item.type} {item.name} < {item.parent}"
        for item in alarmed[stack].registered
        if (item.type, item.name) not in had
    )
    golden("inventory.alarms.txt", "\n".join(added) + "\n")


def test_a_setting_of_alarms_changes_only_the_host_role_and_the_toolkit(alarmed, programs):
    before = {item.name: item.inputs for item in programs["test"].registered}
    changed = {
        item.name for item in alarmed["test"].registered if item.name in before and item.inputs != before[item.name]
    }
    assert changed == {"host-role-only-inline", "setup-toolkit"}


@pytest.mark.parametrize("stack", ["prod", "test"])
def test_the_documents_are_the_golden_ones(stack, alarmed, golden):
    for name in ("alarms-topic-policy", "host-put-metrics"):
        golden(f"policies/alarms/{stack}/{name}.json", json.dumps(alarmed[stack].named(name).policy, indent=2) + "\n")


def test_the_topic_takes_alarms_of_its_own_stack_only(alarmed):
    allowed = {}
    for stack, recorded in alarmed.items():
        publish, deny = recorded.named("alarms-topic-policy").policy["Statement"]
        assert publish["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
        assert publish["Condition"]["StringEquals"] == {"aws:SourceAccount": "429071895007"}
        allowed[stack] = publish["Condition"]["ArnEquals"]["aws:SourceArn"]
        assert (deny["Effect"], deny["Principal"]) == ("Deny", "*")
        assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        own = {f"arn:aws:cloudwatch:us-east-1:429071895007:alarm:{item.inputs['name']}" for item in recorded.of(ALARM)}
        assert set(allowed[stack]) == own
        assert not any("*" in arn for arn in own)
    assert not set(allowed["prod"]) & set(allowed["test"])


def test_the_host_writes_metrics_of_its_own_stack_only(alarmed, release):
    spaces = {stack: a_stack(stack, release).names.metrics for stack in alarmed}
    assert len(set(spaces.values())) == 2
    for stack, recorded in alarmed.items():
        (put,) = recorded.named("host-put-metrics").policy["Statement"]
        assert put["Action"] == "cloudwatch:PutMetricData"
        assert put["Condition"] == {"StringEquals": {"cloudwatch:namespace": spaces[stack]}}
        assert spaces[stack] in recorded.named("setup-metrics").inputs["stdin"]
        own = {item.name for item in recorded.of(ALARM) if item.inputs["namespace"] == spaces[stack]}
        assert own == {"alarms-disk", "alarms-memory", "alarms-certificate"}


def test_every_alarm_sends_mail_when_it_goes_off_and_when_it_ends(alarmed):
    topic = "arn:aws:sns:us-east-1:429071895007:agentkeys-alarms-test"
    for item in alarmed["test"].of(ALARM):
        assert topic in item.inputs["alarmActions"]
        assert item.inputs["okActions"] == [topic]
        assert item.inputs["tags"] == {OWNER_TAG: "agentkeys-broker-host-test"}
    mail = alarmed["test"].named("alarms-mail").inputs
    assert (mail["protocol"], mail["endpoint"]) == ("email", "ops@litentry.org")


def test_ec2_moves_and_reboots_a_host_that_the_stack_launched_and_touches_no_other(alarmed, release):
    def automatic(recorded):
        return {
            item.name: arn.rpartition(":")[2]
            for item in recorded.of(ALARM)
            for arn in item.inputs["alarmActions"]
            if ":automate:" in arn
        }

    assert automatic(alarmed["test"]) == {"alarms-system": "recover", "alarms-instance": "reboot"}
    names = a_stack("test", release).names
    for row in alarms.ALARMS:
        found = alarms.actions(row, names, may_restart=False)
        assert found == [alarms.topic_arn(names, "us-east-1")]


def test_alarms_about_the_host_wait_until_it_is_set_up(alarmed):
    for item in alarmed["test"].of(ALARM):
        assert any(urn.endswith("::setup-health") for urn in item.request.dependencies), item.name
        assert any(urn.endswith("::alarms-topic-policy") for urn in item.request.dependencies), item.name
    assert any(
        urn.endswith("::setup-health") for urn in alarmed["test"].named("alarms-health-check").request.dependencies
    )


def test_each_alarm_is_about_this_host_or_this_health_check(alarmed):
    seen = {item.name: item.inputs.get("dimensions") for item in alarmed["test"].of(ALARM)}
    assert seen["alarms-system"] == seen["alarms-instance"] == {"InstanceId": INSTANCE_ID}
    assert seen["alarms-broker"] == {"HealthCheckId": "alarms-health-check-id"}
    assert {name for name, value in seen.items() if not value} == {
        *("alarms-disk", "alarms-memory", "alarms-certificate", "alarms-bounces", "alarms-complaints"),
    }


def test_in_another_region_the_broker_has_its_alarm_where_route_53_has_its_metrics(release):
    recorded = run("test", changed={**release, **EMAIL, "region": "eu-west-1"})
    topics = {item.name: item.inputs.get("region") for item in recorded.of("aws:sns/topic:Topic")}
    assert topics == {"alarms-topic": None, "alarms-topic-us-east-1": "us-east-1"}
    regions = {item.name: item.inputs.get("region") for item in recorded.of(ALARM)}
    assert {name for name, region in regions.items() if region} == {"alarms-broker"}
    assert regions["alarms-broker"] == "us-east-1"
    assert recorded.named("alarms-broker").inputs["okActions"] == [
        "arn:aws:sns:us-east-1:429071895007:agentkeys-alarms-test"
    ]
    assert recorded.named("alarms-disk").inputs["okActions"] == [
        "arn:aws:sns:eu-west-1:429071895007:agentkeys-alarms-test"
    ]
    (publish, _deny) = recorded.named("alarms-topic-policy-us-east-1").policy["Statement"]
    assert publish["Condition"]["ArnEquals"]["aws:SourceArn"] == [
        "arn:aws:cloudwatch:us-east-1:429071895007:alarm:agentkeys-alarm-broker-test"
    ]


#: At which AWS reviews an account: https://docs.aws.amazon.com/ses/latest/dg/faqs-enforcement.html
REVIEWED = {"bounces": 0.05, "complaints": 0.001}


@pytest.mark.parametrize("key", REVIEWED)
def test_mail_has_its_alarm_before_aws_acts(key):
    (row,) = [row for row in alarms.ALARMS if row.key == key]
    assert 0.4 * REVIEWED[key] <= row.threshold < REVIEWED[key]


def test_one_alarm_and_only_one_says_that_the_host_sends_nothing():
    of_host = {row.key: row.missing for row in alarms.ALARMS if row.namespace == alarms.HOST}
    assert [key for key, missing in of_host.items() if missing == "breaching"] == ["disk"]


#: What the runbook says of each alarm's threshold and time.
TOLD = {
    "system": "has failed for {minutes:g} minutes",
    "instance": "has not answered for {minutes:g} minutes",
    "disk": "a disk is {threshold:g} % full, or the host has sent no metrics for {minutes:g} minutes",
    "memory": "{threshold:g} % of the memory has been used for {minutes:g} minutes",
    "certificate": "has less than {threshold:g} days left",
    "bounces": "{percent:g} % of the account's mails bounce",
    "complaints": "{percent:g} % of the account's mails are marked",
    "broker": "for {minutes:g} minutes",
}


@pytest.mark.parametrize("row", alarms.ALARMS, ids=lambda row: row.key)
def test_an_alarm_goes_off_when_the_runbook_says(row):
    (line,) = [
        line for line in (PROJECT / "docs/runbook.md").read_text().splitlines() if f"agentkeys-alarm-{row.key}`" in line
    ]
    minutes, percent = row.period * row.periods / 60, row.threshold * 100
    assert TOLD[row.key].format(minutes=minutes, threshold=row.threshold, percent=percent) in line.split("|")[2]


def test_a_check_that_fails_is_one_or_not_one_and_sets_its_alarm_off():
    checks = {row.key: row.threshold for row in alarms.ALARMS if "Status" in row.metric}
    assert checks == {"system": 1, "instance": 1, "broker": 1}


def test_every_alarm_has_a_row_in_the_runbook():
    text = (PROJECT / "docs/runbook.md").read_text()
    section = text[text.index("## An alarm arrives") :].split("\n## ")[0]
    told = [line.split("`")[1] for line in section.splitlines() if line.startswith("| `agentkeys-alarm-")]
    assert told == [f"agentkeys-alarm-{row.key}" for row in alarms.ALARMS]


def test_the_definition_that_the_audit_compares_is_what_the_program_creates(alarmed, release):
    names = a_stack("test", release).names
    ids = {"InstanceId": INSTANCE_ID, "HealthCheckId": "alarms-health-check-id"}
    for row in alarms.ALARMS:
        made = alarmed["test"].named(f"alarms-{row.key}").inputs
        wanted = alarms.definition(row, names, ids, may_restart=True)
        assert wanted == {
            "ActionsEnabled": True,
            "ComparisonOperator": made["comparisonOperator"],
            "EvaluationPeriods": made["evaluationPeriods"],
            "MetricName": made["metricName"],
            "Namespace": made["namespace"],
            "Period": made["period"],
            "Statistic": made["statistic"],
            "Threshold": made["threshold"],
            "TreatMissingData": made["treatMissingData"],
            "Dimensions": made.get("dimensions", {}),
            "AlarmActions": sorted(made["alarmActions"]),
        }
        assert set(wanted) == {*alarms.DEFINED, "Dimensions", "AlarmActions"}


def test_an_analyzer_is_the_accounts_and_only_if_asked_for(account):
    kind = "aws:accessanalyzer/analyzer:Analyzer"
    assert not account.of(kind)
    asked = run("litentry", folder=PROJECT / "account", changed={"accessAnalyzer": "true"})
    (analyzer,) = asked.of(kind)
    assert (analyzer.inputs["analyzerName"], analyzer.inputs["type"]) == ("agentkeys", "ACCOUNT")
