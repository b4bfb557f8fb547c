"""Bars for what expires or fills up: remaining days, ages and the use of quotas.

Shows every finding with a gauge (``ops/verdicts.py``), whichever command reports it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ops.page.facts import Facts, Unseen
from ops.verdicts import Gauge, Line

#: Heading and measured quantity, by kind of gauge.
GROUPS = {
    "time left": ("Certificates and other terms", "time left"),
    "age": ("Keys and snapshots", "age"),
    "used": ("Quotas of the account", "used"),
}


@dataclass(frozen=True, kw_only=True)
class Bar:
    name: str
    said: str
    gauge: Gauge
    verdict: str


@dataclass(frozen=True, kw_only=True)
class Timelines:
    """``groups``: heading, measured quantity, bars. ``unseen``: the reasons for missing findings."""

    groups: Sequence[tuple[str, str, Sequence[Bar]]]
    snapshots: bool
    unseen: Sequence[str]


def part(facts: Facts) -> Timelines | Unseen:
    sources = {"doctor": facts.doctor, "audit": facts.audit}
    lines = [line for found in sources.values() if not isinstance(found, Unseen) for line in found]
    unseen = [f"{name}: {found.why}" for name, found in sources.items() if isinstance(found, Unseen)]
    bars = [(line.gauge, line) for line in lines if line.gauge]
    if not bars:
        return Unseen(why=" ".join(unseen) or "No command gave a term, an age or a quota.")
    return Timelines(
        groups=[
            (heading, measured, [_bar(line, gauge) for gauge, line in bars if gauge.kind == kind])
            for kind, (heading, measured) in GROUPS.items()
            if any(gauge.kind == kind for gauge, _ in bars)
        ],
        snapshots=any("snapshot" in f"{line.subject} {line.claim}" for _, line in bars),
        unseen=unseen,
    )


def _bar(line: Line, gauge: Gauge) -> Bar:
    words = f"{gauge.value:.0f} of {gauge.most:.0f} {gauge.unit}"
    return Bar(name=f"{line.subject}: {line.claim}", said=words, gauge=gauge, verdict=line.verdict.value)
