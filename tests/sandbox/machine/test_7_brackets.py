"""Hosts older or newer than the real ones: each runs every script, and none lacks an option that a script uses.

docs/hosts.md says which real host each one brackets. Only the oldest runs by default; ``make hosts-all`` runs all.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import SimpleNamespace

import pytest

from gates import ssh
from hostsetup.families import TOOLKIT
from hostsetup.services import SERVICES
from hostsetup.steps import authorized_keys, limited
from ops import host
from ops.backups import BackupError
from ops.commands import backup, drift, restore
from ops.stack import Stack
from sandbox.aws import seed
from tests.sandbox.machine.test_1_again import changed
from tests.sandbox.machine.test_3_certificates import NGINX_STARTED, serial
from tests.support import emulation
from tests.support.host_programs import certbot, old_openssl
from tests.support.host_scripts import BY_THEMSELVES, METRICS_NAMESPACE
from tests.support.releases import EXITS, archive_of, binaries, carry, later

IMAGES = {image.base: image for image in seed.IMAGES if image.owner == seed.DEBIAN and image.architecture == "x86_64"}


@dataclass(frozen=True, kw_only=True)
class Bracket:
    base: str
    programs: tuple[Callable[..., None], ...] = ()
    #: Whether it runs without --every-bracket.
    always: bool = False


BRACKETS = {
    "oldest": Bracket(base="debian-11", always=True),
    "ubuntu-22": Bracket(base="debian-11", programs=(old_openssl, certbot("1.21.0"))),
    "ubuntu-24": Bracket(base="debian-12", programs=(old_openssl, certbot("2.9.0"))),
    "newest": Bracket(base="debian-13"),
}

#: What tools say of an option or a directive that they do not know, or that will go.
UNKNOWN = re.compile(
    r"(unrecogni[sz]ed|unknown|invalid|illegal|unsupported|bad)[^\n]{0,20}"
    r"(option|flag|argument|date format|configuration|directive|lvalue|key name|write-out)"
    r"|deprecat|Traceback \(most recent",
    re.IGNORECASE,
)

#: systemd read the PID file between its creation and nginx's write, and reads it again:
#: https://bugs.launchpad.net/ubuntu/+source/nginx/+bug/1581864
PID_FILE_RACE = "Failed to parse PID from file"


@pytest.fixture(scope="module", params=BRACKETS)
def bracket(launched, request):
    """A host with this bracket's programs, on which nothing is set up yet."""
    chosen = BRACKETS[request.param]
    if not (chosen.always or request.config.getoption("--every-bracket")):
        pytest.skip("only with --every-bracket (make hosts-all)")
    machine = launched(f"-{request.param}", IMAGES[chosen.base])
    machine.site = replace(machine.site, metrics_namespace=METRICS_NAMESPACE)
    for install in chosen.programs:
        install(machine)
    yield machine
    machine.end()


def run_all(machine):
    """Every step's outcome, in their order."""
    machine.stage(machine.archive)
    return {name: machine.run(step) for name, step in machine.steps().items()}


def public_key(machine):
    return machine.key.with_suffix(".pub").read_text().rsplit(" ", 1)[0]


def complaints(text):
    return [line for line in text.splitlines() if UNKNOWN.search(line) and PID_FILE_RACE not in line]


def test_a_step_that_hangs_ends_at_its_limit_with_everything_it_started(bracket):
    """By ``scripts/step``, and by the command of the step that installs it."""
    bracket.set_up(only=("toolkit",))
    hangs = "(trap '' TERM; exec sleep 617) & sleep 617"
    script = f"{TOOLKIT}/hangs"
    bracket.said(f"sudo tee {script}; sudo chmod 0755 {script}", stdin=f"#!/bin/bash\n{hangs}\n")
    limit = "hangs: FAILED: it was not done within its limit of 2 seconds"
    for command in (f"sudo {TOOLKIT}/step hangs 2 hangs", limited("hangs", 2, "bash -s", root=True)):
        done = bracket.ssh(command, stdin="sleep 617", seconds=30)
        assert done.returncode == 124, done
        assert limit in done.stderr
        assert "pulumi up" in done.stderr
        assert bracket.ssh("pgrep -fx 'sleep 617'").returncode == 1
    bracket.said(f"sudo rm {script}")


def test_a_first_run_sets_the_host_up_and_no_tool_complains(bracket):
    for name, done in run_all(bracket).items():
        assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"
        assert complaints(done.stdout + done.stderr) == [], name
    done = bracket.run(authorized_keys([public_key(bracket)]))
    assert (done.returncode, done.stderr) == (0, "")
    assert complaints(bracket.said("sudo cat /var/log/agentkeys-setup.log")) == []
    units = "|".join((*(service.unit for service in SERVICES), "nginx"))
    assert complaints(bracket.said(f"sudo journalctl --no-pager _PID=1 | grep -E '{units}' || true")) == []


def test_the_scripts_that_no_step_needs_run_too(bracket):
    for name, row in BY_THEMSELVES.items():
        done = bracket.ssh(row.command, stdin=row.stdin)
        assert (done.returncode, row.said in done.stdout + done.stderr) == (row.code, True), f"{name}: {done}"
        assert complaints(done.stdout + done.stderr) == [], name


def test_a_second_run_changes_nothing(bracket):
    before = bracket.footprint()
    assert changed(bracket.set_up()) == []
    assert bracket.footprint() == before


def test_certificates_are_renewed_without_a_restart(bracket):
    started, before = bracket.said(NGINX_STARTED), serial(bracket, "broker")
    name = bracket.names.public_hosts["broker"]
    # What the distribution's unit runs. Debian 11's unit first sleeps up to 8 minutes.
    bracket.sudo(f"sed -i '1i renew_before_expiry = 99 years' /etc/letsencrypt/renewal/{name}.conf")
    bracket.sudo("certbot -q renew --no-random-sleep-on-renew")
    assert emulation.eventually(lambda: serial(bracket, "broker") != before)
    assert bracket.said(NGINX_STARTED) == started
    bracket.sudo(f"sed -i '/^renew_before_expiry = 99 years/d' /etc/letsencrypt/renewal/{name}.conf")
    assert changed(bracket.set_up(only=("nginx-http", "certificates", "nginx-https", "health"))) == []


@pytest.fixture
def stack(bracket, monkeypatch):
    """The bracket as a stack, for what the operator's commands send to its host."""
    settings = SimpleNamespace(
        site=bracket.site, logs_in_as=bracket.login_user, source_ref="", release_sha256=bracket.site.release_sha256
    )
    outputs = {
        "elasticIp": bracket.address,
        "sshHostKey": ssh.host_key(bracket.address),
        "sshPublicKeys": [public_key(bracket)],
    }
    monkeypatch.setattr(host, "ask", lambda *_, **_how: bracket.key.read_text())
    return Stack(name="bracket", settings=settings, outputs=outputs)


def test_there_is_no_drift_after_the_steps(stack):
    assert drift.look(stack).drift == []


def test_a_backup_gives_a_host_without_secrets_its_own_again(bracket, stack):
    kept = backup.collected(stack)
    paths = " ".join(file.path for file in kept)
    before = bracket.said(f"sudo sha256sum {paths}")
    bracket.sudo(f"rm {paths}")
    assert restore.put(stack, kept) == [f"changed {file.path}" for file in kept]
    assert bracket.said(f"sudo sha256sum {paths}") == before
    assert drift.look(stack).drift == []
    with pytest.raises(BackupError, match="this host has other secrets already"):
        restore.put(stack, [replace(file, content=b"other") for file in kept])


def test_a_release_that_cannot_start_is_taken_back(bracket):
    before = binaries(bracket)
    site, archive = archive_of(bracket, "bracket-exits", {**later(), "agentkeys-broker-server": EXITS})
    name, done = carry(bracket, site, archive)
    assert (name, done.returncode) == ("units", 1), done.stdout
    assert f"taken back: sha256:{bracket.site.release_sha256} runs again" in done.stderr
    assert {name: digest for name, digest in binaries(bracket).items() if name in before} == before
