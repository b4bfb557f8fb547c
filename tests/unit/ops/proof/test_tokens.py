"""Tokens of a broker: where they are asked for, what a refusal says, what is read out of them, which are forged."""

import json
from contextlib import contextmanager
from types import SimpleNamespace

import jwt
import pytest
import urllib3
from click.testing import CliRunner

from gates import dns, issuer
from ops import stack
from ops.commands import proof
from ops.proof import tokens
from tests.support.stacks import a_stack

A, B = "a" * 64, "b" * 64
HOST = "test-broker.litentry.org"
SESSION = "a-session-token"


def token(actor, **changes):
    tags = {tokens.TAGS_CLAIM: {"principal_tags": {"agentkeys_actor_omni": [actor]}}} if actor else {}
    return jwt.encode({"sub": f"agentkeys:actor:{actor}", **tags, **changes}, "0" * 32, algorithm="HS256")


class Broker:
    """Answers as the sandbox's stand-in, or, with ``sessions`` by token, as a real broker."""

    def __init__(self, sessions=None):
        self.sessions = sessions
        self.asked = []

    @contextmanager
    def connection(self, address, host, ca_bundle):
        yield SimpleNamespace(request=lambda *args, **given: self.request((address, host), *args, **given))

    def request(self, at, method, path, headers, json):
        self.asked.append((at, method, path, headers, json))
        if self.sessions is None:
            if "Authorization" in headers:
                return answer(400, {"error": "no"})
            return answer(200, {"token": token("" if json.get("standin_untagged") else json["actor_omni"])})
        actor = self.sessions.get(headers.get("Authorization", "").removeprefix("Bearer "))
        return answer(200, {"expires": 300, "jwt": token(actor)}) if actor else answer(401, {"error": "sign in"})


def answer(status, body):
    return SimpleNamespace(status=status, json=lambda: body)


@pytest.fixture
def broker(monkeypatch):
    made = Broker()
    monkeypatch.setattr(dns, "resolve", lambda host, url: ["3.208.12.34"])
    monkeypatch.setattr(issuer, "connection", lambda *given: made.connection(*given))
    return made


def mint(**changes):
    return tokens.mint(HOST, ["https://doh"], "", **{"actor": A, "session": "", **changes})


def test_the_broker_is_asked_at_the_address_that_doh_gives_by_its_own_name(broker):
    assert tokens.actor_of(mint()) == A
    (at, method, path, headers, _), = broker.asked  # fmt: skip
    assert (at, method, path, headers["Host"]) == (("3.208.12.34", HOST), "POST", "/v1/mint-oidc-jwt", HOST)


def test_a_real_broker_is_told_the_session_and_never_an_actor(broker):
    broker.sessions = {SESSION: B}
    assert tokens.actor_of(mint(session=SESSION)) == B
    assert broker.asked[0][4] == {}


def test_a_refusal_names_the_next_step_and_no_token(broker):
    broker.sessions = {}
    with pytest.raises(tokens.NotMintedError, match=r"answers 401 without a session token.*--session-token-file"):
        mint()
    with pytest.raises(tokens.NotMintedError, match="Sign in again") as refused:
        mint(session=SESSION)
    assert SESSION not in str(refused.value)


def test_a_broker_that_does_not_answer_is_told(broker, monkeypatch):
    def silent(*_args, **_given):
        raise urllib3.exceptions.ConnectTimeoutError

    monkeypatch.setattr(broker, "request", silent)
    with pytest.raises(tokens.NotMintedError, match=f"https://{HOST} does not answer"):
        mint()
    monkeypatch.setattr(dns, "resolve", lambda host, url: [])
    with pytest.raises(tokens.NotMintedError, match=f"returns no address for {HOST}"):
        mint()


@pytest.mark.parametrize("body", [{}, {"token": 7}, {"token": "x.y.z"}, {"error": "no"}, [], 7, "text"])
def test_an_answer_without_a_token_is_told(broker, monkeypatch, body):
    monkeypatch.setattr(broker, "request", lambda *_args, **_given: answer(200, body))
    with pytest.raises(tokens.NotMintedError, match="answers 200 without a token"):
        mint()


def test_a_forged_token_names_the_other_actor_and_has_the_first_ones_signature():
    made = token(A)
    forged = tokens.forged(made, A, B)
    assert tokens.actor_of(forged) == B
    assert forged.rsplit(".", 1)[1] == made.rsplit(".", 1)[1]
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(forged, "0" * 32, algorithms=["HS256"])


def test_an_unsigned_token_says_what_the_signed_one_did():
    made = tokens.unsigned(token(A))
    assert jwt.get_unverified_header(made)["alg"] == "none"
    assert jwt.decode(made, options={"verify_signature": False})["sub"] == f"agentkeys:actor:{A}"
    assert made.endswith(".")


@pytest.fixture
def own(release):
    return a_stack("test", release)


def test_the_stand_in_gives_every_token(own, broker):
    cast, had, lacking = tokens.minted(own, [], None, "", print)
    assert lacking == {}
    assert set(had) == {"A", "B", "untagged", "forged", "unsigned"}
    assert (tokens.actor_of(had["A"]), tokens.actor_of(had["B"])) == (cast.a, cast.b)
    assert len({cast.a, cast.b}) == 2
    assert [len(actor) for actor in (cast.a, cast.b)] == [len(A)] * 2, "an actor's id has 32 bytes"


def test_a_real_brokers_actors_are_read_out_of_its_tokens_and_it_mints_none_untagged(own, broker):
    broker.sessions = {"one": A, "two": B}
    cast, had, lacking = tokens.minted(own, ["one", "two"], None, "", print)
    assert (cast.a, cast.b) == (A, B)
    assert lacking == {"untagged": tokens.NO_UNTAGGED}
    assert "untagged" not in had


def test_a_real_broker_without_session_tokens_leaves_everything_not_run(own, broker):
    broker.sessions = {}
    _, had, lacking = tokens.minted(own, [], None, "", print)
    assert had == {}
    assert "--session-token-file" in lacking["A"]
    assert set(lacking) == {"A", "B", "untagged", "forged", "unsigned"}


def test_two_session_tokens_of_one_actor_are_one_actor(own, broker):
    broker.sessions = {"one": A, "two": A}
    _, had, lacking = tokens.minted(own, ["one", "two"], None, "", print)
    assert "same actor" in lacking["B"]
    assert "B" not in had


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-s", "test", "--session-token-file", "{file}"], "give it twice"),
        (["-s", "test", "--against", "test"], "another stack"),
        (["-s", "test", "--session-token-file", "nowhere"], "does not exist"),
        (["-s", "test", "--against-session-token-file", "{empty}"], "is empty"),
    ],
)
def test_a_wrong_argument_is_told_before_anything_is_asked(arguments, said, tmp_path, monkeypatch):
    monkeypatch.setattr(stack, "read", lambda name: pytest.fail("nothing is read"))
    (tmp_path / "token").write_text(SESSION)
    (tmp_path / "empty").write_text("\n")
    files = {"empty": tmp_path / "empty", "file": tmp_path / "token"}
    done = CliRunner().invoke(proof.command, [part.format(**files) for part in arguments])
    assert done.exit_code == 2
    assert said in " ".join(done.output.split())
    assert SESSION not in done.output


def test_mail_in_the_static_stage_is_not_run(release, own):
    static = a_stack("test", release, trust="static")
    assert [line.verdict.value for line in proof.left_out(static)] == ["not run"]
    assert "data" not in proof.scope(static).federated
    assert proof.left_out(own) == []
    assert json.dumps(list(proof.scope(own).federated)) == '["data", "vault", "memory"]'
