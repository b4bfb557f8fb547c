"""The permissions that requests to Route 53 need: on the hosted zone or the change in the path.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonroute53.html
"""

from sandbox.aws.iam.access import EVERYTHING, Access
from sandbox.aws.iam.received import Received

_ON_NOTHING = (
    "CreateHostedZone",
    "GetAccountLimit",
    "GetCheckerIpRanges",
    "GetGeoLocation",
    "GetHealthCheckCount",
    "GetHostedZoneCount",
    "ListGeoLocations",
    "ListHealthChecks",
    "ListHostedZones",
    "ListHostedZonesByName",
    "ListReusableDelegationSets",
    "ListTrafficPolicies",
    "TestDNSAnswer",
)

_KINDS = {
    "change": "change",
    "hostedzone": "hostedzone",
    "healthcheck": "healthcheck",
    "delegationset": "delegationset",
}


def needs(received: Received, account_id: str) -> list[Access]:
    """The permissions that a request to Route 53 needs."""
    resource = EVERYTHING if received.operation in _ON_NOTHING else _resource(received)
    return [Access(action=f"route53:{received.operation}", resource=resource, account_id=account_id)]


def _resource(received: Received) -> str | None:
    labels = received.labels
    if "ResourceType" in labels and "ResourceId" in labels:
        return f"arn:aws:route53:::{labels['ResourceType']}/{labels['ResourceId']}"
    # /2013-04-01/<kind>/<id>/...
    kind = _KINDS.get(received.path.strip("/").split("/")[1]) if received.path.count("/") > 1 else None
    identifier = labels.get("Id") or labels.get("HostedZoneId")
    return f"arn:aws:route53:::{kind}/{identifier.rpartition('/')[2]}" if kind and identifier else None
