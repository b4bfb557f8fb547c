"""DNS lookups in the account's public hosted zones: closest zone, wildcards, CNAME chains, NXDOMAIN and NODATA.

Leaves out the wire formats (dns.py). Private zones are not visible from the internet.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from moto.route53.models import FakeZone, RecordSet, route53_backends

#: CNAME records followed in one lookup. A longer chain is treated as a loop.
CHAIN_LIMIT = 8


class Status(Enum):
    """DNS response codes of the account's name servers."""

    NOERROR = 0
    NXDOMAIN = 3
    REFUSED = 5


@dataclass(frozen=True, kw_only=True)
class Record:
    """One resource record. The name ends with a dot; data is in zone-file form."""

    name: str
    type: str
    ttl: int
    data: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The records for a question, and the zone's SOA record if there are none."""

    status: Status
    records: tuple[Record, ...] = ()
    authority: tuple[Record, ...] = ()


def canonical(name: str) -> str:
    """The name in the form that comparisons use: lower case, with a final dot and an unescaped asterisk."""
    return name.replace("\\052", "*").rstrip(".").lower() + "."


def public_zones(account_id: str) -> list[FakeZone]:
    """The account's public zones."""
    return [zone for zone in list(route53_backends[account_id]["aws"].zones.values()) if not zone.private_zone]


def lookup(account_id: str, name: str, record_type: str) -> Answer:
    """Answer one question from the account's public zones."""
    found: list[Record] = []
    current = canonical(name)
    for _ in range(CHAIN_LIMIT):
        zone = _closest_zone(account_id, current)
        if zone is None:
            return Answer(status=Status.NOERROR if found else Status.REFUSED, records=tuple(found))
        matching = _rrsets(zone, current)
        if matching is None:
            return Answer(status=Status.NXDOMAIN, records=tuple(found), authority=_soa(zone))
        exact = [record for rrset in matching if rrset.type == record_type for record in _records(rrset, current)]
        if exact:
            return Answer(status=Status.NOERROR, records=(*found, *exact))
        aliases = [record for rrset in matching if rrset.type == "CNAME" for record in _records(rrset, current)]
        if not aliases:
            return Answer(status=Status.NOERROR, records=tuple(found), authority=_soa(zone))
        found.append(aliases[0])
        current = canonical(aliases[0].data)
    return Answer(status=Status.NOERROR, records=tuple(found))


def addresses(account_id: str, name: str) -> list[str]:
    """The IPv4 addresses that a name resolves to."""
    return [record.data for record in lookup(account_id, name, "A").records if record.type == "A"]


def _closest_zone(account_id: str, name: str) -> FakeZone | None:
    covering = [
        zone
        for zone in public_zones(account_id)
        if name == canonical(zone.name) or name.endswith("." + canonical(zone.name))
    ]
    return max(covering, key=lambda zone: len(zone.name), default=None)


def _rrsets(zone: FakeZone, name: str) -> list[RecordSet] | None:
    """The record sets of a name, or of the wildcard that covers it. None if the name does not exist."""
    exact = [rrset for rrset in zone.rrsets if canonical(rrset.name) == name]
    if exact:
        return exact
    if any(canonical(rrset.name).endswith("." + name) for rrset in zone.rrsets):
        return []
    parent = name.partition(".")[2]
    while parent.endswith(canonical(zone.name)):
        wildcard = [rrset for rrset in zone.rrsets if canonical(rrset.name) == f"*.{parent}"]
        if wildcard:
            return wildcard
        parent = parent.partition(".")[2]
    return None


def _records(rrset: RecordSet, name: str) -> list[Record]:
    return [
        Record(name=name, type=str(rrset.type), ttl=int(rrset.ttl or 300), data=_data(str(rrset.type), value))
        for value in rrset.records or []
    ]


def _data(record_type: str, value: Any) -> str:
    # Moto stores its own SOA record as {"Value": ...} and NS records without the final dot.
    text = str(value["Value"] if isinstance(value, dict) else value)
    return canonical(text) if record_type in ("CNAME", "NS") else text


def _soa(zone: FakeZone) -> tuple[Record, ...]:
    return tuple(
        record for rrset in zone.rrsets if rrset.type == "SOA" for record in _records(rrset, canonical(zone.name))
    )
