"""What docs/state.md says of state: each of its blocks is run, on a folder and on emulated S3 and KMS.

Taken from the document and run as they stand, by a shell that keeps its variables from block to block as a person's
does. The sandbox's account answers, in a process of its own: an account's state is its process's.
"""

import configparser
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from dev.recorder import PROJECT
from sandbox.engine import build

DOCUMENT = (PROJECT / "docs/state.md").read_text()
BLOCKS = {
    section.partition("\n")[0]: block
    for section in DOCUMENT.split("\n## ")[1:]
    for block in re.findall(r"^```sh\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
}
UP = "pulumi up -s test --yes --skip-preview --non-interactive"
MESSAGES = re.findall(r"^\| `([^`]+)` \|", DOCUMENT, re.MULTILINE)

SERVER = """\
import pathlib, sys
from sandbox.aws.server import Account
account = Account(
    pathlib.Path(sys.argv[1]), "429071895007", "example.org", "Z0000000000STATE", "us-east-1", lambda: None, port=0
)
account.start()
print(account.endpoint, flush=True)
sys.stdin.read()
account.stop()
"""

PROGRAM = """\
import pathlib
import time

import pulumi

config = pulumi.Config()
size = config.get("size")


class Thing(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("state:test:Thing", name, {"size": size})
        self.register_outputs({"size": size})


while config.get_bool("hang"):
    pathlib.Path("hangs").touch()
    time.sleep(0.1)
Thing("thing")
pulumi.export("size", size)
pulumi.export("secret", pulumi.Output.secret("hush"))
"""


class Shell:
    """One person's shell in a project's folder: variables that a block sets are there in the next one."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder, self.environment = folder, environment

    def run(self, script: str) -> "subprocess.CompletedProcess[str]":
        ending = self.folder.parent / "ending"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", f"trap 'env -0 > {shlex.quote(str(ending))}' EXIT\nset -a\n{script}"],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        self.environment = dict(line.split("=", 1) for line in ending.read_text().split("\0") if line)
        return done

    def ok(self, script: str) -> str:
        done = self.run(script)
        assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
        return done.stdout

    def document(self, heading: str) -> str:
        return self.ok(BLOCKS[heading])

    def up(self, size: str) -> None:
        self.ok(f"pulumi config set -s test size {size} && {UP}")

    @property
    def size(self) -> str:
        return self.ok("pulumi stack output -s test size").strip()

    @property
    def secret(self) -> str:
        return self.ok("pulumi stack output -s test --show-secrets secret").strip()

    def kill_an_up(self) -> None:
        """Ends an engine at once while it holds the lock, as a machine that goes down does."""
        self.ok("pulumi config set -s test hang true")
        with subprocess.Popen(UP.split(), cwd=self.folder, env=self.environment, stdout=subprocess.PIPE) as engine:
            for _ in range(600):
                if (self.folder / "hangs").exists():
                    break
                time.sleep(0.1)
            assert engine.poll() is None
            for process in descendants([engine.pid]):
                os.kill(process, signal.SIGKILL)
        self.ok("pulumi config rm -s test hang")


def _children(process: int) -> list[int]:
    """Each thread has children of its own."""
    listed = [path.read_text() for path in Path(f"/proc/{process}/task").glob("*/children")]
    return [int(one) for text in listed for one in text.split()]


def descendants(processes: list[int]) -> list[int]:
    return [one for process in processes for one in (process, *descendants(_children(process)))]


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What the sandbox's shell gives a person, but for the backend."""
    home = tmp_path_factory.mktemp("sandbox")
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, home], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        yield {
            "PATH": f"{build.ensure().bin_dir}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(home),
            "PULUMI_HOME": str(home / "pulumi"),
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "AWS_ENDPOINT_URL": server.stdout.readline().strip(),
            "AWS_SHARED_CREDENTIALS_FILE": str(home / "credentials.ini"),
            "AWS_PROFILE": "agentkeys-admin",
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1",
        }
        server.stdin.close()


@pytest.fixture(scope="module")
def account(surroundings: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment after the state bucket and the key are created."""
    shell = Shell(tmp_path_factory.mktemp("account") / "folder", surroundings)
    shell.folder.mkdir()
    shell.document("Make the state bucket")
    shell.document("Make the key")
    return shell.environment


@pytest.fixture
def person(account: dict[str, str], tmp_path: Path) -> Iterator[Shell]:
    """Somebody in a project's folder who has logged in nowhere; a stack that he leaves is removed."""
    shell = Shell(tmp_path / "folder", account)
    shell.folder.mkdir()
    (shell.folder / "Pulumi.yaml").write_text("name: agentkeys-cloud\nruntime: python\n")
    (shell.folder / "__main__.py").write_text(PROGRAM)
    yield shell
    shell.run("pulumi stack rm -s test --force --yes")


@pytest.fixture
def stack(person: Shell) -> Shell:
    """A stack in S3, its secrets under the key."""
    person.document("Begin a stack")
    return person


@pytest.fixture
def sandbox(person: Shell, tmp_path: Path) -> Shell:
    """A stack in a folder, its secrets under a passphrase."""
    (tmp_path / "state").mkdir()
    person.environment |= {
        "AGENTKEYS_SANDBOX_HOME": str(tmp_path),
        "PULUMI_BACKEND_URL": f"file://{tmp_path}/state?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE": "the right one",
    }
    person.ok("pulumi stack init test")
    return person


def credentials(path: str) -> dict[str, str]:
    parser = configparser.ConfigParser()
    parser.read(path)
    return dict(parser["agentkeys-admin"])


def said(done: "subprocess.CompletedProcess[str]") -> list[str]:
    """What the document's table has of a refusal."""
    assert done.returncode != 0, done.stdout
    return [message for message in MESSAGES if message in done.stderr]


def test_every_block_of_the_document_is_run_here():
    called = re.findall(r"""\.document\("([^"]+)"\)""", Path(__file__).read_text())
    assert set(called) == set(BLOCKS)


@pytest.mark.engine
def test_the_state_bucket_is_versioned_private_and_takes_no_plain_http(account):
    session = boto3.Session(**credentials(account["AWS_SHARED_CREDENTIALS_FILE"]))
    s3 = session.client("s3", endpoint_url=account["AWS_ENDPOINT_URL"], region_name=account["AWS_REGION"])
    bucket = account["STATE_BUCKET"]
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90}
    assert "Expiration" not in rule
    (statement,) = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Resource"] == [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.engine
@pytest.mark.parametrize("backend", ["stack", "sandbox"])
def test_a_killed_run_leaves_a_lock_that_the_document_frees(backend, request):
    shell = request.getfixturevalue(backend)
    shell.kill_an_up()
    assert said(shell.run(UP)) == ["the stack is currently locked by"]
    shell.document("Unlock after a killed run")
    shell.up("large")
    assert shell.size == "large"


@pytest.mark.engine
def test_older_states_come_back_from_s3_and_from_a_copy(stack):
    written = (stack.folder / "Pulumi.test.yaml").read_text()
    assert "secretsprovider: awskms://alias/agentkeys-state" in written
    assert "encryptedkey: " in written

    stack.up("small")
    stack.document("Keep a copy")
    assert "hush" not in (stack.folder / "before.json").read_text()
    older = stack.document("Find an older state in S3").splitlines()[0].split()[0]
    stack.up("large")
    assert stack.size == "large"
    stack.environment["STATE_VERSION"] = older
    stack.document("Restore an older state in S3")
    assert stack.size == "small"
    assert stack.secret == "hush"

    stack.ok("pulumi stack rm -s test --force --yes --preserve-config")
    assert said(stack.run("pulumi stack output -s test")) == ["no stack named 'test' found"]
    stack.environment["STATE_VERSION"] = stack.document("Find an older state in S3").splitlines()[0].split()[0]
    stack.document("Restore an older state in S3")
    assert stack.size == "small"

    stack.up("large")
    stack.document("Put the copy back")
    assert stack.size == "small"


@pytest.mark.engine
def test_an_older_state_comes_back_from_the_copies_in_a_folder(sandbox):
    sandbox.up("small")
    sandbox.up("large")
    newest, before = sandbox.document("Find an older state in a folder").split()
    assert newest > before
    sandbox.environment["STATE_COPY"] = before
    sandbox.document("Restore an older state in a folder")
    assert sandbox.size == "small"
    assert sandbox.secret == "hush"


@pytest.mark.engine
def test_a_stack_moves_from_a_folder_and_a_passphrase_to_s3_and_a_key(sandbox):
    sandbox.up("large")
    sandbox.document("Move a stack to another backend")
    sandbox.document("Change the secrets provider")
    assert "PULUMI_CONFIG_PASSPHRASE" not in sandbox.environment
    sandbox.document("Leave the old backend")
    assert not [path for path in sandbox.folder.parent.rglob("test.json") if path.is_file()]
    assert sandbox.size == "large"
    assert sandbox.secret == "hush"


@pytest.mark.engine
@pytest.mark.parametrize(
    ("passphrase", "message"),
    [
        ("another one", "incorrect passphrase"),
        (None, "passphrase must be set with PULUMI_CONFIG_PASSPHRASE"),
    ],
)
def test_without_the_passphrase_nothing_is_done_and_the_reason_is_in_the_document(sandbox, passphrase, message):
    before = sandbox.ok("pulumi stack export -s test")
    del sandbox.environment["PULUMI_CONFIG_PASSPHRASE"]
    if passphrase:
        sandbox.environment["PULUMI_CONFIG_PASSPHRASE"] = passphrase
    assert said(sandbox.run(UP)) == [message]
    assert sandbox.ok("pulumi stack export -s test") == before
