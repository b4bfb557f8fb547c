"""The permissions that requests to SES need, for its v1 and v2 APIs.

A call that names an identity is on that identity. Sending is on the identity that covers the sender's address. The
calls for receiving have no resources. Leaves out configuration sets and templates.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsimpleemailservicev2.html
"""

from email.utils import parseaddr

from moto.ses.models import ses_backends

from sandbox.aws.iam.access import EVERYTHING, Access
from sandbox.aws.iam.patterns import Values
from sandbox.aws.iam.received import Received

_SENDING = ("SendEmail", "SendRawEmail", "SendTemplatedEmail", "SendBulkEmail", "SendBulkTemplatedEmail")

#: Calls of the v2 API without a specific resource.
_ON_NOTHING = (
    "GetAccount",
    "ListConfigurationSets",
    "ListEmailIdentities",
    "ListEmailTemplates",
    "ListSuppressedDestinations",
)


def needs(received: Received, account_id: str) -> list[Access]:
    """The permissions that a request to SES needs."""
    region = received.credential.region if received.credential else ""
    keys: dict[str, Values] = {}
    resource: str | None
    if received.operation in _SENDING:
        name, address = parseaddr(str(_sender(received)))
        keys = {"ses:FromAddress": (address,), "ses:FromDisplayName": (name,)} if address else {}
        resource = _identity(account_id, region, _covering(account_id, region, address)) if address else None
    elif received.service == "ses":
        # IAM has no resources for receipt rules and for the v1 calls on identities.
        resource = EVERYTHING
    elif "EmailIdentity" in received.labels or "EmailIdentity" in received.members:
        name = received.labels.get("EmailIdentity") or str(received.members["EmailIdentity"])
        resource = _identity(account_id, region, name)
    elif received.operation in _ON_NOTHING:
        resource = EVERYTHING
    else:
        resource = received.query.get("ResourceArn") or received.members.get("ResourceArn")
    return [Access(action=f"ses:{received.operation}", resource=resource, account_id=account_id, keys=keys)]


def _sender(received: Received) -> object:
    if received.service == "sesv2":
        return received.members.get("FromEmailAddress", "")
    return received.form.get("Source", "")


def _covering(account_id: str, region: str, address: str) -> str:
    known = ses_backends[account_id][region].email_identities
    return address if address in known else address.rpartition("@")[2]


def _identity(account_id: str, region: str, name: str) -> str:
    return f"arn:aws:ses:{region}:{account_id}:identity/{name}"
