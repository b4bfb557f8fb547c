"""What the patches need to know about the served account.

It is global because moto calls the patches from its own classes, which cannot carry it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sandbox.aws.serial import RequestLock


@dataclass(frozen=True, kw_only=True)
class Context:
    """The served account and how it reaches the rest of the sandbox."""

    account_id: str
    """AWS account number, 12 digits."""
    region: str
    """AWS region of its regional services."""
    issuer_ca: Path
    """PEM file of the authorities that STS trusts when it fetches an issuer's documents."""
    issuer_port: int
    """TCP port of issuers whose URL names none."""
    request_lock: RequestLock
    """Held while a request is handled."""
    changed: Callable[[], None]
    """Called after the account changed outside a request."""


class _Current:
    context: Context | None = None


def enter(context: Context) -> None:
    """Serve this account from now on."""
    _Current.context = context


def current() -> Context:
    """Return the served account. Raises RuntimeError before ``enter``."""
    if _Current.context is None:
        raise RuntimeError("this process serves no account; call Account.start() first")
    return _Current.context
