"""The timeline of an update: the times of each component and of each link in the longest chain, as bars on one axis.

``make bench`` draws its runs with the same function.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from ops.events import CHANGING, Run, Step, longest_chain, total
from ops.page import chart
from ops.page.facts import Facts, Unseen


@dataclass(frozen=True, kw_only=True)
class Row:
    """One operation. ``start`` counts from the first operation. ``link`` is the place in the longest chain, or 0."""

    component: str
    name: str
    operation: str
    start: float
    seconds: float
    link: int
    failed: bool


@dataclass(frozen=True, kw_only=True)
class Timeline:
    rows: Sequence[Row]
    chain_seconds: float
    seconds: float
    whole: bool
    picture: Markup


def timeline(run: Run, resources: Iterable[Mapping[str, Any]]) -> Timeline | None:
    """The timeline of a run, or None if the run changed nothing. ``resources`` come from the state after the run."""
    known = [dict(resource) for resource in resources]
    steps = [step for step in run.steps if step.operation in CHANGING]
    if not steps:
        return None
    found = rows(steps, known)
    return Timeline(
        rows=found,
        chain_seconds=total(longest_chain(steps, known)),
        seconds=max(row.start + row.seconds for row in found),
        whole=run.whole,
        picture=draw(found),
    )


def rows(steps: Sequence[Step], resources: Sequence[dict[str, Any]]) -> list[Row]:
    """Every operation, grouped by component. Components and operations are in the order of their starts."""
    parents = {resource["urn"]: str(resource.get("parent", "")).rpartition("::")[2] for resource in resources}
    links = {step.urn: place for place, step in enumerate(longest_chain(steps, resources), start=1)}
    first = min(step.start for step in steps)
    found = [
        Row(
            component=parents.get(step.urn) or step.name.split("-")[0],
            name=step.name,
            operation=step.operation,
            start=step.start - first,
            seconds=step.seconds,
            link=links.get(step.urn, 0),
            failed=step.failed,
        )
        for step in steps
    ]
    begins: dict[str, float] = {}
    for row in found:
        begins[row.component] = min(row.start, begins.get(row.component, row.start))
    return sorted(found, key=lambda row: (begins[row.component], row.component, row.start, row.name))


def draw(found: Sequence[Row], *, standalone: bool = False) -> Markup:
    """Draw two panels on one axis: a line per component, and a line per link of the longest chain."""
    seconds = {"type": "quantitative", "title": "seconds after the first operation began"}
    end = max(row.start + row.seconds for row in found)
    # A bar without width would not be visible.
    least = end / 400

    def bars(shown: Sequence[Row], line: str, colour: str) -> dict[str, Any]:
        values = [
            {"line": getattr(row, line), "start": row.start, "end": row.start + max(row.seconds, least)}
            for row in shown
        ]
        return {
            "width": 640,
            "height": {"step": 19},
            "data": {"values": values},
            "mark": {
                "type": "bar",
                "aria": False,
                "height": 11,
                "color": colour,
                "stroke": chart.INK,
                "strokeWidth": 0.6,
            },
            "encoding": {
                "x": {**seconds, "field": "start", "scale": {"domain": [0, end + least], "nice": False}},
                "x2": {"field": "end"},
                "y": {"field": "line", "type": "nominal", "sort": None, "title": None, "axis": {"minExtent": 180}},
            },
        }

    chain = sorted((row for row in found if row.link), key=lambda row: row.link)
    return chart.svg(
        {
            "vconcat": [
                {"title": "Components", **bars(found, "component", chart.BAR)},
                {"title": "Longest chain of operations that wait for each other", **bars(chain, "name", chart.ACCENT)},
            ]
        },
        f"Timeline of an update of {end:.0f} seconds; the table below it has the numbers",
        standalone=standalone,
    )


def part(facts: Facts) -> Timeline | Unseen | None:
    """The timeline of the last update, or None if it changed nothing."""
    if isinstance(facts.up, Unseen):
        return facts.up
    resources = () if isinstance(facts.deployed, Unseen) else facts.deployed.resources
    return timeline(facts.up, resources)
