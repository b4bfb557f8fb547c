"""The emulated Tencent Cloud of a sandbox: the account that clouds/tencentcloud's stack file names, and what uses it.

A stack runs Terraform's provider 1.81.20 against it (``sandbox/engine/source.py``), which reaches it as a proxy.
"""

import json
from pathlib import Path

import yaml

from sandbox import layout
from sandbox.aws.ports import require_free
from sandbox.fronts.hosts import RealHosts
from sandbox.somebody import BUCKETS
from sandbox.tencentcloud.account import Account, Identity
from sandbox.tencentcloud.client import CREDENTIALS, SETTINGS
from sandbox.tencentcloud.front import TencentFront
from sandbox.tencentcloud.world import SandboxWorld


def identity() -> Identity:
    """The account in the stack file of clouds/tencentcloud."""
    configured = yaml.safe_load((layout.CHECKOUT / "clouds/tencentcloud/Pulumi.test.yaml").read_text())["config"]
    values = {**{key.rpartition(":")[2]: value for key, value in configured.items()}, **SETTINGS}
    return Identity(
        uin=values["uin"],
        app_id=values["appId"],
        region=values["region"],
        zone=values["zone"],
        buckets=tuple(f"agentkeys-{key}{values['suffix']}-{values['appId']}" for key in BUCKETS),
    )


def tencent_front(home: Path) -> TencentFront:
    """The emulator, which is to run in the process that serves the account."""
    folder, wanted = home / "tencentcloud", identity()
    require_free(layout.PORTS["tencentcloud"], "the emulated Tencent Cloud")
    store = f"cos.{wanted.region}.myqcloud.com"
    known = (
        TencentFront.metadata_name, "sts.tencentcloudapi.com", store, *(f"{name}.{store}" for name in wanted.buckets)
    )  # fmt: skip
    hosts = RealHosts(home, "tencentcloud", folder / "ca.pem")
    account = Account(wanted, SandboxWorld(hosts, wanted.zone, known), folder / "account.json")
    front = TencentFront(account, folder, proxy_port=layout.PORTS["tencentcloud"])
    key_id, secret = account.operator_key()
    file = folder / CREDENTIALS.name
    file.touch(mode=0o600)
    file.write_text(json.dumps({"TENCENTCLOUD_SECRET_ID": key_id, "TENCENTCLOUD_SECRET_KEY": secret}))
    return front
