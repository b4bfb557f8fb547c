"""One record in Cloud DNS. Google refuses a second record set of the same name and type, so none is overwritten."""

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
    return gcp.dns.RecordSet(
        name,
        managed_zone=zone,
        name=pulumi.Output.concat(record.name, "."),
        type=record.kind,
        ttl=TTL,
        rrdatas=[value],
        opts=opts,
    )
