"""A full disk, a service that is out of memory: a clear message, and everything healthy again afterwards."""

from hostsetup.services import SERVICES
from hostsetup.units import EXPOSED, MOST_EXPOSED
from tests.support import emulation

STATE = "/var/lib/agentkeys"


def healthy(machine):
    done = machine.run(machine.steps()["health"])
    return done.returncode == 0


def test_a_full_disk_is_named_and_all_is_well_when_it_has_room_again(machine):
    """The services' folder on a disk of its own that is full."""
    machine.sudo(
        f"systemctl stop 'agentkeys-*'; cp -a {STATE} /run/kept; mount -t tmpfs -o size=48m,mode=0700 small {STATE}\n"
        f"chown agentkeys: {STATE}; cp -a /run/kept/. {STATE}/; head -c 44M /dev/zero >{STATE}/filler"
    )
    try:
        done = machine.run(machine.steps()["units"])
        assert done.returncode == 1
        assert f"the disk is full: {STATE} has" in done.stderr
        assert "journalctl --vacuum-size" in done.stderr
        machine.sudo(f"rm {STATE}/filler")
        machine.set_up(only=("units", "health"))
    finally:
        machine.sudo(f"systemctl stop 'agentkeys-*'; umount {STATE}; rm -r /run/kept")
    machine.set_up(only=("units", "health"))


def test_a_service_that_the_kernel_kills_for_its_memory_is_there_again(machine):
    unit = "agentkeys-worker-audit"
    before = machine.said(f"systemctl show -p MainPID --value {unit}")
    # What the kernel does to it: the hosts of the sandbox have no memory controller of their own.
    machine.sudo(f"systemctl kill --signal KILL {unit}")
    assert emulation.eventually(lambda: machine.ssh(f"systemctl is-failed {unit}").stdout != "active\n")
    assert emulation.eventually(lambda: machine.ssh(f"systemctl is-active {unit}").stdout == "active\n")
    assert machine.said(f"systemctl show -p MainPID --value {unit}") != before
    assert "code=killed, status=9/KILL" in machine.said(f"sudo journalctl -u {unit} -n 20 --no-pager")
    assert healthy(machine)


def test_every_service_has_its_limits_and_is_confined(machine):
    shown = machine.said("systemd-analyze security --no-pager")
    exposure = {line.split()[0]: float(line.split()[1]) for line in shown.splitlines()[1:] if line.strip()}
    for service in SERVICES:
        unit = f"{service.unit}.service"
        assert exposure[unit] <= MOST_EXPOSED
        limits = machine.said(f"systemctl show -p MemoryMax -p TasksMax -p OOMPolicy -p LimitCORE {unit}").split()
        assert sorted(limits) == sorted(
            [f"MemoryMax={service.memory_mib * 2**20}", "TasksMax=256", "OOMPolicy=kill", "LimitCORE=0"]
        )
    for unit in EXPOSED:
        assert exposure.get(unit, 10) > MOST_EXPOSED, f"{unit} needs no exception"


def test_the_journal_is_kept_and_bounded(machine):
    assert "/var/log/journal/" in machine.said("sudo journalctl --header | grep 'File path'")
    shown = machine.said("systemd-analyze cat-config systemd/journald.conf")
    assert "SystemMaxUse=500M" in shown


def test_security_updates_are_installed_beside_what_distribution_and_operator_allow(machine):
    mine = "/etc/apt/apt.conf.d/51mine"
    machine.sudo(f"echo 'Unattended-Upgrade::Allowed-Origins {{ \"UbuntuESM:jammy-infra-security\"; }};' >{mine}")
    allowed = machine.said("sudo unattended-upgrade --dry-run --debug 2>&1 | grep '^Allowed origins'")
    machine.sudo(f"rm {mine}")
    for origin in (
        "label=Debian-Security",
        "origin=Debian,codename=bookworm,label=Debian,",
        "o=UbuntuESM,a=jammy-infra",
    ):
        assert origin in allowed
    assert 'Automatic-Reboot-Time "04:00"' in machine.said("apt-config dump Unattended-Upgrade::Automatic-Reboot-Time")
