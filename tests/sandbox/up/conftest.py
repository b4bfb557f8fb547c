"""One stack brought up from nothing, and what must be seen of it; in the order of the files."""

from tests.support.live import ground, home  # noqa: F401 - fixtures of this folder
