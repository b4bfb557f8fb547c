"""Another release on a host that serves: what restarts, and that a broken one is taken back."""

import pytest

from hostsetup.services import BINARIES, SERVICES
from tests.support.releases import EXITS, NEVER_ANSWERS, archive_of, binaries, carry, later, running


@pytest.fixture
def first(machine):
    """The host runs the release it was set up with; gives its binaries."""
    name, done = carry(machine, machine.site, machine.archive)
    assert (name, done.returncode) == ("units", 0), done.stderr
    return {name: digest for name, digest in binaries(machine).items() if name in BINARIES}


def restarted(before, after):
    return {unit for unit in before if before[unit] != after[unit]}


def answering(machine):
    asked = "; ".join(
        f"curl -s -o /dev/null -w '%{{http_code}} ' http://127.0.0.1:{service.port}/healthz" for service in SERVICES
    )
    return machine.said(asked).split()


def said_release(done):
    """The line of the step ``units`` that the stack's output takes; the step's outcome follows it."""
    return [line for line in done.stdout.splitlines() if line.startswith("release ")][-1]


def test_an_upgrade_restarts_only_what_it_changes_and_keeps_the_previous_binary(machine, first):
    site, archive = archive_of(machine, "later-email", later("agentkeys-worker-email"))
    before = running(machine)
    assert len(before) == len(SERVICES)
    _, done = carry(machine, site, archive)
    assert said_release(done) == f"release sha256:{site.release_sha256}"
    assert restarted(before, running(machine)) == {"agentkeys-worker-email"}
    now = binaries(machine)
    assert now["agentkeys-worker-email"] != first["agentkeys-worker-email"] == now["agentkeys-worker-email.bak"]
    assert {name for name in BINARIES if now[name] != first[name]} == {"agentkeys-worker-email"}
    between = running(machine)
    _, again = carry(machine, site, archive)
    assert not [line for line in again.stdout.splitlines() if line.startswith("changed")]
    assert running(machine) == between


def is_taken_back(machine, site, archive, unit, first):
    name, done = carry(machine, site, archive)
    assert (name, done.returncode) == ("units", 1), done.stdout
    assert f"{unit} did not answer http://127.0.0.1:" in done.stderr
    assert f"taken back: sha256:{machine.site.release_sha256} runs again" in done.stderr
    assert "run 'pulumi up' again" in done.stderr
    assert f"{unit}.service" in done.stdout
    assert {name: binaries(machine)[name] for name in BINARIES} == first
    assert answering(machine) == ["200"] * len(SERVICES)
    return done


def test_a_broker_that_exits_is_taken_back_each_time_and_a_corrected_release_goes_through(machine, first):
    site, archive = archive_of(machine, "exits", {**later(), "agentkeys-broker-server": EXITS})
    for _ in range(2):
        done = is_taken_back(machine, site, archive, "agentkeys-broker", first)
        assert "this release cannot start" in done.stdout, "the journal's last lines"
    site, archive = archive_of(machine, "corrected", later())
    _, done = carry(machine, site, archive)
    assert done.returncode == 0, done.stderr
    assert said_release(done) == f"release sha256:{site.release_sha256}"
    assert {name: binaries(machine)[f"{name}.bak"] for name in BINARIES} == first


def test_a_worker_that_never_answers_is_taken_back(machine, first):
    site, archive = archive_of(machine, "silent", {**later(), "agentkeys-worker-creds": NEVER_ANSWERS})
    is_taken_back(machine, site, archive, "agentkeys-worker-creds", first)


@pytest.mark.parametrize("how", ["a binary is missing", "another digest"])
def test_a_release_that_is_not_what_it_should_be_changes_nothing(machine, first, how):
    site, archive = archive_of(machine, "incomplete", {"agentkeys-worker-audit": None})
    if how == "another digest":
        site, _ = archive_of(machine, "elsewhere", later())
    before = machine.footprint()
    name, done = carry(machine, site, archive)
    assert (name, done.returncode) == ("release", 1)
    assert "Nothing was installed" in done.stderr
    assert machine.footprint() == before


# The last one: it leaves the machine as the other files find it.
def test_the_previous_release_comes_back_by_its_own_name(machine, first):
    later_site, later_archive = archive_of(machine, "corrected", later())
    assert carry(machine, later_site, later_archive)[1].returncode == 0
    _, done = carry(machine, machine.site, machine.archive)
    assert said_release(done) == f"release sha256:{machine.site.release_sha256}"
    assert {name: binaries(machine)[name] for name in BINARIES} == first
