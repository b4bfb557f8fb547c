"""Processes of this computer by id."""

from pathlib import Path


def is_running(pid: int | str) -> bool:
    """Whether the process has not ended. One that nobody has reaped yet has ended."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
