"""kill -9 in the middle of every step of a fresh host, then the step again: the end is that of a clean run.

Comes before the files whose tests leave something on the machine, a package for example.
"""

import re

#: Placed before a command of a step's script, counted in each process of it: the whole session dies there.
CRASH = """\
commands_so_far=0
crash() {
  commands_so_far=$((commands_so_far + 1))
  if ((commands_so_far == CRASH_AT)); then kill -9 0; fi
}
set -T
trap crash DEBUG
"""
POINTS = (4, 30, 90, 200)

#: What differs from one run to the next, or is made by other programs than the steps.
OTHERS = re.compile(
    r"/etc/(ld\.so\.cache|machine-id|mailcap|.*-$|ssl/certs/|ssh/ssh_host_|alternatives/|sudoers\.d/90-cloud-init)|/etc/letsencrypt/"
    r"|/var/lib/agentkeys/(?!keys/)|/home/agentkey/agentKeys|/home/ubuntu/\.|\.pyc$|/etc/nginx/agentkeys-unknown-name"
)
SECRETS = re.compile(r"/var/lib/agentkeys/|/etc/agentkeys/(dev-key-service|worker-\w+-kek)\.env|/etc/letsencrypt/")

PATHS = (
    "sudo find /etc /usr/local /var/lib/agentkeys /var/www /opt /home -xdev -printf '%p %u:%g %m %y\\n' | sort;"
    "sudo find /var/lib/agentkeys-setup /run/lock -maxdepth 1 -printf '%p %u:%g %m %y\\n' | sort"
)
CONTENTS = (
    "sudo find /etc/agentkeys /etc/systemd/system /etc/nginx /etc/ssh/sshd_config.d /etc/sudoers.d /usr/local"
    " -xdev -type f -exec sha256sum {} + | sort"
)


def footprint(machine):
    """Every file by its kind, owner and mode, and the digests of what the program has rendered."""
    found = {}
    for line in machine.said(PATHS).splitlines():
        path, _, rest = line.partition(" ")
        if not OTHERS.search(path):
            found[path] = rest
    for line in machine.said(CONTENTS).splitlines():
        digest, _, path = line.partition("  ")
        if path in found and not SECRETS.search(path):
            found[path] += f" {digest}"
    return found


def crashing(step, at):
    """The step's command, killed before that command of its script."""
    given = f"sudo env BASH_ENV=/var/tmp/crash CRASH_AT={at}"
    return re.sub(r"^sudo", given, step.command)


def test_a_step_killed_in_the_middle_and_run_again_ends_like_a_clean_one(machine):
    clean = footprint(machine)
    machine.replace()
    machine.stage(machine.archive)
    machine.said("cat > /var/tmp/crash", stdin=CRASH)
    killed = set()
    for name, step in machine.steps().items():
        for at in POINTS:
            done = machine.ssh(crashing(step, at), stdin=step.stdin, seconds=step.timeout_seconds)
            if done.returncode == 0:
                break
            killed.add(name)
        done = machine.run(step)
        assert done.returncode == 0, (name, done.stdout, done.stderr)
    machine.said("rm /var/tmp/crash")
    assert killed == set(machine.steps())
    assert footprint(machine) == clean
