"""Records of the hosted zone that would collide with the stack's, and CAA records that forbid its certificates.

Owns what may stand beside a record of this stack, and RFC 8659 for the names below the zone. The checks run in every
preview and read the zone through the provider of Route 53 or Cloudflare. Leaves out zones kept elsewhere, and what
parents of the zone say, since a preview never resolves names: `agentkeys doctor` asks the public resolvers about those.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from components.checks.answers import reason
from components.checks.state import Own
from components.dns import cloudflare_provider, known
from components.naming import Names, PublicNames

if TYPE_CHECKING:
    import pulumi_aws as aws

#: What a CAA record has to name so that an authority may issue:
#: https://letsencrypt.org/docs/caa/
LETS_ENCRYPT = "letsencrypt.org"

#: The challenge that certbot answers here (RFC 8555 section 8.3), for CAA's `validationmethods` (RFC 8657 section 4).
CHALLENGE = "http-01"

#: Types that nothing of this stack may stand beside, with the reason.
EXCLUDES = {
    "CNAME": "a name with a CNAME has no other record (RFC 1034 section 3.6.2)",
    "NS": "the name is delegated to other name servers, which are asked in place of this zone (RFC 1034 section 4.2.1)",
}
#: As EXCLUDES, at the names of hosts. Clients and certificate authorities prefer these to the A record.
EXCLUDES_AT_HOSTS = {
    **EXCLUDES,
    "AAAA": "the host has no IPv6 address, and authorities and clients that find one use it first",
    "HTTPS": "clients follow it in place of the A record (RFC 9460)",
}


@dataclass(frozen=True, kw_only=True)
class Keeper:
    """How a message speaks of the zone's keeper."""

    #: What lists the zone's records.
    lists: str
    #: What happens to a second record of the same name and type, and the fix; ``{stack}`` is the stack's name.
    second: str


ROUTE53 = Keeper(
    lists="`aws route53 list-resource-record-sets --hosted-zone-id <id>` shows them",
    second="Route 53 refuses a second one. Remove them, or adopt them: `agentkeys adopt -s {stack}`.",
)
#: It refuses only an identical record, and stores another value beside the first.
CLOUDFLARE = Keeper(
    lists="DNS > Records in Cloudflare's dashboard shows them",
    second="Cloudflare would answer with both. Remove them in its dashboard (DNS > Records).",
)


@dataclass(frozen=True, kw_only=True)
class Found:
    """One record set of the zone."""

    #: In lower case, without the last dot.
    name: str
    type: str
    #: As a zone file has them; empty for an alias.
    values: Sequence[str]


def records(provider: "aws.Provider", zone_id: str, names: Names) -> list[Found]:
    """The record sets at the stack's names, above them in the zone, and below the mail domain. Raises RunError."""
    # A program of another cloud uses this module without AWS's SDK.
    import pulumi_aws as aws

    wanted = [*names.public_hosts.values(), names.mail_domain]
    pattern = "|".join(sorted({re.escape(above) for name in wanted for above in _upwards(name, names.zone)}))
    pattern = rf"(?i)^(({pattern})|.*\.{re.escape(names.mail_domain)})\.$"
    try:
        found = aws.route53.get_records(
            zone_id=zone_id, name_regex=pattern, opts=pulumi.InvokeOptions(provider=provider)
        ).resource_record_sets
    except Exception as error:
        raise pulumi.RunError(
            f"parentZoneId: AWS rejected the lookup of the records of {zone_id}: {reason(error)}. Nothing was created. "
            "Use credentials that may list them (route53:ListResourceRecordSets)."
        ) from None
    return [
        Found(
            name=record.name.lower().rstrip("."),
            type=record.type,
            values=[value.value for value in record.resource_records or ()],
        )
        for record in found
    ]


def records_at_cloudflare(zone_id: str) -> list[Found]:
    """The records of a zone at Cloudflare. Raises RunError."""
    try:
        # The default is 1,000, and a zone can have more.
        found = cloudflare_provider().get_dns_records(zone_id=zone_id, max_items=10_000).results
    except Exception as error:
        raise pulumi.RunError(
            f"cloudflareZoneId: Cloudflare refused to list the records of {zone_id}: {reason(error)}. "
            "Nothing was created. Check that CLOUDFLARE_API_TOKEN may edit the zone's DNS."
        ) from None
    return [Found(name=one.name.lower().rstrip("."), type=one.type, values=[one.content or ""]) for one in found]


def require_room(found: Sequence[Found], names: PublicNames, own: Own, keeper: Keeper = ROUTE53) -> None:
    """Nothing in the zone collides with the stack's records. Raises RunError.

    A record of the type that the stack creates may be adopted (`agentkeys adopt` previews an empty stack), so a preview
    warns of it and only an `up` is stopped.
    """
    by_name = _by_name(found)
    hard = [line for name, kinds in excluded(names).items() for line in _collisions(by_name, name, kinds, names.zone)]
    if hard:
        raise pulumi.RunError(
            f"The zone {names.zone} has records that this stack cannot stand beside:\n"
            + "\n".join(f"  {line}" for line in hard)
            + f"\nNothing was created. Remove them ({keeper.lists}), or choose other names: brokerHost, mailDomain, "
            "suffix."
        )
    taken = [
        f"  {name} {kind}: {', '.join(record.values) or 'an alias'}"
        for key, name, kind in _wanted(names)
        for record in by_name.get(name, {}).get(kind, ())
        if not own.has(key)
    ]
    if taken:
        said = (
            f"The zone {names.zone} already has records that this stack would create:\n" + "\n".join(taken) + "\n"
            f"{keeper.second.format(stack=pulumi.get_stack())}"
        )
        if not pulumi.runtime.is_dry_run():
            raise pulumi.RunError(f"{said} Nothing was created.")
        pulumi.log.warn(said)


def require_authority(found: Sequence[Found], names: PublicNames, authority: str) -> None:
    """The CAA records in the zone let ``authority`` issue for every host (RFC 8659 section 3). Raises RunError."""
    by_name = _by_name(found)
    for host in names.public_hosts.values():
        holder, values = next(
            (
                (name, [value for record in by_name[name]["CAA"] for value in record.values])
                for name in _upwards(host, names.zone)
                if "CAA" in by_name.get(name, {})
            ),
            (host, []),
        )
        if forbidden := forbids(values, authority):
            raise pulumi.RunError(
                f"acmeDirectory: the CAA records of {holder} do not let {authority} issue a certificate for {host}: "
                f'{forbidden}. Nothing was created. Add `{holder}. CAA 0 issue "{authority}"`, or choose another '
                "authority."
            )


def forbids(values: Sequence[str], authority: str) -> str:
    """Why the relevant record set does not let ``authority`` issue; empty if it does."""
    issuers = []
    for value in values:
        flags, tag, quoted = (*value.split(None, 2), "", "")[:3]
        critical = flags.isdigit() and int(flags) & 128
        if tag.lower() == "issue":
            issuers.append(quoted.strip().strip('"'))
        elif critical and tag.lower() not in ("issuewild", "iodef", "issuemail", "contactemail", "contactphone"):
            return f"`{value}` is critical and of an unknown kind"
    if not issuers:
        return ""
    of_authority = [one for one in issuers if one.partition(";")[0].strip().lower() == authority]
    if not of_authority:
        return f"they name {', '.join(repr(one) for one in issuers)}"
    for one in of_authority:
        methods = [
            part.partition("=")[2].strip()
            for part in one.split(";")[1:]
            if part.partition("=")[0].strip().lower() == "validationmethods"
        ]
        if not methods or CHALLENGE in methods[0].split(","):
            return ""
    return f"none of {of_authority} allows the challenge {CHALLENGE}"


def excluded(names: PublicNames) -> dict[str, Mapping[str, str]]:
    """Types that may not be at each of the stack's names."""
    domain = names.mail_domain
    return {
        **dict.fromkeys(names.public_hosts.values(), EXCLUDES_AT_HOSTS),
        **dict.fromkeys((domain, f"_dmarc.{domain}"), EXCLUDES),
        f"_domainkey.{domain}": EXCLUDES,
    }


def _collisions(
    by_name: Mapping[str, Mapping[str, Sequence[Found]]], name: str, kinds: Mapping[str, str], zone: str
) -> Iterator[str]:
    for kind, why in kinds.items():
        for record in by_name.get(name, {}).get(kind, ()):
            yield f"{name} {kind} {', '.join(record.values) or 'an alias'}: {why}"
    for above in _upwards(name, zone)[1:]:
        if above != zone and "NS" in by_name.get(above, {}):
            yield f"{above} NS: {EXCLUDES['NS']}; {name} is below it"


def _wanted(names: PublicNames) -> Iterator[tuple[str, str, str]]:
    """Resource, name and type of the records whose names are known before anything exists."""
    for record in known(names):
        yield f"dns-{record.key}", str(record.name), record.kind


def _upwards(name: str, zone: str) -> list[str]:
    """The name and every name above it, up to the zone's."""
    labels = name.split(".")
    above = [".".join(labels[start:]) for start in range(len(labels))]
    return [one for one in above if one == zone or one.endswith(f".{zone}")]


def _by_name(found: Sequence[Found]) -> dict[str, dict[str, list[Found]]]:
    made: dict[str, dict[str, list[Found]]] = {}
    for record in found:
        made.setdefault(record.name, {}).setdefault(record.type, []).append(record)
    return made
