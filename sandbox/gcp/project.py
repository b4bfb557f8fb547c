"""The emulated project: its identity, what it holds, and what is real below it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sandbox.fronts.tables import Tables


@dataclass(frozen=True, kw_only=True)
class Identity:
    """The project that the stack files name, and its owner."""

    project_id: str
    number: str
    #: DNS name of the public zone, without a trailing dot, and name of the managed zone that holds it.
    zone: str
    managed_zone: str
    region: str
    #: Mail address of the operator, who owns the project.
    owner: str = "operator@example.com"


class World(Protocol):
    """What is real below the emulated project: hosts, their addresses, DNS, and issuers' documents."""

    def address(self, name: str) -> str:
        """Allocate a public address."""

    def release(self, name: str) -> None:
        """Give the address back."""

    def launch(self, name: str, address: str, user: str, public_key: str) -> None:
        """Start a host behind an address of ``address``."""

    def terminate(self, name: str) -> None:
        """End the host."""

    def open(self, name: str, ports: dict[int, list[str]]) -> None:
        """The host's open TCP ports, each with the networks that may reach it."""

    def host_at(self, source: str) -> str:
        """Name of the host that has an address of the hosts' network; empty if there is none."""

    def records(self) -> list[dict[str, Any]]:
        """The zone's record sets, as Cloud DNS shows them."""

    def change(self, additions: list[dict[str, Any]], deletions: list[dict[str, Any]]) -> None:
        """Change the zone's record sets."""

    def fetch(self, url: str) -> dict[str, Any]:
        """A JSON document of a token's issuer. Raises OSError."""


class Project(Tables):
    """Everything the project holds."""

    #: Google's ids have 18 digits.
    first_number = 10**17 + 1

    def __init__(self, identity: Identity, world: World, file: Path) -> None:
        super().__init__(file)
        self.identity, self.world = identity, world
