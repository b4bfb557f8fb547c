"""Renders the page and its summary from templates. Escapes every value, and masks values if the operator wants it.

Owns the templates' environment and the patterns that masking hides. Leaves out the content of the parts.
"""

import re
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from ops.page import cost, gantt, graph, isolation, picture, summary, timelines
from ops.page.facts import Facts, Unseen

#: What ``--mask`` hides: ids of accounts, keys, instances, groups and volumes, IPv4 addresses, mail
#: addresses, hosted zones.
_HIDDEN = re.compile(
    r"(?<![\w.])\d{12}(?![\w.])|(?<=-)\d{12}(?!\d)"
    r"|(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])"
    r"|\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,}\b"
    r"|\b(?:i|sg|vol|eni|eipalloc|eipassoc|ami)-[0-9a-f]{8,17}\b"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|\bZ[A-Z0-9]{12,32}\b"
)

_VERDICTS = {"ok": "✓", "warning": "!", "wrong": "✗", "not run": "?"}


def masked(value: Any) -> Any:
    """The value with everything hidden that must not be shared. Markup stays markup."""
    if isinstance(value, Markup):
        return Markup(_HIDDEN.sub(_dots, str(value)))  # noqa: S704 - dots in place of what was escaped before
    return _HIDDEN.sub(_dots, value) if isinstance(value, str) else value


def _dots(found: "re.Match[str]") -> str:
    return "•" * min(len(found.group()), 12)


def _as_is(value: Any) -> Any:
    return value


def page(facts: Facts, *, mask: bool = False) -> str:
    """The text of the HTML file."""
    return _environment(mask=mask).get_template("page.html.j2").render(_values(facts))


def markdown(facts: Facts, *, mask: bool = False) -> str:
    """The summary for a job and a pull request. Replaced and deleted resources come first."""
    return _environment(mask=mask).get_template("summary.md.j2").render(_values(facts))


def _values(facts: Facts) -> dict[str, Any]:
    run = facts.plan
    return {
        "facts": facts,
        "summary": summary.part(facts),
        "graph": graph.part(facts),
        "changes": [] if isinstance(run, Unseen) else graph.changes(run),
        "isolation": isolation.part(facts),
        "timelines": timelines.part(facts),
        "gantt": gantt.part(facts),
        "cost": cost.part(facts),
        # These are constants of this program, so they need no escaping.
        "picture": {"light": Markup(picture.LIGHT), "dark": Markup(picture.DARK), "fonts": Markup(picture.FONTS)},  # noqa: S704
        "changed": "" if isinstance(run, Unseen) else graph.counted(graph.changes(run)),
        "words": graph.WORDS,
        "marks": picture.MARKS,
        "signs": _VERDICTS,
        "cell_signs": isolation.SIGNS,
    }


def _environment(*, mask: bool) -> Environment:
    made = Environment(
        loader=PackageLoader("ops.page"),
        autoescape=True,
        finalize=masked if mask else _as_is,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.tests["unseen"] = lambda value: isinstance(value, Unseen)
    made.filters["md"] = _in_markdown
    made.filters["commands"] = _commands
    return made


def _in_markdown(value: object) -> Markup:
    """Escape text for Markdown and HTML: special characters become numeric references."""
    text = re.sub(r"[\s]+", " ", str(value))
    return Markup("".join(f"&#{ord(sign)};" if sign in "\\`*_{}[]()<>#+!|&@~\"'$:" else sign for sign in text))  # noqa: S704 - the characters that mean something are numbers


def _commands(value: object) -> Markup:
    """A sentence with its `commands` as code elements."""
    parts = str(value).split("`")
    shown = [
        escape(part) if place % 2 == 0 else Markup("<code>{}</code>").format(part) for place, part in enumerate(parts)
    ]
    return Markup("").join(shown)
