"""Who gets onto the host, and how: the login user by its key, operators as agentkey by EC2 Instance Connect."""

import subprocess

import pytest

from tests.sandbox.machine.test_1_again import changed
from tests.support import metadata_service
from tests.support.instance_connect import Push

SERVED = "/run/agentkeys-test"
PORT = 8169
DROP_IN = "/etc/ssh/sshd_config.d/05-test.conf"


@pytest.fixture(scope="module")
def pushed(machine, tmp_path_factory):
    """A key that AWS has pushed for agentkey, in the form that a host's metadata service returns."""
    key = machine.new_key("pushed")
    push = Push(tmp_path_factory.mktemp("served"), key.with_suffix(".pub").read_text())
    machine.sudo(f"install -d -m 0755 -o ubuntu {SERVED}")
    target = f"ubuntu@{machine.address}:{SERVED}/"
    subprocess.run(
        [*machine.ssh_command(program="scp"), "-q", "-r", *push.folder.iterdir(), metadata_service.__file__, target],
        check=True,
    )
    arguments = f"%u %f http://127.0.0.1:{PORT} {SERVED}/asset-tag {SERVED}/root.pem"
    machine.sudo(
        f"systemd-run --quiet --unit agentkeys-test-metadata python3 {SERVED}/metadata_service.py {PORT} {SERVED}\n"
        f"sed 's#%u %f#{arguments}#' /etc/ssh/sshd_config.d/10-agentkeys-instance-connect.conf >{DROP_IN}\n"
        "sshd -t && systemctl reload ssh && sleep 1"
    )
    yield key
    machine.sudo(f"systemctl stop agentkeys-test-metadata; rm -rf {DROP_IN} {SERVED}; systemctl reload ssh; sleep 1")


def test_an_operator_gets_in_as_agentkey_with_a_pushed_key_and_may_use_sudo(machine, pushed):
    assert machine.said("id -un; sudo id -un", user="agentkey", key=pushed).split() == ["agentkey", "root"]


def test_a_pushed_key_opens_no_other_user(machine, pushed):
    assert "Permission denied" in machine.ssh("true", key=pushed).stderr


def test_a_key_that_nobody_pushed_opens_nothing(machine, pushed):
    assert "Permission denied" in machine.ssh("true", user="agentkey", key=machine.new_key("other")).stderr


def test_without_a_metadata_service_agentkey_stays_out_and_the_login_user_gets_in(machine):
    """As this host is: no instance metadata service answers."""
    assert "Permission denied" in machine.ssh("true", user="agentkey", key=machine.new_key("unknown")).stderr
    machine.said("true")


def test_the_users_are_what_they_are_for(machine):
    users = machine.said("getent passwd agentkeys agentkey agentkeys-keys | cut -d: -f1,6,7").splitlines()
    assert users == [
        "agentkeys:/var/lib/agentkeys:/usr/sbin/nologin",
        "agentkey:/home/agentkey:/bin/bash",
        "agentkeys-keys:/nonexistent:/usr/sbin/nologin",
    ]
    assert machine.said("sudo stat -c '%U %a' /var/lib/agentkeys /home/agentkey").split()[:2] == ["agentkeys", "700"]
    assert "Permission denied" in machine.ssh("true", user="root").stderr


@pytest.mark.parametrize("script", ["sshd", "instance-connect"])
def test_sshd_is_not_closed_to_the_one_who_sets_the_host_up(machine, script):
    machine.sudo("id -u keyless >/dev/null 2>&1 || useradd --create-home keyless")
    done = machine.ssh(f"sudo env SUDO_USER=keyless /usr/local/lib/agentkeys-setup/{script} installed </dev/null")
    assert done.returncode == 1
    assert "add its key first" in done.stderr


def test_a_checkout_moves_to_the_operators_once_with_its_build_cache(machine):
    machine.said("mkdir -p agentKeys/.git agentKeys/target && echo cached >agentKeys/target/one")
    assert (
        "changed /home/agentkey/agentKeys (moved from /home/ubuntu/agentKeys)"
        in machine.set_up(only=("users",))["users"]
    )
    shown = "sudo stat -c '%U:%G %Y' /home/agentkey/agentKeys/target /home/agentkey/agentKeys/target/one"
    before = machine.said(shown)
    assert before.startswith("agentkey:agentkey ")
    assert changed(machine.set_up(only=("users",))) == []
    assert machine.said(shown) == before
    machine.said("mkdir -p agentKeys/.git")
    assert "note: /home/ubuntu/agentKeys was not moved" in machine.set_up(only=("users",))["users"]
    machine.said("sudo rm -r agentKeys /home/agentkey/agentKeys; test ! -e /home/ubuntu/agentKeys")
