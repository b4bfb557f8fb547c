"""The permissions that requests to CloudWatch and SNS need: on the alarm or the topic.

Writing and reading metrics is on nothing. Leaves out dashboards and platform applications.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
"""

from typing import Any

from moto.core.utils import get_service_model

from sandbox.aws.iam.access import EVERYTHING, Access
from sandbox.aws.iam.patterns import Values
from sandbox.aws.iam.received import Received

_METRICS_ON_NOTHING = ("GetMetricData", "GetMetricStatistics", "ListMetrics", "PutMetricData")
_TOPICS_ON_NOTHING = ("GetSubscriptionAttributes", "ListSubscriptions", "ListTopics", "Unsubscribe")


def cloudwatch_needs(received: Received, account_id: str) -> list[Access]:
    """The permissions that a request to CloudWatch needs."""
    region = received.credential.region if received.credential else ""
    given = _given(received)
    keys: dict[str, Values] = {}
    # A list is one member of a body, and one parameter for each of its items in a form.
    names = [*given.get("AlarmNames", ()), *(given[key] for key in given if key.startswith("AlarmNames.member."))]
    if received.operation == "PutMetricData":
        keys = {"cloudwatch:namespace": (str(given.get("Namespace", "")),)}
    elif "AlarmName" in given:
        names = [given["AlarmName"]]
    resources: list[str | None] = [f"arn:aws:cloudwatch:{region}:{account_id}:alarm:{name}" for name in names]
    if received.operation in _METRICS_ON_NOTHING or (received.operation == "DescribeAlarms" and not names):
        resources = [EVERYTHING]
    if "ResourceARN" in given:
        resources = [str(given["ResourceARN"])]
    return [
        Access(action=f"cloudwatch:{received.operation}", resource=resource, account_id=account_id, keys=keys)
        for resource in resources or [None]
    ]


def _given(received: Received) -> dict[str, Any]:
    """What the request says, without parameters that its operation does not have and moto does not read."""
    operations = get_service_model(received.service)
    if received.operation not in operations.operation_names:
        return {}
    shape = operations.operation_model(received.operation).input_shape
    said = received.form if received.protocol == "query" else received.members
    return {
        name: value
        for name, value in said.items()
        if shape and name.partition(".")[0] in shape.members and value is not None
    }


def sns_needs(received: Received, account_id: str) -> list[Access]:
    """The permissions that a request to SNS needs."""
    region = received.credential.region if received.credential else ""
    form = received.form
    resource: str | None = form.get("TopicArn") or form.get("ResourceArn")
    if received.operation == "CreateTopic":
        resource = f"arn:aws:sns:{region}:{account_id}:{form.get('Name', '')}"
    elif received.operation in _TOPICS_ON_NOTHING:
        resource = EVERYTHING
    return [Access(action=f"sns:{received.operation}", resource=resource, account_id=account_id)]
