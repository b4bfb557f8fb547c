"""What one host's disk holds beyond the image before its first boot.

Owns: the cloud-init NoCloud seed and the name files. Leaves out writing them and the network itself. It is
what a machine image learns from EC2's metadata service: key pair, user data and private name, nothing more.
"""

import json
from dataclasses import dataclass

from sandbox import layout

SEED = "var/lib/cloud/seed/nocloud"


@dataclass(frozen=True, kw_only=True)
class HostSpec:
    """One running EC2 instance.

    ``public_key`` is the authorized_keys line of its key pair, ``user_data`` decoded and possibly empty,
    ``private_name`` its host name, like ip-10-213-1-2.
    """

    instance_id: str
    public_key: str
    user_data: str
    private_name: str


def first_files(spec: HostSpec, gateway: str) -> dict[str, str]:
    """Return path below the root -> content; JSON because every JSON document is YAML, keys need no quoting rules."""
    metadata = {
        "instance-id": spec.instance_id,
        "local-hostname": spec.private_name,
        "public-keys": [spec.public_key.strip()],
    }
    return {
        f"{SEED}/meta-data": json.dumps(metadata),
        f"{SEED}/user-data": spec.user_data,
        "etc/hostname": f"{spec.private_name}\n",
        "etc/hosts": f"127.0.0.1 localhost\n127.0.1.1 {spec.private_name}\n{gateway} {layout.ACME_HOST}\n",
        "etc/resolv.conf": f"nameserver {gateway}\n",
    }
