"""Shows the engine's progress on a terminal: finished resources above, resources in progress below.

Without a terminal, the engine's own plain lines are shown instead.
"""

import re
import sys
import time
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from ops.events import CHANGING

#: Word for each finished operation. A replacement is shown by its two halves.
WORDS = {
    "create": "created",
    "update": "updated",
    "delete": "deleted",
    "create-replacement": "replaced",
    "delete-replaced": "deleted the former",
    "refresh": "refreshed",
}


#: Start of the last line of `hostsetup/scripts/step`.
_STEP = re.compile(r"step \d+ of \d+, ")


def fits() -> bool:
    """Whether both output streams are terminals."""
    return sys.stdout.isatty() and sys.stderr.isatty()


class Display:
    """Takes events one by one, from any thread."""

    def __init__(self, console: Console | None = None) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            TimeElapsedColumn(),
            TextColumn("{task.fields[said]}", markup=False, style="dim"),
            console=console or Console(stderr=True),
            transient=True,
        )
        self._whole = self._progress.add_task("stack", said="", total=None)
        self._tasks: dict[str, tuple[TaskID, float]] = {}
        #: The last words of each resource at work; those of a step on the host say how it ended.
        self._said: dict[str, str] = {}
        self._done = 0

    def __enter__(self) -> "Display":
        self._progress.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def take(self, event: dict[str, Any]) -> None:
        """One event of the engine's log."""
        if "resourcePreEvent" in event:
            self._begin(event["resourcePreEvent"]["metadata"])
        elif "diagnosticEvent" in event:
            said = event["diagnosticEvent"]
            if said.get("ephemeral") and said.get("urn") in self._tasks:
                self._say(said["urn"], said["message"])
        elif "resOutputsEvent" in event:
            self._end(event["resOutputsEvent"]["metadata"], failed=False)
        elif "resOpFailedEvent" in event:
            self._end(event["resOpFailedEvent"]["metadata"], failed=True)

    def _begin(self, metadata: dict[str, Any]) -> None:
        shown = (metadata.get("new") or metadata.get("old") or {}).get("custom")
        # The replacement itself takes no time; its halves do.
        urn = metadata["urn"]
        if shown and metadata["op"] in CHANGING - {"replace"} and "::pulumi:providers:" not in urn:
            self._tasks[urn] = (self._progress.add_task(_name(urn), said="", total=None), time.monotonic())
            self._count()

    def _say(self, urn: str, message: str) -> None:
        lines = [line for line in message.splitlines() if line.strip()]
        if lines:
            self._said[urn] = _plain(lines[-1])
            self._progress.update(self._tasks[urn][0], said=self._said[urn])

    def _end(self, metadata: dict[str, Any], *, failed: bool) -> None:
        task, began = self._tasks.pop(metadata["urn"], (None, 0.0))
        if task is None:
            return
        self._progress.remove_task(task)
        self._done += 1
        self._count()
        said = self._said.pop(metadata["urn"], "")
        word = "failed" if failed else WORDS.get(metadata["op"], metadata["op"])
        line = f"{word} {_name(metadata['urn'])} ({time.monotonic() - began:.1f} s) {said if _STEP.match(said) else ''}"
        self._progress.console.print(Text(line.rstrip(), style="red" if failed else ""))

    def _count(self) -> None:
        self._progress.update(self._whole, said=f"{self._done} done, {len(self._tasks)} at work")


def _name(urn: str) -> str:
    return _plain(urn.rpartition("::")[2])


def _plain(text: str) -> str:
    """The text without terminal control characters, since it comes from a host."""
    return "".join(sign if sign.isprintable() else " " for sign in text).strip()
