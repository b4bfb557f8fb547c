"""The isolation proof against accounts that are right, weak, broken or silent: what passes, fails and does not run."""

import dataclasses
import json
import xml.etree.ElementTree as ET
from types import SimpleNamespace

import pytest
from botocore.exceptions import EndpointConnectionError
from click.testing import CliRunner

from ops import exits, verdicts
from ops.commands import proof
from ops.proof import matrix
from ops.proof.plan import Proof
from ops.verdicts import Line, Verdict
from tests.support import worlds
from tests.support.stacks import a_stack
from tests.support.worlds import CAST, OTHER, OWN, PROD, TEST, World, right, walked


def verdicts_of(walk):
    return {result.verdict for result in walk.results}


def wrong(walk):
    return [(str(r.row.who), r.row.action, r.row.what, r.seen) for r in walk.results if r.verdict == Verdict.WRONG]


def not_run(walk):
    return [(str(r.row.who), r.row.action, r.seen) for r in walk.results if r.verdict == Verdict.NOT_RUN]


def test_an_account_that_isolates_passes_and_is_left_as_it_was():
    world = World()
    walk = walked(world)
    assert verdicts_of(walk) == {Verdict.OK}
    assert world.left() == []
    assert walk.stays == []


def test_every_row_asks_aws_once():
    world = World()
    walk = walked(world)
    assert len(world.requests) == len(walk.results)


def test_the_matrix_has_every_attempt_of_the_facts():
    rows = matrix.rows(OWN, CAST)
    tried = {
        (row.who.token, row.action, row.bucket, row.key)
        for row in rows
        if row.who.role == TEST.role_arn("vault") and row.expected == "AccessDenied"
    }
    vault, theirs = TEST.bucket("vault"), f"bots/{CAST.b}/credentials/isolation-proof/run"
    for action in ("get", "delete"):
        assert ("A", action, vault, theirs) in tried
    assert ("A", "put", vault, f"{theirs}-by-another") in tried
    for prefix in (None, "", "bots/", f"bots/{CAST.a}/", f"bots/{CAST.a}", theirs.removesuffix("run")):
        assert ("A", "list", vault, prefix) in tried, prefix
    assert ("A", "get", TEST.bucket("memory"), f"bots/{CAST.a}/memory/isolation-proof/run") in tried
    assert ("A", "get", vault, f"bots/{CAST.a}/memory/isolation-proof/run") in tried
    assert ("A", "get", TEST.bucket("mail"), "inbound/isolation-proof-run") in tried
    assert ("untagged", "assume", "", None) in tried


def test_nothing_is_written_where_an_agent_could_have_data():
    for row in matrix.rows(OWN, CAST, OTHER):
        if row.action in ("put", "delete"):
            assert "isolation-proof" in row.key, row


def test_a_row_says_what_it_asks_for():
    who = OWN.session(matrix.AREAS[0], "A")
    row = matrix.Row(who=who, action="assume", what="w", expected="allowed", bucket="b", key="k")
    assert row.target == who.role.rpartition("/")[2]
    for action in ("get", "list", "put", "delete"):
        assert dataclasses.replace(row, action=action).target == "s3://b/k"
    assert dataclasses.replace(row, action="list", key=None).target == "s3://b"
    assert dataclasses.replace(row, action="list", key="", scheme="gs").target == "gs://b/"


@pytest.mark.parametrize(("against", "also"), [("", ""), ("prod", " and of prod")])
def test_a_report_names_the_actors_by_letters_and_both_stacks(against, also):
    made = Proof(name="test", against=against, cast=CAST, rows=(), walk=walked(World()))
    assert made.title == f"Isolation of stack test{also}: A is aaaaaaaa…, B is bbbbbbbb…"
    claims = {line.claim for line in made.lines()}
    assert f"get s3://{TEST.bucket('vault')}/bots/B/credentials/isolation-proof/… (another actor's prefix)" in claims
    assert not [claim for claim in claims if CAST.a in claim or CAST.b in claim]
    said = []
    walk = SimpleNamespace(progress=said.append, run=lambda *rows: said.append(rows))
    dataclasses.replace(made, walk=walk).run()
    what = f"test against {against}" if against else "test"
    assert said == [f"trying every row of the matrix for stack {what}", (made.rows, made.further)]


def leak(condition):
    return lambda *request: right(*request) or condition(*request)


WEAK = {
    "another actor's objects": leak(lambda s, action, b, key: action == "get" and CAST.b in (key or "") and right(
        worlds.Session(role=s.role, actor=CAST.b), action, b, key)),
    "the whole bucket's names (v2)": leak(lambda s, action, b, key: action == "list" and b == TEST.bucket("vault")),
    "another class in the own bucket": leak(
        lambda s, action, b, key: b == TEST.bucket("vault") and f"bots/{s.actor}/memory/" in (key or "")),
    "another class's bucket": leak(
        lambda s, action, b, key: "vault" in s.role and b == TEST.bucket("memory") and s.actor in (key or "")),
    "raw mail": leak(lambda s, action, b, key: "data" in s.role and (key or "").startswith("inbound/")),
    "writing mail": leak(lambda s, action, b, key: "data" in s.role and action == "put" and s.actor in (key or "")),
    "the other stack's bucket": leak(lambda s, action, b, key: b == PROD.bucket("memory")),
    "outside of every prefix": leak(lambda s, action, b, key: (key or "").startswith("isolation-proof/")),
}  # fmt: skip


@pytest.mark.parametrize("what", WEAK)
def test_a_leak_is_told_and_what_came_through_it_is_taken_away(what):
    world = World(may=WEAK[what])
    walk = walked(world)
    assert wrong(walk)
    assert {seen for *_, seen in wrong(walk)} <= {"200", "204"}
    assert world.left() == []


def test_a_session_without_a_tag_is_wrong_and_is_walked():
    """STS let it in, and S3 refuses it: still not what the trust says."""
    world = World(trusts=lambda role, token: worlds.trusting(role, token) or token == "test:")
    walk = walked(world)
    assert {(action, what) for _, action, what, _ in wrong(walk)} == {("assume", "a token without the actor's tag")}
    walked_on = [result.row for result in walk.results if result.row.who.token == "untagged"]
    assert {row.action for row in walked_on} == {"assume", "get", "list", "put", "delete"}


def test_a_role_that_trusts_the_other_stack_is_told():
    world = World(trusts=lambda role, token: len(token) > 60)
    assert {what for _, _, what, _ in wrong(walked(world))} == {
        "this stack's token at the other stack", "the other stack's token at this stack"
    }  # fmt: skip


def test_a_forged_token_that_is_refused_by_trust_alone_was_taken_for_real():
    world = World()
    walk = walked(world, tokens={**worlds.TOKENS, "forged": "test:x"})
    assert {(what, seen) for _, _, what, seen in wrong(walk)} == {
        ("A's token with B's id written into it", "403 AccessDenied")
    }


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (worlds.refusal("NoSuchBucket", 404), "404 NoSuchBucket"),
        (worlds.refusal("NoSuchKey", 404), "404 NoSuchKey"),
        (worlds.refusal("SlowDown", 503), "503 SlowDown"),
        (worlds.refusal("AccessDenied", 400), "400 AccessDenied"),
        (worlds.refusal("InvalidAccessKeyId", 403), "403 InvalidAccessKeyId"),
        (worlds.NO_CREDENTIALS, "no answer: NoCredentialsError"),
        (EndpointConnectionError(endpoint_url="http://x"), "no answer: EndpointConnectionError"),
    ],
)
def test_only_access_denied_is_a_refusal(error, told):
    world = World(may=lambda *request: right(*request) or error)
    walk = walked(world)
    assert {seen for *_, seen in wrong(walk)} == {told}
    denied = [r for r in walk.results if r.row.expected != "allowed" and r.row.action != "assume"]
    assert {r.verdict for r in denied} == {Verdict.WRONG}


def test_refusals_of_a_session_that_does_not_work_prove_nothing():
    """An account in which everything is refused looks isolated; it is only broken."""
    world = World(may=lambda session, *request: "vault" not in session.role and right(session, *request))
    walk = walked(world)
    assert {(who, action) for who, action, *_ in wrong(walk) if "vault" in who} == {
        ("agentkeys-vault-role-test as A", "put"), ("agentkeys-vault-role-test as A", "list"),
        ("agentkeys-vault-role-test as A", "get"), ("agentkeys-vault-role-test as A", "delete"),
        ("agentkeys-vault-role-test as B", "put"), ("agentkeys-vault-role-test as B", "list"),
        ("agentkeys-vault-role-test as B", "get"), ("agentkeys-vault-role-test as B", "delete"),
    }  # fmt: skip
    vault = [r for r in walk.results if "vault" in r.row.who.role and r.row.expected != "allowed"]
    assert {r.verdict for r in vault if r.row.action != "assume"} == {Verdict.NOT_RUN}
    assert "does not work" in next(r.seen for r in vault if r.verdict == Verdict.NOT_RUN)


def test_a_fresh_role_is_waited_for_and_only_where_it_must_work():
    tries = []

    def late(session, action, bucket, key):
        if right(session, action, bucket, key):
            tries.append(key)
            return len(tries) > 2
        return False

    world = World(may=late)
    walk = walked(world, patience=60)
    assert verdicts_of(walk) == {Verdict.OK}
    assert len(world.requests) == len(walk.results) + 2, "no refusal was asked for twice"


def test_waiting_ends():
    walk = walked(World(trusts=lambda *request: False))
    assert {action for _, action, *_ in wrong(walk)} == {"assume"}
    assert all(verdict != Verdict.OK for verdict in verdicts_of(walk))


def test_rows_without_a_token_do_not_run_and_say_why():
    tokens = {key: value for key, value in worlds.TOKENS.items() if key != "untagged"}
    walk = walked(World(), tokens=tokens, lacking={"untagged": "the broker mints none"})
    assert {seen for *_, seen in not_run(walk)} == {"the broker mints none"}
    assert len(not_run(walk)) == 3
    assert wrong(walk) == []


def test_no_token_at_all_runs_nothing_and_makes_nothing():
    world = World()
    walk = walked(world, tokens={}, lacking=dict.fromkeys(worlds.TOKENS, "give session tokens"))
    assert verdicts_of(walk) == {Verdict.NOT_RUN}
    assert world.requests == []
    assert world.left() == []


def test_the_other_stack_that_is_not_there_proves_nothing():
    """STS answers for a role that does not exist as for one that does not trust."""
    trusts = lambda role, token: worlds.trusting(role, token) and role.endswith("-test")  # noqa: E731
    walk = walked(World(trusts=trusts))
    across = [r for r in walk.results if r.row.what == "this stack's token at the other stack"]
    assert {r.verdict for r in across} == {Verdict.NOT_RUN}


def test_gets_that_need_an_object_do_not_run_where_the_caller_may_lay_none_out():
    walk = walked(World(operator_may=worlds.refusal("AccessDenied", 403)))
    assert wrong(walk) == []
    assert {action for _, action, _ in not_run(walk)} >= {"get"}
    assert {r.row.what for r in walk.results if r.verdict == Verdict.NOT_RUN} >= {"raw mail"}
    assert all(r.verdict == Verdict.OK for r in walk.results if r.row.what == "another actor's prefix"
               and "data" not in r.row.who.role)  # fmt: skip


def test_old_versions_are_taken_away_too():
    world = World(versioned=True)
    walk = walked(world)
    assert world.left() == []
    assert walk.stays == []


def test_old_versions_that_stay_are_told():
    world = World(versioned=True, operator_may=worlds.refusal("AccessDenied", 403))
    walk = walked(world)
    assert world.left()
    assert any("old versions of s3://agentkeys-vault-test" in line and "30 days" in line for line in walk.stays)


@pytest.mark.parametrize("operator_may", [True, worlds.refusal("AccessDenied", 403)])
@pytest.mark.parametrize("end", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_walk_takes_away_what_it_made(end, operator_may):
    def interrupted(session, action, bucket, key):
        if action == "list" and key is None:
            raise end
        return right(session, action, bucket, key)

    world = World(may=interrupted, operator_may=operator_may)
    with pytest.raises(end):
        walked(world)
    assert world.objects
    assert world.left() == []


def test_a_put_whose_answer_was_lost_is_taken_away():
    def lost(session, action, bucket, key):
        if action == "put" and right(session, action, bucket, key):
            world.objects[(bucket, key)] = ["v0"]
            return EndpointConnectionError(endpoint_url="http://x")
        return right(session, action, bucket, key)

    world = World(may=lost)
    walked(world)
    assert world.left() == []


@pytest.fixture
def prove(release, monkeypatch):
    """The command in a world, as click calls it."""

    def call(world, *arguments):
        monkeypatch.setattr(proof.stack, "read", lambda name: a_stack(name, release))
        monkeypatch.setattr(proof.session, "of", lambda _settings: None)
        monkeypatch.setattr(proof, "minted", lambda *_asked: (CAST, dict(worlds.TOKENS), {}))
        monkeypatch.setattr(proof.clients, "of_nobody", lambda *_asked: world)
        monkeypatch.setattr(proof.clients, "of_credentials", lambda _region, _service, given: world.client(given))
        monkeypatch.setattr(proof.clients, "of", lambda *_asked: world.operator)
        return CliRunner().invoke(proof.command, ["-s", "test", "--no-audit", *arguments])

    return call


def test_a_proof_prints_json_alone_and_its_table_beside(prove):
    done = prove(World(), "--against", "prod", "--json")
    assert done.exit_code == exits.OK, done.output
    assert json.loads(done.stdout)["summary"]["ok"] > 100
    assert "Isolation of stack test and of prod" in done.stderr


@pytest.mark.parametrize("end", [SystemExit(143), RuntimeError("a fault")])
def test_a_proof_that_breaks_off_shows_what_it_saw_and_leaves_nothing(prove, end):
    def ended(session, action, bucket, key):
        if action == "list" and key is None:
            raise end
        return right(session, action, bucket, key)

    world = World(may=ended)
    done = prove(world, "--json")
    assert done.exception is end
    assert done.stdout == "", "half of a report is none for a program"
    assert "(interrupted)" in done.stderr
    assert " ok" in done.stderr.splitlines()[-1]
    assert world.objects
    assert world.left() == []


def test_an_end_of_the_cleaning_up_too_tells_what_stays(prove):
    def ended(session, action, bucket, key):
        if action == "list" and key is None:
            world.operator_may = SystemExit(143)
            raise SystemExit(143)
        return right(session, action, bucket, key)

    world = World(may=ended)
    done = prove(world)
    assert (done.exit_code, done.stdout) == (143, "")
    told = [line for line in done.stderr.splitlines() if line.startswith("not deleted: s3://")]
    assert len(told) >= len(world.left()) > 0
    assert all(f"s3://{bucket}/{key}: the run was interrupted" in done.stderr for bucket, key in world.left())


def line(verdict):
    return Line(subject="who", claim="does", expected="AccessDenied", seen="200", verdict=verdict)


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ([Verdict.OK, Verdict.WARNING], exits.OK),
        ([Verdict.OK, Verdict.NOT_RUN], exits.NOT_RUN),
        ([Verdict.NOT_RUN, Verdict.WRONG], exits.WRONG),
    ],
)
def test_the_exit_code_says_the_worst(found, code):
    assert verdicts.exit_code(found) == code


def test_junit_and_json_tell_failures_and_what_did_not_run(tmp_path, capsys):
    lines = [line(verdict) for verdict in Verdict]
    verdicts.write_junit(tmp_path / "proof.xml", "isolation test", lines)
    suite = ET.parse(tmp_path / "proof.xml").getroot()  # noqa: S314 - written one line above
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("4", "1", "1")
    assert suite.find(".//failure").get("message") == "expected AccessDenied, seen 200"
    verdicts.print_json("test", **verdicts.as_json(lines))
    shown = json.loads(capsys.readouterr().out)
    assert shown["summary"] == {"ok": 1, "warning": 1, "wrong": 1, "not run": 1}
    assert shown["lines"][2]["verdict"] == "wrong"


def test_the_table_shows_brackets_as_they_are(capsys):
    odd = Line(subject="[bold]x", claim="c", expected="e", seen="[/]", verdict=Verdict.WRONG, fix="do [this]")
    verdicts.show("title", ("who", "does"), [odd], to_stderr=False)
    shown = capsys.readouterr().out
    assert "[bold]x" in shown
    assert "do [this]" in shown
    assert "1 wrong" in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--cloud", "host"], "there is no proof of a stack of --cloud host: whoever runs the object store isolates"),
        (["--cloud", "alicloud"], "there is no proof of a stack of --cloud alicloud: this program was never applied"),
        (["--cloud", "gcp", "--against", "test"], "--against compares stacks on AWS; leave it out with --cloud."),
    ],
)
def test_what_another_cloud_cannot_prove_is_told_before_anything_is_asked(arguments, said, monkeypatch):
    monkeypatch.setattr(proof.stack, "read_any", lambda *_asked: pytest.fail("nothing is read"))
    done = CliRunner().invoke(proof.command, ["-s", "test", *arguments])
    assert done.exit_code == 2
    assert said in " ".join(done.output.split())
