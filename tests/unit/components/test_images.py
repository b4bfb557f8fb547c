"""The table of images: which one a stack launches, as whom it logs in, and that other images leave a stack alone."""

import dataclasses
import typing

import pytest

import settings
from components import images
from dev.recorder import PROJECT, SECRET_KEY, run
from hostsetup.families import FAMILIES


def launched(recorded):
    """The instance, and the user that the steps log in as."""
    (instance,) = [item for item in recorded.custom if item.type == "aws:ec2/instance:Instance"]
    connection = recorded.named("setup-toolkit").inputs["connection"]
    connection = connection.get("value", connection) if SECRET_KEY in connection else connection
    return instance.name, connection["user"]


def test_the_setting_takes_the_names_of_the_table_and_its_default_is_the_first():
    field = settings.Settings.model_fields["image"].annotation
    assert typing.get_args(field) == tuple(row.name for row in images.IMAGES)
    assert images.image(images.FIRST).login_user == "ubuntu"


def test_every_image_logs_in_as_the_user_of_a_supported_distribution():
    assert {row.login_user for row in images.IMAGES} == {family.login_user for family in FAMILIES}


@pytest.mark.parametrize(("row", "following"), [(row, row.next) for row in images.IMAGES if row.next])
def test_the_way_leads_to_a_row_that_is_supported_longer(row, following):
    assert images.image(following).supported_until > row.supported_until


@pytest.mark.parametrize(
    ("instance_type", "architecture"),
    [
        *(("t3.small", "x86_64"), ("t4g.small", "arm64"), ("m7g.large", "arm64"), ("c7gn.medium", "arm64")),
        *(("im4gn.large", "arm64"), ("a1.medium", "arm64"), ("g5g.xlarge", "arm64"), ("x2gd.medium", "arm64")),
        *(
            ("g4dn.xlarge", "x86_64"),
            ("m7i-flex.large", "x86_64"),
            ("m7i.metal-24xl", "x86_64"),
            ("gr6.4xlarge", "x86_64"),
        ),
        *(("u-6tb1.metal", "x86_64"), ("c6gd.metal", "arm64"), ("t3a.small", "x86_64"), ("r8gb.large", "arm64")),
    ],
)
def test_the_architecture_of_an_instance_type(instance_type, architecture):
    assert images.architecture(instance_type) == architecture


def test_the_default_is_what_stacks_had_before_the_setting(release):
    assert launched(run("test", changed=release)) == ("host-instance", "ubuntu")
    assert images.name_filter("ubuntu-22.04", "t3.small") == ("ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-*")


def test_another_image_is_another_instance_with_its_own_login_user(release):
    assert launched(run("test", changed={**release, "image": "debian-13"})) == ("host-instance-debian-13", "admin")


@pytest.mark.parametrize(
    ("image", "name"), [("ubuntu-22.04", "host-instance-arm64"), ("debian-13", "host-instance-debian-13-arm64")]
)
def test_another_architecture_is_another_instance(release, image, name):
    """EC2 refuses another architecture for an instance that is there, after it was stopped for the change."""
    changed = {**release, "image": image, "instanceType": "t4g.small"}
    assert launched(run("test", changed=changed))[0] == name


def test_an_ami_and_a_login_user_of_ones_own_win(release):
    changed = {**release, "image": "debian-13", "ami": "ami-0123456789abcdef0", "loginUser": "me"}
    assert launched(run("test", changed=changed)) == ("host-instance", "me")


def test_an_image_is_recognised_by_name_and_owner():
    row = images.image("debian-12")
    assert images.named("debian-12-arm64-20260901-2221", row.owner) is row
    assert images.named("debian-12-backports-amd64-20260901-2221", row.owner) is None
    for other in ("111122223333", "999988887777"):
        assert images.named("debian-12-amd64-20260901-2221", other) is None


def test_hosts_md_has_every_row_with_its_user_and_the_end_of_its_support():
    lines = (PROJECT / "docs/hosts.md").read_text().splitlines()
    for row in images.IMAGES:
        assert row.source.startswith("https://"), dataclasses.asdict(row)
        assert any(
            line.startswith(f"| `{row.name}` | {row.login_user} | {row.supported_until} | <{row.source}>")
            for line in lines
        ), row.name
