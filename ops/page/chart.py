"""Charts as SVG, by Vega-Lite: a part describes its chart as data, Vega-Lite has the scales, the axes and the layout.

Owns the look that all charts share. Colours are the page's CSS variables, so that a chart follows the reader's theme.
"""

from collections.abc import Mapping
from html import escape
from typing import Any

import vl_convert
from markupsafe import Markup

#: The version of Vega-Lite that a specification is written for.
VERSION = "5.21"

INK, MUTED, RULE, BAR, ACCENT = (f"var(--{name})" for name in ("ink", "muted", "rule", "bar", "accent"))

_FONT = "system-ui, sans-serif"
_TEXT = {"labelFont": _FONT, "titleFont": _FONT, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal"}
_CONFIG = {
    # The page names a chart as a whole and has its numbers in a table.
    "aria": False,
    "background": None,
    "font": _FONT,
    "view": {"stroke": None},
    "axis": {
        **_TEXT,
        **{"labelColor": INK, "titleColor": MUTED, "gridColor": RULE, "domainColor": RULE, "tickColor": RULE},
        "labelLimit": 260,
    },
    "title": {"font": _FONT, "fontSize": 13, "color": INK, "anchor": "start", "fontWeight": "bold"},
}

#: For a picture of its own, which has no page around it.
_COLOURS = """<style>
:root{--ink:#1f2328;--muted:#59636e;--rule:#d1d9e0;--bar:#8cb4e8;--accent:#0a4a9e;--paper:#fff}
@media(prefers-color-scheme:dark){
:root{--ink:#f0f6fc;--muted:#9198a1;--rule:#3d444d;--bar:#2f5d94;--accent:#a5cdff;--paper:#0d1117}
}
svg{background:var(--paper)}
</style>"""


def svg(specification: Mapping[str, Any], title: str, *, standalone: bool = False) -> Markup:
    """The chart, named ``title`` for a screen reader. A ``standalone`` one has its own colours, for a file."""
    drawn = vl_convert.vegalite_to_svg({**specification, "config": _CONFIG}, vl_version=VERSION)
    head, rest = drawn.split(">", 1)
    return Markup(f'{head} role="img" aria-label="{escape(title)}">{_COLOURS if standalone else ""}{rest}')  # noqa: S704 - Vega escapes its texts
