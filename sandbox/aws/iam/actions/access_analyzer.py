"""The permissions that requests to IAM Access Analyzer need.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsiamaccessanalyzer.html
"""

from urllib.parse import unquote

from sandbox.aws.iam.access import EVERYTHING, Access
from sandbox.aws.iam.received import Received


def needs(received: Received, account_id: str) -> list[Access]:
    """The permissions that a request to IAM Access Analyzer needs."""
    region = received.credential.region if received.credential else ""
    label = unquote(next(iter(received.labels.values()), "") or str(received.members.get("analyzerName") or ""))
    resource = EVERYTHING
    if label:
        resource = (
            label if label.startswith("arn:") else f"arn:aws:access-analyzer:{region}:{account_id}:analyzer/{label}"
        )
    return [Access(action=f"access-analyzer:{received.operation}", resource=resource, account_id=account_id)]
