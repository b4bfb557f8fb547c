"""The proof of a stack on Tencent Cloud, against the emulated one when it isolates and when it leaks."""

import types

import click
import pytest

from clouds.tencentcloud import policies
from components.policies.document import text
from ops.proof import tencentcloud
from ops.proof.matrix import Cast
from ops.proof.walk import Walk
from ops.verdicts import Verdict
from tests.support.tencent_cloud import IDENTITY, NAMES, REGION, launched, restored, tencent  # noqa: F401 - fixtures

CAST = Cast(a="a" * 64, b="b" * 64, run="run")
#: What the proof reads of a stack's settings.
SETTINGS = types.SimpleNamespace(
    names=NAMES, uin=IDENTITY.uin, region=REGION,
    session_policies={key: text(policies.session(NAMES, REGION, key)) for key in ("data", "vault", "memory")},
)  # fmt: skip


def walked(stack, *, settings=SETTINGS, read=None):
    walk = Walk(
        lacking={}, progress=lambda line: None, patience=0,
        exchange=tencentcloud.AssumeRole(settings=settings, read=read or (lambda: stack.host), cast=CAST),
        operator=tencentcloud.store(REGION, (*stack.made.operator, "")),
    )  # fmt: skip
    walk.run(tencentcloud.rows(tencentcloud.Scope(names=NAMES, uin=IDENTITY.uin), CAST), lambda session: [])
    return walk


def wrong(walk):
    return {(result.row.who.token, result.row.what) for result in walk.results if result.verdict == Verdict.WRONG}


def test_a_stack_that_isolates_passes_and_is_left_as_it_was(stack):
    walk = walked(stack)
    assert wrong(walk) == set()
    assert {result.verdict for result in walk.results} == {Verdict.OK}
    seen = {(result.row.who.token, result.row.expected) for result in walk.results}
    every = ("A", "B", "host", "unlimited")
    assert seen == {(token, answer) for token in every for answer in ("allowed", "AccessDenied")}
    assert walk.stays == []
    assert stack.made.account.table("objects") == {}


def test_a_session_policy_for_every_actor_is_seen(stack):
    wide = {key: policy.replace("{actor}", "*") for key, policy in SETTINGS.session_policies.items()}
    told = wrong(walked(stack, settings=types.SimpleNamespace(**{**vars(SETTINGS), "session_policies": wide})))
    assert told >= {("A", "another actor's prefix"), ("B", "another actor's prefix")}
    assert stack.made.account.table("objects") == {}


def test_a_host_that_reaches_data_itself_is_seen(stack):
    made = stack.made
    identity = made.policy("wide", policies.role(NAMES, REGION, "vault"))
    role = next(one["RoleId"] for one in made.call("cam", "DescribeRoleList", Page=1, Rp=20)["List"]
                if one["RoleName"] == NAMES.host)  # fmt: skip
    made.call("cam", "AttachRolePolicy", AttachRoleId=role, PolicyId=identity)
    assert wrong(walked(stack)) == {("host", "an actor's data with the host's key itself")}


def test_a_host_that_cannot_be_asked_proves_nothing(stack):
    def read():
        raise click.ClickException("the host cannot be reached")

    walk = walked(stack, read=read)
    assert {result.verdict for result in walk.results} == {Verdict.WRONG, Verdict.NOT_RUN}
    assert walk.results[0].seen == "the host cannot be reached"


def test_a_caller_without_a_key_is_one_error(monkeypatch):
    monkeypatch.setenv("TENCENTCLOUD_SECRET_ID", "")
    monkeypatch.setenv("TENCENTCLOUD_SECRET_KEY", "not-a-real-secret")
    with pytest.raises(tencentcloud.CallerError, match=r"^TENCENTCLOUD_SECRET_ID must be set, to a key"):
        tencentcloud._callers()
