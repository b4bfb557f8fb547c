"""Route 53: change batches that it rejects.

Leaves out the answers to DNS queries (sandbox/aws/records.py).
"""

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from moto.core.exceptions import ServiceException
from moto.route53.models import Route53Backend

from sandbox.aws.records import canonical
from sandbox.aws.services.patching import replaces

#: A quoted string of a TXT value; a backslash escapes the next character.
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
#: RFC 1035 section 3.3.
_LONGEST_STRING = 255

#: Canonical name, type and set identifier of a record set.
_Key = tuple[str, str, str | None]


class InvalidChangeBatchError(ServiceException):
    """Route 53 rejects the whole batch."""

    code = "InvalidChangeBatch"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.messages = [message]


@replaces(
    Route53Backend,
    because="moto applies changes that Route 53 rejects with InvalidChangeBatch",
    page="https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html",
)
def change_resource_record_sets(original: Any, self: Any, zoneid: str, change_list: list[dict[str, Any]]) -> None:
    zone = self.get_hosted_zone(zoneid)
    suffix = canonical(zone.name)
    # Each change is checked against the zone as the earlier changes of the batch leave it.
    existing: dict[_Key, Any] = {_key(rrset.name, rrset.type, rrset.set_identifier): rrset for rrset in zone.rrsets}
    doomed: list[Any] = []
    for change in change_list:
        wanted = change["ResourceRecordSet"]
        key = _key(wanted["Name"], wanted["Type"], wanted.get("SetIdentifier"))
        label = f"[name='{key[0]}', type='{key[1]}']"
        if key[0] != suffix and not key[0].endswith("." + suffix):
            raise InvalidChangeBatchError(f"RRSet with DNS name {key[0]} is not permitted in zone {suffix}")
        if change["Action"] == "DELETE":
            if key not in existing:
                raise InvalidChangeBatchError(f"Tried to delete resource record set {label} but it was not found")
            values = [record["Value"] for record in wanted.get("ResourceRecords", [])]
            if sorted(values) != sorted(existing[key].records or []):
                raise InvalidChangeBatchError(
                    f"Tried to delete resource record set {label} but the values provided do not match the current "
                    "values"
                )
            doomed.append(existing.pop(key))
            continue
        if change["Action"] == "CREATE" and key in existing:
            raise InvalidChangeBatchError(f"Tried to create resource record set {label} but it already exists")
        _check_values(wanted)
        _check_beside(key, existing, suffix)
        existing.setdefault(key, None)
    # Moto checks its list of past changes, which lacks seeded records and still has deleted ones.
    zone.rr_changes.clear()
    zone.rrsets = [rrset for rrset in zone.rrsets if rrset not in doomed]
    rest = [change for change in change_list if change["Action"] != "DELETE"]
    # Moto compares the name with the zone's by case.
    for change in rest:
        change["ResourceRecordSet"]["Name"] = canonical(change["ResourceRecordSet"]["Name"])
    original(self, zoneid, rest)


def _key(name: str, record_type: str, set_identifier: str | None) -> _Key:
    return canonical(name), record_type, set_identifier


def _check_values(wanted: Mapping[str, Any]) -> None:
    """https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html"""
    record_type, values = wanted["Type"], [record["Value"] for record in wanted.get("ResourceRecords") or []]
    for value in values:
        wrong = ""
        if record_type in ("A", "AAAA"):
            version = 4 if record_type == "A" else 6
            try:
                right = ipaddress.ip_address(value).version == version
            except ValueError:
                right = False
            wrong = "" if right else f"Value is not a valid IPv{version} address"
        elif record_type == "TXT":
            strings = _STRING.findall(value)
            if _STRING.sub("", value).strip() or not strings:
                wrong = "Value should be enclosed in quotation marks"
            elif max(map(len, strings)) > _LONGEST_STRING:
                wrong = "Value is too long"
        if wrong:
            raise InvalidChangeBatchError(f"Invalid Resource Record: FATAL problem: {wrong} encountered with '{value}'")
    if len(set(values)) < len(values):
        raise InvalidChangeBatchError(f"Duplicate Resource Record: '{values[0]}'")


def _check_beside(key: _Key, existing: Mapping[_Key, Any], zone: str) -> None:
    """Reject a CNAME record at the zone's own name or beside other records of its name.

    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html#CNAMEFormat
    """
    name, record_type, _ = key
    if record_type == "CNAME" and name == zone:
        raise InvalidChangeBatchError(
            f"RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {zone}"
        )
    beside = {other_type for (other, other_type, _) in existing if other == name and other_type != record_type}
    if beside and (record_type == "CNAME" or "CNAME" in beside):
        raise InvalidChangeBatchError(
            f"RRSet of type {record_type} with DNS name {name} is not permitted as it conflicts with other records "
            f"with the same DNS name in zone {zone}"
        )
