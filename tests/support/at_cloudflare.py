"""A stack with its records at Cloudflare, under Pulumi's mocks."""

from pathlib import Path

import pytest

from dev.recorder import PROJECT
from dev.toolchain import wheels

SETTINGS = {"dns": "cloudflare", "cloudflareZoneId": "0123456789abcdef" * 2}


def install(patch: pytest.MonkeyPatch) -> None:
    """Make the pinned package importable, from the cache folder: in venv/ the engine would ask for its plugin."""
    lines = (PROJECT / "requirements/cloudflare.txt").read_text().splitlines()
    (pin,) = [line for line in lines if line.startswith("pulumi-")]
    provider = wheels.program(pin, Path("pulumi_cloudflare/__init__.py"), "Cloudflare's provider", print)
    patch.syspath_prepend(str(provider.parent.parent))


def zone_with(*records):
    """Lookups of the zone litentry.org with these records, each a name, type and content."""
    results = [dict(zip(("name", "type", "content"), record, strict=True)) for record in records]
    return {
        "cloudflare:index/getZone:getZone": lambda asked: {"name": "litentry.org", "zoneId": asked["zoneId"]},
        "cloudflare:index/getDnsRecords:getDnsRecords": lambda asked: {"results": results, **asked},
    }


def kept(recorded):
    """The records at Cloudflare as ``(name, type)``."""
    return {(item.inputs["name"], item.inputs["type"]) for item in recorded.of("cloudflare:index/dnsRecord:DnsRecord")}
