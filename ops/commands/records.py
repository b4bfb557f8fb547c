"""`agentkeys records`: prints a stack's DNS records in forms that other DNS providers accept.

Leaves out the records themselves (``components/dns.py``) and the wait for them, which is a gate of ``up``.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from components.dns import TTL
from gates.dns import zone_line
from ops import options
from ops.stack import read_any
from ops.verdicts import listing, print_json

Records = Sequence[Mapping[str, str]]


def zone_file(records: Records) -> str:
    """A fragment of a BIND zone file: https://www.rfc-editor.org/rfc/rfc1035#section-5"""
    lines = [zone_line(record["name"], record["type"], record["value"]) for record in records]
    return "\n".join([f"$TTL {TTL}", *lines])


@click.command()
@options.cloud()
@options.stack("Stack whose records to print.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "bind"]),
    default="table",
    help="A table (default), or a BIND zone file.",
)
@options.as_json()
def command(name: str, folder: Path, form: str, as_json: bool) -> None:
    """Print a stack's DNS records, for a zone at another DNS provider.

    The records are those of the last `pulumi up`. With `dns: manual`, `pulumi up` waits until they are published, and
    its progress lists the missing ones.
    """
    records: Records = read_any(name, folder).output("dnsRecords")
    if as_json:
        print_json(name, records=[{**record, "ttl": TTL} for record in records])
    elif form == "bind":
        click.echo(zone_file(records))
    else:
        rows = ((record["name"], record["type"], str(TTL), record["value"]) for record in records)
        listing(("name", "type", "TTL", "value"), rows, whole=True)
