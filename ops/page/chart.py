"""Draws charts as SVG with Vega-Lite. A part describes its chart as data, Vega-Lite adds scales, axes and layout.

Owns the style that all charts share. Colours are the page's CSS variables, so a chart follows the reader's theme.
"""

from collections.abc import Mapping
from html import escape
from typing import Any

import vl_convert
from markupsafe import Markup

#: The version of Vega-Lite that the specifications are written for.
VERSION = "5.21"

INK, MUTED, RULE, BAR, ACCENT = (f"var(--{name})" for name in ("ink", "muted", "rule", "bar", "accent"))

_FONT = "system-ui, sans-serif"
_TEXT = {"labelFont": _FONT, "titleFont": _FONT, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal"}
_CONFIG = {
    # The page labels the whole chart and shows its numbers in a table.
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

#: Colours of a chart in its own file, outside the page.
_COLOURS = """<style>
:root{--ink:#1f2328;--muted:#59636e;--rule:#d1d9e0;--bar:#8cb4e8;--accent:#0a4a9e;--paper:#fff}
@media(prefers-color-scheme:dark){
:root{--ink:#f0f6fc;--muted:#9198a1;--rule:#3d444d;--bar:#2f5d94;--accent:#a5cdff;--paper:#0d1117}
}
svg{background:var(--paper)}
</style>"""


def svg(specification: Mapping[str, Any], title: str, *, standalone: bool = False) -> Markup:
    """Draw the chart. ``title`` is its label for screen readers. A ``standalone`` chart contains its own colours."""
    drawn = vl_convert.vegalite_to_svg({**specification, "config": _CONFIG}, vl_version=VERSION)
    head, rest = drawn.split(">", 1)
    return Markup(f'{head} role="img" aria-label="{escape(title)}">{_COLOURS if standalone else ""}{rest}')  # noqa: S704 - Vega escapes its texts
