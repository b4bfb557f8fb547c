"""What the extensions need to know of the account being served.

Owns the current context. Leaves out the account itself: moto calls the extensions from its own classes, which have no
place to carry it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sandbox.aws.serial import Gate


@dataclass(frozen=True, kw_only=True)
class Context:
    """The served account's identity and its ways out."""

    account_id: str
    region: str
    issuer_ca: Path
    issuer_port: int
    gate: Gate
    changed: Callable[[], None]


class _Current:
    context: Context | None = None


def enter(context: Context) -> None:
    """This account is served from now on."""
    _Current.context = context


def current() -> Context:
    """The account being served."""
    if _Current.context is None:
        raise RuntimeError("no account is served by this process: Account.start() comes first")
    return _Current.context
