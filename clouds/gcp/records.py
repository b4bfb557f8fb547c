"""One record in Cloud DNS. ``places`` checks before that nobody else's record has its name and type."""

import pulumi
import pulumi_gcp as gcp

from components.dns import TTL, Wanted


def keep(name: str, zone: str, record: Wanted, opts: pulumi.ResourceOptions) -> pulumi.Resource:
    """Create a record in the managed zone of this name."""
    value = pulumi.Output.from_input(record.value)
    if record.kind == "TXT":
        value = value.apply(lambda text: f'"{text}"')
    elif record.kind in ("MX", "CNAME"):
        value = value.apply(lambda text: text if text.endswith(".") else f"{text}.")
    made: pulumi.Resource = gcp.dns.RecordSet(
        name,
        managed_zone=zone,
        name=pulumi.Output.concat(record.name, "."),
        type=record.kind,
        ttl=TTL,
        rrdatas=[value],
        opts=opts,
    )
    return made
