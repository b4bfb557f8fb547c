"""Route 53: changes that AWS refuses.

Owns the checks of a change batch. Leaves out what the zones answer (sandbox.aws.records).
"""

from typing import Any

from moto.core.exceptions import ServiceException
from moto.route53.models import Route53Backend

from sandbox.aws.records import canonical
from sandbox.aws.services.patching import replaces


class InvalidChangeBatchError(ServiceException):
    """Route 53 refuses the whole batch."""

    code = "InvalidChangeBatch"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.messages = [message]


@replaces(Route53Backend, because="CREATE of an existing record is InvalidChangeBatch, whichever way it came to be")
def change_resource_record_sets(original: Any, self: Any, zoneid: str, change_list: list[dict[str, Any]]) -> None:
    zone = self.get_hosted_zone(zoneid)
    suffix = canonical(zone.name)
    existing = {(canonical(rrset.name), rrset.type, rrset.set_identifier): rrset for rrset in zone.rrsets}
    doomed: list[Any] = []
    for change in change_list:
        wanted = change["ResourceRecordSet"]
        name = canonical(wanted["Name"])
        key = (name, wanted["Type"], wanted.get("SetIdentifier"))
        label = f"[name='{name}', type='{wanted['Type']}']"
        if name != suffix and not name.endswith("." + suffix):
            raise InvalidChangeBatchError(f"RRSet with DNS name {name} is not permitted in zone {suffix}")
        if change["Action"] == "CREATE":
            if key in existing:
                raise InvalidChangeBatchError(f"Tried to create resource record set {label} but it already exists")
            beside = {other_type for (other, other_type, _) in existing if other == name}
            if beside and ("CNAME" in beside or wanted["Type"] == "CNAME"):
                raise InvalidChangeBatchError(
                    f"RRSet of type {wanted['Type']} with DNS name {name} is not permitted as it conflicts with other "
                    f"records with the same DNS name in zone {suffix}"
                )
        elif change["Action"] == "DELETE":
            if key not in existing:
                raise InvalidChangeBatchError(f"Tried to delete resource record set {label} but it was not found")
            values = [record["Value"] for record in wanted.get("ResourceRecords", [])]
            if sorted(values) != sorted(existing[key].records or []):
                raise InvalidChangeBatchError(
                    f"Tried to delete resource record set {label} but the values provided do not match the current "
                    "values"
                )
            doomed.append(existing.pop(key))
    # Moto decides by its journal of changes, in which a seeded record is not and a deleted one still is.
    zone.rr_changes.clear()
    zone.rrsets = [rrset for rrset in zone.rrsets if rrset not in doomed]
    rest = [change for change in change_list if change["Action"] != "DELETE"]
    original(self, zoneid, rest)
