"""The whole table. The documents are not read here or in the tables it is made of.

Leaves out what AWS decides without a policy: signatures, expiry, public access block.
"""

from collections.abc import Mapping

from components.naming import Names
from tests.unit.components.policies.truth.exchanges import ci_rows, session_rows
from tests.unit.components.policies.truth.grants import grant_rows
from tests.unit.components.policies.truth.objects import bucket_rows, refused_forms
from tests.unit.components.policies.truth.rows import Row, Stage


def every_row(stage: Stage, with_ids: bool, stacks: Mapping[str, Names]) -> list[Row]:
    """All rows, what is allowed first."""
    data = list(bucket_rows(stage, stacks))
    rows = [
        *data,
        *refused_forms(data),
        *session_rows(stage, stacks),
        *ci_rows(with_ids, stacks),
        *grant_rows(stage, stacks),
    ]
    return sorted(rows, key=lambda row: not row.both)
