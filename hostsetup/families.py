"""The supported distributions, one row each, with everything that differs between them.

A script reads the row of its host with ``fact`` (``scripts/prelude``), by ``ID`` in /etc/os-release (os-release(5)).
What is the same on all of them is not in the table: users' shells, nginx's ``conf.d``, sshd's drop-in folder, and sudo,
whose rights come from a drop-in and not from a group.

Debian's and Ubuntu's names are from their package lists. Amazon Linux cannot run in the sandbox; its names are from
https://docs.aws.amazon.com/linux/al2023/release-notes/all-packages.html (certbot with ``certbot-renew.timer`` since
2023.3.20231211), https://docs.aws.amazon.com/linux/al2023/ug/curl-minimal.html and the RPM specification of
https://github.com/aws/aws-ec2-instance-connect-config.
"""

from dataclasses import dataclass

from .bundle import File

TOOLKIT = "/usr/local/lib/agentkeys-setup"
SHARE = "/usr/local/share/agentkeys/"

#: Folder with the update configuration of every distribution. A host installs its own part.
UPDATES = SHARE + "updates/"

FAMILY_TABLE = f"{TOOLKIT}/families"

#: sshd's AuthorizedKeysCommand on distributions without a package for it, and the user that it runs as.
OWN_KEYS_COMMAND = f"{TOOLKIT}/instance-connect-keys"
OWN_KEYS_USER = "agentkeys-keys"


@dataclass(frozen=True, kw_only=True)
class Family:
    """One distribution."""

    #: ``ID`` in /etc/os-release.
    id: str
    #: User of the distribution's EC2 images that the key pair lets in.
    login_user: str
    #: Package manager: ``apt`` or ``dnf``.
    manager: str
    #: What the services and the scripts need.
    packages: tuple[str, ...]
    #: A linker and what crates that bind to C libraries need. They are installed during a build only.
    build_packages: tuple[str, ...]
    #: systemd unit of sshd.
    sshd_unit: str
    #: systemd timer of certbot's package.
    renewal_timer: str
    #: Pairs of a fragment below ``UPDATES`` and the path that it is installed to.
    updates: tuple[tuple[str, str], ...]
    #: systemd timers that install security updates.
    update_timers: tuple[str, ...]
    #: Time daemons that an image may have. The first one that exists is used.
    clock_units: tuple[str, ...]
    #: Package with a time daemon, installed if none of ``clock_units`` exists.
    clock_package: str
    #: sshd's AuthorizedKeysCommand for EC2 Instance Connect.
    keys_command: str
    #: User that ``keys_command`` runs as.
    keys_user: str


_APT_PACKAGES = (
    *("ca-certificates", "certbot", "curl", "nginx", "openssl"),
    *("python3-cryptography", "unattended-upgrades"),
)
_APT_BUILD_PACKAGES = ("build-essential", "pkg-config", "libssl-dev")
#: Sorts after the distribution's 20auto-upgrades and 50unattended-upgrades: its values override theirs, lists add up.
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
            # An image is locked to the release that it was made from, and a locked release gets no updates:
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
    """Return the table that the scripts read. Each line has a distribution, the name of a fact, and its value."""
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
