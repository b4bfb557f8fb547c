"""The sandbox of a folder of tests, as they see it: started from nothing, gone after the folder's last test.

A folder's ``conftest.py`` imports ``home`` and ``ground``, which makes them its own.
"""

import json
import shutil
import smtplib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from dev import inventory
from gates import dns
from sandbox import layout, rehearsal, supervisor
from tests.support import emulation

#: The agent that the tests assume roles for.
ACTOR = "ab" * 32


def copy_of_checkout(folder: Path) -> Path:
    """A checkout below ``folder`` that a test may change, because tests of other folders use this one meanwhile."""
    made = folder / "checkout"
    ignored = shutil.ignore_patterns("venv", ".git", ".sandbox", ".*_cache", "node_modules", "tests", "docs")
    shutil.copytree(layout.CHECKOUT, made, ignore=ignored)
    (made / "venv").symlink_to((layout.CHECKOUT / "venv").resolve())
    return made


def changes(previewed: "subprocess.CompletedProcess[str]") -> dict[str, int]:
    """What a `preview --json` would do, counted."""
    return {kind: count for kind, count in json.loads(previewed.stdout)["changeSummary"].items() if kind != "same"}


class LiveSandbox:
    """The running sandbox, as a test sees it: engine, AWS, names, hosts."""

    def __init__(self) -> None:
        self.engine = rehearsal.Engine(rehearsal.prepare(rehearsal.say))

    def bring_up(self, *stacks: str) -> None:
        """Stacks that are not up yet, with `make up`."""
        for stack in stacks:
            if not self.engine.has_stack(rehearsal.deployment(stack)) or "urls" not in self.outputs(stack):
                rehearsal.up(stack, rehearsal.say)

    def client(self, service: str, **credentials: str) -> Any:
        return supervisor.client(service, **credentials)

    def pulumi(self, stack: str, *arguments: str, check: bool = True, **environment: str) -> Any:
        """An engine command in the project's folder, its output in the result."""
        project = rehearsal.ACCOUNT if stack == rehearsal.ACCOUNT_STACK else rehearsal.deployment(stack)
        engine = rehearsal.Engine({**self.engine.environment, **environment})
        return engine.run(project, *arguments, capture=True, check=check)

    def outputs(self, stack: str) -> dict[str, Any]:
        return self.engine.outputs(rehearsal.deployment(stack))

    def state(self, stack: str) -> dict[str, Any]:
        return self.engine.state(rehearsal.deployment(stack))

    def address(self, name: str) -> str:
        """As the world sees it: over DNS-over-HTTPS."""
        (found,) = dns.resolve(name, json.loads(self.engine.environment["AGENTKEYS_DOH_URLS"])[0])
        return found

    def get(self, name: str, path: str, *, method: str = "GET", **request: Any) -> urllib3.BaseHTTPResponse:
        """Over public TLS at the resolved address, the certificate checked against the sandbox's authorities."""
        with urllib3.HTTPSConnectionPool(
            self.address(name),
            server_hostname=name,
            assert_hostname=name,
            ca_certs=self.engine.environment["AGENTKEYS_CA_BUNDLE"],
            timeout=10,
            retries=False,
        ) as pool:
            return pool.request(method, path, headers={"Host": name}, **request)

    def token(self, broker: str, actor: str) -> str:
        answer = self.get(broker, "/v1/mint-oidc-jwt", method="POST", json={"actor_omni": actor})
        assert answer.status == 200, answer.data
        return answer.json()["token"]

    def assume(self, key: str, stack: str, token: str) -> dict[str, Any]:
        return self.client("sts", aws_access_key_id="", aws_secret_access_key="").assume_role_with_web_identity(
            RoleArn=self.outputs(stack)["roleArns"][key], RoleSessionName="test", WebIdentityToken=token
        )

    def send_mail(self, recipient: str, subject: str) -> None:
        with smtplib.SMTP(layout.LOOPBACK, layout.PORTS["smtp"], timeout=10) as smtp:
            smtp.sendmail(
                "somebody@example.com", [recipient], f"Subject: {subject}\r\nTo: {recipient}\r\n\r\nhello\r\n"
            )

    def mails(self, bucket: str) -> list[bytes]:
        s3 = self.client("s3")
        found = s3.list_objects_v2(Bucket=bucket, Prefix="inbound/").get("Contents", [])
        return [s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read() for item in found]

    def on_host(self, stack: str, command: str, user: str = "ubuntu") -> str:
        """What a command prints on the stack's host, over SSH as the login user."""
        key = layout.HOME / f"{stack}.key"
        shown = self.engine.run(
            rehearsal.deployment(stack), "stack", "output", "sshPrivateKey", "--show-secrets", capture=True
        ).stdout
        key.touch(mode=0o600)
        key.write_text(shown)
        done = subprocess.run(
            ["ssh", "-i", str(key), "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
             "-o", "LogLevel=ERROR", "-o", "BatchMode=yes", f"{user}@{self.outputs(stack)['elasticIp']}", command],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def listing(self) -> dict[str, Any]:
        """The whole account as AWS reports it, by kind and name; everything a stack creates appears here."""
        return inventory.listing(self.client, supervisor.emulated().zone_id)


@pytest.fixture(scope="package")
def home() -> Iterator[None]:
    """One sandbox for all tests of a folder, made from nothing, used in the order of the files, gone at the end."""
    before = stack_files()
    with emulation.from_nothing():
        yield
    assert stack_files() == before, "a run wrote into the checkout: give the engine a copy of the file"


def stack_files() -> dict[Path, str]:
    """The settings of the checkout's stacks. With --config-file, the engine adds its salt to the file that is named."""
    folders = (layout.CHECKOUT, layout.CHECKOUT / "account", *layout.CHECKOUT.glob("clouds/*"))
    return {path: path.read_text() for folder in folders for path in folder.glob("Pulumi.*.yaml")}


@pytest.fixture(scope="package")
def ground(home: None) -> LiveSandbox:
    return LiveSandbox()
