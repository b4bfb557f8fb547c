"""The account's faults on purpose: each kind, on the call that the plan names and on no other."""

import contextlib
import os
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError
from botocore.parsers import ResponseParserError

from sandbox.aws import faults
from sandbox.aws.faults import Fault, PlanError
from tests.support.emulated import client_of, credentials


@pytest.fixture
def plan(account):
    """Puts a plan in force until the end of the test; ``plan.struck`` is what it did."""
    path = account.home / "faults.json"

    def put(*planned, **more):
        faults.write(path, planned, **more)

    put.path = path
    put.struck = lambda: [line["kind"] for line in faults.struck(path)]
    yield put
    path.unlink(missing_ok=True)
    path.with_suffix(".log").unlink(missing_ok=True)


@pytest.fixture
def iam(account):
    return client_of(account.endpoint, "iam", credentials(account.home))


def users(iam):
    return {user["UserName"] for user in iam.list_users()["Users"]}


def fault(kind, **changes):
    return Fault(**{"service": "iam", "operation": "CreateUser", "kind": kind, **changes})


def test_an_answer_is_lost_after_the_call_was_executed(plan, iam, unique):
    plan(fault("answer-lost"))
    with pytest.raises(ConnectionClosedError):
        iam.create_user(UserName=unique)
    assert unique in users(iam)
    with pytest.raises(ClientError, match="EntityAlreadyExists"):
        iam.create_user(UserName=unique)
    assert plan.struck() == ["answer-lost"]


@pytest.mark.parametrize(
    ("kind", "said"), [("error", "InternalFailure"), ("throttled", "Throttling"), ("reset", "Connection")]
)
def test_a_call_that_is_refused_or_reset_was_not_executed(plan, iam, unique, kind, said):
    plan(fault(kind, seconds=60 if kind == "throttled" else 0))
    with pytest.raises((ClientError, ConnectionClosedError, EndpointConnectionError), match=said):
        iam.create_user(UserName=unique)
    assert unique not in users(iam)


def test_throttling_ends_by_itself(plan, iam, unique):
    plan(fault("throttled", seconds=0.5))
    with pytest.raises(ClientError, match="Throttling"):
        iam.create_user(UserName=unique)
    time.sleep(0.6)
    iam.create_user(UserName=unique)


def test_a_call_that_hangs_keeps_no_other_waiting(plan, iam, unique):
    plan(fault("hang", seconds=1.5))
    took = []

    def create():
        began = time.monotonic()
        iam.create_user(UserName=unique)
        took.append(time.monotonic() - began)

    other = threading.Thread(target=create)
    other.start()
    while not plan.struck():
        time.sleep(0.02)
    began = time.monotonic()
    assert unique not in users(iam)
    assert time.monotonic() - began < 1
    other.join()
    assert took[0] >= 1.5
    assert unique in users(iam)


def test_the_nth_call_with_that_text_is_struck_and_no_other(plan, iam, unique):
    plan(fault("error", nth=2, containing=f"{unique}-b"))
    for name in ("a", "b", "c"):
        iam.create_user(UserName=f"{unique}-{name}")
    with pytest.raises(ClientError, match="InternalFailure"):
        iam.create_user(UserName=f"{unique}-b2")
    assert len(plan.struck()) == 1


def test_a_recorded_run_lists_what_it_changed(plan, iam, unique):
    plan(record=True)
    iam.list_users()
    iam.create_user(UserName=unique)
    seen = [(line["service"], line["operation"]) for line in faults.struck(plan.path)]
    assert seen == [("iam", "CreateUser")]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"service": "ses2"}, "ses2"),
        ({"operation": "CreateUsers"}, "CreateUsers"),
        ({"kind": "lost"}, "must be one of answer-lost"),
        ({"nth": 0}, "at least 1"),
        ({"seconds": -1}, "at least 1 and 0"),
    ],
)
def test_a_fault_that_could_never_strike_is_refused(changes, said):
    with pytest.raises(PlanError, match=said):
        fault(**{"kind": "error", **changes})


def test_a_plan_that_cannot_be_read_fails_every_call(plan, iam):
    """One that is ignored would be a test that passes."""
    plan()
    plan.path.write_text('{"faults": [{"service": "iam", "operation": "CreateUser", "kind": "error", "knd": 1}]}')
    os.utime(plan.path, ns=(1, 1))
    with pytest.raises(ResponseParserError, match="is not a plan of faults"):
        iam.list_users()
    plan()
    iam.list_users()


def test_an_engine_is_killed_and_its_client_gets_no_answer(account, plan, iam, unique, monkeypatch):
    engine = subprocess.Popen(["sleep", "60"])
    monkeypatch.setattr(account.faults, "_engine", lambda: engine.pid)
    monkeypatch.setattr(faults, "_CLIENT_SECONDS", 0.2)
    plan(fault("kill-engine-before"), fault("kill-engine-after", nth=2))
    with pytest.raises(ConnectionClosedError):
        iam.create_user(UserName=unique)
    assert engine.wait(5) == -9
    assert unique not in users(iam)
    with pytest.raises(ConnectionClosedError):
        iam.create_user(UserName=unique)
    assert unique in users(iam)


def test_one_kill_loses_the_answers_of_all_calls_that_the_plan_names(account, plan, iam, unique, monkeypatch):
    engine = subprocess.Popen(["sleep", "60"])
    monkeypatch.setattr(account.faults, "_engine", lambda: engine.pid)
    monkeypatch.setattr(faults, "_CLIENT_SECONDS", 0.2)
    plan(fault("kill-engine-after"), fault("kill-engine-after", nth=2))
    with ThreadPoolExecutor() as pool:
        first = pool.submit(iam.create_user, UserName=unique)
        with pytest.raises(subprocess.TimeoutExpired):
            engine.wait(1)
        assert unique in users(iam), "executed, and held"
        second = pool.submit(iam.create_user, UserName=f"{unique}-2")
        assert engine.wait(5) == -9
        for lost in (first, second):
            with pytest.raises(ConnectionClosedError):
                lost.result()
    assert f"{unique}-2" in users(iam)


def test_a_kill_does_not_wait_forever_for_a_call_that_never_comes(account, plan, iam, unique, monkeypatch):
    engine = subprocess.Popen(["sleep", "60"])
    monkeypatch.setattr(account.faults, "_engine", lambda: engine.pid)
    monkeypatch.setattr(faults, "_CLIENT_SECONDS", 0.2)
    monkeypatch.setattr(faults, "_GATHER_SECONDS", 0.3)
    plan(fault("kill-engine-before"), fault("kill-engine-before", nth=9))
    with pytest.raises(ConnectionClosedError):
        iam.create_user(UserName=unique)
    assert engine.wait(5) == -9


class KilledError(Exception):
    """In place of the process's end."""


@pytest.mark.parametrize(("kind", "executed"), [("kill-account-before", False), ("kill-account-after", True)])
def test_a_killed_account_has_all_it_confirmed_and_its_successor_continues_the_plan(
    account, plan, iam, unique, monkeypatch, kind, executed
):
    on_disk = []

    def kill(_process, _signal):
        on_disk.append(account.snapshot_path.read_bytes())
        raise KilledError

    def dropping(method):
        def wrapped(picked, *rest):
            try:
                return method(picked, *rest)
            except KilledError:
                return faults._drop(rest[-1])

        return wrapped

    for name in ("before", "after"):
        monkeypatch.setattr(account.faults, name, dropping(getattr(account.faults, name)))
    plan(*(fault(kind, nth=nth) for nth in (1, 2)), fault("error", nth=3))
    iam.create_role(RoleName=f"before-{unique}", AssumeRolePolicyDocument="{}")
    name = f"user-{unique}"
    monkeypatch.setattr(faults.os, "kill", kill)
    monkeypatch.setattr(faults, "_GATHER_SECONDS", 0.0)
    with pytest.raises(ConnectionClosedError):
        iam.create_user(UserName=name)
    assert f"before-{unique}".encode() in on_disk[0], "confirmed before the kill"
    assert (name.encode() in on_disk[0]) is executed
    # The client repeats the call; the fault of the second call strikes the second one.
    with contextlib.suppress(ClientError):
        iam.create_user(UserName=name)
    assert plan.struck() == [kind]
    with pytest.raises(ConnectionClosedError):
        iam.create_user(UserName=f"{name}-2")
    with contextlib.suppress(ClientError):
        iam.create_user(UserName=f"{name}-2")
    with pytest.raises(ClientError, match="on purpose"):
        iam.create_user(UserName=f"{name}-3")
    assert plan.struck() == [kind, kind, "error"]
