"""The permissions that requests to Data Lifecycle Manager need.

A call that creates or lists policies has no specific resource, and one that hands over a role also needs to pass it.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondatalifecyclemanager.html
"""

from urllib.parse import unquote

from sandbox.aws.iam.access import EVERYTHING, Access
from sandbox.aws.iam.actions.iam import pass_role
from sandbox.aws.iam.received import Received


def needs(received: Received, account_id: str) -> list[Access]:
    """The permissions that a request to Data Lifecycle Manager needs."""
    region = received.credential.region if received.credential else ""
    label = unquote(next(iter(received.labels.values()), ""))
    resource = EVERYTHING
    if label:
        resource = label if label.startswith("arn:") else f"arn:aws:dlm:{region}:{account_id}:policy/{label}"
    found = [Access(action=f"dlm:{received.operation}", resource=resource, account_id=account_id)]
    if received.members.get("Tags") and received.operation == "CreateLifecyclePolicy":
        found.append(Access(action="dlm:TagResource", resource=None, account_id=account_id))
    if role := received.members.get("ExecutionRoleArn"):
        found.append(pass_role(str(role), account_id, "dlm.amazonaws.com"))
    return found
