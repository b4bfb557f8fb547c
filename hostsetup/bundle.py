"""The text in which files travel to the host, a marker line before each, so that a preview shows them line by line.

Owns the form; what the host reads it with is ``scripts/install-files``. Leaves out what the files say.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_MARKER = "#=>"
_PATH = re.compile(r"(/[A-Za-z0-9._-]+)+/?")


@dataclass(frozen=True, kw_only=True)
class File:
    """One file of the host, or a directory when ``path`` ends in a slash; ``owner`` is ``user:group``."""

    path: str
    content: str = ""
    owner: str = "root:root"
    mode: str = "0644"


def render_bundle(files: Iterable[File]) -> str:
    """The bundle of ``files``, in their order; the count at its end tells the host that nothing was cut off."""
    parts: list[str] = []
    count = 0
    for file in files:
        if not _PATH.fullmatch(file.path):
            raise ValueError(
                f"{file.path!r} cannot be a path in a bundle: use an absolute path of letters, digits and ._-"
            )
        if file.path.endswith("/") == bool(file.content):
            raise ValueError(f"{file.path}: a file has content and a directory (ending in a slash) has none")
        if file.content and not file.content.endswith("\n"):
            raise ValueError(f"{file.path}: end its last line with a newline")
        if any(line.startswith(_MARKER) for line in file.content.splitlines()) or "\0" in file.content:
            raise ValueError(f"{file.path}: no line may start with {_MARKER!r} and no character may be NUL")
        parts.append(f"{_MARKER} {file.mode} {file.owner} {file.path}\n{file.content}")
        count += 1
    return "".join(parts) + f"{_MARKER} end {count}\n"


def read_bundle(text: str) -> tuple[File, ...]:
    """The files of a text with a bundle at its end, none when there is no bundle in it."""
    parts = re.split(rf"^{_MARKER} ", text, flags=re.MULTILINE)[1:]
    files = []
    for part in parts[:-1]:
        line, _, content = part.partition("\n")
        mode, owner, path = line.split(" ")
        files.append(File(path=path, content=content, owner=owner, mode=mode))
    return tuple(files)
