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
    """One running EC2 instance."""

    instance_id: str
    #: What it boots: a key of ``image.BASES``.
    base: str
    #: User that its machine image lets in with the key pair.
    login_user: str
    #: Line for authorized_keys of its key pair.
    public_key: str
    #: Decoded, possibly empty.
    user_data: str
    #: Host name, like ip-10-213-1-2.
    private_name: str
    #: Id of its root volume. Empty where a test has no account.
    volume: str = ""
    #: Id of the snapshot that the volume was made from; empty for the image's own.
    snapshot: str = ""


def first_files(spec: HostSpec, gateway: str, *, user: bool = True) -> dict[str, str]:
    """Return path below the root -> content; JSON because every JSON document is YAML, keys need no quoting rules.

    ``user`` is false for a disk that was another host's: it has its image's user.
    """
    metadata = {
        "instance-id": spec.instance_id,
        "local-hostname": spec.private_name,
        "public-keys": [spec.public_key.strip()],
    }
    default_user = {
        "name": spec.login_user,
        "groups": ["adm", "sudo"],
        "shell": "/bin/bash",
        "lock_passwd": True,
        "sudo": ["ALL=(ALL) NOPASSWD:ALL"],
    }
    known = {"etc/cloud/cloud.cfg.d/91_sandbox_user.cfg": json.dumps({"system_info": {"default_user": default_user}})}
    return {
        **(known if user else {}),
        f"{SEED}/meta-data": json.dumps(metadata),
        f"{SEED}/user-data": spec.user_data,
        "etc/hostname": f"{spec.private_name}\n",
        "etc/hosts": f"127.0.0.1 localhost\n127.0.1.1 {spec.private_name}\n{gateway} {layout.ACME_HOST}\n",
        "etc/resolv.conf": f"nameserver {gateway}\n",
    }
