"""One emulated account for all tests of its folder, on ports that the kernel picks."""

import functools
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from ops.commands import recover
from sandbox.aws.probes import validate
from sandbox.aws.probes.rows import table
from sandbox.aws.server import Account
from tests.support.emulated import Issuer, Somebody, client_of, credentials, make_account, trusting

Client = Callable[..., Any]


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issuer]:
    served = Issuer(tmp_path_factory.mktemp("issuer"))
    yield served
    served.close()


@pytest.fixture(scope="session")
def changes() -> list[str]:
    """Grows by one at each call of on_change."""
    return []


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory, issuer: Issuer, changes: list[str]) -> Iterator[Account]:
    served = make_account(
        tmp_path_factory.mktemp("account"),
        on_change=lambda: changes.append("changed"),
        issuer_ca=issuer.ca,
        issuer_port=issuer.port,
    )
    served.start()
    yield served
    served.stop()


@pytest.fixture(scope="session")
def client(account: Account) -> Client:
    # Making a client takes longer than most tests.
    @functools.cache
    def make(service: str, profile: str = "agentkeys-admin") -> Any:
        return client_of(account.endpoint, service, credentials(account.home, profile))

    return make


@pytest.fixture(scope="session")
def emulated_answers(account: Account) -> dict[str, validate.Outcome]:
    """What the emulated account answers to every probe, also to those that never run on AWS."""
    with validate.of_account(account) as ground:
        return {one.probe.name: one for one in validate.run(table().values(), ground)}


@pytest.fixture
def unique() -> str:
    """A name no other test has."""
    return f"t{uuid.uuid4().hex[:12]}"


@pytest.fixture
def bucket(client: Client, unique: str) -> str:
    client("s3").create_bucket(Bucket=unique)
    return unique


@pytest.fixture
def somebody(client: Client, account: Account, unique: str) -> Somebody:
    return Somebody(client("iam"), account.endpoint, unique)


@pytest.fixture
def role(client: Client, unique: str, somebody: Somebody) -> str:
    """A role that somebody may assume, of the same name and without policies."""
    trust = trusting({"AWS": somebody.arn}, "sts:AssumeRole", "sts:TagSession")
    return str(client("iam").create_role(RoleName=unique, AssumeRolePolicyDocument=trust)["Role"]["Arn"])


@pytest.fixture(autouse=True)
def _aws_shows_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No wait for what a run created: the emulated account shows it at once."""
    monkeypatch.setattr(recover, "UNSEEN", timedelta())


@pytest.fixture
def rule_set(client: Client, unique: str) -> Iterator[str]:
    """An active receipt rule set of this test's own."""
    ses = client("ses")
    ses.create_receipt_rule_set(RuleSetName=unique)
    ses.set_active_receipt_rule_set(RuleSetName=unique)
    yield unique
    ses.set_active_receipt_rule_set()
