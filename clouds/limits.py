"""What a cloud has no equal for, as rows of the runbook. A program's output and its page in docs/clouds/ show them."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi


@dataclass(frozen=True, kw_only=True)
class Limit:
    """One row of the runbook that has no equal in a cloud."""

    #: What AWS has.
    row: str
    #: What it means in the cloud.
    here: str


def rows(limits: Sequence[Limit]) -> dict[str, str]:
    """What has no equal, as an output of the stack."""
    return {limit.row: limit.here for limit in limits}


def tell(applied: str, limits: Sequence[Limit]) -> None:
    """Report in every preview and `up` where the program has been applied, and what the cloud cannot do.

    ``applied`` completes the sentence "This cloud has been applied ...".
    """
    lines = [f"  no equal: {limit.row} - {limit.here}" for limit in limits]
    pulumi.log.info("\n".join([f"This cloud has been applied {applied}.", *lines]))
