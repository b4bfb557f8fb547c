"""Records at DNSPod."""

import pulumi
import tencentcloud_iac_pulumi as tencentcloud

from components.dns import Wanted

#: Seconds. The free edition accepts no shorter ones: https://docs.dnspod.com/dns/5ffd5e1e4c2ea92ae4d4f8ec/
TTL = 600

#: The line of records for everybody, as DNSPod's API names it.
_EVERYBODY = "默认"


def keep(name: str, zone: str, record: Wanted, opts: pulumi.ResourceOptions) -> pulumi.Resource:
    """Create one record. DNSPod wants the name below the zone, and an MX record's priority apart from its value."""
    value, priority = record.without_priority()
    return tencentcloud.dnspod.Record(
        name,
        domain=zone,
        sub_domain=pulumi.Output.from_input(record.name).apply(lambda whole: whole.removesuffix(f".{zone}")),
        record_type=record.kind,
        record_line=_EVERYBODY,
        value=value,
        mx=priority,
        ttl=TTL,
        opts=opts,
    )
