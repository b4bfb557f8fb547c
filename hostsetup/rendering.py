"""Fills the files of ``templates/``: ``@@{name}`` is replaced, all else stays: nginx and systemd use ``$``, ``%``.

Leaves out what is filled in. The standard library does it because a template here has values and no logic.
"""

import string
from pathlib import Path

_FOLDER = Path(__file__).parent / "templates"


class _Template(string.Template):
    delimiter = "@@"


def fill(template_name: str, /, **values: object) -> str:
    """The template ``name`` with every placeholder replaced; a value that it does not use is an error too."""
    template = _Template((_FOLDER / template_name).read_text())
    unused = values.keys() - set(template.get_identifiers())
    if unused:
        raise ValueError(f"hostsetup/templates/{template_name} has no place for {', '.join(sorted(unused))}")
    return template.substitute(values)
