"""What is real below the emulated project in the sandbox: hosts, addresses, DNS and issuers."""

from typing import Any

from sandbox.fronts.hosts import RealHosts
from sandbox.gcp.calls import ApiError

#: What a host on Compute Engine finds at Google; here it is the front, behind the host's gateway.
_GOOGLE = ("metadata.google.internal", "storage.googleapis.com")


class SandboxWorld:
    """The ``World`` of the sandbox that this process runs."""

    def __init__(self, hosts: RealHosts) -> None:
        self._hosts = hosts
        self.address, self.release, self.terminate = hosts.address, hosts.release, hosts.terminate
        self.open, self.host_at, self.fetch = hosts.open, hosts.host_at, hosts.fetch

    def launch(self, name: str, address: str, user: str, public_key: str) -> None:
        """Launch an instance behind an address. Raises ApiError."""
        if user != "admin":
            raise ApiError(501, f"the sandbox's Debian hosts let in admin, not {user}: leave loginUser out")
        self._hosts.launch(name, known=_GOOGLE, public_key=public_key)
        self._hosts.attach(name, address)

    def records(self) -> list[dict[str, Any]]:
        """The record sets of the zone, as Cloud DNS shows them."""
        return [
            {
                "kind": "dns#resourceRecordSet",
                "name": found["Name"],
                "type": found["Type"],
                "ttl": found["TTL"],
                "rrdatas": [record["Value"] for record in found["ResourceRecords"]],
            }
            for found in self._hosts.record_sets()
        ]

    def change(self, additions: list[dict[str, Any]], deletions: list[dict[str, Any]]) -> None:
        """Change record sets, all or none. Raises ApiError."""
        changes = [
            {
                "Action": action,
                "ResourceRecordSet": {
                    "Name": record["name"],
                    "Type": record["type"],
                    "TTL": record["ttl"],
                    "ResourceRecords": [{"Value": value} for value in record["rrdatas"]],
                },
            }
            for action, records in (("DELETE", deletions), ("CREATE", additions))
            for record in records
        ]
        try:
            self._hosts.change(changes)
        except ValueError as error:
            raise ApiError(409, f"The change cannot be made: {error}") from None
