"""Two stacks in one account, from prod's first ``up`` to its end; in the order of the files."""

from tests.support.live import ground, home  # noqa: F401 - fixtures of this folder
