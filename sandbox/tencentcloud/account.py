"""The emulated account: its identity, what it holds, and what is real below it."""

import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sandbox.fronts.tables import Tables
from sandbox.tencentcloud.policies import Document


@dataclass(frozen=True, kw_only=True)
class Identity:
    """The account that the stack files name, and its operator."""

    #: UIN of the root account.
    uin: str
    app_id: str
    region: str
    #: DNS name of the public zone, which is a domain at DNSPod.
    zone: str
    #: Buckets whose names hosts know: /etc/hosts has no wildcards.
    buckets: tuple[str, ...] = ()
    #: UIN of the operator, a user with AdministratorAccess.
    operator: str = "100000000002"


class World(Protocol):
    """What is real below the emulated account: hosts, their addresses and DNS."""

    def address(self, name: str) -> str:
        """Allocate a public address."""

    def release(self, name: str) -> None:
        """Give the address back."""

    def launch(self, name: str, user_data: str) -> None:
        """Start a host with a cloud-config."""

    def attach(self, name: str, address: str) -> None:
        """Give the host an address of ``address``."""

    def detach(self, address: str) -> None:
        """Take the address from its host."""

    def terminate(self, name: str) -> None:
        """End the host."""

    def open(self, name: str, ports: Mapping[int, Sequence[str]]) -> None:
        """The host's open TCP ports, each with the networks that may reach it."""

    def host_at(self, source: str) -> str:
        """Name of the host that has an address of the hosts' network; empty if there is none."""

    def records(self) -> list[dict[str, Any]]:
        """The zone's records, each with its id, as DNSPod shows them."""

    def add(self, record: dict[str, Any]) -> None:
        """Add a record. Raises ValueError."""

    def remove(self, record: dict[str, Any]) -> None:
        """Remove a record. Raises ValueError."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who signed a request."""

    #: What messages call them.
    name: str
    uin: str
    #: Sets of documents; each set must allow a request: a user's or role's policies, then a session's.
    layers: tuple[tuple[Document, ...], ...]


ALL_RIGHTS: Document = {"version": "2.0", "statement": [{"effect": "allow", "action": ["*"], "resource": ["*"]}]}


class Account(Tables):
    """Everything the account holds."""

    first_number = 100000000010

    def __init__(self, identity: Identity, world: World, file: Path) -> None:
        super().__init__(file)
        self.identity, self.world = identity, world

    def operator_key(self) -> tuple[str, str]:
        """Id and secret of the operator's key."""
        for key_id, key in self.table("keys").items():
            if key["of"] == "operator":
                return key_id, key["secret"]
        made = self.new_key("operator", self.identity.operator)
        return made, str(self.table("keys")[made]["secret"])

    def new_key(self, of: str, name: str, *, policy: Document | None = None, seconds: int = 0) -> str:
        """Id of a new key of the operator, a ``user`` or a ``role``; temporary, with a token, if ``seconds``."""
        key_id = f"AKID{secrets.token_hex(16)}"
        self.table("keys")[key_id] = {
            "secret": secrets.token_hex(16),
            "of": of,
            "name": name,
            "policy": policy,
            "token": secrets.token_urlsafe(48) if seconds else "",
            "until": int(time.time()) + seconds if seconds else 0,
            "created": now(),
        }
        for old in [old for old, key in self.table("keys").items() if 0 < key["until"] < time.time()]:
            del self.table("keys")[old]
        self.save()
        return key_id

    def caller(self, key: Mapping[str, Any]) -> Caller | None:
        """Whom a key stands for, with their rights of now; None if they are gone."""
        if key["of"] == "operator":
            return Caller(name="operator", uin=self.identity.operator, layers=((ALL_RIGHTS,),))
        found = self.table("users" if key["of"] == "user" else "roles").get(key["name"])
        if found is None:
            return None
        layers = [tuple(self.attached(found))]
        if key["policy"]:
            layers.append((key["policy"],))
        return Caller(name=f"{key['of']}/{key['name']}", uin=found.get("uin", ""), layers=tuple(layers))

    def attached(self, holder: Mapping[str, Any]) -> Iterable[Document]:
        """The documents of a user's or role's policies."""
        policies = self.table("policies")
        return [policies[policy]["document"] for policy in holder["policies"] if policy in policies]


def now() -> str:
    """The time, as Tencent Cloud's APIs write it."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
