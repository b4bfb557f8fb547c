"""A clean environment for every test, one recorded run of every stack, and the switch that rewrites golden files."""

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dev.recorder import INSTANCE_ID, LOOP, OWNER_ID, PROJECT, REPOSITORY_ID, Recorder, run
from sandbox.engine import provider

GOLDEN = Path(__file__).parent / "golden"
STACKS = ("prod", "test")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files instead of comparing them")
    parser.addoption(
        "--every-bracket", action="store_true", help="test every host of tests/sandbox/machine/test_7_brackets.py"
    )


@pytest.fixture(scope="session", autouse=True)
def _clean_environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("AWS_", "PULUMI_", "AGENTKEYS_")) and name not in provider.VARIABLES:
                patch.delenv(name)
        # An f-string on an Output would put an error message into a policy without failing.
        patch.setenv("PULUMI_ERROR_OUTPUT_STRING", "true")
        yield
    LOOP.close()


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Settings of a release archive that is there and has the digest it should have."""
    archive = tmp_path_factory.mktemp("release") / "agentkeys.tar.gz"
    archive.write_bytes(b"archive")
    return {"release": str(archive), "releaseSha256": hashlib.sha256(b"archive").hexdigest()}


@pytest.fixture(scope="session")
def programs(release: dict[str, str]) -> dict[str, Recorder]:
    return {stack: run(stack, changed=release) for stack in STACKS}


@pytest.fixture(scope="session", params=STACKS)
def program(request: pytest.FixtureRequest, programs: dict[str, Recorder]) -> Recorder:
    """The recorded program of each stack in turn."""
    return programs[request.param]


@pytest.fixture(scope="session")
def account() -> Recorder:
    """The account's project with everything in it: the deploy role is there once the test host's id is."""
    return run("litentry", folder=PROJECT / "account", changed={"deployInstanceId": INSTANCE_ID})


@pytest.fixture(scope="session")
def before_federation(release: dict[str, str]) -> dict[str, Recorder]:
    """Each stack in the stage that its federation ends, and both with snapshots of their disks."""
    return {stack: run(stack, changed={**release, "trust": "static", "snapshots": "7"}) for stack in STACKS}


@pytest.fixture(scope="session")
def account_with_ids() -> Recorder:
    """The account's project with GitHub's numbers of the owner and the repository."""
    ids = {"githubOwnerId": OWNER_ID, "githubRepositoryId": REPOSITORY_ID}
    return run("litentry", folder=PROJECT / "account", changed={"deployInstanceId": INSTANCE_ID, **ids})


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares a text with the golden file of that name, or writes it when asked to."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            return
        assert path.is_file(), f"{path} is missing; write it with pytest --update-golden and read the diff"
        assert text == path.read_text(), f"{name} changed; if that is meant, pytest --update-golden and read the diff"

    return check
