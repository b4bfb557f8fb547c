"""The login user of a host that a program launches: cloud-init creates it, so that it is the same in every image.

Images of AliCloud and Tencent Cloud have different users, some only root, whom the step ``sshd`` shuts out.
"""

import json

#: May use sudo without a password.
USER = "agentkeys-setup"


def user_data(public_key: str) -> str:
    """Cloud-config (https://cloudinit.readthedocs.io) that creates the user with this key. JSON is YAML."""
    wanted = {
        "users": [
            {
                "name": USER,
                "shell": "/bin/bash",
                "sudo": "ALL=(ALL) NOPASSWD:ALL",
                "lock_passwd": True,
                "ssh_authorized_keys": [public_key],
            }
        ],
        "disable_root": True,
        "ssh_pwauth": False,
    }
    return f"#cloud-config\n{json.dumps(wanted, indent=2)}\n"
