"""The life of a stack of another cloud, in a sandbox of its own."""

from tests.support.live import home  # noqa: F401 - a fixture of this folder
