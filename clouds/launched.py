"""What the programs share that launch their host in a cloud other than AWS: arguments, open ports, retention.

Imports no cloud's SDK.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from clouds.names import CloudNames
from hostsetup.services import PUBLIC_PORTS, SMTP_PORT, SSH_PORT

#: Days after which the parts of an incomplete upload are removed.
INCOMPLETE_UPLOAD_DAYS = 7
#: Days for which an overwritten or deleted object can be restored, in buckets with versioning.
OLD_VERSION_DAYS = 30

ANYWHERE = "0.0.0.0/0"


def opened(ssh_cidrs: Sequence[str], *, receives_mail: bool) -> dict[int, Sequence[str]]:
    """The firewall's open TCP ports, and the IPv4 networks that may reach each."""
    public = (*PUBLIC_PORTS, *((SMTP_PORT,) if receives_mail else ()))
    return {SSH_PORT: ssh_cidrs, **{port: [ANYWHERE] for port in public}}


@dataclass(frozen=True, kw_only=True)
class HostArgs:
    """Arguments of a ``Host``. The defaults are those of the settings of the same name (``Pulumi.yaml``)."""

    #: Physical names of the stack.
    names: CloudNames
    #: Zone of the instance.
    availability_zone: str
    #: The cloud's instance type.
    instance_type: str
    #: Id of the image.
    image_id: str
    #: Size of the system disk in GiB.
    root_volume_gib: int
    #: IPv4 networks that may reach port 22.
    ssh_cidrs: Sequence[str]
    #: Whether the host receives mail on port 25.
    receives_mail: bool
    #: Also refuse to end the instance.
    protect: bool


@dataclass(frozen=True, kw_only=True)
class PrivateBucketArgs:
    """Arguments of a ``PrivateBucket``."""

    #: Physical name.
    bucket: str
    #: The bucket policy.
    policy: dict[str, Any]
    #: Keep overwritten and deleted objects for ``OLD_VERSION_DAYS``.
    versioning: bool
    #: What a destroy does with a bucket that has objects, as on AWS.
    on_destroy: Literal["refuse", "keep", "delete"]
    #: Days until objects expire, by key prefix.
    expire_days: dict[str, int]
