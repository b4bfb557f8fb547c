"""The twelve records of a stack: three DKIM names, MX, SPF, DMARC and an address for each public host.

Leaves out the zone, which predates every stack, and the wait until the world sees the records
(``components/hostsetup.py``). An existing record is not overwritten: two owners of a name are a mistake to see.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.naming import Names

#: Seconds, from the runbook.
TTL = 300


@dataclass(frozen=True, kw_only=True)
class RecordsArgs:
    """``address`` is the stack's own elastic IP; no record takes any other."""

    names: Names
    zone_id: str
    dkim_tokens: Sequence[pulumi.Output[str]]
    address: pulumi.Input[str]


class Records(pulumi.ComponentResource):
    """The records of runbook section 3 and of the six public hosts. ``addresses`` are the A records."""

    mx: aws.route53.Record
    addresses: list[aws.route53.Record]

    def __init__(self, name: str, args: RecordsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("agentkeys:dns:Records", name, None, opts)
        names, domain = args.names, args.names.mail_domain

        def record(
            what: str, kind: str, record_name: pulumi.Input[str], value: pulumi.Input[str]
        ) -> aws.route53.Record:
            return aws.route53.Record(
                f"{name}-{what}",
                zone_id=args.zone_id,
                name=record_name,
                type=kind,
                ttl=TTL,
                records=[value],
                opts=pulumi.ResourceOptions(parent=self),
            )

        for number, token in enumerate(args.dkim_tokens, start=1):
            record(
                f"dkim-{number}",
                "CNAME",
                pulumi.Output.concat(token, "._domainkey.", domain),
                pulumi.Output.concat(token, ".dkim.amazonses.com"),
            )
        self.mx = record("mx", "MX", domain, f"10 inbound-smtp.{names.region}.amazonaws.com")
        record("spf", "TXT", domain, "v=spf1 include:amazonses.com -all")
        record("dmarc", "TXT", f"_dmarc.{domain}", f"v=DMARC1; p=quarantine; rua=mailto:dmarc@{domain}")
        self.addresses = [record(key, "A", host, args.address) for key, host in names.public_hosts.items()]
        self.register_outputs({})
