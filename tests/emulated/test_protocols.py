"""CloudWatch in each of its protocols, judged by botocore: the same answers, errors and decisions."""

import datetime
from collections.abc import Callable
from typing import Any

import cbor2
import pytest
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
from botocore.exceptions import ClientError  # type: ignore[import-untyped]

from sandbox.aws import cbor, faults
from sandbox.aws.probes.cloudwatch import ALARM
from sandbox.aws.server import Account
from tests.emulated.test_authentication import UNKNOWN, signed
from tests.support.emulated import PROTOCOLS, Somebody, client_of, credentials, refused, statement, tags

Make = Callable[[str], Any]
TARGET = "GraniteServiceVersion20100801"


@pytest.fixture
def cloudwatch(account: Account) -> Make:
    """The operator's client in a protocol."""
    return lambda protocol: client_of(account.endpoint, "cloudwatch", credentials(account.home), protocol)


def described(client: Any, name: str) -> dict[str, Any]:
    """One alarm. CBOR and JSON have milliseconds, a form's answer more."""
    (alarm,) = client.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return {
        key: value.replace(microsecond=value.microsecond // 1000 * 1000) if key.endswith("Timestamp") else value
        for key, value in alarm.items()
    }


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_client_uses_the_protocol(cloudwatch: Make, protocol: str) -> None:
    assert cloudwatch(protocol).meta.service_model.resolved_protocol == protocol


def test_an_alarm_is_the_same_in_every_protocol(cloudwatch: Make, unique: str) -> None:
    """Numbers, truth values, lists, structures and times, written in one protocol and read in the others."""
    topic = "arn:aws:sns:us-east-1:429071895007:t"
    for protocol in PROTOCOLS:
        name = f"{unique}-{protocol}"
        cloudwatch(protocol).put_metric_alarm(
            AlarmName=name,
            **ALARM,
            ActionsEnabled=False,
            AlarmActions=[topic],
            Dimensions=[{"Name": "é", "Value": "ü"}],
            Tags=tags(a="b"),
        )
        seen = [described(cloudwatch(read), name) for read in PROTOCOLS]
        assert seen[0] == seen[1] == seen[2]
        assert {key: seen[0][key] for key in ALARM} == ALARM
        assert (seen[0]["ActionsEnabled"], seen[0]["AlarmActions"]) == (False, [topic])
        assert seen[0]["Dimensions"] == [{"Name": "é", "Value": "ü"}]
        age = datetime.datetime.now(datetime.UTC) - seen[0]["AlarmConfigurationUpdatedTimestamp"]
        assert datetime.timedelta(0) <= age < datetime.timedelta(minutes=1)
        arn = seen[0]["AlarmArn"]
        assert [cloudwatch(read).list_tags_for_resource(ResourceARN=arn)["Tags"] for read in PROTOCOLS] == [
            tags(a="b")
        ] * 3


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_times_are_written_and_read(cloudwatch: Make, unique: str, protocol: str) -> None:
    client, now = cloudwatch(protocol), datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    minutes = [now - datetime.timedelta(minutes=back) for back in (3, 2)]
    client.put_metric_data(
        Namespace=unique,
        MetricData=[{"MetricName": "m", "Value": 2.5, "Timestamp": minute} for minute in minutes],
    )
    answer = client.get_metric_statistics(
        Namespace=unique, MetricName="m", StartTime=minutes[0], EndTime=now, Period=60, Statistics=["Maximum"]
    )
    points = answer["Datapoints"]
    assert [point["Maximum"] for point in points] == [2.5, 2.5]
    assert all(
        abs(point["Timestamp"] - minute) <= datetime.timedelta(minutes=1)
        for point, minute in zip(points, minutes, strict=True)
    )


def test_an_error_is_the_same_in_every_protocol(cloudwatch: Make, unique: str) -> None:
    seen = []
    for protocol in PROTOCOLS:
        with pytest.raises(ClientError) as caught:
            cloudwatch(protocol).set_alarm_state(AlarmName=unique, StateValue="OK", StateReason="r")
        said = caught.value.response
        seen.append((said["Error"]["Code"], said["Error"]["Message"], said["ResponseMetadata"]["HTTPStatusCode"]))
    assert seen[0][1]
    assert seen[0] == seen[1] == seen[2]


def test_answers_have_what_gos_sdk_requires(account: Account, cloudwatch: Make, somebody: Somebody) -> None:
    """Go's SDK, which Terraform's provider uses, reads no answer without the header, and no message of another name."""
    seen: list[dict[str, Any]] = []
    client, other = cloudwatch(cbor.PROTOCOL), somebody.client("cloudwatch", cbor.PROTOCOL)
    for one in (client, other):
        one.meta.events.register("before-parse.cloudwatch", lambda response_dict, **_: seen.append(response_dict))
    client.list_metrics()
    with pytest.raises(ClientError):
        client.set_alarm_state(AlarmName=somebody.name, StateValue="OK", StateReason="r")
    with pytest.raises(ClientError):
        other.list_metrics()
    name, value = cbor.HEADER
    assert [one["headers"][name] for one in seen] == [value] * 3
    assert [one["headers"]["Content-Type"] for one in seen] == [cbor.CONTENT_TYPE] * 3
    assert [sorted(cbor2.loads(one["body"])) for one in seen[1:]] == [["__type", "message"]] * 2


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_condition_reads_the_namespace(somebody: Somebody, unique: str, protocol: str) -> None:
    condition = {"StringEquals": {"cloudwatch:namespace": unique}}
    somebody.may(statement("cloudwatch:PutMetricData", Condition=condition))
    client, data = somebody.client("cloudwatch", protocol), [{"MetricName": "m", "Value": 1.0}]
    client.put_metric_data(Namespace=unique, MetricData=data)
    with refused("AccessDenied" if protocol == "query" else "AccessDeniedException", "not authorized to perform"):
        client.put_metric_data(Namespace=f"{unique}-other", MetricData=data)


def test_credentials_are_refused_in_cbor(account: Account, somebody: Somebody) -> None:
    def ask(**keys: str) -> None:
        client_of(account.endpoint, "cloudwatch", {**somebody.keys, **keys}, cbor.PROTOCOL).describe_alarms()

    with refused("UnrecognizedClientException"):
        ask(**UNKNOWN)
    with refused("InvalidSignatureException"):
        ask(aws_secret_access_key="wrong")
    with refused("AccessDeniedException", "cloudwatch:DescribeAlarms"):
        ask()


def test_faults_and_throttling_are_told_in_cbor(account: Account, cloudwatch: Make) -> None:
    plan = account.home / "faults.json"
    client = cloudwatch(cbor.PROTOCOL)
    try:
        faults.write(plan, [faults.Fault(service="cloudwatch", operation="ListMetrics", kind="error")])
        with refused("InternalFailure"):
            client.list_metrics()
        fault = faults.Fault(service="cloudwatch", operation="ListMetrics", kind="throttled", seconds=60)
        faults.write(plan, [fault])
        with refused("Throttling"):
            client.list_metrics()
    finally:
        plan.unlink()


@pytest.mark.parametrize("protocol", [cbor.PROTOCOL, "json"])
def test_text_in_a_body_is_no_operation(cloudwatch: Make, unique: str, protocol: str) -> None:
    client, text = cloudwatch(protocol), f"a&Action=DeleteAlarms&AlarmNames.member.1={unique}&b"
    client.put_metric_alarm(AlarmName=unique, AlarmDescription="kept", **ALARM)
    client.put_metric_alarm(AlarmName=f"{unique}-2", AlarmDescription=text, **ALARM)
    assert described(client, unique)["AlarmDescription"] == "kept"
    assert described(client, f"{unique}-2")["AlarmDescription"] == text


def asked(account: Account, somebody: Somebody, body: bytes, operation: str = "DeleteAlarms", **headers: str) -> int:
    """The status of a CBOR request with this body."""
    protocol = {"smithy-protocol": "rpc-v2-cbor", "Content-Type": cbor.CONTENT_TYPE}
    url = f"{account.endpoint}/service/{TARGET}/operation/{operation}"
    request = AWSRequest("POST", url, data=body, headers={**protocol, **headers})
    return signed(account, somebody.keys, "monitoring", request)


def test_the_operation_is_in_the_path_and_nowhere_else(account: Account, cloudwatch: Make, somebody: Somebody) -> None:
    own, victim = somebody.name, f"{somebody.name}-victim"
    cloudwatch("json").put_metric_alarm(AlarmName=victim, **ALARM)
    somebody.may(
        statement(["cloudwatch:DescribeAlarms", "cloudwatch:DeleteAlarms"], f"arn:aws:cloudwatch:*:*:alarm:{own}")
    )
    body = cbor2.dumps({"AlarmNames": [own]})
    assert asked(account, somebody, body) == 200
    # Described by the path and deleted by the header.
    assert asked(account, somebody, body, "DescribeAlarms", **{"X-Amz-Target": f"{TARGET}.DeleteAlarms"}) == 400
    assert asked(account, somebody, body, "DescribeAlarms?Action=DeleteAlarms") == 400
    # Without its header it is another protocol, and an operation that is not known needs the permission for everything.
    assert asked(account, somebody, body, **{"smithy-protocol": "rpc-v2-json"}) == 400
    assert asked(account, somebody, body, "NoOperation") == 400
    # The permission is for the alarm that is deleted.
    assert asked(account, somebody, cbor2.dumps({"AlarmNames": [victim]})) == 400
    assert asked(account, somebody, cbor2.dumps({"AlarmName": own, "AlarmNames": [victim]})) == 400
    assert asked(account, somebody, cbor2.dumps({"AlarmNames": [own, victim]})) == 400
    twice = b"\xa2" + cbor2.dumps({"AlarmNames": [victim]})[1:] + cbor2.dumps({"AlarmNames": [own]})[1:]
    assert cbor2.loads(twice) == {"AlarmNames": [own]}
    assert asked(account, somebody, twice) == 400
    for malformed in (b"\xff", b"\xa1", cbor2.dumps(["AlarmNames"]), b"AlarmNames"):
        assert asked(account, somebody, malformed) == 400
    assert described(cloudwatch("json"), victim)["AlarmName"] == victim


@pytest.mark.parametrize(
    "form",
    [
        "AlarmName={own}&AlarmNames.member.1={victim}",
        "AlarmNames.member.1={victim}&AlarmNames.member.1={own}",
        "AlarmNames.member.1={own}&AlarmNames.member.2={victim}",
        "ResourceARN=arn:aws:cloudwatch:us-east-1:429071895007:alarm:{own}&AlarmNames.member.1={victim}",
    ],
)
def test_a_form_is_decided_by_what_is_done(account: Account, cloudwatch: Make, somebody: Somebody, form: str) -> None:
    own, victim = somebody.name, f"{somebody.name}-victim"
    cloudwatch("query").put_metric_alarm(AlarmName=victim, **ALARM)
    somebody.may(statement("cloudwatch:DeleteAlarms", f"arn:aws:cloudwatch:*:*:alarm:{own}"))
    body = f"Action=DeleteAlarms&Version=2010-08-01&{form.format(own=own, victim=victim)}"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    request = AWSRequest("POST", account.endpoint, data=body.encode(), headers=headers)
    assert signed(account, somebody.keys, "monitoring", request) in (400, 403)
    assert described(cloudwatch("query"), victim)["AlarmName"] == victim
