"""Bundles: files as one text with a marker line before each, so that a preview shows them line by line.

``scripts/install-files`` reads a bundle on the host.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_MARKER = "#=>"
_PATH = re.compile(r"(/[A-Za-z0-9._-]+)+/?")


@dataclass(frozen=True, kw_only=True)
class File:
    """One file or directory of the host."""

    #: Absolute path. A directory's ends in a slash.
    path: str
    #: Text that ends with a newline; empty for a directory.
    content: str = ""
    #: ``user:group``
    owner: str = "root:root"
    #: Octal.
    mode: str = "0644"


def render_bundle(files: Iterable[File]) -> str:
    """Return the bundle of ``files`` in their order. It ends with their number, so that the host notices a truncation.

    Raises ValueError for a file that the host would misread.
    """
    parts: list[str] = []
    count = 0
    for file in files:
        if not _PATH.fullmatch(file.path):
            raise ValueError(
                f"{file.path!r} is not a path that a bundle can carry: use an absolute path of letters, digits and ._-"
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
    """Return the files of the bundle at the end of ``text``, none if it has no bundle."""
    parts = re.split(rf"^{_MARKER} ", text, flags=re.MULTILINE)[1:]
    files = []
    for part in parts[:-1]:
        line, _, content = part.partition("\n")
        mode, owner, path = line.split(" ")
        files.append(File(path=path, content=content, owner=owner, mode=mode))
    return tuple(files)
