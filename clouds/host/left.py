"""What a destroy leaves on the host, which is somebody else's: listed as an output and when the stack is destroyed."""

import shlex

import pulumi_command as command

from clouds.host.settings import HostSettings
from hostsetup.families import TOOLKIT
from hostsetup.mail import MAIL_UNITS
from hostsetup.services import BIN_DIR, BINARIES, ETC_DIR, SERVICES, STATE_DIR
from hostsetup.steps import installed_files
from hostsetup.users import users


def listing(settings: HostSettings) -> dict[str, list[str]]:
    """What the steps install, by kind. The host's secrets are among the folders."""
    site = settings.site
    units = [f"{service.unit}.service" for service in SERVICES]
    files = [path for path in installed_files(site, []) if not path.startswith(TOOLKIT)]
    return {
        "units": [*units, *(MAIL_UNITS if settings.mail == "receive" else ())],
        "users": [user.name for user in users(site)],
        "folders": [str(ETC_DIR), str(STATE_DIR), TOOLKIT, "/etc/letsencrypt"],
        "programs": [str(BIN_DIR / name) for name in BINARIES],
        "files": sorted(path for path in files if not path.endswith("/")),
    }


def left_behind(name: str, settings: HostSettings) -> dict[str, list[str]]:
    """Create the resource whose deletion prints the list, and return the list."""
    found = listing(settings)
    records = " The DNS records are yours to remove." if settings.dns == "manual" else ""
    text = "\n".join(
        [
            f"The host {settings.host_address} stays as it is, and its services run on. Installed on it:",
            *(f"  {kind}: {' '.join(items)}" for kind, items in found.items()),
            f"{STATE_DIR} and {ETC_DIR} hold the only copy of the secrets that encrypt the stored data.{records}",
        ]
    )
    command.local.Command(
        f"{name}-left",
        create="true",
        update="true",
        delete=f"printf '%s\\n' {shlex.quote(text)}",
        add_previous_output_in_env=False,
        logging=command.local.Logging.STDOUT,
    )
    return found
