"""The emulated project: its identity, what it holds, and the file that keeps it."""

import json
import secrets
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


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


class Project:
    """Everything the project holds, in tables of JSON objects by path. One call at a time changes it."""

    def __init__(self, identity: Identity, world: World, file: Path) -> None:
        self.identity, self.world = identity, world
        self._file = file
        self.lock = threading.RLock()
        self._tables: dict[str, dict[str, Any]] = json.loads(file.read_text()) if file.exists() else {}

    def table(self, name: str) -> dict[str, Any]:
        """A table, made when it is first asked for."""
        return self._tables.setdefault(name, {})

    def save(self) -> None:
        """Write the tables; whole or not at all."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        partial = self._file.with_name(f".{self._file.name}.{secrets.token_hex(4)}")
        partial.write_text(json.dumps(self._tables))
        partial.replace(self._file)

    def next_number(self) -> str:
        """A number that no other thing of the project has, as Google's ids are."""
        counters = self.table("counters")
        counters["last"] = counters.get("last", 10**17) + 1
        return str(counters["last"])
