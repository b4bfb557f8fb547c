"""The DNS records of a stack: those of its mail (MX, SPF, DMARC, with SES three DKIM names) and the hosts' A records.

Owns the records' contents and who keeps them: Route 53, Cloudflare, the DNS of another cloud (a function of its
project in ``clouds/``), or a person at any other provider. A keeper's SDK is imported only where it keeps records, so
that a program of another cloud needs none of AWS's. Leaves out the zone,
which exists before any stack, and the wait until public resolvers return the addresses (``components/hostsetup.py``).
An existing record is never overwritten: a name with two owners is an error.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pulumi
import pulumi_command as command

import gates
from components.checks.answers import reason
from components.naming import Names, PublicNames

#: TTL of every record in seconds, from the runbook.
TTL = 300

#: Priority of the only MX record.
MX_PRIORITY = 10

#: Seconds that an `up` waits for a person to publish the records. The next `up` waits again.
PUBLISHING_SECONDS = 3600


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One record that the stack needs."""

    #: End of the resource name, for example ``mx``. Never changes: it is in the state.
    key: str
    #: Fully qualified name, without a trailing dot.
    name: pulumi.Input[str]
    #: Record type.
    kind: Literal["A", "CNAME", "MX", "TXT"]
    #: Value as in a zone file, unquoted; an MX value starts with its priority.
    value: pulumi.Input[str]

    def without_priority(self) -> tuple[pulumi.Output[str], int | None]:
        """The value and, of an MX record, its priority apart from it. Most DNS APIs want them so; Route 53 does not."""
        value = pulumi.Output.from_input(self.value)
        if self.kind != "MX":
            return value, None
        return value.apply(lambda whole: whole.split()[1]), int(str(self.value).split()[0])


def wanted(names: Names, dkim_tokens: Sequence[pulumi.Output[str]], address: pulumi.Input[str]) -> list[Wanted]:
    """The records of runbook section 3 and of the six public hosts, in that order."""
    return [*mail_by_ses(names, dkim_tokens), *_addresses(names, address)]


def mail_by_ses(names: Names, dkim_tokens: Sequence[pulumi.Output[str]]) -> list[Wanted]:
    """The records of a mail domain whose mail SES sends and receives (runbook section 3)."""
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
        Wanted(key="mx", kind="MX", name=domain, value=f"{MX_PRIORITY} inbound-smtp.{names.region}.amazonaws.com"),
        *_mail_policy(names, names.spf),
    ]


def mail_by_host(names: PublicNames, spf: str) -> list[Wanted]:
    """The records of a mail domain whose mail the host itself receives, under the name whose certificate it shows.

    ``spf`` is the value of the SPF record: it depends on who sends.
    """
    return [
        Wanted(key="mx", kind="MX", name=names.mail_domain, value=f"{MX_PRIORITY} {names.public_hosts['email']}"),
        *_mail_policy(names, spf),
    ]


def known(names: PublicNames) -> list[Wanted]:
    """The records whose names are known before anything exists, in every cloud. Their values are placeholders."""
    return [*mail_by_host(names, ""), *_addresses(names, "")]


def mail_by_nobody(names: PublicNames, spf: str) -> list[Wanted]:
    """The records of a mail domain that receives nothing (RFC 7505)."""
    return [Wanted(key="mx", kind="MX", name=names.mail_domain, value="0 ."), *_mail_policy(names, spf)]


def _mail_policy(names: PublicNames, spf: str) -> list[Wanted]:
    domain = names.mail_domain
    return [
        Wanted(key="spf", kind="TXT", name=domain, value=spf),
        Wanted(key="dmarc", kind="TXT", name=f"_dmarc.{domain}", value=names.dmarc),
    ]


def _addresses(names: PublicNames, address: pulumi.Input[str]) -> list[Wanted]:
    return [Wanted(key=key, kind="A", name=host, value=address) for key, host in names.public_hosts.items()]


#: Creates one record: resource name, id of the zone, the record, options.
Keep = Callable[[str, str, Wanted, pulumi.ResourceOptions], pulumi.Resource]


@dataclass(frozen=True, kw_only=True)
class RecordsArgs:
    """Arguments of ``Records``."""

    #: Names of the stack.
    names: PublicNames
    #: Who keeps the records: ``route53``, ``cloudflare``, ``manual``, or the function that creates one in another
    #: cloud's DNS. Default of the setting on AWS: ``route53``.
    keeper: str | Keep
    #: Id of the zone at the keeper, in some clouds its name; empty with ``manual``.
    zone_id: str
    #: Records of the mail domain; one has the key ``mx``.
    mail: Sequence[Wanted]
    #: IPv4 address of every A record: the host's.
    address: pulumi.Input[str]
    #: What gives the host its address. A records wait for it: if the cloud refuses, the names keep their old address.
    #: Empty: the host has it already.
    reachable: Sequence[pulumi.Resource]
    #: DNS-over-HTTPS resolvers that show, with ``manual``, which records are published.
    doh_urls: Sequence[str]
    #: What shows that the mail domain is the stack's. Its records come later, so that after a killed run `agentkeys
    #: recover` can tell whose they are: a record has neither tags nor the time of its creation.
    identity: Sequence[pulumi.Resource] = ()


class Records(pulumi.ComponentResource):
    """Creates the records at their keeper or, with ``manual``, waits until a person has published them."""

    #: The MX record.
    mx: pulumi.Resource
    #: The A records.
    addresses: list[pulumi.Resource]
    #: Every record as ``{"name", "type", "value"}``: the stack's output ``dnsRecords``.
    listed: list[dict[str, pulumi.Input[str]]]

    def __init__(self, name: str, args: RecordsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("agentkeys:dns:Records", name, None, opts)
        records = [*args.mail, *_addresses(args.names, args.address)]
        identified = pulumi.ResourceOptions(parent=self, depends_on=list(args.identity))
        connected = pulumi.ResourceOptions(parent=self, depends_on=list(args.reachable))
        made: dict[str, pulumi.Resource]
        if args.keeper == "manual":
            published = self._published(name, records, args.doh_urls, connected)
            made = {record.key: published for record in records}
        else:
            keep = _keep(args.keeper)
            made = {
                record.key: keep(
                    f"{name}-{record.key}", args.zone_id, record, connected if record.kind == "A" else identified
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
        """Waits until a person has published the records. Its progress lists the missing ones."""
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


def _keep(keeper: str | Keep) -> Keep:
    if callable(keeper):
        return keeper
    return _route53() if keeper == "route53" else _cloudflare()


def _route53() -> Keep:
    """A function that creates one record in Route 53."""
    import pulumi_aws as aws

    def make(name: str, zone_id: str, record: Wanted, opts: pulumi.ResourceOptions) -> pulumi.Resource:
        return aws.route53.Record(
            name, zone_id=zone_id, name=record.name, type=record.kind, ttl=TTL, records=[record.value], opts=opts
        )

    return make


def cloudflare_zone(zone: str, zone_id: str) -> None:
    """Check, before the first resource, that Cloudflare's provider is installed and that the id is that of the zone.

    Raises RunError.
    """
    try:
        found = cloudflare_provider().get_zone(zone_id=zone_id).name
    except ModuleNotFoundError:
        raise pulumi.RunError(
            "dns: 'cloudflare' needs the Cloudflare provider, which is not installed. Nothing was created. Run, in the "
            f"folder of the checkout, `{_python()} -m pip install --require-hashes -r requirements/cloudflare.lock`, "
            "then try again."
        ) from None
    except Exception as error:
        raise pulumi.RunError(
            f"cloudflareZoneId: Cloudflare refused to return the zone {zone_id}: {reason(error)}. Nothing was created. "
            "Check cloudflareZoneId, and that CLOUDFLARE_API_TOKEN may read the zone and edit its DNS."
        ) from None
    if found != zone:
        raise pulumi.RunError(
            f"cloudflareZoneId: {zone_id} is the zone {found!r}, not {zone!r}. Nothing was created. Correct zone or "
            "cloudflareZoneId (see the zone's overview in Cloudflare's dashboard)."
        )


def _python() -> str:
    """The interpreter of the environment that the program runs in. AWS's and those below ``clouds/`` have their own."""
    environment, checkout = Path(sys.prefix), Path(__file__).parents[1]
    if environment.is_relative_to(checkout):
        environment = environment.relative_to(checkout)
    return str(environment / "bin" / "python")


def cloudflare_provider() -> Any:
    """The package, which is installed only where it is used: the engine requires the plugin of every installed one."""
    import pulumi_cloudflare

    return pulumi_cloudflare


def _cloudflare() -> Keep:
    """A function that creates one record at Cloudflare."""
    cloudflare = cloudflare_provider()

    def make(name: str, zone_id: str, record: Wanted, opts: pulumi.ResourceOptions) -> pulumi.Resource:
        content, priority = record.without_priority()
        if record.kind == "TXT":
            # Cloudflare stores text in quotes; without them it would show as changed.
            content = content.apply(lambda value: f'"{value}"')
        made: pulumi.Resource = cloudflare.DnsRecord(
            name,
            zone_id=zone_id,
            name=record.name,
            type=record.kind,
            content=content,
            priority=priority,
            ttl=TTL,
            # Cloudflare's proxy would terminate TLS, and the broker must serve its own certificate to STS.
            proxied=False,
            opts=opts,
        )
        return made

    return make
