"""The real engine against an emulated account of a test's own, without a sandbox."""

import os
import sys
from pathlib import Path

from sandbox.aws.server import Account
from sandbox.engine import build

ACCOUNT_ID, REGION, ZONE, ZONE_ID = "429071895007", "us-east-1", "litentry.org", "Z09723983CFJOHAE3VC65"


def start_account(folder: Path) -> Account:
    """An account that is served until its ``stop``; its files are in ``folder``/account."""
    (folder / "account").mkdir()
    account = Account(folder / "account", ACCOUNT_ID, ZONE, ZONE_ID, REGION, on_change=lambda: None, port=0)
    account.start()
    return account


def environment(folder: Path, account: Account) -> dict[str, str]:
    """What a command needs to run the engine: its state and its home are in ``folder``."""
    (folder / "state").mkdir()
    (folder / "pulumi").mkdir()
    engine = build.ensure()
    engine.prepare_home(folder / "pulumi")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PULUMI_"))}
    return {
        **kept,
        "PATH": f"{engine.bin_dir}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PULUMI_HOME": str(folder / "pulumi"),
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE": "test",
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "PULUMI_PARALLEL": "32",
        "AWS_ENDPOINT_URL": account.endpoint,
        "AWS_SHARED_CREDENTIALS_FILE": str(account.home / "credentials.ini"),
        "AWS_CONFIG_FILE": str(folder / "none"),
        "AWS_PROFILE": "agentkeys-admin",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "NO_PROXY": "127.0.0.1",
    }
