"""What AWS does and moto does not, one module for each service.

Owns putting it in place. Every replaced function carries its reason (`patching.REPLACEMENTS`), and
tests/account/test_extensions.py names the behaviour each restores.
"""

from sandbox.account.extensions import (  # noqa: F401  (each registers its replacements when imported)
    accounts,
    addresses,
    buckets,
    identities,
    instances,
    people,
    receiving,
    sessions,
    web_identity,
)
from sandbox.account.extensions.context import Context, enter
from sandbox.account.extensions.patching import apply


def install(context: Context) -> None:
    """Serve `context` with every extension in place."""
    enter(context)
    apply()
