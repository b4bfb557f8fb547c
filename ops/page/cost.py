"""The monthly cost of one or two stacks at list prices, and the difference that other settings would make.

The prices are a dated table, ``prices.toml``, with a row for each kind of resource. Owns the amounts that a stack uses.
"""

import datetime
import functools
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components import alarms
from ops.page.facts import Deployed, Facts, Unseen

#: Hours per month in AWS's calculator: https://docs.aws.amazon.com/pricing-calculator/
HOURS = 730

NOT_COUNTED = (
    "data transfer out of AWS (the first 100 GB a month are free)",
    "requests to S3, Route 53's queries and the mail's size",
    "the account's own: the state bucket, its KMS key, CloudTrail",
    "taxes, discounts, savings plans and the free tier",
    "CPU credits of a t3 that stays above its baseline",
)


@dataclass(frozen=True, kw_only=True)
class Amount:
    """The amount that a stack uses per month, in the price's unit and in words. ``usd`` is the price of one unit."""

    count: float
    said: str
    usd: float | None

    @property
    def month(self) -> float | None:
        """Dollars per month. None if the table has no price."""
        return None if self.usd is None else self.count * self.usd


@dataclass(frozen=True, kw_only=True)
class Row:
    """A kind of resource. ``amounts`` are in the order of the stacks. None: it is paid by use, at ``price``."""

    what: str
    price: str
    source: str
    amounts: Sequence[Amount | None]
    by_use: bool


@dataclass(frozen=True, kw_only=True)
class Setting:
    """The difference that another value of a setting makes, in dollars per month."""

    key: str
    change: str
    usd: float


@dataclass(frozen=True, kw_only=True)
class Cost:
    dated: datetime.date
    region: str
    elsewhere: Sequence[str]
    stacks: Sequence[str]
    rows: Sequence[Row]
    sums: Sequence[float]
    settings: Sequence[Setting]
    not_counted: Sequence[str]
    unseen: Sequence[str]


@functools.cache
def prices() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "prices.toml").read_text())


def _instance(stack: Deployed) -> Amount | None:
    if stack.settings.host_instance_id:
        return Amount(count=0, said="not of the stack (hostInstanceId)", usd=0)
    kind = stack.settings.instance_type
    return Amount(count=HOURS, said=kind, usd=prices()["instance"].get(kind))


def _volume(stack: Deployed) -> Amount | None:
    if stack.settings.host_instance_id:
        return Amount(count=0, said="not of the stack (hostInstanceId)", usd=0)
    size = stack.settings.root_volume_gib
    return Amount(count=size, said=f"{size} GiB", usd=_usd("volume"))


def _address(stack: Deployed) -> Amount | None:
    # AWS also bills an address that the stack uses and does not own.
    return Amount(count=HOURS, said=(stack.settings.elastic_ip and "elasticIp") or "1 address", usd=_usd("address"))


def _zone(stack: Deployed) -> Amount | None:
    if stack.settings.dns != "route53":
        return Amount(count=0, said=f"none (dns {stack.settings.dns})", usd=0)
    return Amount(count=1, said="1 zone", usd=_usd("zone"))


def _alarms(stack: Deployed) -> Amount | None:
    count = sum("cloudwatch/metricAlarm" in str(resource["type"]) for resource in stack.resources)
    return Amount(count=count, said=f"{count} alarms", usd=_usd("alarm"))


def _metrics(stack: Deployed) -> Amount | None:
    count = sum(row.namespace == alarms.HOST for row in alarms.ALARMS) if stack.settings.alarm_email else 0
    return Amount(count=count, said=f"{count} metrics", usd=_usd("metric"))


def _health_checks(stack: Deployed) -> Amount | None:
    count = sum("route53/healthCheck" in str(resource["type"]) for resource in stack.resources)
    return Amount(count=count, said=f"{count} checks", usd=_usd("health check"))


#: Function for the amount that a stack uses, by the price's key. Prices without a row here are paid by use.
AMOUNTS: dict[str, Callable[[Deployed], Amount | None]] = {
    "instance": _instance,
    "volume": _volume,
    "address": _address,
    "zone": _zone,
    "alarm": _alarms,
    "metric": _metrics,
    "health check": _health_checks,
}


def _usd(key: str) -> float:
    return float(next(row["usd"] for row in prices()["price"] if row["key"] == key))


def part(facts: Facts) -> Cost | Unseen:
    asked = [(facts.name, facts.deployed), *([("the other stack", facts.other)] if facts.other else [])]
    stacks = [found for _, found in asked if not isinstance(found, Unseen)]
    unseen = [f"{name}: {found.why}" for name, found in asked if isinstance(found, Unseen)]
    if not stacks:
        return Unseen(why=" ".join(unseen))
    table = prices()
    rows = [_row(price, stacks) for price in table["price"]]
    return Cost(
        dated=table["dated"],
        region=table["region"],
        elsewhere=[stack.name for stack in stacks if stack.settings.region != table["region"]],
        stacks=[stack.name for stack in stacks],
        rows=sorted(rows, key=lambda row: row.by_use),
        sums=[
            sum((amount.month or 0) for row in rows if (amount := row.amounts[place]) is not None)
            for place in range(len(stacks))
        ],
        settings=_settings(stacks[0]),
        not_counted=NOT_COUNTED,
        unseen=unseen,
    )


def _row(price: dict[str, Any], stacks: Sequence[Deployed]) -> Row:
    amount = AMOUNTS.get(price["key"])
    usd = f"{_dollars(price['usd'])} per {price['unit']}" if "usd" in price else f"per {price['unit']}, by type"
    return Row(
        what=price["what"],
        price=usd,
        source=price["source"],
        amounts=[amount(stack) if amount else None for stack in stacks],
        by_use=amount is None,
    )


def _dollars(usd: float) -> str:
    return f"${usd:.2f}" if round(usd, 2) == usd else f"${usd:g}"


def _settings(stack: Deployed) -> list[Setting]:
    """Cost differences between other values and the current ones."""
    of_host = sum(row.namespace == alarms.HOST for row in alarms.ALARMS)
    added = len(alarms.ALARMS) * _usd("alarm") + of_host * _usd("metric") + _usd("health check")
    alarming = (
        Setting(key="alarmEmail", change="empty, no alarms", usd=-added)
        if stack.settings.alarm_email
        else Setting(key="alarmEmail", change=f"an address, {len(alarms.ALARMS)} alarms", usd=added)
    )
    if stack.settings.host_instance_id:
        return [alarming]
    kinds: dict[str, float] = prices()["instance"]
    present = kinds.get(stack.settings.instance_type)
    return [
        *(
            Setting(key="instanceType", change=kind, usd=(usd - present) * HOURS)
            for kind, usd in kinds.items()
            if present is not None and kind != stack.settings.instance_type
        ),
        Setting(key="rootVolumeGib", change="10 GiB more", usd=10 * _usd("volume")),
        *(
            [Setting(key="dns", change="another keeper, and the zone deleted", usd=-_usd("zone"))]
            if stack.settings.dns == "route53"
            else []
        ),
        alarming,
    ]
