"""What each part makes of the facts of a real run, and of changed ones."""

import dataclasses

import pytest

from ops.events import Run, Step
from ops.page import cost, gantt, graph, isolation, summary, timelines
from ops.page.facts import Unseen
from ops.page.isolation import column_of
from ops.proof import matrix
from ops.verdicts import Gauge, Line, Verdict
from tests.support import worlds
from tests.support.recordings import load

NO = Unseen(why="no reason")


@pytest.fixture(scope="module")
def facts():
    return load()


def changed(facts, **new):
    return dataclasses.replace(facts, **new)


def planned(facts, operations, **more):
    return changed(facts, plan=dataclasses.replace(facts.plan, operations=operations, **more))


def urn_of(facts, name):
    (urn,) = [item["urn"] for item in facts.deployed.resources if item["urn"].endswith(f"::{name}")]
    return urn


def marks(facts):
    components = graph.components(facts.deployed.resources, facts.plan, facts.up.failed)
    return {f"{one.name}-{item.name}": item.mark for one in components for item in one.items if item.mark}


def test_every_resource_of_the_state_is_in_the_picture_under_its_component(facts):
    components = graph.components(facts.deployed.resources, facts.plan, frozenset())
    shown = {f"{one.name}-{item.name}" for one in components for item in one.items}
    there = {
        item["urn"].rpartition("::")[2]
        for item in facts.deployed.resources
        if item["custom"] and "pulumi:providers" not in item["urn"]
    }
    # A resource that is named like its component keeps the name.
    assert {name.rpartition("-")[2] for name in there} <= {name.rpartition("-")[2] for name in shown}
    assert len(shown) == len(there)
    assert marks(facts) == {}


def test_a_component_comes_after_those_that_it_needs(facts):
    names = [one.name for one in graph.components(facts.deployed.resources, None, frozenset())]
    assert names.index("host") < names.index("setup") < names.index("federation") < names.index("roles")


def test_what_the_next_up_would_do_is_marked_and_replaced_and_deleted_come_first(facts):
    what = {"host-instance": "replace", "mail-domain": "update", "dns-spf": "delete", "host-role": "same"}
    made = planned(facts, {urn_of(facts, name): operation for name, operation in what.items()})
    assert marks(made) == {"host-instance": "replace", "mail-domain": "update", "dns-spf": "delete"}
    found = graph.changes(made.plan)
    assert [change.operation for change in found] == ["replace", "delete", "update"]
    assert graph.counted(found) == "1 replaced, 1 deleted, 1 changed"


def test_what_drifted_and_what_failed_is_marked(facts):
    drifted, failed = urn_of(facts, "vault-public-access"), urn_of(facts, "setup-units")
    made = planned(facts, {drifted: "update"}, drifted={drifted: "update"})
    made = changed(made, up=dataclasses.replace(facts.up, failed=frozenset({failed})))
    assert marks(made) == {"vault-public-access": "drift", "setup-units": "failed"}
    assert {judged.command: judged.state for judged in summary.part(made).verdicts}["preview"] == "wrong"


def test_a_fresh_stack_shows_what_the_preview_would_make(facts):
    fresh = changed(
        planned(facts, dict.fromkeys(facts.plan.parents, "create")),
        deployed=dataclasses.replace(facts.deployed, resources=[], outputs={}),
        up=NO,
    )
    made = graph.part(fresh)
    assert sum(row.there for row in made.rows) == 0
    assert made.used == ["create"]


def test_without_a_preview_the_picture_says_that_no_difference_is_known(facts):
    made = graph.part(changed(facts, plan=NO))
    assert made.unseen == "no reason"
    assert made.used == []


def test_nothing_at_all_is_no_picture(facts):
    empty = changed(facts, deployed=dataclasses.replace(facts.deployed, resources=[]), plan=NO)
    assert isinstance(graph.part(empty), Unseen)


def test_every_row_of_the_proof_has_a_column_of_its_own_words():
    rows = matrix.rows(worlds.OWN, worlds.CAST, worlds.OTHER)
    rows += [row for area in worlds.OWN.areas for row in matrix.untagged(worlds.OWN, worlds.CAST, area)]
    assert {row.what for row in rows if row.action != "assume" and column_of(row) == "more"} == set()


def test_the_proof_of_the_recorded_run_has_every_request_in_one_cell(facts):
    made = isolation.part(facts)
    cells = [cell for table in (made.tokens, made.sessions) for _, row in table.rows for cell in row if cell]
    assert sum(len(cell.requests) for cell in cells) == len(facts.proven.results)
    assert {cell.state for cell in cells} == {"allowed", "refused"}
    assert len({cell.key for cell in cells}) == len(cells)


@pytest.mark.parametrize(
    ("verdict", "state"), [(Verdict.WRONG, "wrong"), (Verdict.NOT_RUN, "not run")], ids=lambda value: str(value)
)
def test_one_bad_answer_is_the_state_of_its_cell_and_of_the_proof(facts, verdict, state):
    results = list(facts.proven.results)
    place = next(number for number, item in enumerate(results) if item.row.what == "raw mail")
    results[place] = dataclasses.replace(results[place], verdict=verdict, seen="200")
    made = changed(facts, proven=dataclasses.replace(facts.proven, results=results))
    cells = [cell for _, row in isolation.part(made).sessions.rows for cell in row if cell]
    assert [(cell.column, cell.state) for cell in cells if cell.state not in ("allowed", "refused")] == [
        ("raw mail", state)
    ]
    assert {judged.command: judged.state for judged in summary.part(made).verdicts}["proof"] == state


def test_the_ids_of_the_actors_are_shown_as_their_letters(facts):
    made = isolation.part(facts)
    tried = [request.tried for _, row in made.sessions.rows for cell in row if cell for request in cell.requests]
    assert not [text for text in tried if facts.proven.a in text or facts.proven.b in text]
    assert any("bots/A/" in text for text in tried)


def test_certificates_keys_and_quotas_are_bars_with_their_numbers(facts):
    made = timelines.part(facts)
    groups = {heading: bars for heading, _, bars in made.groups}
    assert [len(bars) for bars in groups.values()] == [6, 1, 3]
    assert groups["Quotas of the account"][0].said == "2 of 5 addresses"
    assert not made.snapshots


def test_a_finding_of_any_command_with_a_number_is_a_bar(facts):
    gauge = Gauge(kind="age", value=30, most=14, unit="hours")
    line = Line(
        subject="snapshot snap-1", claim="age", expected="", seen="30 hours", verdict=Verdict.WARNING, gauge=gauge
    )
    made = timelines.part(changed(facts, doctor=[line], audit=NO))
    assert made.snapshots
    assert made.groups[0][2][0].said == "30 of 14 hours"
    assert made.unseen == ["audit: no reason"]


def test_the_timeline_marks_the_longest_chain(facts):
    made = gantt.part(facts)
    links = sorted((row.link, row.name) for row in made.rows if row.link)
    assert [link for link, _ in links] == list(range(1, len(links) + 1))
    assert made.chain_seconds <= made.seconds
    for _, name in links:
        assert f">{name}<" in made.picture


def test_an_up_that_changed_nothing_has_no_timeline(facts):
    same = [dataclasses.replace(step, operation="same") for step in facts.up.steps]
    assert gantt.part(changed(facts, up=dataclasses.replace(facts.up, steps=same))) is None


def test_an_operation_without_a_resource_in_the_state_goes_by_its_name():
    run = Run(
        preview=False, operations={}, drifted={}, failed=frozenset(), parents={}, began=0, seconds=2, whole=False,
        steps=[Step(urn="a::b::c::dns-spf", operation="delete", start=0, end=2)],
    )  # fmt: skip
    (row,) = gantt.timeline(run, []).rows
    assert (row.component, row.link, row.seconds) == ("dns", 1, 2)


def amounts(made, what):
    (row,) = [row for row in made.rows if row.what == what]
    return [amount and amount.month for amount in row.amounts]


def test_the_cost_is_the_price_times_what_a_stack_has_side_by_side(facts):
    made = cost.part(facts)
    assert made.stacks == ["test", "prod"]
    assert amounts(made, "Root volume, gp3") == [
        facts.deployed.settings.root_volume_gib * 0.08,
        facts.other.settings.root_volume_gib * 0.08,
    ]
    assert made.sums[0] == pytest.approx(sum(row.amounts[0].month for row in made.rows if row.amounts[0]))
    assert all(row.source.startswith("https://aws.amazon.com/") for row in made.rows)


def settings_of(facts, **new):
    deployed = dataclasses.replace(facts.deployed, settings=facts.deployed.settings.model_copy(update=new))
    return changed(facts, deployed=deployed, other=None)


def test_an_instance_type_without_a_price_is_said_and_not_summed(facts):
    made = cost.part(settings_of(facts, instance_type="z9.huge"))
    assert amounts(made, "Instance") == [None]
    assert made.settings[0].key == "rootVolumeGib"


def test_a_machine_that_is_not_the_stacks_costs_it_nothing(facts):
    made = cost.part(settings_of(facts, host_instance_id="i-0123456789abcdef0"))
    assert amounts(made, "Instance") == amounts(made, "Root volume, gp3") == [0]


def test_prices_of_another_region_are_said_to_be_so(facts):
    assert cost.part(settings_of(facts, region="eu-west-1")).elsewhere == ["test"]


def test_every_price_that_is_counted_has_a_row_in_the_table():
    keys = {row["key"] for row in cost.prices()["price"]}
    assert cost.AMOUNTS.keys() <= keys


def test_what_is_wrong_is_the_first_that_needs_a_person(facts):
    bad = Line(subject="x", claim="y", expected="1", seen="2", verdict=Verdict.WRONG, fix="do it")
    todo = summary.part(changed(facts, audit=[*facts.audit, bad])).todo
    assert (todo[0].state, todo[0].what, todo[0].next) == ("wrong", "x: y", "do it")


def test_what_is_wrong_outranks_what_could_not_be_looked_at(facts):
    lines = [dataclasses.replace(facts.audit[0], verdict=verdict) for verdict in (Verdict.WRONG, Verdict.NOT_RUN)]
    assert {one.command: one.state for one in summary.part(changed(facts, audit=lines)).verdicts}["audit"] == "wrong"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"kind": "update", "endTime": "2026-11-28T05:46:32.000Z", "result": "failed",
          "environment": {"ci.build.url": "https://ci.example/7", "git.author": "A"}},
         "2026-11-28 05:46 UTC, failed, by https://ci.example/7"),
        ({"kind": "update", "startTime": "2026-11-28T05:46:32.000Z", "result": "in-progress"},
         "2026-11-28 05:46 UTC, in progress, of a commit by an unknown author"),
        ({"kind": "destroy"}, "never"),
    ],
)  # fmt: skip
def test_when_and_by_whom_the_last_up_was(facts, entry, said):
    assert dict(summary.part(changed(facts, history=[entry])).facts)["Last up"] == said
