"""Connecting with a host: which key goes where, whom ssh trusts, what is left behind. ssh itself is a stand-in."""

import os
import subprocess

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner

from dev.recorder import ADDRESS, INSTANCE_ID
from ops import host
from ops.commands import ssh
from tests.support.stacks import a_stack

HOST_KEY = "ssh-ed25519 AAAAhostkey"

#: Shows what it was called with, the keys of the agent it was given, and the host keys it would trust.
SSH = """#!/bin/bash
for argument; do
  case $argument in
    -oIdentityAgent=*) SSH_AUTH_SOCK=${argument#*=} ssh-add -L | sed 's/^/agent /' ;;
    -oUserKnownHostsFile=*) sed 's/^/trusts /' "${argument#*=}" ;;
  esac
done
echo "called $*" | sed -E 's/-o(IdentityAgent|UserKnownHostsFile)=[^ ]+/-o\\1=.../g'
"""


@pytest.fixture
def stack(release):
    made = a_stack("test", release)
    made.outputs["sshHostKey"] = HOST_KEY
    return made


@pytest.fixture
def run(stack, monkeypatch, tmp_path, capfd):
    program = tmp_path / "bin" / "ssh"
    program.parent.mkdir()
    program.write_text(SSH)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(ssh, "read_any", lambda *_: stack)

    def call(*arguments):
        done = CliRunner().invoke(ssh.command, ["-s", "test", *arguments])
        return done, capfd.readouterr().out

    return call


@pytest.fixture
def delivered(monkeypatch):
    sent = []
    monkeypatch.setattr(ssh, "deliver", lambda stack, profile, public: sent.append((profile, public)))
    return sent


def test_the_key_that_ec2_was_given_is_the_one_that_the_agent_holds(run, delivered):
    done, seen = run("--", "uptime")
    assert done.exit_code == 0, done.output
    ((_, public),) = delivered
    assert f"agent {public}" in seen
    assert f"trusts {ADDRESS} {HOST_KEY}" in seen
    assert f"agentkey@{ADDRESS} uptime" in seen
    assert "-oStrictHostKeyChecking=yes" in seen


def test_every_session_has_a_key_of_its_own_and_leaves_nothing(run, delivered, monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    run()
    run()
    assert len({public for _, public in delivered}) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["bin"]


def test_the_fallback_is_the_stacks_own_key_as_the_images_user(run, monkeypatch):
    private, public = ssh.ephemeral_key()
    monkeypatch.setattr(host, "ask", lambda *_asked, **_how: private)
    done, seen = run("--fallback")
    assert done.exit_code == 0, done.output
    assert f"agent {public}" in seen
    assert f"ubuntu@{ADDRESS}\n" in seen


def test_arguments_with_a_dash_are_sshs_own(run, delivered):
    _, seen = run("--", "-L", "8091:127.0.0.1:8091")
    assert f"-L 8091:127.0.0.1:8091 agentkey@{ADDRESS}\n" in seen


def test_the_exit_code_is_that_of_the_remote_command(run, delivered, tmp_path):
    (tmp_path / "bin" / "ssh").write_text("#!/bin/sh\nexit 7\n")
    assert run("--", "false")[0].exit_code == 7


def test_a_key_that_the_agent_refuses_is_told(run, monkeypatch):
    monkeypatch.setattr(host, "ask", lambda *_asked, **_how: "not a key")
    done, _ = run("--fallback")
    assert done.exit_code == 3
    assert "ssh-agent does not take the key" in done.output
    assert "not a key" not in done.output


def test_without_the_profile_the_way_out_is_named(stack, monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(host.HostError, match=r"no AWS profile 'agentkeys-broker-test'.*agentkeys credentials -s test"):
        ssh.deliver(stack, None, "ssh-ed25519 AAAA")


class Refusing:
    def send_ssh_public_key(self, **asked):
        assert asked == {
            "InstanceId": INSTANCE_ID,
            "InstanceOSUser": "agentkey",
            "SSHPublicKey": "ssh-ed25519 AAAA",
        }
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "SendSSHPublicKey")


def test_a_refusal_of_ec2_names_profile_instance_and_user(stack, monkeypatch, tmp_path):
    config = tmp_path / "config"
    config.write_text("[profile mine]\naws_access_key_id = AKIA\naws_secret_access_key = s\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setattr(ssh.clients, "of", lambda _session, _service: Refusing())
    with pytest.raises(
        host.HostError, match=rf"'mine' must be allowed to send keys to {INSTANCE_ID} for the user agentkey"
    ):
        ssh.deliver(stack, "mine", "ssh-ed25519 AAAA")


def test_the_printed_functions_are_shell_and_have_the_runbooks_names(run, release):
    done, _ = run("--aliases")
    assert [line.partition("(")[0] for line in done.output.splitlines()] == [
        "ssh-agentkeys-test", "ssh-agentkeys-test-fallback"
    ]  # fmt: skip
    assert [line.partition("(")[0] for line in ssh.aliases(a_stack("prod", release)).splitlines()] == [
        "ssh-agentkeys", "ssh-agentkeys-fallback"
    ]  # fmt: skip
    assert "--fallback" in done.output
    subprocess.run(["bash", "-n"], input=done.output, text=True, check=True)
