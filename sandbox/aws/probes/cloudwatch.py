"""Probes of CloudWatch: the protocols in which it is asked."""

from sandbox.aws import cbor
from sandbox.aws.probes.ground import Ground, observe
from sandbox.aws.probes.rows import Answers, probe

ALARM = {
    "ComparisonOperator": "GreaterThanThreshold",
    "EvaluationPeriods": 1,
    "MetricName": "m",
    "Namespace": "agentkeys-probe",
    "Period": 60,
    "Statistic": "Maximum",
    "Threshold": 1.5,
}


@probe(
    "BaseResponse.setup_class",
    calls="cloudwatch PutMetricAlarm, DescribeAlarms, SetAlarmState, DeleteAlarms in CBOR",
    makes=("an alarm",),
    cents=0.1,
)
def cloudwatch_is_asked_in_cbor(ground: Ground) -> Answers:
    """CloudWatch answers a request in the protocol Smithy RPC v2 CBOR, also with an error."""
    cloudwatch, name = ground.client("cloudwatch", protocol=cbor.PROTOCOL), ground.name()
    ground.undo("cloudwatch", "delete_alarms", AlarmNames=[name])
    cloudwatch.put_metric_alarm(AlarmName=name, **ALARM)
    shown = "MetricAlarms[].[AlarmName, Threshold, Period, ActionsEnabled, StateValue]"
    return {
        "alarm": observe(cloudwatch.describe_alarms, shown, AlarmNames=[name]),
        "none": observe(cloudwatch.set_alarm_state, AlarmName=f"{name}-none", StateValue="OK", StateReason="a probe"),
    }


@probe(
    "BaseResponse._get_action",
    calls="cloudwatch PutMetricAlarm, DescribeAlarms, DeleteAlarms",
    makes=("an alarm",),
    cents=0.1,
)
def text_of_a_body_names_no_operation(ground: Ground) -> Answers:
    """A description that looks like a parameter of another operation is a description."""
    cloudwatch, name = ground.client("cloudwatch"), ground.name()
    ground.undo("cloudwatch", "delete_alarms", AlarmNames=[name])
    cloudwatch.put_metric_alarm(AlarmName=name, AlarmDescription="a&Action=DescribeAlarms&b", **ALARM)
    return {"alarm": observe(cloudwatch.describe_alarms, "MetricAlarms[].AlarmDescription", AlarmNames=[name])}
