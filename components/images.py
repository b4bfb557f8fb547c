"""The machine images that a stack can launch by name, one row each.

Debian, Ubuntu and Amazon Linux differ on the host in ``hostsetup/families.py``.
"""

import datetime
import fnmatch
import re
from dataclasses import dataclass

#: Days before the end of standard support from which `agentkeys doctor` warns.
WARNING_DAYS = 180


@dataclass(frozen=True, kw_only=True)
class Image:
    """One release of a distribution."""

    #: Value of the setting ``image``.
    name: str
    #: AWS account that publishes the images.
    owner: str
    #: Name pattern of the images in EC2's filter syntax, with ``{architecture}``.
    pattern: str
    #: What stands for ``{architecture}``, by EC2's name of the architecture.
    architectures: dict[str, str]
    #: User that the image lets in with the key pair.
    login_user: str
    #: Last day of the distribution's standard support.
    supported_until: datetime.date
    #: Page that says so.
    source: str
    #: The image to change to, empty for the newest.
    next: str = ""


_DEBIAN_NAMES = {"x86_64": "amd64", "arm64": "arm64"}
_AMAZON_NAMES = {"x86_64": "x86_64", "arm64": "arm64"}

#: Owners and names: https://documentation.ubuntu.com/aws/aws-how-to/instances/find-ubuntu-images/,
#: https://wiki.debian.org/Cloud/AmazonEC2Image, https://docs.aws.amazon.com/linux/al2023/ug/ec2.html
IMAGES = (
    Image(
        name="ubuntu-22.04",
        owner="099720109477",
        pattern="ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-{architecture}-server-*",
        architectures=_DEBIAN_NAMES,
        login_user="ubuntu",
        supported_until=datetime.date(2027, 4, 30),
        source="https://ubuntu.com/about/release-cycle",
        next="ubuntu-24.04",
    ),
    Image(
        name="ubuntu-24.04",
        owner="099720109477",
        pattern="ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-{architecture}-server-*",
        architectures=_DEBIAN_NAMES,
        login_user="ubuntu",
        supported_until=datetime.date(2029, 4, 30),
        source="https://ubuntu.com/about/release-cycle",
    ),
    Image(
        name="debian-12",
        owner="136693071363",
        pattern="debian-12-{architecture}-20*",
        architectures=_DEBIAN_NAMES,
        login_user="admin",
        supported_until=datetime.date(2026, 6, 10),
        source="https://wiki.debian.org/DebianReleases",
        next="debian-13",
    ),
    Image(
        name="debian-13",
        owner="136693071363",
        pattern="debian-13-{architecture}-20*",
        architectures=_DEBIAN_NAMES,
        login_user="admin",
        supported_until=datetime.date(2028, 8, 9),
        source="https://wiki.debian.org/DebianReleases",
    ),
    Image(
        name="amazon-linux-2023",
        owner="137112412989",
        pattern="al2023-ami-2023.*-kernel-6.1-{architecture}",
        architectures=_AMAZON_NAMES,
        login_user="ec2-user",
        supported_until=datetime.date(2027, 6, 30),
        source="https://docs.aws.amazon.com/linux/al2023/ug/release-cadence.html",
    ),
)

#: The image of stacks made before the setting existed. Its instance has no image in its resource name.
FIRST = "ubuntu-22.04"


def image(name: str) -> Image:
    """Return the row of a value of the setting ``image``."""
    return next(row for row in IMAGES if row.name == name)


def architecture(instance_type: str) -> str:
    """Return EC2's name of the architecture of an instance type.

    Graviton's types have a g behind the generation, and A1 is the first of them:
    https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html
    """
    family = instance_type.partition(".")[0]
    attributes = re.fullmatch(r"[a-z]+\d+([a-z]*)(-.*)?", family)
    return "arm64" if family == "a1" or (attributes and "g" in attributes[1]) else "x86_64"


def name_filter(name: str, instance_type: str) -> str:
    """Return the pattern of the image's names for this instance type, in EC2's filter syntax."""
    row = image(name)
    return row.pattern.format(architecture=row.architectures[architecture(instance_type)])


def named(image_name: str, owner: str) -> Image | None:
    """Return the row of an image by the name and owner that EC2 gives, None if it is none of the table's."""
    for row in IMAGES:
        patterns = [row.pattern.format(architecture=spelt) for spelt in row.architectures.values()]
        if owner == row.owner and any(fnmatch.fnmatchcase(image_name, pattern) for pattern in patterns):
            return row
    return None
