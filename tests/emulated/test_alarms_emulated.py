"""Alarms in the emulated account: what the host sends, what the operator's commands see, and what a run lost."""

import datetime
import http.server
import json
import os
import subprocess
import sys
import threading

import pytest

from components import alarms
from dev.recorder import INSTANCE_ID
from ops import leftovers, stack
from ops.commands import audit, doctor
from ops.commands.recover import LEFT, TAKEN_IN, Recovery
from ops.verdicts import Verdict
from tests.emulated.test_recovery import Engine, resource, tags_of
from tests.support.emulated import policy, statement, trusting
from tests.support.sites import SCRIPTS
from tests.support.stacks import a_stack

EMAIL = "ops@litentry.org"
SPACE = "agentkeys-metrics-test"

#: Runs the script with a measurement, since this machine is no host of the stack.
RUN = """
import pathlib, sys
script = {"__name__": "put_metrics", "__file__": sys.argv[0]}
exec(pathlib.Path(sys.argv[0]).read_text(), script)
script["measured"] = lambda: {"DiskUsedPercent": 41.5, "CertificateDaysLeft": 60.0}
sys.exit(script["main"]())
"""


@pytest.fixture
def stacked(release, client, unique):
    """The test stack with alarms, as the commands read it, and the account with what its program makes."""
    made = a_stack("test", release, alarmEmail=EMAIL)
    names = made.names
    sns, cloudwatch, route53 = client("sns"), client("cloudwatch"), client("route53")
    owned = {"agentkeys:owned-by": names.host}
    topic = sns.create_topic(Name=names.alarm_topic, Tags=tags_of(owned))["TopicArn"]
    document = json.dumps(alarms.topic_policy(names, "us-east-1"))
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=document)
    wanted = {"TopicArn": topic, "Protocol": "email", "Endpoint": EMAIL, "ReturnSubscriptionArn": True}
    made.outputs["subscription"] = sns.subscribe(**wanted)["SubscriptionArn"]
    config = {"FullyQualifiedDomainName": names.broker_host, **alarms.HEALTH_CHECK}
    check = route53.create_health_check(
        CallerReference=f"{alarms.reference(names)}-terraform-20261128{unique[1:]}", HealthCheckConfig=config
    )["HealthCheck"]["Id"]
    made.outputs["check"] = check
    for row in alarms.ALARMS:
        put(cloudwatch, made, row)
    yield made
    cloudwatch.delete_alarms(AlarmNames=[names.alarm(row.key) for row in alarms.ALARMS])
    route53.delete_health_check(HealthCheckId=check)
    sns.delete_topic(TopicArn=topic)


def put(cloudwatch, made, row, **changed):
    ids = {"InstanceId": INSTANCE_ID, "HealthCheckId": made.outputs["check"]}
    wanted = alarms.definition(row, made.names, ids, may_restart=True)
    wanted["Dimensions"] = [{"Name": name, "Value": value} for name, value in wanted["Dimensions"].items()]
    name = made.names.alarm(row.key)
    tags = tags_of({"agentkeys:owned-by": made.names.host})
    cloudwatch.put_metric_alarm(AlarmName=name, Tags=tags, **{**wanted, **changed})


def looked(made, client, monkeypatch):
    """The audit's lines about alarms that are not ok."""
    check = {"type": "aws:route53/healthCheck:HealthCheck", "id": made.outputs["check"]}
    monkeypatch.setattr(stack, "ask", lambda *_: {"deployment": {"resources": [check]}})
    looking = audit.Audit(stack=made, ask=client)
    looking._alarms()
    assert len(looking._lines) == len(alarms.ALARMS) + 2
    return {line.subject: line.seen for line in looking._lines if line.verdict != Verdict.OK}


def test_the_audit_finds_nothing_wrong_with_what_the_program_makes(stacked, client, monkeypatch):
    assert looked(stacked, client, monkeypatch) == {}


def test_the_audit_finds_what_was_changed_by_hand(stacked, client, monkeypatch):
    names = stacked.names
    sns, cloudwatch, route53 = client("sns"), client("cloudwatch"), client("route53")
    disk, memory = (row for row in alarms.ALARMS if row.key in ("disk", "memory"))
    put(cloudwatch, stacked, disk, Threshold=99)
    put(cloudwatch, stacked, memory, ActionsEnabled=False)
    cloudwatch.delete_alarms(AlarmNames=[names.alarm("broker")])
    anybody = policy(statement("sns:Publish", Principal="*"))
    topic = alarms.topic_arn(names, "us-east-1")
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=anybody)
    route53.update_health_check(HealthCheckId=stacked.outputs["check"], ResourcePath="/")
    seen = looked(stacked, client, monkeypatch)
    assert set(seen) == {
        *(f"alarm {names.alarm(key)}" for key in ("disk", "memory", "broker")),
        f"topic {names.alarm_topic}",
        "health check of the broker",
    }
    assert "Threshold 99.0" in seen[f"alarm {names.alarm('disk')}"]
    assert seen[f"alarm {names.alarm('broker')}"] == "nothing"


def test_the_doctor_says_whether_somebody_gets_the_mails(stacked, client):
    doctors = doctor.Doctor(stack=stacked, ask=client)
    pending = doctors.alarm_mail()
    assert (pending.verdict, pending.seen) == (Verdict.WARNING, "waits for a confirmation in us-east-1")
    arn = stacked.outputs["subscription"]
    client("sns").confirm_subscription(TopicArn=arn.rpartition(":")[0], Token=arn.rpartition(":")[2])
    assert doctors.alarm_mail() == doctor.well("confirmed")
    client("sns").unsubscribe(SubscriptionArn=arn)
    assert doctors.alarm_mail().verdict == Verdict.WRONG


def test_the_doctor_names_the_alarms_that_are_on(stacked, client):
    doctors = doctor.Doctor(stack=stacked, ask=client)
    assert doctors.alarms() == doctor.well("8 alarms")
    name = stacked.names.alarm("disk")
    client("cloudwatch").set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="full")
    assert (doctors.alarms().verdict, doctors.alarms().seen) == (Verdict.WRONG, name)


def test_what_a_state_does_not_know_is_named_with_what_removes_it(stacked, client):
    found = {thing.type: thing for thing in leftovers.Search(stack=stacked, ask=client)._alarms()}
    assert set(found) == {
        "aws:cloudwatch/metricAlarm:MetricAlarm", "aws:sns/topic:Topic", "aws:route53/healthCheck:HealthCheck"
    }  # fmt: skip
    assert found["aws:route53/healthCheck:HealthCheck"].identifier == stacked.outputs["check"]
    assert "delete-topic --region us-east-1" in found["aws:sns/topic:Topic"].removal[0]
    prod = a_stack("prod", {"release": stacked.settings.release, "releaseSha256": stacked.settings.release_sha256})
    assert list(leftovers.Search(stack=prod, ask=client)._alarms()) == []


def test_what_a_run_lost_is_taken_in_and_what_is_another_stacks_is_left(stacked, client):
    names = stacked.names
    own = {"agentkeys:owned-by": names.host}
    topic, check = alarms.topic_arn(names, "us-east-1"), stacked.outputs["check"]
    kinds = {
        "alarm": ("aws:cloudwatch/metricAlarm:MetricAlarm", {"name": names.alarm("disk")}, names.alarm("disk")),
        "topic": ("aws:sns/topic:Topic", {"name": names.alarm_topic}, topic),
        "check": ("aws:route53/healthCheck:HealthCheck", {"referenceName": alarms.reference(names)}, check),
        "policy": ("aws:sns/topicPolicy:TopicPolicy", {"arn": topic}, None),
        "mail": ("aws:sns/topicSubscription:TopicSubscription", {"topic": topic, "endpoint": EMAIL}, None),
    }

    def repaired(tags):
        wanted = [resource(kind, name, tags=tags, **inputs) for name, (kind, inputs, _) in kinds.items()]
        lines = Recovery(engine=Engine(wanted=wanted), clients_in=lambda _region: client).run()
        return {(line.done, line.what, line.identifier) for line in lines}

    assert repaired(own) == {(TAKEN_IN, name, identifier) for name, (_, _, identifier) in kinds.items() if identifier}
    other = repaired({"agentkeys:owned-by": "agentkeys-broker-host"})
    assert {line[:2] for line in other} >= {(LEFT, "alarm"), (LEFT, "topic")}


def test_a_health_check_of_another_reference_is_not_found(stacked, client):
    for reference in ("agentkeys", "agentkeys-tes", "other"):
        wanted = resource("aws:route53/healthCheck:HealthCheck", "check", referenceName=reference, tags={})
        assert Recovery(engine=Engine(wanted=[wanted]), clients_in=lambda _region: client).run() == []


@pytest.fixture
def metadata(client, unique):
    """The metadata service of an instance with a role that may write metrics of one namespace."""
    iam = client("iam")
    iam.create_role(
        RoleName=unique, AssumeRolePolicyDocument=trusting({"AWS": iam.get_user()["User"]["Arn"]}, "sts:AssumeRole")
    )
    condition = {"StringEquals": {"cloudwatch:namespace": SPACE}}
    iam.put_role_policy(
        RoleName=unique,
        PolicyName="p",
        PolicyDocument=policy(statement("cloudwatch:PutMetricData", Condition=condition)),
    )
    arn = iam.get_role(RoleName=unique)["Role"]["Arn"]
    keys = client("sts").assume_role(RoleArn=arn, RoleSessionName="host")["Credentials"]
    shown = {
        "AccessKeyId": keys["AccessKeyId"],
        "SecretAccessKey": keys["SecretAccessKey"],
        "Token": keys["SessionToken"],
    }

    class Service(http.server.BaseHTTPRequestHandler):
        def answer(self, text, code=200):
            self.send_response(code)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def do_PUT(self):
            wanted = self.path == "/latest/api/token" and self.headers["X-aws-ec2-metadata-token-ttl-seconds"]
            self.answer("token" if wanted else "", 200 if wanted else 400)

        def do_GET(self):
            if self.headers["X-aws-ec2-metadata-token"] != "token":
                self.answer("", 401)
            elif self.path.endswith("/security-credentials/"):
                self.answer("the-role")
            else:
                self.answer(json.dumps(shown) if self.path.endswith("/the-role") else "", 200)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def sent(account, metadata, space):
    return subprocess.run(
        [sys.executable, "-c", RUN.replace("sys.argv[0]", repr(str(SCRIPTS / "put_metrics.py"))), "us-east-1", space],
        env={
            **os.environ,
            "AWS_ENDPOINT_URL_CLOUDWATCH": account.endpoint,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata,
        },
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_host_sends_metrics_of_its_own_namespace_and_of_no_other(account, client, metadata, release):
    done = sent(account, metadata, SPACE)
    assert (done.returncode, done.stdout) == (0, "sent DiskUsedPercent 41.5, CertificateDaysLeft 60.0\n"), done.stderr
    now = datetime.datetime.now(datetime.UTC)
    read = client("cloudwatch").get_metric_statistics(
        Namespace=SPACE, MetricName="DiskUsedPercent", StartTime=now - datetime.timedelta(minutes=15),
        EndTime=now + datetime.timedelta(minutes=1), Period=300, Statistics=["Maximum"],
    )["Datapoints"]  # fmt: skip
    assert [item["Maximum"] for item in read] == [41.5]
    refused = sent(account, metadata, "agentkeys-metrics")
    assert (refused.returncode, refused.stdout) == (
        3, "not sent: the host's role may not write metrics of agentkeys-metrics\n"
    )  # fmt: skip


def test_the_doctor_says_whether_the_host_sends_its_metrics(account, client, metadata, release):
    doctors = doctor.Doctor(stack=a_stack("prod", release, alarmEmail=EMAIL), ask=client)
    assert doctors.metrics().verdict == Verdict.WARNING
    assert sent(account, metadata, SPACE).returncode == 0
    doctors.stack = a_stack("test", release, alarmEmail=EMAIL)
    assert doctors.metrics().seen == "the disk is 42 % full"
