"""The permissions that requests to Systems Manager need: on a command's document and instances.

Reading a command's status has no specific resource.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html
"""

from sandbox.aws.iam.access import EVERYTHING, Access
from sandbox.aws.iam.actions.ec2 import instance_arn
from sandbox.aws.iam.received import Received

_ON_NOTHING = (
    "DescribeInstanceInformation",
    "DescribeParameters",
    "GetCommandInvocation",
    "ListCommandInvocations",
    "ListCommands",
    "ListDocuments",
)

_BY_NAME = ("DeleteParameter", "GetParameter", "GetParameterHistory", "PutParameter")


def needs(received: Received, account_id: str) -> list[Access]:
    """The permissions that a request to Systems Manager needs."""
    return [
        Access(action=f"ssm:{received.operation}", resource=resource, account_id=account_id)
        for resource in _resources(received, account_id)
    ]


def _resources(received: Received, account_id: str) -> list[str | None]:
    region = received.credential.region if received.credential else ""
    if received.operation in _ON_NOTHING:
        return [EVERYTHING]
    if received.operation in _BY_NAME:
        name = str(received.members.get("Name", "")).lstrip("/")
        return [f"arn:aws:ssm:{region}:{account_id}:parameter/{name}"]
    instances = received.members.get("InstanceIds")
    if received.operation == "SendCommand" and instances and not received.members.get("Targets"):
        document = str(received.members.get("DocumentName", ""))
        owner = "" if document.startswith("AWS-") else account_id
        named = document if document.startswith("arn:") else f"arn:aws:ssm:{region}:{owner}:document/{document}"
        return [named, *(instance_arn(received, account_id, str(instance)) for instance in instances)]
    return [None]
