"""The systemd units of the services, and the table of the files that each one depends on.

``scripts/units`` restarts a unit when one of these files has changed.
"""

from .bundle import File
from .environment import environment_paths, filled
from .families import SHARE, TOOLKIT
from .rendering import fill
from .services import BIN_DIR, KEY_PAIRS, SERVICES, SESSION_PUBLIC_KEY, Service, Site

SERVICE_TABLE = SHARE + "services"

#: Script of the toolkit that runs a command with the broker's public key in BROKER_CAP_PUBKEY_PEM.
KEY_WRAPPER = "with-session-public-key"

_BROKER = "agentkeys-broker"

#: Highest exposure level that `systemd-analyze security` may give a service, between 0 and 10.
MOST_EXPOSED = 2.5

#: Units that clients or operators reach and that exceed it, each with the reason.
EXPOSED = {
    "nginx.service": "the distribution's: it binds 80 and 443 and reads keys as root before its workers change user",
    "ssh.service": "the distribution's: it starts sessions of any user, which must not be confined",
    "certbot.service": "the distribution's: it runs twice a day, accepts no connection, and its hook reloads nginx",
}


def unit_files(site: Site) -> tuple[File, ...]:
    """Return the unit of every service, in start order.

    A service restarts when its unit changes, so another comment in ``templates/service.unit`` restarts all of them.
    """
    return tuple(
        File(
            path=_unit_path(service),
            content=fill(
                "service.unit",
                unit=service.unit,
                after="".join(f" {unit}.service" for unit in _after(service)),
                requires=f"Requires={_BROKER}.service\n" if service.requires_broker else "",
                environment="".join(f"EnvironmentFile={path}\n" for path in environment_paths(service, site)),
                command=" ".join((*_wrapper(service), str(BIN_DIR / service.binary), *_arguments(service, site))),
                restart="always" if service.always_restart else "on-failure",
                memory=service.memory_mib,
                confined=fill("confined"),
            ),
        )
        for service in SERVICES
    )


def service_table(site: Site) -> File:
    """Return the table: unit, port and ``restart_files`` of every service, one line each, in start order."""
    rows = "".join(f"{service.unit} {service.port} {' '.join(restart_files(service, site))}\n" for service in SERVICES)
    return File(path=SERVICE_TABLE, content=rows)


def _unit_path(service: Service) -> str:
    return f"/etc/systemd/system/{service.unit}.service"


def _after(service: Service) -> tuple[str, ...]:
    if service.unit == _BROKER:
        return ("agentkeys-backend",)
    return (_BROKER,) if service.requires_broker else ()


def _reads_key_from_environment(service: Service) -> bool:
    return service.requires_broker and str(SESSION_PUBLIC_KEY) not in service.arguments


def _wrapper(service: Service) -> tuple[str, ...]:
    if not _reads_key_from_environment(service):
        return ()
    return (f"{TOOLKIT}/{KEY_WRAPPER}", str(SESSION_PUBLIC_KEY))


def _arguments(service: Service, site: Site) -> tuple[str, ...]:
    return tuple(filled(argument, service, site) for argument in service.arguments)


def restart_files(service: Service, site: Site) -> tuple[str, ...]:
    """Return the files that need a restart when they change: the unit, the binary, then what the service reads."""
    files = [_unit_path(service), str(BIN_DIR / service.binary), *environment_paths(service, site)]
    if service.unit == _BROKER:
        files += [str(path) for path in KEY_PAIRS.values()]
    if service.requires_broker:
        files.append(str(SESSION_PUBLIC_KEY))
    if _reads_key_from_environment(service):
        files.append(f"{TOOLKIT}/{KEY_WRAPPER}")
    return tuple(files)
