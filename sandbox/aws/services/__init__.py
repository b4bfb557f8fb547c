"""Behaviour of AWS that moto lacks, one module per AWS service, and one for their protocols.

Each patch states what moto does instead and the AWS page that it follows (`patching.REPLACEMENTS`).
tests/emulated/test_extensions.py tests the behaviour, and sandbox/aws/probes asks plain moto whether it still lacks it,
and AWS whether it has it.
"""

from sandbox.aws.services import (  # noqa: F401  (importing a module registers its patches)
    accounts,
    addresses,
    ec2,
    iam,
    protocols,
    route53,
    s3,
    ses,
    sns,
    sts,
)
from sandbox.aws.services.context import Context, enter
from sandbox.aws.services.patching import apply


def install(context: Context) -> None:
    """Apply every patch, and serve `context` from now on."""
    enter(context)
    apply()
