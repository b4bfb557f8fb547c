"""What a host is after its first run, and that further runs change nothing of it."""


def changed(printed):
    return [line for lines in printed.values() for line in lines.splitlines() if line.startswith("changed")]


def installed(machine):
    """What the steps have put there; the services write into their own folder whenever they start."""
    return {
        path: times
        for path, times in machine.footprint().items()
        if path.startswith("/") and not path.startswith("/var/lib/agentkeys/")
    }


def test_every_step_run_again_changes_nothing(machine):
    before = machine.footprint()
    assert len([name for name in before if name.startswith("agentkeys-")]) == 7
    assert changed(machine.set_up()) == []
    assert machine.footprint() == before


def test_a_rebooted_host_serves_again_and_its_steps_change_nothing(machine):
    before = installed(machine)
    machine.reboot()
    assert machine.said("systemctl list-units --failed --plain --no-legend") == ""
    assert changed(machine.set_up()) == []
    assert installed(machine) == before
