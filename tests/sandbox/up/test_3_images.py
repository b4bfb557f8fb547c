"""The stack test on the Debian releases below and above the one that all other stacks of these tests run.

Only with ``--every-bracket`` (``make hosts-all``). docs/hosts.md says which real hosts lie between these.
"""

from dataclasses import dataclass

import pytest
import yaml

from sandbox import layout, rehearsal
from sandbox.aws import seed
from tests.sandbox.machine.test_7_brackets import IMAGES

TEST = rehearsal.deployment("test")


@dataclass(frozen=True, kw_only=True)
class Launched:
    """Settings beside those of the stack's file, and the image that they launch."""

    settings: dict[str, str]
    image: seed.MachineImage


ARM = next(image for image in seed.IMAGES if image.base == "debian-13" and image.architecture == "arm64")

#: What a stack is, one after the other. The setting ``image`` has no Debian 11. The sandbox boots an arm64 image with
#: this computer's architecture.
STACKS = {
    "debian-11": [
        Launched(
            settings={"ami": IMAGES["debian-11"].id, "loginUser": IMAGES["debian-11"].login_user},
            image=IMAGES["debian-11"],
        )
    ],
    "debian-13": [
        Launched(settings={"image": "debian-13"}, image=IMAGES["debian-13"]),
        Launched(settings={"image": "debian-13", "instanceType": "t4g.small"}, image=ARM),
    ],
}


@pytest.fixture
def new(ground, request):
    """A stack that is not there yet."""
    if not request.config.getoption("--every-bracket"):
        pytest.skip("only with --every-bracket (make hosts-all)")
    ground.engine.up(rehearsal.ACCOUNT)
    if ground.engine.has_stack(TEST):
        rehearsal.down("test", rehearsal.say)
    ground.engine.init(TEST)


@pytest.mark.usefixtures("new")
@pytest.mark.parametrize("stages", STACKS.values(), ids=STACKS)
def test_up_a_second_preview_and_down(ground, tmp_path, stages):
    before = ground.listing()
    file = tmp_path / "Pulumi.test.yaml"
    with_file = ("--config-file", str(file))
    for launched in stages:
        content = yaml.safe_load((layout.CHECKOUT / "Pulumi.test.yaml").read_text())
        content["config"] |= {f"agentkeys-cloud:{key}": value for key, value in launched.settings.items()}
        file.write_text(yaml.safe_dump(content))
        ground.pulumi("test", "up", "--yes", "--skip-preview", *with_file)
        ground.pulumi("test", "preview", "--expect-no-changes", *with_file)
        ground.pulumi("test", "preview", "--refresh", "--expect-no-changes", *with_file)
        assert instances(ground) == [launched.image.id]
        release = ground.on_host("test", ". /etc/os-release; echo $ID-$VERSION_ID", user=launched.image.login_user)
        assert release.strip() == launched.image.base
        assert ground.get("test-broker.litentry.org", "/healthz").status == 200
    rehearsal.down("test", rehearsal.say)
    assert ground.listing() == before


def instances(ground):
    """The images of the account's instances."""
    alive = [{"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}]
    found = ground.client("ec2").describe_instances(Filters=alive)["Reservations"]
    return [instance["ImageId"] for several in found for instance in several["Instances"]]
