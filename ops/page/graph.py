"""The components of a stack with their live state, and what the next `up` would add, change, replace and delete.

Components and resources come from the state. Those that do not exist yet come from the preview.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from ops.events import Run
from ops.page import picture
from ops.page.facts import Deployed, Facts, Unseen
from ops.page.picture import MARKS, WAITS, Component, Item

#: Operations in the order of the page, the most important for a reviewer first.
ORDER = ("replace", "delete", "create", "update")
WORDS = {"replace": "replaced", "delete": "deleted", "create": "added", "update": "changed"}


@dataclass(frozen=True, kw_only=True)
class Change:
    """A resource that the next `up` changes. ``operation`` is a key of ``WORDS``."""

    component: str
    name: str
    kind: str
    operation: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """A component in words: the number of existing resources, and the marked ones (sign, name, meaning)."""

    component: str
    there: int
    marked: Sequence[tuple[str, str, str]]


@dataclass(frozen=True, kw_only=True)
class Graph:
    """``unseen`` says why no difference is marked. It is empty if there was a preview."""

    picture: Markup
    rows: Sequence[Row]
    used: Sequence[str]
    unseen: str


def part(facts: Facts) -> Graph | Unseen:
    """The picture, or the reason why there is none."""
    run = None if isinstance(facts.plan, Unseen) else facts.plan
    failed = frozenset() if isinstance(facts.up, Unseen) else facts.up.failed
    resources = () if isinstance(facts.deployed, Unseen) else facts.deployed.resources
    found = components(resources, run, failed)
    if not found:
        if isinstance(facts.deployed, Unseen):
            return facts.deployed
        why = facts.plan.why if isinstance(facts.plan, Unseen) else ""
        return Unseen(why=f"Nothing of the stack is there, and no preview says what would be. {why}".strip())
    rows = [_row(component) for component in found]
    used = [mark for mark in MARKS if any(mark == item.mark for component in found for item in component.items)]
    return Graph(
        picture=Markup(picture.draw(found, f"The components of stack {facts.name} and their state", embedded=True)),  # noqa: S704 - picture.py escapes its texts
        rows=rows,
        used=used,
        unseen=facts.plan.why if isinstance(facts.plan, Unseen) else "",
    )


def _row(component: Component) -> Row:
    marked = [(MARKS[item.mark][0], item.name, MARKS[item.mark][1]) for item in component.items if item.mark]
    absent = sum(item.mark == "create" for item in component.items)
    return Row(component=component.name, there=len(component.items) - absent, marked=marked)


def components(resources: Sequence[Mapping[str, Any]], plan: Run | None, failed: frozenset[str]) -> list[Component]:
    """The components, each after those that it needs. Leaves out resources outside components, such as providers."""
    known = {resource["urn"]: resource for resource in resources}
    owners = {
        urn: str(resource["parent"])
        for urn, resource in known.items()
        if resource.get("custom") and _is_component(str(resource.get("parent", "")))
    }
    if plan is not None:
        owners |= {urn: parent for urn, parent in plan.parents.items() if urn not in owners and _is_component(parent)}
    needs: dict[str, set[str]] = {owner: set() for owner in owners.values()}
    for urn, owner in owners.items():
        dependencies = known.get(urn, {}).get("dependencies") or ()
        needs[owner] |= {owners[other] for other in dependencies if other in owners} - {owner}
    order = _after_their_needs(needs)
    return [
        Component(
            name=_name(owner),
            source=f"components/{_type(owner).split(':')[1]}.py",
            items=[
                Item(
                    name=_name(urn).removeprefix(f"{_name(owner)}-"),
                    kind=_type(urn),
                    wait=_name(urn) in WAITS,
                    mark=_mark(urn, plan, failed),
                )
                for urn in owners
                if owners[urn] == owner
            ],
            # The picture cannot show an arrow upwards, so needs on later components are left out.
            needs=frozenset(_name(need) for need in needs[owner] if order.index(need) < order.index(owner)),
        )
        for owner in order
    ]


def _mark(urn: str, plan: Run | None, failed: frozenset[str]) -> str:
    if urn in failed:
        return "failed"
    operation = plan.operations.get(urn, "same") if plan else "same"
    if operation in ("replace", "delete"):
        return operation
    if plan and urn in plan.drifted:
        return "drift"
    return operation if operation in MARKS else ""


def changes(plan: Run) -> list[Change]:
    """The changes that a preview plans or an update made, replaced and deleted resources first."""
    found = [
        Change(
            component=_name(plan.parents.get(urn, "")),
            name=_name(urn),
            kind=_type(urn),
            operation=operation,
        )
        for urn, operation in plan.operations.items()
        if operation in WORDS
    ]
    return sorted(found, key=lambda change: (ORDER.index(change.operation), change.component, change.name))


def counted(found: Sequence[Change]) -> str:
    """A summary such as ``1 replaced, 3 changed``, or ``nothing changes`` if there is no change."""
    numbers = Counter(change.operation for change in found)
    words = [f"{numbers[operation]} {WORDS[operation]}" for operation in ORDER if numbers[operation]]
    return ", ".join(words) or "nothing changes"


def _after_their_needs(needs: Mapping[str, set[str]]) -> list[str]:
    order: list[str] = []
    seen: set[str] = set()

    def place(owner: str) -> None:
        if owner in seen:
            return
        seen.add(owner)
        for need in sorted(needs[owner]):
            place(need)
        order.append(owner)

    for owner in needs:
        place(owner)
    return order


def _is_component(urn: str) -> bool:
    return urn.count("::") >= 3 and not _type(urn).startswith("pulumi:")


def _type(urn: str) -> str:
    parts = urn.split("::")
    return parts[2].rpartition("$")[2] if len(parts) > 3 else ""


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


def there(deployed: Deployed) -> int:
    """The number of resources in the state, without components and the stack itself."""
    return sum(bool(resource.get("custom")) for resource in deployed.resources)
