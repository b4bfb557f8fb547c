"""The scripts' branches for Amazon Linux, on a host that says it is one and has stand-ins of dnf and rpm.

It shows what they call and install. That the names are right is the documents' word (``hostsetup/families.py``).
"""

import pytest

from hostsetup.families import FAMILIES

AMAZON = next(family for family in FAMILIES if family.id == "amzn")

#: Everything in mounts of its own, so that nothing of it stays.
PRETEND = """\
rm -rf /run/pretend && mkdir -p /run/pretend/bin /run/pretend/state
printf 'ID="amzn"\\nVERSION_ID="2023"\\n' >/run/pretend/os-release
printf '#!/bin/sh\\ntest -e "/run/pretend/$3"\\n' >/run/pretend/bin/rpm
printf '#!/bin/sh\\necho dnf "$@" >>/run/pretend/said\\n' >/run/pretend/bin/dnf
printf '#!/bin/sh\\nexit 1\\n' >/run/pretend/bin/systemd-detect-virt
cat >/run/pretend/bin/systemctl <<'STUB'
#!/bin/sh
echo systemctl "$@" >>/run/pretend/said
case "$*" in
  *LoadState*) if grep -qs 'dnf .* chrony' /run/pretend/said; then echo loaded; else echo not-found; fi ;;
  'is-enabled --quiet '* | is-active*) exit 1 ;;
esac
STUB
chmod +x /run/pretend/bin/*
touch /run/pretend/openssl
cat >/run/pretend/run <<'RUN'
set -euo pipefail
mount --bind /run/pretend/os-release "$(readlink -f /etc/os-release)"
mount -t tmpfs pretend /etc/systemd/system
mkdir -p /etc/dnf/vars && mount -t tmpfs pretend /etc/dnf && mkdir /etc/dnf/vars
export PATH=/run/pretend/bin:$PATH
script=$1; shift
printf '#=> end 0\\n' | "/usr/local/lib/agentkeys-setup/$script" installed "$@"
cat /run/pretend/said
find /etc/dnf /etc/systemd/system -type f -exec sh -c 'echo "== $1"; cat "$1"' sh {} \\;
RUN
"""


@pytest.fixture
def pretending(machine):
    """Runs a script of the toolkit as if the host were Amazon Linux; what it said, called and installed."""
    machine.sudo(PRETEND)

    def run(script, *arguments):
        return machine.ssh(f"sudo unshare --mount bash /run/pretend/run {script} {' '.join(arguments)}")

    yield run
    machine.sudo("rm -rf /run/pretend; rmdir /etc/dnf/vars /etc/dnf 2>/dev/null || true")


def test_packages_come_by_dnf_and_those_that_are_there_stay(pretending):
    done = pretending("packages")
    assert done.returncode == 0, done.stderr
    assert "unchanged openssl" in done.stdout
    missing = " ".join(name for name in AMAZON.packages if name != "openssl")
    assert f"dnf -q -y --setopt=install_weak_deps=False install {missing}\n" in done.stdout


def test_updates_are_dnf_automatics(pretending):
    done = pretending("updates")
    assert done.returncode == 0, done.stderr
    assert "== /etc/dnf/automatic.conf\n[commands]\nupgrade_type = security" in done.stdout
    assert "== /etc/dnf/vars/releasever\nlatest\n" in done.stdout
    assert "== /etc/systemd/system/dnf-automatic.service.d/agentkeys.conf\n[Service]\nExecStartPost=" in done.stdout
    assert "systemctl start dnf-automatic.timer" in done.stdout
    assert "apt" not in done.stdout.replace("apt.conf", "")


def test_a_host_without_a_time_daemon_gets_its_distributions(pretending):
    done = pretending("clock")
    assert done.returncode == 0, done.stderr
    assert "install chrony\n" in done.stdout
    assert (
        "systemctl enable --quiet chronyd\nsystemctl is-active --quiet chronyd\nsystemctl start chronyd\n"
        in done.stdout
    )
    assert "clock synchronised by chronyd" in done.stdout


def test_a_distribution_that_nobody_knows_is_refused_with_those_that_are_known(machine, pretending):
    machine.sudo("sed -i 's/amzn/slackware/' /run/pretend/os-release")
    done = pretending("packages")
    assert done.returncode == 1
    assert "this host runs 'slackware', which is not supported. Supported: amzn debian ubuntu" in done.stderr
