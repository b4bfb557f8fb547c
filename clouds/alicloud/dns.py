"""Records in AliDNS."""

import pulumi
import pulumi_alicloud as alicloud

from components.dns import Wanted

#: Seconds. The free edition accepts no shorter ones: https://www.alibabacloud.com/help/en/dns/what-is-ttl
TTL = 600


def keep(name: str, zone: str, record: Wanted, opts: pulumi.ResourceOptions) -> pulumi.Resource:
    """Create one record. AliDNS wants the name below the zone, and an MX record's priority apart from its value."""
    value, priority = record.without_priority()
    return alicloud.dns.AlidnsRecord(
        name,
        domain_name=zone,
        rr=pulumi.Output.from_input(record.name).apply(lambda whole: whole.removesuffix(f".{zone}")),
        type=record.kind,
        value=value,
        priority=priority,
        ttl=TTL,
        opts=opts,
    )
