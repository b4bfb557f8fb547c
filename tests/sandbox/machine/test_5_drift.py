"""Drift on a real host: none after the steps, and each kind of change made by hand is named and put right again."""

import dataclasses
from types import SimpleNamespace

import pytest

from gates import ssh
from ops import host
from ops.commands import drift
from ops.stack import Stack


@pytest.fixture(scope="module")
def stack(machine):
    """The machine as a stack: over the command's own way to the host."""
    settings = SimpleNamespace(
        site=machine.site, logs_in_as="ubuntu", source_ref="", release_sha256=machine.site.release_sha256
    )
    # No key of the program's: the step for the login user's keys belongs to a machine that the engine launched.
    outputs = {"elasticIp": machine.address, "sshHostKey": ssh.host_key(machine.address), "sshPublicKeys": []}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(host, "ask", lambda *_, **_how: machine.key.read_text())
        yield Stack(name="machine", settings=settings, outputs=outputs)


def test_a_host_that_the_steps_set_up_has_no_drift_and_looking_changes_nothing(machine, stack):
    before = machine.footprint()
    report = drift.look(stack)
    assert report.drift == []
    assert [finding.said for finding in report.warnings if "masked" not in finding.said] == []
    assert machine.footprint() == before


UNIT = "/etc/systemd/system/agentkeys-signer.service"

#: By what drift calls it: how it comes to be, what is said of it, and how it goes away.
BY_HAND = {
    UNIT: (
        f"cp -p {UNIT} /root/kept; sed -i s/ProtectHome=yes/ProtectHome=no/ {UNIT}",
        "differs",
        f"mv /root/kept {UNIT}; systemctl daemon-reload",
    ),
    "agentkeys-worker-email.service": (
        "systemctl disable --now --quiet agentkeys-worker-email",
        "UnitFileState is disabled, should be enabled",
        "systemctl enable --now --quiet agentkeys-worker-email",
    ),
    "/etc/systemd/system/agentkeys-backend.service.d/x.conf": (
        "mkdir -p /etc/systemd/system/agentkeys-backend.service.d; printf '[Service]\\nNice=5\\n' "
        ">/etc/systemd/system/agentkeys-backend.service.d/x.conf; systemctl daemon-reload",
        "does not belong to the program",
        "rm -r /etc/systemd/system/agentkeys-backend.service.d; systemctl daemon-reload",
    ),
    "/etc/agentkeys/broker.env": (
        "cp -p /etc/agentkeys/broker.env /root/kept; echo BROKER_DEBUG=hush >>/etc/agentkeys/broker.env",
        "differs in BROKER_DEBUG (values are not shown)",
        "mv /root/kept /etc/agentkeys/broker.env",
    ),
    "/etc/agentkeys/dev-key-service.env": (
        "chmod 0644 /etc/agentkeys/dev-key-service.env",
        "mode is 0644, should be 0600",
        "chmod 0600 /etc/agentkeys/dev-key-service.env",
    ),
    "/var/lib/agentkeys/keys/oidc-keypair.json": (
        "mv /var/lib/agentkeys/keys/oidc-keypair.json /root/kept",
        "is missing: stored data cannot be read",
        "mv /root/kept /var/lib/agentkeys/keys/oidc-keypair.json",
    ),
    drift.NGINX: (
        f"cp -p {drift.NGINX} /root/kept; sed -i 's/TLSv1.2 TLSv1.3/TLSv1.1 TLSv1.2/' {drift.NGINX}",
        "differs",
        f"mv /root/kept {drift.NGINX}",
    ),
    "/usr/local/bin/agentkeys-worker-audit": (
        "mv /usr/local/bin/agentkeys-worker-audit /root/kept; "
        "echo more | cat /root/kept - >/usr/local/bin/agentkeys-worker-audit",
        "is not the binary of release",
        "mv /root/kept /usr/local/bin/agentkeys-worker-audit",
    ),
    "user agentkeys": (
        "sed -i '/^agentkeys:/s#/usr/sbin/nologin#/bin/bash#' /etc/passwd",
        "should be /var/lib/agentkeys:/usr/sbin/nologin",
        "sed -i '/^agentkeys:/s#/bin/bash#/usr/sbin/nologin#' /etc/passwd",
    ),
    "sshd for ubuntu": (
        "printf 'PasswordAuthentication yes\\n' >/etc/ssh/sshd_config.d/0-first.conf",
        "passwordauthentication is yes, should be no",
        "rm /etc/ssh/sshd_config.d/0-first.conf",
    ),
    "certbot.timer": ("systemctl stop certbot.timer", "ActiveState is inactive", "systemctl start certbot.timer"),
    "/usr/local/share/agentkeys/notes": (
        "echo mine >/usr/local/share/agentkeys/notes",
        "does not belong to the program",
        "rm /usr/local/share/agentkeys/notes",
    ),
}


#: What these changes bring with them.
ALSO = {
    *("agentkeys-signer.service", "agentkeys-backend.service", "agentkeys-broker.service"),
    *("agentkeys-worker-audit.service", "nginx", "sshd", "sshd for agentkey"),
    "/etc/systemd/system/agentkeys-backend.service.d",
}


def in_place(number, command):
    """Each change keeps what it moves away in a place of its own."""
    return command.replace("/root/kept", f"/root/kept-{number}")


def test_what_was_changed_by_hand_is_named_and_nothing_else_is(machine, stack):
    try:
        machine.sudo("\n".join(in_place(number, change) for number, (change, _, _) in enumerate(BY_HAND.values())))
        drifted = drift.look(stack).drift
    finally:
        machine.sudo("\n".join(in_place(number, back) for number, (_, _, back) in enumerate(BY_HAND.values())))
    for what, (_, said, _) in BY_HAND.items():
        assert any(said in finding.said for finding in drifted if finding.what == what), (what, drifted)
    assert {finding.what for finding in drifted} == BY_HAND.keys() | ALSO
    diffs = "".join(finding.diff for finding in drifted)
    assert "-ProtectHome=yes\n+ProtectHome=no\n" in diffs
    assert "hush" not in str(drifted)
    assert drift.look(stack).drift == []


def test_another_host_key_is_not_spoken_to(machine, stack):
    other = machine.new_key("played").with_suffix(".pub").read_text().rsplit(" ", 1)[0]
    played = dataclasses.replace(stack, outputs={**stack.outputs, "sshHostKey": other})
    with pytest.raises(host.HostError, match="shows another host key than the one that this stack pinned"):
        drift.look(played)


def test_what_the_login_users_start_up_files_print_is_no_part_of_the_answer(machine, stack):
    file = "/home/ubuntu/.bashrc"
    machine.sudo(f"touch {file}; mv {file} /root/bashrc; printf 'echo welcome\nprintf half\n' >{file}")
    try:
        assert machine.said("true").startswith("welcome"), "sshd's shell reads the file"
        assert drift.look(stack).drift == []
    finally:
        machine.sudo(f"mv /root/bashrc {file}")
