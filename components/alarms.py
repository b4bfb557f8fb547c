"""CloudWatch alarms of a stack, the topic that sends them by mail, and the check of the broker from outside.

Owns the table of alarms. Leaves out the host's own measurements (``hostsetup/scripts/put_metrics.py``) and what to do
when a mail arrives (docs/runbook.md). A stack without ``alarmEmail`` has none of these resources.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pulumi
import pulumi_aws as aws

from components import arns
from components.naming import OWNER_TAG, Names
from components.policies import alarms as policies
from components.policies.document import Document, text

#: Route 53 publishes the metrics of health checks here only:
#: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/monitoring-health-checks.html
HEALTH_CHECK_REGION = "us-east-1"

#: Namespace of an alarm whose metric the host sends: that of the stack (``Names.metrics``).
HOST = "host"

#: What the broker's health check asks for, by Route 53's names:
#: https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html
HEALTH_CHECK: dict[str, Any] = {
    "Type": "HTTPS",
    "Port": 443,
    "ResourcePath": "/healthz",
    "RequestInterval": 30,
    "FailureThreshold": 3,
}


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """One alarm. Its state is ALARM after ``periods`` periods in a row in which the metric is ``beyond``."""

    #: Part of its physical and its resource name, so it never changes.
    key: str
    #: Namespace of its metric, ``HOST`` for what the host sends.
    namespace: str
    metric: str
    #: Its dimension; empty for a metric of the whole account.
    dimension: Literal["InstanceId", "HealthCheckId", ""]
    statistic: Literal["Average", "Maximum", "Minimum"]
    beyond: Literal["GreaterThanOrEqualToThreshold", "LessThanThreshold"]
    threshold: float
    #: Seconds.
    period: int
    periods: int
    #: What a period without data counts as.
    missing: Literal["breaching", "ignore", "missing", "notBreaching"]
    #: What EC2 does by itself, for an instance that the stack launched; empty for nothing.
    action: Literal["recover", "reboot", ""] = ""
    #: What it means, for the mail.
    meaning: str
    #: The page of AWS that says what the metric is.
    page: str


#: Repair takes other numbers of periods than a reboot, so that the two never run at once:
#: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/UsingAlarmActions.html
ALARMS = (
    Alarm(
        key="system",
        namespace="AWS/EC2",
        metric="StatusCheckFailed_System",
        dimension="InstanceId",
        statistic="Maximum",
        beyond="GreaterThanOrEqualToThreshold",
        threshold=1,
        period=60,
        periods=2,
        missing="missing",
        action="recover",
        meaning="AWS's hardware or network below the broker host fails.",
        page="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-system-instance-status-check.html",
    ),
    Alarm(
        key="instance",
        namespace="AWS/EC2",
        metric="StatusCheckFailed_Instance",
        dimension="InstanceId",
        statistic="Maximum",
        beyond="GreaterThanOrEqualToThreshold",
        threshold=1,
        period=60,
        # A restart of the host for an update takes up to three.
        periods=5,
        missing="missing",
        action="reboot",
        meaning="The broker host's system does not answer.",
        page="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-system-instance-status-check.html",
    ),
    Alarm(
        key="disk",
        namespace=HOST,
        metric="DiskUsedPercent",
        dimension="",
        statistic="Maximum",
        beyond="GreaterThanOrEqualToThreshold",
        threshold=85,
        period=300,
        periods=3,
        # The one alarm that also says that the host sends no metrics.
        missing="breaching",
        meaning="The broker host's disk is nearly full, or the host sends no metrics.",
        page="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/publishingMetrics.html",
    ),
    Alarm(
        key="memory",
        namespace=HOST,
        metric="MemoryUsedPercent",
        dimension="",
        statistic="Average",
        beyond="GreaterThanOrEqualToThreshold",
        threshold=92,
        period=300,
        periods=3,
        missing="ignore",
        meaning="The broker host has hardly any memory left.",
        page="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/publishingMetrics.html",
    ),
    Alarm(
        key="certificate",
        namespace=HOST,
        metric="CertificateDaysLeft",
        dimension="",
        statistic="Minimum",
        beyond="LessThanThreshold",
        # certbot renews a certificate of 90 days when 30 are left, one of 45 when 15 are, and tries twice a day.
        threshold=10,
        period=3600,
        periods=1,
        missing="ignore",
        meaning="A certificate expires in less than 10 days and was not renewed.",
        page="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/publishingMetrics.html",
    ),
    Alarm(
        key="bounces",
        namespace="AWS/SES",
        metric="Reputation.BounceRate",
        dimension="",
        statistic="Average",
        beyond="GreaterThanOrEqualToThreshold",
        # AWS reviews the account at 0.05 and stops its sending at 0.1.
        threshold=0.03,
        period=3600,
        periods=1,
        missing="ignore",
        meaning="3 of 100 mails of the account bounce; AWS reviews an account at 5.",
        page="https://docs.aws.amazon.com/ses/latest/dg/reputationdashboard-cloudwatch-alarm.html",
    ),
    Alarm(
        key="complaints",
        namespace="AWS/SES",
        metric="Reputation.ComplaintRate",
        dimension="",
        statistic="Average",
        beyond="GreaterThanOrEqualToThreshold",
        # AWS reviews the account at 0.001 and stops its sending at 0.005.
        threshold=0.0005,
        period=3600,
        periods=1,
        missing="ignore",
        meaning="1 of 2,000 mails of the account is marked as spam; AWS reviews an account at 2.",
        page="https://docs.aws.amazon.com/ses/latest/dg/reputationdashboard-cloudwatch-alarm.html",
    ),
    Alarm(
        key="broker",
        namespace="AWS/Route53",
        metric="HealthCheckStatus",
        dimension="HealthCheckId",
        statistic="Minimum",
        beyond="LessThanThreshold",
        threshold=1,
        period=60,
        periods=3,
        missing="breaching",
        meaning="The broker does not answer from outside.",
        page="https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/monitoring-health-checks.html",
    ),
)


def reference(names: Names) -> str:
    """Start of the health check's caller reference. The provider leaves 27 characters of it, and a suffix has 17."""
    return f"agentkeys{names.suffix}"


def region_of(row: Alarm, names: Names) -> str:
    """Region of the alarm, which is the region of its metric and of the topic that it writes to."""
    return HEALTH_CHECK_REGION if row.namespace == "AWS/Route53" else names.region


def topic_arn(names: Names, region: str) -> str:
    return arns.topic(region, names.account_id, names.alarm_topic)


def topic_policy(names: Names, region: str) -> Document:
    """The policy of the topic in one region, for the alarms of that region."""
    own = [arns.alarm(region, names.account_id, names.alarm(row.key)) for row in of_region(names, region)]
    return policies.topic(topic_arn(names, region), names.account_id, own)


def of_region(names: Names, region: str) -> list[Alarm]:
    return [row for row in ALARMS if region_of(row, names) == region]


def regions(names: Names) -> list[str]:
    """Regions in which the stack has alarms, its own first: an alarm writes to a topic of its own region only."""
    return list(dict.fromkeys([names.region, HEALTH_CHECK_REGION]))


def actions(row: Alarm, names: Names, *, may_restart: bool) -> list[str]:
    """ARNs of what an alarm does: the topic, and what EC2 does if the host may be restarted."""
    region = region_of(row, names)
    automatic = [f"arn:aws:automate:{region}:ec2:{row.action}"] if row.action and may_restart else []
    return [topic_arn(names, region), *automatic]


#: What defines an alarm in ``definition``, by CloudWatch's names.
DEFINED = (
    *("ActionsEnabled", "ComparisonOperator", "EvaluationPeriods", "MetricName", "Namespace", "Period", "Statistic"),
    *("Threshold", "TreatMissingData"),
)


def namespace_of(row: Alarm, names: Names) -> str:
    return names.metrics if row.namespace == HOST else row.namespace


def definition(row: Alarm, names: Names, ids: Mapping[str, str], *, may_restart: bool) -> dict[str, Any]:
    """An alarm by CloudWatch's names, for the audit. ``ids`` are values by dimension."""
    return {
        "ActionsEnabled": True,
        "ComparisonOperator": row.beyond,
        "EvaluationPeriods": row.periods,
        "MetricName": row.metric,
        "Namespace": namespace_of(row, names),
        "Period": row.period,
        "Statistic": row.statistic,
        "Threshold": row.threshold,
        "TreatMissingData": row.missing,
        "Dimensions": {row.dimension: ids[row.dimension]} if row.dimension else {},
        "AlarmActions": sorted(actions(row, names, may_restart=may_restart)),
    }


@dataclass(frozen=True, kw_only=True)
class AlarmsArgs:
    """Arguments of ``Alarms``."""

    #: Physical names of the stack.
    names: Names
    #: Mail address that the alarms are sent to.
    email: str
    #: EC2 instance id of the host.
    instance_id: pulumi.Output[str]
    #: EC2 may move or reboot the host by itself. False for an instance that the stack did not launch.
    may_restart: bool
    #: The last step on the host: before it, every alarm about the host would be false.
    served: pulumi.Resource


class Alarms(pulumi.ComponentResource):
    """The alarms of ``ALARMS``, their topic, its subscription, and the health check.

    The subscription sends nothing until somebody follows the link in the mail that SNS sends to the address. SNS
    forgets one that nobody confirms within 48 hours; a `pulumi up --refresh` then subscribes again.
    """

    def __init__(self, name: str, args: AlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("agentkeys:alarms:Alarms", name, None, opts)
        names = args.names
        topics = {region: self._topic(name, region, args) for region in regions(names)}
        broker = aws.route53.HealthCheck(
            f"{name}-health-check",
            fqdn=names.broker_host,
            type=HEALTH_CHECK["Type"],
            port=HEALTH_CHECK["Port"],
            resource_path=HEALTH_CHECK["ResourcePath"],
            request_interval=HEALTH_CHECK["RequestInterval"],
            failure_threshold=HEALTH_CHECK["FailureThreshold"],
            reference_name=reference(names),
            tags={"Name": names.alarm("broker"), OWNER_TAG: names.host},
            opts=self._child(args.served),
        )
        dimensions: Mapping[str, pulumi.Input[str]] = {"InstanceId": args.instance_id, "HealthCheckId": broker.id}
        for row in ALARMS:
            region = region_of(row, names)
            aws.cloudwatch.MetricAlarm(
                f"{name}-{row.key}",
                name=names.alarm(row.key),
                region=_if_other(region, names),
                alarm_description=f"{row.meaning} See docs/runbook.md, An alarm arrives.",
                namespace=namespace_of(row, names),
                metric_name=row.metric,
                dimensions={row.dimension: dimensions[row.dimension]} if row.dimension else None,
                statistic=row.statistic,
                comparison_operator=row.beyond,
                threshold=row.threshold,
                period=row.period,
                evaluation_periods=row.periods,
                treat_missing_data=row.missing,
                alarm_actions=actions(row, names, may_restart=args.may_restart),
                ok_actions=[topic_arn(names, region)],
                tags={OWNER_TAG: names.host},
                opts=self._child(args.served, topics[region]),
            )
        self.register_outputs({})

    def _child(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(after))

    def _topic(self, name: str, region: str, args: AlarmsArgs) -> pulumi.Resource:
        """The topic of one region with its policy and its subscription. Returns the policy, which alarms wait for."""
        names = args.names
        other = _if_other(region, names)
        where = f"-{region}" if other else ""
        topic = aws.sns.Topic(
            f"{name}-topic{where}",
            name=names.alarm_topic,
            region=other,
            tags={OWNER_TAG: names.host},
            opts=self._child(),
        )
        policy = aws.sns.TopicPolicy(
            f"{name}-topic-policy{where}",
            arn=topic.arn,
            region=other,
            policy=text(topic_policy(names, region)),
            opts=self._child(),
        )
        aws.sns.TopicSubscription(
            f"{name}-mail{where}",
            topic=topic.arn,
            region=other,
            protocol="email",
            endpoint=args.email,
            opts=self._child(policy),
        )
        return policy


def _if_other(region: str, names: Names) -> str | None:
    """The region, if it is not the provider's."""
    return None if region == names.region else region
