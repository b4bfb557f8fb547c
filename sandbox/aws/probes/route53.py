"""Probes of Route 53."""

from typing import Any

from sandbox.aws.probes.ground import Ground, observe
from sandbox.aws.probes.rows import Answers, probe


@probe(
    "Route53Backend.change_resource_record_sets",
    calls="route53 CreateHostedZone, ChangeResourceRecordSets",
    makes=("a hosted zone below the account's, not delegated", "an A record in it"),
)
def record_sets_that_are_rejected(ground: Ground) -> Answers:
    """A change batch is rejected for a wrong value, a CNAME record beside others, or a record that is not there."""
    zone_id, zone = ground.hosted_zone()

    def change(action: str, name: str, kind: str, *values: str) -> dict[str, Any]:
        records = [{"Value": value} for value in values]
        return {
            "HostedZoneId": zone_id,
            "ChangeBatch": {
                "Changes": [
                    {
                        "Action": action,
                        "ResourceRecordSet": {"Name": name, "Type": kind, "TTL": 60, "ResourceRecords": records},
                    }
                ]
            },
        }

    call = ground.client("route53").change_resource_record_sets
    ground.undo("route53", "change_resource_record_sets", **change("DELETE", f"a.{zone}", "A", "192.0.2.1"))
    return {
        "create": observe(call, **change("CREATE", f"a.{zone}", "A", "192.0.2.1")),
        "create again": observe(call, **change("CREATE", f"a.{zone}", "A", "192.0.2.1")),
        "CNAME beside A": observe(call, **change("CREATE", f"a.{zone}", "CNAME", "b.example.com")),
        "CNAME at the zone": observe(call, **change("CREATE", zone, "CNAME", "b.example.com")),
        "outside the zone": observe(call, **change("CREATE", "a.example.com", "A", "192.0.2.1")),
        "delete a missing one": observe(call, **change("DELETE", f"none.{zone}", "A", "192.0.2.1")),
        "delete with other values": observe(call, **change("DELETE", f"a.{zone}", "A", "192.0.2.2")),
        "IPv6 address in A": observe(call, **change("CREATE", f"b.{zone}", "A", "2001:db8::1")),
        "TXT without quotes": observe(call, **change("CREATE", f"b.{zone}", "TXT", "plain")),
        "TXT string of 256": observe(call, **change("CREATE", f"b.{zone}", "TXT", f'"{"x" * 256}"')),
        "a value twice": observe(call, **change("CREATE", f"b.{zone}", "A", "192.0.2.1", "192.0.2.1")),
    }
