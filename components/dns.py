"""The twelve records of a stack: three DKIM names, MX, SPF, DMARC and an address for each public host.

Owns what the records say and who keeps them: Route 53, Cloudflare, or a person at any other provider. Leaves out the
zone, which predates every stack, and the wait until the world sees the addresses (``components/hostsetup.py``). An
existing record is not overwritten: two owners of a name are a mistake to see.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pulumi
import pulumi_aws as aws
import pulumi_command as command

import gates
from components.checks.existing import reason
from components.naming import Names

#: Seconds, from the runbook.
TTL = 300

#: Seconds that a person has to publish the records before the `up` gives up; the next one waits again.
PUBLISHING_SECONDS = 3600

#: Who keeps the records.
Keeper = Literal["route53", "cloudflare", "manual"]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One record. ``key`` names its resource and never changes; ``value`` is in the form of a zone file, unquoted."""

    key: str
    name: pulumi.Input[str]
    kind: Literal["A", "CNAME", "MX", "TXT"]
    value: pulumi.Input[str]


def wanted(names: Names, dkim_tokens: Sequence[pulumi.Output[str]], address: pulumi.Input[str]) -> list[Wanted]:
    """The records of runbook section 3 and of the six public hosts, in that order."""
    domain = names.mail_domain
    return [
        *(
            Wanted(
                key=f"dkim-{number}",
                kind="CNAME",
                name=pulumi.Output.concat(token, "._domainkey.", domain),
                value=pulumi.Output.concat(token, ".dkim.amazonses.com"),
            )
            for number, token in enumerate(dkim_tokens, start=1)
        ),
        Wanted(key="mx", kind="MX", name=domain, value=f"10 inbound-smtp.{names.region}.amazonaws.com"),
        Wanted(key="spf", kind="TXT", name=domain, value=names.spf),
        Wanted(
            key="dmarc",
            kind="TXT",
            name=f"_dmarc.{domain}",
            value=names.dmarc,
        ),
        *(Wanted(key=key, kind="A", name=host, value=address) for key, host in names.public_hosts.items()),
    ]


@dataclass(frozen=True, kw_only=True)
class RecordsArgs:
    """``address`` is the stack's own elastic IP; no record takes any other. ``zone_id`` is the keeper's, empty when a
    person publishes the records; ``doh_urls`` are then asked whether he has. ``reachable`` is what connects the address
    to the host: until then no A record says it, so that a move that EC2 refuses leaves the names where they were.
    """

    names: Names
    keeper: Keeper
    zone_id: str
    dkim_tokens: Sequence[pulumi.Output[str]]
    address: pulumi.Input[str]
    reachable: pulumi.Resource
    doh_urls: Sequence[str]


class Records(pulumi.ComponentResource):
    """``addresses`` are what the A records are, ``mx`` what leads mail here; ``listed`` says all of them."""

    mx: pulumi.Resource
    addresses: list[pulumi.Resource]
    listed: list[dict[str, pulumi.Input[str]]]

    def __init__(self, name: str, args: RecordsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("agentkeys:dns:Records", name, None, opts)
        records = wanted(args.names, args.dkim_tokens, args.address)
        child = pulumi.ResourceOptions(parent=self)
        connected = pulumi.ResourceOptions(parent=self, depends_on=[args.reachable])
        made: dict[str, pulumi.Resource]
        if args.keeper == "manual":
            published = self._published(name, records, args.doh_urls, connected)
            made = {record.key: published for record in records}
        else:
            keep = _route53 if args.keeper == "route53" else _cloudflare()
            made = {
                record.key: keep(
                    f"{name}-{record.key}", args.zone_id, record, connected if record.kind == "A" else child
                )
                for record in records
            }
        self.mx = made["mx"]
        self.addresses = list(dict.fromkeys(made[record.key] for record in records if record.kind == "A"))
        self.listed = [{"name": record.name, "type": record.kind, "value": record.value} for record in records]
        self.register_outputs({})

    def _published(
        self, name: str, records: Sequence[Wanted], doh_urls: Sequence[str], connected: pulumi.ResourceOptions
    ) -> command.local.Command:
        """The wait for a person, who reads in its progress what is still to be published."""
        lines = [pulumi.Output.concat(record.name, " ", record.kind, " ", record.value) for record in records]
        limit = f"{PUBLISHING_SECONDS + 60}s"
        return command.local.Command(
            f"{name}-published",
            create=pulumi.Output.all(*lines).apply(
                lambda named: gates.command(
                    "records", "--timeout", str(PUBLISHING_SECONDS), *gates.resolvers(doh_urls), *named
                )
            ),
            add_previous_output_in_env=False,
            opts=pulumi.ResourceOptions.merge(
                connected,
                pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create=limit, update=limit)),
            ),
        )


def _route53(name: str, zone_id: str, record: Wanted, opts: pulumi.ResourceOptions) -> pulumi.Resource:
    return aws.route53.Record(
        name, zone_id=zone_id, name=record.name, type=record.kind, ttl=TTL, records=[record.value], opts=opts
    )


def cloudflare_zone(zone: str, zone_id: str) -> None:
    """Cloudflare's provider is installed and the id is the zone of that name. Made before the first resource. Raises
    RunError.
    """
    try:
        found = _cloudflare_provider().get_zone(zone_id=zone_id).name
    except ModuleNotFoundError:
        raise pulumi.RunError(
            "dns: 'cloudflare' needs its provider, which is not installed. Nothing was created. Run "
            "`venv/bin/python -m pip install --require-hashes -r requirements/cloudflare.lock` and then this again."
        ) from None
    except Exception as error:
        raise pulumi.RunError(
            f"Cloudflare was asked for the zone {zone_id} and refused: {reason(error)}. Nothing was created. Check "
            "CLOUDFLARE_API_TOKEN, which must be allowed to read the zone and to edit its DNS, and cloudflareZoneId."
        ) from None
    if found != zone:
        raise pulumi.RunError(
            f"cloudflareZoneId: {zone_id} is the zone of {found!r}, not of zone {zone!r}. Nothing was created. Correct "
            "zone or cloudflareZoneId (the zone's overview in Cloudflare's dashboard shows it)."
        )


def _cloudflare_provider() -> Any:
    """Installed only where it is used: the engine asks for the plugin of every provider that is."""
    import pulumi_cloudflare

    return pulumi_cloudflare


def _cloudflare() -> Callable[[str, str, Wanted, pulumi.ResourceOptions], pulumi.Resource]:
    """The maker of one record."""
    cloudflare = _cloudflare_provider()

    def make(name: str, zone_id: str, record: Wanted, opts: pulumi.ResourceOptions) -> pulumi.Resource:
        content = pulumi.Output.from_input(record.value)
        priority: int | None = None
        if record.kind == "MX":
            priority, content = 10, content.apply(lambda value: value.split()[1])
        elif record.kind == "TXT":
            # Cloudflare keeps a text in quotes and would show one without as changed.
            content = content.apply(lambda value: f'"{value}"')
        made: pulumi.Resource = cloudflare.DnsRecord(
            name,
            zone_id=zone_id,
            name=record.name,
            type=record.kind,
            content=content,
            priority=priority,
            ttl=TTL,
            # Its proxy would end TLS in the broker's place, and STS pins the issuer.
            proxied=False,
            opts=opts,
        )
        return made

    return make
