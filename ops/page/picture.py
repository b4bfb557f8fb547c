"""Draws components and their dependencies as one SVG, from top to bottom in the order of creation.

Owns the layout and the style. Leaves out the source of the components: ``tests/unit/dev/test_picture.py`` takes them
from the recorded program, ``ops/page/graph.py`` takes them from a stack's state. The layout is this module's own
because the picture is compared byte by byte, and the output of a layout program depends on its version and the
machine's fonts. Text is in a fixed-width font, so that its width is known without the font.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from operator import attrgetter

WIDTH = 920
MARGIN = 44  # holds the lanes of arrows that pass a row
BETWEEN = 20  # cards of one row
GAP = 46  # rows, with the arrows in between
PADDING = 12
TITLE_HEIGHT = 30
CHIP_HEIGHT = 20
CHIP_STEP = 25
LABEL_WIDTH = 76
CHARACTER = 7.0  # advance of the widest fixed-width font in use, at 11.5 px
CLOCK = 14
LANE_STEP = 9

#: Label of a resource's service, by the package and module of its type.
SERVICES = {
    "aws:ec2": "EC2",
    "aws:vpc": "EC2",
    "aws:iam": "IAM",
    "aws:s3": "S3",
    "aws:ses": "SES",
    "aws:sesv2": "SES",
    "aws:route53": "Route 53",
    "cloudflare:index": "Cloudflare",
    "command:local": "from here",
    "command:remote": "over SSH",
    "tls:index": "in state",
}

#: Resources at which an `up` waits. docs/architecture.md says for what, and a test compares the two.
WAITS = frozenset(
    {"setup-host-key", "setup-login", "setup-booted", "setup-dns", "setup-certificates", "federation-issuer-check"}
)

#: Marks of a live stack's resources: a sign that is readable without colours, and its meaning.
MARKS = {
    "failed": ("!", "failed in the last up"),
    "replace": ("±", "is replaced by the next up"),
    "delete": ("−", "is deleted by the next up"),  # noqa: RUF001 - a minus, as wide as the plus
    "drift": ("≠", "was changed outside the program"),
    "update": ("~", "is changed by the next up"),
    "create": ("+", "is not there yet"),
}

LIGHT = """\
.paper{fill:#fff}.card{fill:#f6f8fa;stroke:#d1d9e0}.chip{fill:#fff;stroke:#d1d9e0}.wait{fill:#fff8c5;stroke:#9a6700}
.name,.text{fill:#1f2328}.muted{fill:#59636e}.waiting{fill:#7d4e00}.edge,.clock{fill:none;stroke:#59636e}
.clock{stroke:#9a6700}.head{fill:#59636e}"""
DARK = """\
.paper{fill:#0d1117}.card{fill:#151b23;stroke:#3d444d}.chip{fill:#0d1117;stroke:#3d444d}
.wait{fill:#2e2200;stroke:#d29922}.name,.text{fill:#f0f6fc}.muted{fill:#9198a1}.waiting{fill:#e3b341}
.edge{stroke:#9198a1}.clock{stroke:#d29922}.head{fill:#9198a1}"""
FONTS = """\
text{font:11.5px ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono","DejaVu Sans Mono",monospace}
.name{font-size:14px;font-weight:600}.edge{stroke-width:1.4}.clock{stroke-width:1.2}"""


@dataclass(frozen=True, kw_only=True)
class Item:
    """One resource of a component.

    ``kind`` is its type token. ``wait`` says whether an ``up`` waits at it. ``mark`` is a key of ``MARKS`` or empty.
    """

    name: str
    kind: str
    wait: bool
    mark: str = ""

    @property
    def label(self) -> str:
        return f"{MARKS[self.mark][0]} {self.name}" if self.mark else self.name


@dataclass(frozen=True, kw_only=True)
class Component:
    """One card. ``needs`` are the names of the components that this one depends on, directly or indirectly."""

    name: str
    source: str
    items: Sequence[Item]
    needs: frozenset[str]


@dataclass(kw_only=True)
class _Card:
    component: Component
    row: int
    lines: list[tuple[str, list[Item]]] = field(default_factory=list)
    x: float = 0
    y: float = 0
    width: float = 0
    height: float = 0
    before: list["_Card"] = field(default_factory=list)
    after: list["_Card"] = field(default_factory=list)


def draw(components: Sequence[Component], title: str, *, embedded: bool = False) -> str:
    """Draw the picture. Components are in reading order, each after those that it needs.

    An ``embedded`` picture is part of an HTML page that contains the style sheet. Its class is ``graph``.
    """
    cards = _cards(components)
    rows = [
        [card for card in cards.values() if card.row == row] for row in range(1 + max(c.row for c in cards.values()))
    ]
    y = float(PADDING)
    for row in rows:
        _place(row, y)
        y += row[0].height + GAP
    below = y - GAP + 26
    height = below + CHIP_HEIGHT + PADDING
    shapes = [*_edges(rows), *(shape for card in cards.values() for shape in _card(card)), *_legend(below)]
    style = f"<style>\n{FONTS}\n{LIGHT}\n@media(prefers-color-scheme:dark){{\n{DARK}\n}}\n</style>"
    look = f'class="graph" aria-label="{escape(title)}" ' if embedded else ""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {look}viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" '
            f'height="{height:g}" role="img">',
            *([] if embedded else [f"<title>{escape(title)}</title>", style]),
            f'<rect class="paper" width="{WIDTH}" height="{height:g}" rx="6"/>',
            *shapes,
            "</svg>\n",
        ]
    )


def _cards(components: Sequence[Component]) -> dict[str, _Card]:
    """Cards by name. A card's row is its longest distance from the top. Drops arrows that a longer path implies."""
    cards: dict[str, _Card] = {}
    reached: dict[str, frozenset[str]] = {}
    for component in components:
        passed = frozenset().union(*(reached[need] for need in component.needs))
        reached[component.name] = passed | component.needs
        card = _Card(component=component, row=1 + max((cards[need].row for need in component.needs), default=-1))
        cards[component.name] = card
        for need in sorted(component.needs - passed, key=list(cards).index):
            card.before.append(cards[need])
            cards[need].after.append(card)
    return cards


def _place(row: Sequence[_Card], y: float) -> None:
    width = (WIDTH - 2 * MARGIN - (len(row) - 1) * BETWEEN) / len(row)
    for number, card in enumerate(row):
        card.x, card.y, card.width = MARGIN + number * (width + BETWEEN), y, width
        card.lines = list(_lines(card.component.items, width - 2 * PADDING - LABEL_WIDTH))
    for card in row:
        card.height = TITLE_HEIGHT + CHIP_STEP * max(len(card.lines) for card in row) + PADDING / 2


def _lines(items: Sequence[Item], width: float) -> Iterable[tuple[str, list[Item]]]:
    """Lines of resources that fit into ``width``, grouped by service. Only a service's first line has its label."""
    by_service: dict[str, list[Item]] = {}
    for item in items:
        by_service.setdefault(_service(item), []).append(item)
    for service, there in by_service.items():
        label, line = service, list[Item]()
        for item in there:
            if line and sum(map(_chip_width, [*line, item])) > width:
                yield label, line
                label, line = "", []
            line.append(item)
        yield label, line


def _service(item: Item) -> str:
    module = item.kind.split("/")[0]
    package = ":".join(module.split(":")[:2])
    return SERVICES.get(package, package)


def _chip_width(item: Item) -> float:
    """The width of a chip and the space after it."""
    return len(item.label) * CHARACTER + 14 + 6 + (CLOCK if item.wait else 0)


def _card(card: _Card) -> Iterable[str]:
    yield f'<rect class="card" x="{card.x:g}" y="{card.y:g}" width="{card.width:g}" height="{card.height:g}" rx="6"/>'
    left = card.x + PADDING
    yield f'<text class="name" x="{left:g}" y="{card.y + 20:g}">{escape(card.component.name)}</text>'
    right = card.x + card.width - PADDING
    yield _text("muted", right, card.y + 20, card.component.source, anchor="end")
    for number, (label, items) in enumerate(card.lines):
        y = card.y + TITLE_HEIGHT + number * CHIP_STEP
        if label:
            yield _text("muted", left, y + 14, label)
        x = left + LABEL_WIDTH
        for item in items:
            yield from _chip(item, x, y)
            x += _chip_width(item)


def _chip(item: Item, x: float, y: float) -> Iterable[str]:
    width = _chip_width(item) - 6
    shape = item.mark or ("wait" if item.wait else "chip")
    yield f'<rect class="{shape}" x="{x:g}" y="{y:g}" width="{width:g}" height="{CHIP_HEIGHT}" rx="9"/>'
    if item.wait:
        hands, face = f"M{x + 13:g} {y + 6.5:g}v3.8l2.6 1.6", f"M{x + 7.6:g} {y + 10:g}a5.2 5.2 0 1 0 .01 -.4"
        yield f'<path class="clock" d="{hands}{face}"/>'
    middle = x + width / 2 + (CLOCK / 2 if item.wait else 0)
    yield _text("waiting" if item.wait else "text", middle, y + 14, item.label, anchor="middle")


def _text(look: str, x: float, y: float, text: str, anchor: str = "") -> str:
    anchored = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text class="{look}" x="{x:g}" y="{y:g}"{anchored}>{escape(text)}</text>'


def _edges(rows: Sequence[Sequence[_Card]]) -> Iterable[str]:
    """Draw curves to the next row. An arrow that skips rows runs in a lane beside the cards."""
    lanes = {False: 0, True: 0}
    for row in rows:
        for card in row:
            for target in card.after:
                x, y = _port(card, card.after, target), card.y + card.height
                end, tip = _port(target, target.before, card), target.y - 7
                if target.row == card.row + 1:
                    bend = (tip - y) * 0.6
                    way = f"M{x:g} {y:g}C{x:g} {y + bend:g} {end:g} {tip - bend:g} {end:g} {tip:g}"
                else:
                    right = card.x + card.width / 2 > WIDTH / 2
                    shift = lanes[right] * LANE_STEP
                    lanes[right] += 1
                    lane = WIDTH - MARGIN / 2 - shift if right else MARGIN / 2 + shift
                    out, back = y + GAP / 3 + shift / 2, target.y - GAP / 2 - shift / 2
                    way = _rounded([(x, y), (x, out), (lane, out), (lane, back), (end, back), (end, tip)])
                yield f'<path class="edge" d="{way}"/>'
                yield f'<path class="head" d="M{end:g} {tip + 6:g}l-4.5 -8h9z"/>'


def _port(card: _Card, others: Sequence[_Card], other: _Card) -> float:
    """The x coordinate of an arrow on a card's edge. Arrows are in the order of the cards at their other ends."""
    place = sorted(others, key=attrgetter("x")).index(other)
    return card.x + card.width * (place + 1) / (len(others) + 1)


def _rounded(points: Sequence[tuple[float, float]], radius: float = 7) -> str:
    way = f"M{points[0][0]:g} {points[0][1]:g}"
    for before, (corner, after) in zip(points, pairwise(points[1:]), strict=False):
        (ax, ay), (bx, by) = (_towards(corner, end, radius) for end in (before, after))
        way += f"L{ax:g} {ay:g}Q{corner[0]:g} {corner[1]:g} {bx:g} {by:g}"
    return f"{way}L{points[-1][0]:g} {points[-1][1]:g}"


def _towards(start: tuple[float, float], end: tuple[float, float], distance: float) -> tuple[float, float]:
    """The point at ``distance`` from ``start`` on a horizontal or vertical line to ``end``."""
    length = abs(end[0] - start[0]) + abs(end[1] - start[1])
    share = min(1, distance / length)
    return (start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share)


def _legend(y: float) -> Iterable[str]:
    x = float(MARGIN)
    for item, meaning in (
        (Item(name="name", kind="", wait=False), "a resource, at its service"),
        (Item(name="name", kind="", wait=True), "an up waits here"),
    ):
        yield from _chip(item, x, y)
        x += _chip_width(item)
        yield _text("muted", x, y + 14, meaning)
        x += len(meaning) * CHARACTER + 22
    yield f'<path class="edge" d="M{x:g} {y + 10:g}h22"/><path class="head" d="M{x + 29:g} {y + 10:g}l-8 -4.5v9z"/>'
    yield _text("muted", x + 36, y + 14, "is needed by")
