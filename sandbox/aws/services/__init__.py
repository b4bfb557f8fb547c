"""What AWS does and moto does not, one module for each service.

Owns putting it in place. Every replaced function carries its reason (`patching.REPLACEMENTS`), and
tests/emulated/test_extensions.py names the behaviour each restores.
"""

from sandbox.aws.services import (  # noqa: F401  (each registers its replacements when imported)
    accounts,
    ec2,
    iam,
    route53,
    s3,
    ses,
    sts,
)
from sandbox.aws.services.context import Context, enter
from sandbox.aws.services.patching import apply


def install(context: Context) -> None:
    """Serve `context` with every extension in place."""
    enter(context)
    apply()
