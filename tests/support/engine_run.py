"""The real engine against an emulated account of a test's own, without a sandbox."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sandbox import layout
from sandbox.aws.server import Account
from sandbox.engine import build, warm
from tests.support.emulated import client_of, credentials

ACCOUNT_ID, REGION, ZONE, ZONE_ID = "429071895007", "us-east-1", "litentry.org", "Z09723983CFJOHAE3VC65"


class EngineRun:
    """An account that is served until ``close``, and the engine; the files of both are in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("account", "state", "pulumi"):
            (folder / name).mkdir()
        self.account = Account(folder / "account", ACCOUNT_ID, ZONE, ZONE_ID, REGION, on_change=lambda: None, port=0)
        self.account.start()
        engine = build.ensure()
        engine.prepare_home(folder / "pulumi")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PULUMI_"))}
        self.environment = {
            **kept,
            "PATH": f"{engine.bin_dir}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PULUMI_HOME": str(folder / "pulumi"),
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}?metadata=skip",
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PULUMI_PARALLEL": "32",
            "AWS_ENDPOINT_URL": self.account.endpoint,
            "AWS_SHARED_CREDENTIALS_FILE": str(folder / "account" / "credentials.ini"),
            "AWS_CONFIG_FILE": str(folder / "none"),
            "AWS_PROFILE": "agentkeys-admin",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "NO_PROXY": "127.0.0.1",
        }

    def run(
        self,
        *command: str,
        check: bool = True,
        cwd: Path = layout.CHECKOUT,
        more: Mapping[str, str] = MappingProxyType({}),
    ) -> "subprocess.CompletedProcess[str]":
        """Run a command, which must succeed unless ``check`` is off, with ``more`` variables."""
        done = subprocess.run(
            command,
            cwd=cwd,
            env={**self.environment, **more},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def init(self, project: str, stack: str) -> None:
        """Create a stack, in a folder with nothing but the project's name: the engine would write into its settings."""
        bare = self.folder / "init"
        bare.mkdir(exist_ok=True)
        (bare / "Pulumi.yaml").write_text(f"name: {project}\nruntime: python\n")
        self.run("pulumi", "-C", str(bare), "stack", "init", stack)

    def aws(self, service: str) -> Any:
        """A client with the rights of the account's administrator."""
        return client_of(self.account.endpoint, service, credentials(self.account.home))

    def close(self) -> None:
        warm.stop(self.folder / "pulumi")
        self.account.stop()
