"""Elastic addresses and Route 53 changes as AWS refuses them.

Owns release of an address in use, and of a terminated instance's association; association of what is associated;
creation of a record that exists.
"""

from typing import Any

from moto.core.exceptions import ServiceException
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.elastic_ip_addresses import ElasticAddressBackend
from moto.ec2.models.instances import Instance
from moto.route53.models import Route53Backend

from sandbox.account.extensions.patching import replaces
from sandbox.account.records import canonical


class InvalidChangeBatchError(ServiceException):
    """Route 53 refuses the whole batch."""

    code = "InvalidChangeBatch"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.messages = [message]


@replaces(ElasticAddressBackend, because="an associated address cannot be released (InvalidIPAddress.InUse)")
def release_address(original: Any, self: Any, address: str | None = None, allocation_id: str | None = None) -> None:
    found = self.address_by_ip([address]) if address else self.address_by_allocation([allocation_id])
    if found[0].domain == "vpc" and found[0].association_id:
        raise EC2ClientError("InvalidIPAddress.InUse", f"Address {found[0].public_ip} is in use.")
    original(self, address, allocation_id)


@replaces(
    ElasticAddressBackend,
    because="associating twice gives the same association, and another address takes the place of an instance's first",
)
def associate_address(original: Any, self: Any, instance: Any = None, eni: Any = None, **named: Any) -> Any:
    interface = eni or (instance.nics[0] if instance else None)
    for address in [address for address in self.addresses if interface and address.eni is interface]:
        if named.get("allocation_id") == address.allocation_id or named.get("address") == address.public_ip:
            return address
        self.disassociate_address(association_id=address.association_id)
    return original(self, instance=instance, eni=eni, **named)


@replaces(Instance, because="a terminated instance gives its elastic address up")
def terminate(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
    for address in self.ec2_backend.addresses:
        if address.instance is self:
            self.ec2_backend.disassociate_address(association_id=address.association_id)
    return original(self, *args, **kwargs)


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
