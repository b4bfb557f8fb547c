"""What is real below the emulated account in the sandbox: hosts, addresses and DNS."""

from collections.abc import Sequence
from typing import Any

from sandbox.fronts.hosts import RealHosts


class SandboxWorld:
    """The ``World`` of the sandbox that this process runs."""

    def __init__(self, hosts: RealHosts, zone: str, known: Sequence[str]) -> None:
        """``known`` are the names that hosts find at their gateway."""
        self._hosts, self._zone, self._known = hosts, zone, known
        self.address, self.release, self.terminate = hosts.address, hosts.release, hosts.terminate
        self.attach, self.detach, self.open, self.host_at = hosts.attach, hosts.detach, hosts.open, hosts.host_at

    def launch(self, name: str, user_data: str) -> None:
        """Launch an instance with a cloud-config."""
        self._hosts.launch(name, known=self._known, user_data=user_data)

    def records(self) -> list[dict[str, Any]]:
        """The zone's records, one for each value."""
        return [
            self._shown(found, value["Value"])
            for found in self._hosts.record_sets()
            for value in found["ResourceRecords"]
        ]

    def add(self, record: dict[str, Any]) -> None:
        """Add a record. Raises ValueError."""
        self._hosts.change([self._change("CREATE", record)])

    def remove(self, record: dict[str, Any]) -> None:
        """Remove a record. Raises ValueError."""
        self._hosts.change([self._change("DELETE", record)])

    def _shown(self, found: dict[str, Any], value: str) -> dict[str, Any]:
        name = found["Name"].rstrip(".")
        priority, _, target = value.partition(" ") if found["Type"] == "MX" else ("0", "", value)
        return {
            "name": "@" if name == self._zone else name.removesuffix(f".{self._zone}"),
            "type": found["Type"],
            "value": target.strip('"') if found["Type"] == "TXT" else target,
            "ttl": found["TTL"],
            "mx": int(priority),
        }

    def _change(self, action: str, record: dict[str, Any]) -> dict[str, Any]:
        name = self._zone if record["name"] == "@" else f"{record['name']}.{self._zone}"
        value = {"MX": f"{record['mx']} {record['value']}", "TXT": f'"{record["value"]}"'}
        return {
            "Action": action,
            "ResourceRecordSet": {
                "Name": name,
                "Type": record["type"],
                "TTL": record["ttl"],
                "ResourceRecords": [{"Value": value.get(record["type"], record["value"])}],
            },
        }
