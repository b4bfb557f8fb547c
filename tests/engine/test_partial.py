"""A resource that the provider creates or changes only in part, with the real engine and an emulated account.

The bridge of the built engine keeps such a resource in the state, as the official pulumi-aws does
(``Provider.Create`` and ``Provider.Update`` of pulumi-terraform-bridge 3.120.0, ``pkg/tfbridge/provider.go``).
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox import layout
from sandbox.aws import faults, weather
from tests.support.engine_run import EngineRun

pytestmark = pytest.mark.engine

PROGRAM = f"""import json, sys
sys.path.insert(0, {str(layout.CHECKOUT)!r})
from components import advice
import pulumi
import pulumi_aws as aws
from components.mail import identity_appears
config = pulumi.Config()
trust = {{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {{"Service": "ec2.amazonaws.com"}}}}
provider = aws.Provider("aws", region="us-east-1", allowed_account_ids=["429071895007"], max_retries=1)
here = pulumi.ResourceOptions(provider=provider)
if config.get_bool("waits"):
    advice.when_failed(unless=identity_appears("us-east-1"))
if name := config.get("identity"):
    identity = aws.sesv2.EmailIdentity("mail", email_identity=name, opts=here)
    pulumi.export("tokens", pulumi.Output.unsecret(identity.dkim_signing_attributes.tokens))
if description := config.get("description"):
    policy = json.dumps({{"Version": "2012-10-17", "Statement": [trust]}})
    aws.iam.Role("role", name="partial", description=description, assume_role_policy=policy, opts=here)
"""


class Ground(EngineRun):
    """A stack whose program has one mail identity and one role."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        (folder / "program").mkdir()
        (folder / "program" / "Pulumi.yaml").write_text("name: partial\nruntime: python\n")
        (folder / "program" / "__main__.py").write_text(PROGRAM)
        assert self.pulumi("stack", "init", "test")[0] == 0

    def pulumi(self, *arguments: str) -> tuple[int, str]:
        done = self.run("pulumi", "--non-interactive", *arguments, cwd=self.folder / "program", check=False)
        return done.returncode, done.stdout + done.stderr

    def set(self, **settings: str) -> None:
        for key, value in settings.items():
            assert self.pulumi("config", "set", key, value, "--stack", "test")[0] == 0

    def up(self) -> tuple[int, str]:
        return self.pulumi("up", "--yes", "--skip-preview", "--stack", "test")

    def resource(self, name: str) -> dict[str, Any]:
        exported = json.loads(self.pulumi("stack", "export", "--stack", "test")[1])
        return next((one for one in exported["deployment"]["resources"] if one["urn"].endswith(f"::{name}")), {})

    def sky(self, **switches: float) -> None:
        weather.write(self.account.home / "weather.json", weather.Weather(**switches))


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    made = Ground(tmp_path_factory.mktemp("partial"))
    yield made
    made.close()


def test_a_resource_that_cannot_be_read_after_its_creation_is_kept_and_the_next_up_completes_it(ground: Ground) -> None:
    ground.sky(inconsistent=600)
    ground.set(identity="first.litentry.org")
    code, said = ground.up()
    assert code != 0
    assert "couldn't find resource" in said
    mail = ground.resource("mail")
    assert mail["id"] == "first.litentry.org"
    assert "couldn't find resource" in mail["initErrors"][0]
    ground.sky()
    code, said = ground.up()
    assert code == 0, said
    assert "initErrors" not in ground.resource("mail")
    assert len(json.loads(ground.pulumi("stack", "output", "tokens", "--json", "--stack", "test")[1])) == 3
    assert ground.pulumi("preview", "--refresh", "--expect-no-changes", "--stack", "test")[0] == 0


def test_an_up_waits_until_ses_shows_a_new_identity(ground: Ground) -> None:
    ground.sky(inconsistent=3)
    ground.set(identity="second.litentry.org", waits="true")
    code, said = ground.up()
    ground.sky()
    assert code == 0, said
    assert "SES does not show the new identity second.litentry.org yet" in said
    assert "recover" not in said
    assert len(json.loads(ground.pulumi("stack", "output", "tokens", "--json", "--stack", "test")[1])) == 3
    assert ground.pulumi("preview", "--refresh", "--expect-no-changes", "--stack", "test")[0] == 0


def test_a_change_that_failed_is_made_by_the_up_after_recover(ground: Ground) -> None:
    """The state has the new value already. Without recover, a second `up` only reads the role and changes nothing."""
    ground.set(description="old")
    code, said = ground.up()
    assert code == 0, said
    ground.set(description="new")
    plan = ground.account.home / "faults.json"
    faults.write(plan, [faults.Fault(service="iam", operation="UpdateRoleDescription", kind="error")])
    code, said = ground.up()
    plan.unlink()
    assert code != 0
    assert ground.resource("role")["outputs"]["description"] == "new"
    assert "UpdateRoleDescription" in ground.resource("role")["initErrors"][0]
    folder = str(ground.folder / "program")
    done = ground.run(sys.executable, "-m", "ops", "recover", "-s", "test", "--folder", folder)
    assert "the provider failed while it made or changed it" in done.stdout + done.stderr
    assert ground.resource("role")["outputs"]["description"] == "old"
    assert "initErrors" not in ground.resource("role")
    code, said = ground.up()
    assert code == 0, said
    assert ground.aws("iam").get_role(RoleName="partial")["Role"]["Description"] == "new"
    assert ground.pulumi("preview", "--refresh", "--expect-no-changes", "--stack", "test")[0] == 0
