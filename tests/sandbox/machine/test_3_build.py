"""Binaries that the host builds from a git repository, with the distribution's cargo and the stand-in crates."""

import hashlib
import signal
import subprocess
import time

import pytest

from hostsetup.services import BINARIES
from sandbox import layout
from sandbox.rehearsal import say
from sandbox.standin.repository import Repository
from tests.sandbox.machine.test_2_release import said_release
from tests.support.emulation import eventually
from tests.support.releases import binaries, carry, running, source_of

CHECKOUT = "/home/agentkey/agentKeys"
PACKAGES = "dpkg-query -W -f='${Package}\\n'"


class Source:
    """The repository, and what its bundle is on the host."""

    def __init__(self) -> None:
        self.repository = Repository(layout.HOME / "source", say)
        self.commits = {"v1": self.repository.commit("v1")}

    def site(self, machine, ref):
        digest = hashlib.sha256(self.repository.bundle.read_bytes()).hexdigest()
        return source_of(machine, self.repository.bundle, digest, ref)

    def change_email_worker(self):
        main = "agentkeys-worker-email/src/main.rs"
        text = (self.repository.folder / main).read_text()
        self.commits["v2"] = self.repository.commit(
            "v2", {main: text.replace("{\n", '{\n    eprintln!("version 2");\n', 1)}
        )


@pytest.fixture(scope="module")
def source():
    return Source()


@pytest.fixture(scope="module")
def packages(machine):
    """What is installed before anything is built, with git, which stays."""
    git = machine.said("apt-get install -s -q --no-install-recommends git | sed -n 's/^Inst \\([^ ]*\\) .*/\\1/p'")
    return {*machine.said(PACKAGES).split(), *git.split()}


def nothing_of_the_build_is_left(machine, packages):
    assert set(machine.said(PACKAGES).split()) == packages
    assert machine.sudo("ls -d /opt/agentkeys-toolchain /var/lib/agentkeys-setup/build* 2>/dev/null || true") == ""


def test_a_build_that_is_killed_is_ended_and_cleaned_up_by_the_next_one(machine, packages, source):
    site = source.site(machine, "v1")
    step = machine.steps(site)["release"]
    with subprocess.Popen(
        [*machine.ssh_command(), step.command], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as session:
        session.stdin.write(step.stdin)
        session.stdin.close()
        compiling = "systemctl is-active agentkeys-build.service || dpkg-query -W cargo"
        assert eventually(lambda: machine.ssh(compiling).returncode == 0, 240)
        machine.sudo("pkill -9 -f /usr/local/lib/agentkeys-setup/release")
        session.send_signal(signal.SIGKILL)
    name, done = carry(machine, site)
    assert (name, done.returncode) == ("units", 0), done.stdout + done.stderr
    assert said_release(done) == f"release commit:{source.commits['v1']}"
    nothing_of_the_build_is_left(machine, packages)


def test_the_build_is_the_operators_and_its_cache_stays(machine, source):
    owners = machine.said(f"sudo find {CHECKOUT} -printf '%U:%G\\n' | sort -u").split()
    assert owners == [machine.said("id -u agentkey").strip() + ":" + machine.said("id -g agentkey").strip()]
    built = machine.said(f"sudo sh -c 'cd {CHECKOUT}/target/release && sha256sum agentkeys-*' | grep -v '\\.d$'")
    assert {line.split()[1]: line.split()[0] for line in built.splitlines()} == {
        name: digest for name, digest in binaries(machine).items() if name in BINARIES
    }
    called = machine.said("grep -c Finished /var/log/agentkeys-build.log")
    assert called.strip() == "3"


def test_a_second_build_has_nothing_to_do(machine, source):
    before = machine.footprint()
    name, done = carry(machine, source.site(machine, "v1"))
    assert (name, done.returncode) == ("units", 0), done.stderr
    assert not [line for line in done.stdout.splitlines() if line.startswith("changed")]
    assert {path: seen for path, seen in machine.footprint().items() if "/.git/" not in path} == {
        path: seen for path, seen in before.items() if "/.git/" not in path
    }


def test_another_ref_builds_and_restarts_what_it_changes(machine, packages, source):
    source.change_email_worker()
    before = running(machine)
    name, done = carry(machine, source.site(machine, "v2"))
    assert (name, done.returncode) == ("units", 0), done.stdout + done.stderr
    assert said_release(done) == f"release commit:{source.commits['v2']}"
    after = running(machine)
    assert {unit for unit in before if before[unit] != after[unit]} == {"agentkeys-worker-email"}
    compiled = machine.said("grep -c Compiling /var/log/agentkeys-build.log")
    assert compiled.strip() == "1"
    nothing_of_the_build_is_left(machine, packages)


def test_a_ref_that_is_not_there_is_named(machine, source):
    _, done = carry(machine, source.site(machine, "v9"), names=("release",))
    assert done.returncode == 1
    assert "has no tag, branch or commit (of 40 digits) 'v9'" in done.stderr


def test_work_in_the_checkout_is_not_lost(machine, source):
    machine.sudo(f"echo '// mine' >> {CHECKOUT}/standin/src/lib.rs")
    _, done = carry(machine, source.site(machine, "v1"), names=("release",))
    assert done.returncode == 1
    assert "changes that are not committed" in done.stderr
    assert "standin/src/lib.rs" in done.stderr
    machine.sudo(f"runuser -u agentkey -- git -C {CHECKOUT} checkout -q .")


# The last one: it leaves the machine as the other files find it.
def test_an_archive_takes_the_place_of_a_build(machine):
    began = time.monotonic()
    name, done = carry(machine, machine.site, machine.archive)
    assert (name, done.returncode) == ("units", 0), done.stderr
    assert said_release(done) == f"release sha256:{machine.site.release_sha256}"
    say(f"back to the archive in {time.monotonic() - began:.0f} s")
