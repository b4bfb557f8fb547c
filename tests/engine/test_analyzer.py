"""The account's project with an access analyzer, by the real engine in an emulated account."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.naming import ACCESS_ANALYZER
from sandbox.aws import faults
from tests.support.engine_run import EngineRun
from tests.support.live import copy_of_checkout

pytestmark = pytest.mark.engine


class Ground(EngineRun):
    """The stack of the account's project, in a copy of the checkout with other settings."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._checkout = copy_of_checkout(folder)
        path = self._checkout / "account" / "Pulumi.litentry.yaml"
        settings = yaml.safe_load(path.read_text())
        settings["config"]["agentkeys-account:accessAnalyzer"] = True
        path.write_text(yaml.safe_dump(settings))
        self.init("agentkeys-account", "litentry")

    def said(self, *command: str, fails: bool = False) -> str:
        done = self.run(*command, cwd=self._checkout, check=False)
        assert bool(done.returncode) == fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def pulumi(self, verb: str, *arguments: str, fails: bool = False) -> str:
        return self.said("pulumi", "-C", "account", verb, "--stack", "litentry", *arguments, fails=fails)

    def analyzers(self) -> list[Any]:
        return list(self.aws("accessanalyzer").list_analyzers()["analyzers"])


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    made = Ground(tmp_path_factory.mktemp("account"))
    yield made
    made.close()


def test_an_analyzer_whose_answer_was_lost_is_found_once_by_the_up_after_recover(ground: Ground) -> None:
    plan = ground.account.home / "faults.json"
    faults.write(plan, [faults.Fault(service="accessanalyzer", operation="CreateAnalyzer", kind="answer-lost")])
    ground.pulumi("up", "--yes", "--skip-preview", fails=True)
    plan.unlink()
    assert [one["name"] for one in ground.analyzers()] == [ACCESS_ANALYZER]
    said = ground.said(sys.executable, "-m", "ops", "recover", "-s", "litentry", "--folder", "account")
    assert "taken in" in said
    ground.pulumi("up", "--yes", "--skip-preview")
    ground.pulumi("preview", "--refresh", "--expect-no-changes")
    assert [one["type"] for one in ground.analyzers()] == ["ACCOUNT"]


def test_a_destroy_takes_it_away(ground: Ground) -> None:
    ground.said("pulumi", "-C", "account", "state", "unprotect", "--all", "--yes", "--stack", "litentry")
    ground.pulumi("destroy", "--yes", "--skip-preview")
    assert ground.analyzers() == []
