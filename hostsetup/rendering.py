"""Fills the templates in ``templates/``: replaces ``@@{name}`` and nothing else, since nginx and systemd use $ and %.

The standard library is enough, since the templates have no logic.
"""

import string
from pathlib import Path

_FOLDER = Path(__file__).parent / "templates"


class _Template(string.Template):
    delimiter = "@@"


def fill(template_name: str, /, **values: object) -> str:
    """Return the template with every placeholder replaced.

    Raises KeyError for a placeholder without a value, and ValueError for a value without a placeholder.
    """
    template = _Template((_FOLDER / template_name).read_text())
    unused = values.keys() - set(template.get_identifiers())
    if unused:
        raise ValueError(f"hostsetup/templates/{template_name} has no place for {', '.join(sorted(unused))}")
    return template.substitute(values)
