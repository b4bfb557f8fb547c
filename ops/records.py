"""Prints a stack's DNS records in the forms that other providers take.

Leaves out the records themselves (``components/dns.py``) and the wait for them, which is a gate of ``up``.
"""

import json
from collections.abc import Mapping, Sequence

import click
from rich.console import Console
from rich.table import Table

from components.dns import TTL
from hostsetup.gates import zone_line
from ops.stack import read

Records = Sequence[Mapping[str, str]]


def zone_file(records: Records) -> str:
    """A fragment of a BIND zone file: https://www.rfc-editor.org/rfc/rfc1035#section-5"""
    lines = [zone_line(record["name"], record["type"], record["value"]) for record in records]
    return "\n".join([f"$TTL {TTL}", *lines])


def table(records: Records) -> Table:
    made = Table("name", "type", "TTL", "value")
    for record in records:
        # A table that breaks a value in two is copied wrongly.
        made.add_row(record["name"], record["type"], str(TTL), record["value"])
    for column in made.columns:
        column.no_wrap = True
        column.overflow = "ignore"
    return made


@click.command()
@click.option("-s", "--stack", "name", required=True, help="Stack whose records these are.")
@click.option(
    "--format", "form", type=click.Choice(["table", "bind", "json"]), default="table", help="Default: a table."
)
def command(name: str, form: str) -> None:
    """Print a stack's DNS records, for a zone that is kept somewhere else.

    The last `up` knew them; one that waits for them to be published prints them by itself.
    """
    records: Records = read(name).output("dnsRecords")
    if form == "bind":
        click.echo(zone_file(records))
    elif form == "json":
        click.echo(json.dumps([{**record, "ttl": TTL} for record in records], indent=2))
    else:
        Console(width=240, soft_wrap=True).print(table(records))
