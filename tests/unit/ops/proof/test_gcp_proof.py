"""The proof of a stack on Google Cloud, against the emulated one when it isolates, leaks, and lacks enrolments."""

import pytest

from clouds.gcp import enrolment
from clouds.gcp.grants import ACTOR_ROLE
from ops.proof import gcp, tokens
from ops.proof.matrix import Cast, Session
from ops.proof.walk import Walk
from ops.verdicts import Verdict
from tests.support.google_cloud import NAMES, google, isolated  # noqa: F401 - a fixture

CAST = Cast(a="a" * 64, b="b" * 64, run="run", stranger="c" * 64)
BASE = "https://storage.googleapis.com/storage/v1/b"


@pytest.fixture
def stack(google):  # noqa: F811
    isolated(google)
    return google


def walked(google, *, enrolled=("A", "B"), lacking=None):  # noqa: F811
    issue = google.world.issuer.token
    had = {token: issue(CAST.id(token)) for token in ("A", "B", "stranger")} | {"untagged": issue(None)}
    had |= {"forged": tokens.forged(had["A"], CAST.a, CAST.b), "unsigned": tokens.unsigned(had["A"])}
    walk = Walk(
        lacking=lacking or {}, exchange=gcp.Exchange(audience=NAMES.exchange_audience, tokens=had),
        operator=gcp.CloudStorage(session=google.session), progress=lambda line: None, patience=0,
    )  # fmt: skip
    with gcp._enrolled("test", NAMES, [CAST.id(token) for token in enrolled], walk, google.session):
        walk.run(gcp.rows(gcp.Scope(names=NAMES), CAST), lambda session: [])
    return walk


def wrong(walk):
    return {(result.row.what, result.seen) for result in walk.results if result.verdict == Verdict.WRONG}


def test_a_stack_that_isolates_passes_and_is_left_as_it_was(stack):
    walk = walked(stack)
    assert wrong(walk) == set()
    assert {result.verdict for result in walk.results} == {Verdict.OK}
    seen = {(result.row.who.token, result.row.expected) for result in walk.results}
    assert seen == {
        *((token, "allowed") for token in ("A", "B", "stranger")),
        *((token, "forbidden") for token in ("A", "B", "stranger")),
        *((token, "invalid_grant") for token in ("untagged", "forged", "unsigned")),
    }
    assert walk.stays == []
    assert stack.project.table("objects") == {}
    assert stack.project.table("folders") == {}


def test_an_actor_that_was_enrolled_before_stays_enrolled(stack):
    enrolment.enrol(stack.session, NAMES, CAST.a)
    enrolment.enrol(stack.session, NAMES, CAST.b)
    enrolment.release(stack.session, NAMES, CAST.b)
    before = str(stack.project.table("folders"))
    assert wrong(walked(stack)) == set()
    assert str(stack.project.table("folders")) == before


def bound(google, url, member):  # noqa: F811
    assert google.call("PUT", url, bindings=[{"role": ACTOR_ROLE, "members": [member]}]).status_code == 200


def test_a_whole_pool_in_a_bucket_is_seen(stack):
    bound(stack, f"{BASE}/{NAMES.bucket('vault')}/iam", f"principalSet://iam.googleapis.com/{NAMES.pool_path}/*")
    told = wrong(walked(stack))
    assert {what for what, _ in told} >= {"another actor's prefix", "the whole bucket", "own prefix, not enrolled",
                                          "own bucket, class memory", "outside of every prefix"}  # fmt: skip
    assert stack.project.table("objects") == {}


def test_mail_that_an_actor_reads_is_seen(stack):
    bound(stack, f"{BASE}/{NAMES.bucket('mail')}/iam", NAMES.actor(CAST.a))
    assert {what for what, _ in wrong(walked(stack))} == {"raw mail", "the mail bucket, own prefix"}


def test_refusals_prove_nothing_without_an_enrolment_that_works(stack):
    walk = walked(stack, enrolled=("A",))
    assert {what for what, seen in wrong(walk)} == {"own prefix", "own object"}
    as_b = [result for result in walk.results if result.row.who.token == "B" and result.row.expected == "forbidden"]
    assert {result.verdict for result in as_b} == {Verdict.NOT_RUN}


def test_an_exchange_that_cannot_be_asked_proves_nothing(stack, monkeypatch):
    monkeypatch.setattr(gcp, "TOKENS", "https://127.0.0.1:1")
    walk = walked(stack)
    assert {result.verdict for result in walk.results} == {Verdict.WRONG, Verdict.NOT_RUN}
    as_a = next(result for result in walk.results if result.row.action == "assume" and result.row.who.token == "A")
    assert as_a.seen == "no answer: ProxyError"


def test_a_netrc_file_replaces_no_token(stack, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("default login somebody password not-a-real-secret\n")
    enrolment.enrol(stack.session, NAMES, CAST.a)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    exchange = gcp.Exchange(audience=NAMES.exchange_audience, tokens={"A": stack.world.issuer.token(CAST.a)})
    seen, store = exchange(Session(role=NAMES.pool_path, token="A"))
    assert seen.ok
    assert store.list(NAMES.bucket("vault"), f"bots/{CAST.a}/credentials/").ok
