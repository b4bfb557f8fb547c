"""Event logs as files: whole, cut, of something else; previews, replacements, refreshes."""

import json
import time

import pytest

from ops.events import EventLog, EventsError, read

URN = "urn:pulumi:test::p::agentkeys:host:BrokerHost$aws:ec2/instance:Instance::host-instance"


def event(when, kind, operation="create", urn=URN, old=None, new=None):
    state = {"custom": True, "parent": "the parent"}
    metadata = {"urn": urn, "op": operation, "old": old, "new": state if new is None else new}
    return {"timestamp": when, kind: {"metadata": metadata}}


def ended(when, preview=False):
    return {"timestamp": when, "summaryEvent": {"isPreview": preview}}


@pytest.fixture
def log(tmp_path):
    def write(*events, rest=""):
        path = tmp_path / "events.json"
        path.write_text("".join(json.dumps(item) + "\n" for item in events) + rest)
        return read(path)

    return write


def test_a_run_has_its_steps_and_its_length(log):
    run = log(event(10, "resourcePreEvent"), event(13.5, "resOutputsEvent"), ended(14))
    assert [(step.name, step.start, step.seconds) for step in run.steps] == [("host-instance", 0, 3.5)]
    assert (run.seconds, run.whole, run.preview, run.parents) == (4, True, False, {URN: "the parent"})


def test_a_log_that_was_cut_counts_up_to_the_cut(log):
    run = log(event(10, "resourcePreEvent"), event(12, "resOutputsEvent"), rest='{"timestamp": 13, "resO')
    assert len(run.steps) == 1
    assert not run.whole
    assert not run.preview, "a preview is too short to be cut"


def test_a_followed_log_has_its_events_once_and_without_those_of_the_preview_before_it(tmp_path):
    path, seen = tmp_path / "events.json", []
    with EventLog(path, seen.append):
        # The engine writes the preview's events first, and begins the same file again with those of the `up`.
        path.write_text(json.dumps({"timestamp": 1, "of": "preview", "padding": "x" * 1000}) + "\n")
        wait_until(lambda: len(seen) == 1)
        path.write_text(json.dumps({"timestamp": 2, "of": "up"}) + "\n" + '{"timestamp": 3, "of": ')
        wait_until(lambda: len(seen) == 2)
        with path.open("a") as log:
            log.write('"its end"}\n')
    assert [event["of"] for event in seen] == ["preview", "up", "its end"]
    kept = [json.loads(line) for line in path.read_text().splitlines()]
    assert [event["of"] for event in kept] == ["up", "its end"]
    assert kept[0]["timestamp"] <= kept[1]["timestamp"]
    assert abs(kept[1]["timestamp"] - time.time()) < 60


def wait_until(true):
    deadline = time.monotonic() + 20
    while not true() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert true()


def test_the_halves_of_a_replacement_are_one_operation(log):
    halves = [event(1, "resourcePreEvent", operation) for operation in ("create-replacement", "replace", "delete")]
    assert log(*halves, ended(2, preview=True)).operations == {URN: "replace"}


def test_a_resource_that_is_refreshed_alone_has_no_operation_of_the_program(log):
    assert log(event(1, "resourcePreEvent", "refresh"), ended(2, preview=True)).operations == {}


def test_what_failed_is_a_step_that_failed(log):
    run = log(event(1, "resourcePreEvent"), event(2, "resOpFailedEvent"), ended(2))
    assert run.failed == {URN}
    assert run.steps[0].failed


@pytest.mark.parametrize("then", ["update", "replace"])
@pytest.mark.parametrize(
    ("new", "found"),
    [
        ({"custom": True, "outputs": {"a": 2}}, {URN: "update"}),
        ({}, {URN: "delete"}),
        ({"custom": True, "outputs": {"a": 1}}, {}),
    ],
)
def test_a_refresh_finds_what_differs_from_the_state(log, new, found, then):
    old = {"custom": True, "outputs": {"a": 1}}
    run = log(
        event(1, "resourcePreEvent", "refresh", old=old),
        event(2, "resOutputsEvent", "refresh", old=old, new=new),
        event(3, "resourcePreEvent", then),
        ended(4, preview=True),
    )
    assert run.drifted == found


def test_what_a_refresh_finds_and_the_program_leaves_alone_is_no_drift(log):
    old, new = {"custom": True, "outputs": {"etag": 1}}, {"custom": True, "outputs": {"etag": 2}}
    run = log(
        event(1, "resourcePreEvent", "refresh", old=old),
        event(2, "resOutputsEvent", "refresh", old=old, new=new),
        event(3, "resourcePreEvent", "same"),
        ended(4, preview=True),
    )
    assert run.drifted == {}


@pytest.mark.parametrize("text", ["", "hello\n", "[]\n", '{"a": 1}\n', '{"timestamp": 1, "resourcePreEvent": {}}\n'])
def test_what_is_no_event_log_is_refused_with_the_way_to_one(tmp_path, text):
    (tmp_path / "x").write_text(text)
    with pytest.raises(EventsError, match="is not an event log"):
        read(tmp_path / "x")
