"""The page as a file: complete, small, without external parts, masked on request, and with all text escaped."""

import dataclasses
import re
from html.parser import HTMLParser

import pytest

from ops.commands import drift
from ops.page import rendering
from ops.verdicts import Line, Verdict
from tests.support.recordings import load

#: What somebody might write into a tag, a record or the subject of a mail; harmless, and seen at once if it took.
HOSTILE = '<img src=x onerror="alert(1)"> </style><script>alert(2)</script> [x](javascript:alert(3)) | `{{ 7*7 }}`'


class Elements(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self.attributes, self.ids = [], [], []

    def handle_starttag(self, tag, attrs):
        self.found.append(tag)
        self.attributes += attrs
        self.ids += [value for name, value in attrs if name == "id"]


def parsed(page):
    elements = Elements()
    elements.feed(page)
    return elements


@pytest.fixture(scope="module")
def facts():
    return load()


@pytest.fixture(scope="module")
def page(facts):
    return rendering.page(facts)


def hostile(facts):
    """The recorded facts with hostile strings wherever AWS, the host or a person may put one."""
    line = Line(subject=HOSTILE, claim=HOSTILE, expected=HOSTILE, seen=HOSTILE, verdict=Verdict.WRONG, fix=HOSTILE)
    urn = facts.deployed.resources[20]["urn"]
    bad = f"{urn}{HOSTILE}".replace("::", ":")
    resource = {**facts.deployed.resources[20], "urn": f"{urn.rpartition('::')[0]}::{HOSTILE}"}
    results = [dataclasses.replace(item, seen=HOSTILE) for item in facts.proven.results]
    return dataclasses.replace(
        facts,
        deployed=dataclasses.replace(
            facts.deployed,
            outputs={**facts.deployed.outputs, "release": HOSTILE, "programVersion": HOSTILE},
            resources=[*facts.deployed.resources, resource],
        ),
        history=[{"kind": "update", "endTime": HOSTILE, "result": HOSTILE, "environment": {"git.author": HOSTILE}}],
        doctor=[line],
        audit=[line],
        host=drift.Report(drift=[drift.Finding(what=HOSTILE, said=HOSTILE)], compared={HOSTILE: 1}),
        proven=dataclasses.replace(facts.proven, results=results, stays=[HOSTILE]),
        plan=dataclasses.replace(facts.plan, operations={resource["urn"]: "replace", bad: "delete"}),
        up=dataclasses.replace(
            facts.up, steps=[*facts.up.steps, dataclasses.replace(facts.up.steps[0], urn=resource["urn"])]
        ),
    )


def test_the_page_is_whole_and_small_and_every_part_was_seen(page):
    assert len(page.encode()) < 1_000_000
    assert "could not be seen" not in page
    assert page.rstrip().endswith("</html>")


def test_nothing_is_loaded_and_nothing_runs(page):
    elements = parsed(page)
    assert not {"script", "iframe", "object", "embed", "img", "base", "form"} & set(elements.found)
    assert not [name for name, _ in elements.attributes if name.startswith("on")]
    loaded = [value for name, value in elements.attributes if name in ("src", "srcset", "action", "data")]
    assert loaded == []
    assert not re.search(r"@import|url\(", page)


def test_every_link_inside_the_page_has_its_place_and_no_id_is_there_twice(page):
    elements = parsed(page)
    assert len(elements.ids) == len(set(elements.ids))
    inside = {value[1:] for name, value in elements.attributes if name == "href" and value.startswith("#")}
    pops = {value for name, value in elements.attributes if name == "popovertarget"}
    assert inside | pops <= set(elements.ids)


def test_hostile_strings_stay_text(facts, page):
    made = rendering.page(hostile(facts))
    assert set(parsed(made).found) <= set(parsed(page).found), "no element that the page does not have by itself"
    assert not [name for name, _ in parsed(made).attributes if name.startswith("on")]
    assert made.count("</style>") == page.count("</style>")
    assert "&lt;img src=x" in made
    assert "{{ 7*7 }}" in made


def test_hostile_strings_stay_text_in_markdown_too(facts):
    made = rendering.markdown(hostile(facts))
    assert "<img" not in made
    assert "<script" not in made
    assert "](javascript" not in made
    rows = [line for line in made.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in rows} <= {4, 5}


def test_no_secret_of_the_outputs_is_on_the_page(facts, page):
    assert facts.deployed.outputs["sshPrivateKey"] == "[secret]", "the engine masks it"
    assert "PRIVATE KEY" not in page


def test_a_masked_page_has_no_account_no_address_and_no_key(facts, page):
    known = {
        facts.deployed.settings.account_id,
        facts.deployed.outputs["elasticIp"],
        facts.other.outputs["elasticIp"],
        facts.deployed.settings.parent_zone_id,
        *re.findall(r"\bAKIA[A-Z0-9]+", page),
        *re.findall(r"[\w.+-]+@[\w.-]+\w", page),
    }
    made, summed = rendering.page(facts, mask=True), rendering.markdown(facts, mask=True)
    for secret in known:
        assert secret in page or secret in (facts.other.outputs["elasticIp"],)
        assert secret not in made
        assert secret not in summed
    assert parsed(made).found == parsed(page).found


@pytest.mark.parametrize(
    "text", ["12 of 1826 days", "components/host.py", "2026-11-28 05:46 UTC", "sha256:fbe647fdd09ec957", "5.100.0"]
)
def test_masking_leaves_what_is_no_id(text):
    assert rendering.masked(text) == text


def test_replaced_and_deleted_are_in_front_of_the_summary(facts):
    urns = [item["urn"] for item in facts.deployed.resources if item["custom"]][5:9]
    what = dict(zip(urns, ("update", "create", "delete", "replace"), strict=True))
    made = rendering.markdown(dataclasses.replace(facts, plan=dataclasses.replace(facts.plan, operations=what)))
    listed = [line for line in made.splitlines() if line.startswith("- ")]
    assert ["**replaced**" in listed[0], "**deleted**" in listed[1], "added" in listed[2], "changed" in listed[3]] == (
        [True] * 4
    )
    assert "**1 replaced, 1 deleted, 1 added, 1 changed**" in made
