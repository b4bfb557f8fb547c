"""The picture of the program is the program's: drawn from what it registers, and the committed one is today's."""

import re
from collections.abc import Sequence
from xml.etree import ElementTree

import pytest

from dev.recorder import PROJECT, Recorder, Registered
from ops.page.picture import WAITS, Component, Item, draw

ARCHITECTURE = (PROJECT / "docs/architecture.md").read_text()
SVG = "{http://www.w3.org/2000/svg}"
TITLE = "The components of one stack, the resources of each, and which component needs which"


def components_of(program: Recorder) -> list[Component]:
    """The components in the order of ``__main__.py``, each with its resources behind the ones that they need."""
    by_name = {item.name: item for item in program.registered}
    owner = {item.name: item.parent for item in program.custom if item.parent}
    needs = {
        item.name: {urn.rsplit("::", 1)[-1] for urn in item.request.dependencies} & owner.keys()
        for item in program.custom
    }
    depths: dict[str, int] = {}

    def depth(name: str) -> int:
        if name not in depths:
            depths[name] = 1 + max(map(depth, needs[name]), default=-1)
        return depths[name]

    def component(top: Registered) -> Component:
        mine = sorted((name for name in owner if owner[name] == top.name), key=lambda name: (depth(name), name))
        return Component(
            name=top.name,
            source=f"components/{top.type.split(':')[1]}.py",
            items=[
                Item(name=name.removeprefix(f"{top.name}-"), kind=by_name[name].type, wait=name in WAITS)
                for name in mine
            ],
            needs=frozenset(owner[need] for name in mine for need in needs[name]) - {top.name},
        )

    unseen = {item.name for item in program.custom if not item.parent and not item.type.startswith("pulumi:providers:")}
    assert not unseen, f"the picture has no place for resources outside a component: {unseen}"
    return _reading_order([component(item) for item in program.registered if not item.request.custom], program)


def _reading_order(found: Sequence[Component], program: Recorder) -> list[Component]:
    line = {item.name: item.request.sourcePosition.line for item in program.registered}
    return sorted(found, key=lambda each: (line[each.name], each.name))


def parsed(picture: str) -> ElementTree.Element:
    return ElementTree.fromstring(picture)  # noqa: S314 - it was just drawn


def test_the_picture_is_the_one_that_the_program_gives_today(programs, golden):
    golden("../../docs/graph.svg", draw(components_of(programs["prod"]), TITLE))


def test_the_picture_of_prod_has_everything_that_test_has(programs):
    of_prod, of_test = (
        {(component.name, item.name) for component in components_of(programs[stack]) for item in component.items}
        for stack in ("prod", "test")
    )
    assert of_test <= of_prod


def test_the_waits_are_those_of_the_documents_table():
    """Which test_docs.py holds against the program."""
    assert set(re.findall(r"^\| `([\w]+-[\w-]+)` .* minutes? \|$", ARCHITECTURE, re.MULTILINE)) == WAITS


def test_every_resource_and_every_wait_is_in_the_picture(programs):
    picture = parsed(draw(components_of(programs["prod"]), TITLE))
    shown = [text.text for text in picture.iter(f"{SVG}text")]
    for item in programs["prod"].custom:
        if item.parent:
            assert item.name.removeprefix(f"{item.parent}-") in shown, item.name
    marked = [rect for rect in picture.iter(f"{SVG}rect") if rect.get("class") == "wait"]
    assert WAITS
    assert len(marked) == len(WAITS) + 1, "every wait, and the legend's"


def test_the_picture_is_small_and_says_how_it_looks_in_the_dark(programs):
    picture = draw(components_of(programs["prod"]), TITLE)
    assert len(picture.encode()) < 60_000
    assert "prefers-color-scheme:dark" in picture


def test_a_component_that_needs_another_one_stands_below_it(programs):
    picture = parsed(draw(components_of(programs["prod"]), TITLE))
    height = {text.text: float(text.get("y")) for text in picture.iter(f"{SVG}text") if text.get("class") == "name"}
    for component in components_of(programs["prod"]):
        for need in component.needs:
            assert height[need] < height[component.name], (need, component.name)


@pytest.mark.parametrize("count", [1, 3, 40])
def test_no_resource_leaves_its_card(count):
    items = [Item(name=f"resource-{number}", kind="aws:iam/role:Role", wait=number % 2 == 0) for number in range(count)]
    parts = [Component(name=name, source="x.py", items=items, needs=frozenset()) for name in ("a", "b", "c")]
    picture = parsed(draw(parts, TITLE))
    boxes = [
        (look, *(float(rect.get(side)) for side in ("x", "y", "width", "height")))
        for rect in picture.iter(f"{SVG}rect")
        if (look := rect.get("class")) != "paper"
    ]
    cards = [box[1:] for box in boxes if box[0] == "card"]
    below = max(y + height for _, y, _, height in cards)
    for look, x, y, width, height in boxes:
        if look != "card" and y < below:
            assert any(
                cx <= x and x + width <= cx + cw and cy <= y and y + height <= cy + ch for cx, cy, cw, ch in cards
            )
