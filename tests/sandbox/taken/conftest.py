"""What exists before the stack does: a host, the remains of a failed run, a whole account made by hand."""

from tests.support.live import ground, home  # noqa: F401 - fixtures of this folder
