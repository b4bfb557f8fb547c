"""``make validate-aws``, rehearsed on the emulated account: what it asks, refuses, keeps, and always deletes."""

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox import layout
from sandbox.aws.probes import __main__ as command
from sandbox.aws.probes import validate
from sandbox.aws.probes.ground import PREFIX, Ground, LeftError
from sandbox.aws.probes.rows import Probe, table
from sandbox.aws.server import Account
from tests.emulated.conftest import Client
from tests.support.emulated import credentials

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
CHOSEN = ("user_ids_have_a_prefix", "unknown_identity_is_not_found")

Run = Callable[..., int]


@pytest.fixture
def run(account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs the command as the emulated account's operator. Its answers and journal are of the test's own."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", account.endpoint)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(account.home / "credentials.ini"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_PROFILE", "agentkeys-admin")

    def emulated(probes: list[Probe], **_: Any) -> list[validate.Outcome]:
        # A process serves one account, and that is the one the command runs on.
        with validate.of_account(account) as ground:
            return validate.run(probes, ground)

    monkeypatch.setattr(validate, "emulated", emulated)

    def main(*arguments: str, own: bool = True) -> int:
        ours = ("--answers", str(tmp_path / "answers"), "--journal", str(tmp_path / "journal"))
        return command.main([*arguments, *(ours if own else ours[2:])])

    before = signal.getsignal(signal.SIGTERM)
    yield main
    signal.signal(signal.SIGTERM, before)


def only(monkeypatch: pytest.MonkeyPatch, function: Callable[[Ground], dict[str, Any]]) -> None:
    """The table has this probe, and ``user_ids_have_a_prefix`` after it."""
    rows = {"own": dataclasses.replace(table()[CHOSEN[0]], name="own", run=function), CHOSEN[0]: table()[CHOSEN[0]]}
    monkeypatch.setattr(command, "table", lambda: rows)


def left(client: Client) -> list[str]:
    """Roles and users of probes."""
    iam = client("iam")
    names = [*(role["RoleName"] for role in iam.list_roles()["Roles"])]
    names += [user["UserName"] for user in iam.list_users()["Users"]]
    return [name for name in names if name.startswith(PREFIX)]


def chosen() -> list[str]:
    return [argument for name in CHOSEN for argument in ("--probe", name)]


def test_it_says_what_it_creates_keeps_the_answers_and_compares_them(
    run: Run, client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--yes", *chosen()) == 0
    said = capsys.readouterr().out
    assert "2 probes in account 429071895007, region us-east-1" in said
    assert "\n  a user\n" in said
    assert "same    user_ids_have_a_prefix" in said
    assert "2 of 2 agree" in said
    kept = json.loads((tmp_path / "answers" / "iam.json").read_text())
    assert kept["user_ids_have_a_prefix"]["answers"] == {"starts with": "AIDA"}
    assert "429071895007" not in (tmp_path / "answers" / "ses.json").read_text()
    assert left(client) == []
    assert not (tmp_path / "journal").exists()


def test_a_difference_is_shown_and_fails(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = {"starts with": "USER"}
    other = validate.Outcome(probe=table()[CHOSEN[0]], answers=answers)
    monkeypatch.setattr(validate, "emulated", lambda *_, **__: [other])
    assert run("--yes", "--probe", CHOSEN[0]) == 1
    said = capsys.readouterr().out
    assert 'DIFFERS user_ids_have_a_prefix\n          differs at starts with: AWS "AIDA", emulated "USER"' in said


def test_answers_of_another_endpoint_are_never_kept_as_those_of_aws(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    before = validate.kept()
    assert run("--yes", *chosen(), own=False) == 2
    assert "the answers would not be AWS's" in capsys.readouterr().err
    assert validate.kept() == before


@pytest.mark.parametrize(("terminal", "answer", "said"), [(False, "", "nobody can be asked"), (True, "n", "stopped")])
def test_it_asks_before_the_first_call(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    terminal: bool,
    answer: str,
    said: str,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setattr(sys, "stdin", type("Terminal", (), {"isatty": lambda _: terminal})())
    monkeypatch.setattr("builtins.input", lambda _: answer)
    assert run(*chosen()) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"AWS_PROFILE": "other-account"}, "of account 111122223333; the stack files name 429071895007"),
        ({"AWS_PROFILE": "none"}, "The config profile (none) could not be found"),
        ({"AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_PROFILE": ""}, "Unable to locate credentials"),
        ({"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "x", "AWS_PROFILE": ""},
         "The security token included in the request is invalid"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "Could not connect to the endpoint URL"),
    ],
)  # fmt: skip
def test_wrong_credentials_are_one_error_and_nothing_is_created(
    run: Run,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    environment: dict[str, str],
    said: str,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name)
    assert run("--yes", *chosen()) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert "Nothing was created" in line
    assert left(client) == []


@pytest.mark.parametrize(
    ("name", "said"),
    [("nothing", "there is no probe nothing"), ("address_is_verified_by_a_mail", "never runs on AWS: it sends a mail")],
)
def test_an_unknown_or_unsafe_probe_is_refused(
    run: Run, capsys: pytest.CaptureFixture[str], name: str, said: str
) -> None:
    assert run("--yes", "--probe", name) == 2
    assert said in capsys.readouterr().err


def test_a_probe_that_fails_leaves_nothing_and_the_next_one_runs(
    run: Run, client: Client, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(ground: Ground) -> dict[str, Any]:
        ground.key(ground.user())
        ground.role()
        assert len(left(client)) == 2
        return dict(ground.client("iam").get_role(RoleName="none"))

    only(monkeypatch, fails)
    assert run("--yes") == 1
    said = capsys.readouterr().out
    assert "DIFFERS own\n          did not end: NoSuchEntityException" in said
    assert "same    user_ids_have_a_prefix" in said
    assert left(client) == []


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_nothing(
    run: Run,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    sent: signal.Signals,
) -> None:
    def interrupted(ground: Ground) -> dict[str, Any]:
        ground.role()
        os.kill(os.getpid(), sent)
        return {}

    only(monkeypatch, interrupted)
    # A shell that starts the tests in the background makes them ignore SIGINT.
    inherited = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert run("--yes") == 130
    finally:
        signal.signal(signal.SIGINT, inherited)
    assert "interrupted; what it made is deleted" in capsys.readouterr().err
    assert left(client) == []


def test_what_a_killed_run_left_is_deleted_by_the_next(
    run: Run, client: Client, account: Account, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    killed = validate.of_account(account, journal=tmp_path / "journal")
    killed.role()
    killed.key(killed.user())
    assert len(left(client)) == 2
    assert "secret" not in (tmp_path / "journal").read_text().lower()
    assert run("--yes", *chosen()) == 0
    assert "deleting what an earlier run left (3 entries" in capsys.readouterr().out
    assert left(client) == []
    assert not (tmp_path / "journal").exists()


def test_what_cannot_be_deleted_is_named_and_stays_in_the_journal(
    run: Run, client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def kept_back(ground: Ground) -> dict[str, Any]:
        client("iam").attach_role_policy(RoleName=ground.role(), PolicyArn=READ_ONLY)
        return {}

    only(monkeypatch, kept_back)
    monkeypatch.setattr(
        validate, "emulated", lambda probes, **_: [validate.Outcome(probe=one, answers={}) for one in probes]
    )
    assert run("--yes") == 1
    assert "not deleted, the next run tries again: iam delete_role" in capsys.readouterr().out
    (role,) = left(client)
    assert role in (tmp_path / "journal").read_text()
    client("iam").detach_role_policy(RoleName=role, PolicyArn=READ_ONLY)
    run("--yes", "--probe", CHOSEN[0])
    assert left(client) == []


@pytest.mark.parametrize(("code", "calls"), [("InvalidNetworkInterface.InUse", 3), ("AccessDenied", 1)])
def test_a_deletion_is_repeated_while_aws_sees_something_attached(
    account: Account, monkeypatch: pytest.MonkeyPatch, code: str, calls: int
) -> None:
    made: list[str] = []

    class Busy:
        def delete_network_interface(self, **_: Any) -> None:
            made.append("call")
            if len(made) < 3:
                raise ClientError({"Error": {"Code": code, "Message": "m"}}, "DeleteNetworkInterface")

    ground = validate.of_account(account)
    monkeypatch.setattr(ground, "client", lambda _service: Busy())
    monkeypatch.setattr(ground, "_patience", 60.0)
    monkeypatch.setattr("sandbox.aws.probes.ground.time.sleep", lambda _seconds: None)
    ground.undo("ec2", "delete_network_interface", NetworkInterfaceId="eni-1")
    with contextlib.nullcontext() if calls > 1 else pytest.raises(LeftError, match="AccessDenied: m"):
        ground.clear()
    assert len(made) == calls


def test_make_validate_aws_as_the_operator_runs_it(account: Account, tmp_path: Path) -> None:
    """In a process of its own, so that it serves its own emulated account to compare with."""
    home = {"AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_CONFIG_FILE": os.devnull, "PATH": os.environ["PATH"]}
    keys = {name.upper(): value for name, value in credentials(account.home).items()}
    done = subprocess.run(
        [sys.executable, "-m", "sandbox.aws.probes", "--yes", "--answers", str(tmp_path), "--journal",
         str(tmp_path / "journal"), *chosen()],
        cwd=layout.CHECKOUT, env={**home, **keys, "AWS_ENDPOINT_URL": account.endpoint},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert "2 of 2 agree" in done.stdout
