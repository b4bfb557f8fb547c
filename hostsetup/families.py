"""The distributions that a host may run, one row each, and everything that differs between them.

A script reads its own host's row by ``fact`` (``scripts/prelude``), which tells the host by ``ID`` in /etc/os-release
(os-release(5)). Leaves out what is the same everywhere: users' shells, nginx's ``conf.d``, sshd's drop-in folder, and
sudo, which takes its rights from a drop-in and from no group.

Debian and Ubuntu names are those of their own package lists. Amazon Linux cannot run in the sandbox; its names are from
https://docs.aws.amazon.com/linux/al2023/release-notes/all-packages.html (certbot with ``certbot-renew.timer`` since
2023.3.20231211), https://docs.aws.amazon.com/linux/al2023/ug/curl-minimal.html and the RPM specification of
https://github.com/aws/aws-ec2-instance-connect-config.
"""

from dataclasses import dataclass

from .bundle import File

TOOLKIT = "/usr/local/lib/agentkeys-setup"
SHARE = "/usr/local/share/agentkeys/"

#: Where the configuration of every distribution's updates lies; a host installs its own.
UPDATES = SHARE + "updates/"

FAMILY_TABLE = f"{TOOLKIT}/families"

#: sshd's AuthorizedKeysCommand where the distribution has no package for it, and the user it runs as.
OWN_KEYS_COMMAND = f"{TOOLKIT}/instance-connect-keys"
OWN_KEYS_USER = "agentkeys-keys"


@dataclass(frozen=True, kw_only=True)
class Family:
    """One distribution.

    ``login_user`` is the image's own. ``build_packages`` are a linker and what crates that bind to C libraries look
    for; they are there during a build alone. ``updates`` are pairs of a fragment and the file that it becomes,
    ``update_timers`` what installs security updates. ``clock_units`` are the time daemons that an image may have, the
    first that is there is used; ``clock_package`` is installed where there is none. ``keys_command`` is sshd's
    AuthorizedKeysCommand for EC2 Instance Connect, run as ``keys_user``.
    """

    id: str
    login_user: str
    manager: str
    packages: tuple[str, ...]
    build_packages: tuple[str, ...]
    sshd_unit: str
    renewal_timer: str
    updates: tuple[tuple[str, str], ...]
    update_timers: tuple[str, ...]
    clock_units: tuple[str, ...]
    clock_package: str
    keys_command: str
    keys_user: str


_APT_PACKAGES = (
    *("ca-certificates", "certbot", "curl", "nginx", "openssl"),
    *("python3-cryptography", "unattended-upgrades"),
)
_APT_BUILD_PACKAGES = ("build-essential", "pkg-config", "libssl-dev")
#: Later than the distribution's own 20auto-upgrades and 50unattended-upgrades, so that it has the last word.
_APT_UPDATES = (("apt.conf", "/etc/apt/apt.conf.d/52agentkeys-updates"),)
_APT_TIMERS = ("apt-daily.timer", "apt-daily-upgrade.timer")

FAMILIES = (
    Family(
        id="ubuntu",
        login_user="ubuntu",
        manager="apt",
        packages=(*_APT_PACKAGES, "ec2-instance-connect"),
        build_packages=_APT_BUILD_PACKAGES,
        sshd_unit="ssh",
        renewal_timer="certbot.timer",
        updates=_APT_UPDATES,
        update_timers=_APT_TIMERS,
        clock_units=("chrony", "systemd-timesyncd"),
        clock_package="systemd-timesyncd",
        keys_command="/usr/share/ec2-instance-connect/eic_run_authorized_keys",
        keys_user="ec2-instance-connect",
    ),
    Family(
        id="debian",
        login_user="admin",
        manager="apt",
        packages=_APT_PACKAGES,
        build_packages=_APT_BUILD_PACKAGES,
        sshd_unit="ssh",
        renewal_timer="certbot.timer",
        updates=_APT_UPDATES,
        update_timers=_APT_TIMERS,
        clock_units=("chrony", "systemd-timesyncd"),
        clock_package="systemd-timesyncd",
        keys_command=OWN_KEYS_COMMAND,
        keys_user=OWN_KEYS_USER,
    ),
    Family(
        id="amzn",
        login_user="ec2-user",
        manager="dnf",
        packages=(
            *("ca-certificates", "certbot", "curl-minimal", "nginx", "openssl", "python3-cryptography"),
            *("dnf-automatic", "dnf-plugins-core", "ec2-instance-connect"),
        ),
        build_packages=("gcc", "gcc-c++", "make", "pkgconf-pkg-config", "openssl-devel"),
        sshd_unit="sshd",
        renewal_timer="certbot-renew.timer",
        updates=(
            ("dnf-automatic.conf", "/etc/dnf/automatic.conf"),
            # An image is locked to the release that it was made of, and a locked release gets no updates:
            # https://docs.aws.amazon.com/linux/al2023/ug/deterministic-upgrades-usage.html
            ("dnf-releasever", "/etc/dnf/vars/releasever"),
            ("dnf-reboot.conf", "/etc/systemd/system/dnf-automatic.service.d/agentkeys.conf"),
        ),
        update_timers=("dnf-automatic.timer",),
        clock_units=("chronyd",),
        clock_package="chrony",
        keys_command="/opt/aws/bin/eic_run_authorized_keys",
        keys_user="ec2-instance-connect",
    ),
)


def family_table() -> File:
    """One line for each fact: distribution, name of the fact, its value."""
    lines = [f"{family.id} {fact}\n" for family in FAMILIES for fact in _facts(family)]
    return File(path=FAMILY_TABLE, content="".join(lines))


def _facts(family: Family) -> tuple[str, ...]:
    return (
        f"login-user {family.login_user}",
        f"manager {family.manager}",
        f"packages {' '.join(family.packages)}",
        f"build-packages {' '.join(family.build_packages)}",
        f"sshd-unit {family.sshd_unit}",
        f"renewal-timer {family.renewal_timer}",
        f"updates {' '.join(f'{fragment}={path}' for fragment, path in family.updates)}",
        f"update-timers {' '.join(family.update_timers)}",
        f"clock-units {' '.join(family.clock_units)}",
        f"clock-package {family.clock_package}",
        f"keys-command {family.keys_command}",
        f"keys-user {family.keys_user}",
    )
