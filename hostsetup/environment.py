"""The services' environment: the variables and environment files of each service, and the secret files that it reads.

Nothing here is secret: the host creates the secrets once, and units read them from files of their own.
"""

import re
from pathlib import PurePosixPath

from .bundle import File
from .services import ETC_DIR, SERVICES, SMTP_PASSWORD, STATE_DIR, Service, Site

#: By file, the only variable in it, which is secret.
SECRET_FILES = {row.secret.file: row.secret.variable for row in SERVICES if row.secret}

#: Folders that services write, below ``STATE_DIR``.
FOLDERS = tuple(STATE_DIR / row.folder for row in SERVICES if row.folder)

#: Unit of the broker, and its variable with the audience of its tokens, where a cloud needs another one than AWS's.
BROKER = "agentkeys-broker"
AUDIENCE = "BROKER_OIDC_AUDIENCE"

_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]*")


def environment_files(site: Site) -> tuple[File, ...]:
    """The environment files, one per service that reads any variable. Raises ValueError as ``variables`` does."""
    read = variables(site)
    return tuple(
        File(
            path=str(_path(service)),
            content="".join(f"{name}={_quoted(name, value)}\n" for name, value in read[service.unit].items()),
            owner="agentkeys:agentkeys" if service.secret else "root:agentkeys",
            mode="0600" if service.secret else "0640",
        )
        for service in SERVICES
        if service.unit in read
    )


def environment_paths(service: Service, site: Site) -> tuple[str, ...]:
    """The files that the service reads its environment from, in the order in which its unit names them."""
    rendered = (str(_path(service)),) if _read_by(service, site) else ()
    sends = service.unit == BROKER and site.elsewhere and site.elsewhere.relay
    secret = (*([service.secret] if service.secret else []), *([SMTP_PASSWORD] if sends else []))
    return (*rendered, *(str(one.file) for one in secret))


def variables(site: Site) -> dict[str, dict[str, str]]:
    """By unit, the variables that a service reads from its environment file. None of them is secret.

    Raises ValueError for a template that names something a ``Site`` does not have.
    """
    return {service.unit: read for service in SERVICES if (read := _read_by(service, site))}


def filled(template: str, service: Service, site: Site) -> str:
    """A value or argument of a service's row for this site. Raises ValueError as ``variables`` does."""
    try:
        return template.format(
            site=site, bind=f"127.0.0.1:{service.port}", state=STATE_DIR, folder=STATE_DIR / service.folder
        )
    except (KeyError, AttributeError, IndexError) as error:
        raise ValueError(
            f"SERVICES: the row of {service.unit} has the template {template!r}, and there is no {error}. Buckets are "
            f"{', '.join(site.buckets)}; add the row to DATA_CLASSES or correct the template."
        ) from None


def _read_by(service: Service, site: Site) -> dict[str, str]:
    read = {name: filled(template, service, site) for name, template in service.environment.items()}
    if service.reads_hosts:
        read |= {f"{key.upper()}_HOST": name for key, name in site.public_names.items()}
    if service.reads_store and site.elsewhere:
        # The names that AWS's SDKs read: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
        read["AWS_ENDPOINT_URL_S3"] = site.elsewhere.store_endpoint
        read["AWS_ENDPOINT_URL_STS"] = site.elsewhere.sts_endpoint
    if service.unit == BROKER and site.elsewhere:
        read |= {AUDIENCE: site.elsewhere.audience} if site.elsewhere.audience else {}
        read |= site.elsewhere.exchange
        if relay := site.elsewhere.relay:
            read |= {
                "BROKER_SMTP_HOST": relay.host,
                "BROKER_SMTP_PORT": str(relay.port),
                "BROKER_SMTP_USER": relay.user,
            }
    if service.reads_chain:
        read |= {"AGENTKEYS_CHAIN": site.chain, "AGENTKEYS_CHAIN_RPC_HTTP": site.chain_rpc, **site.contracts}
    return read


def smtp_password_file(password: str) -> File:
    """The file with the SMTP server's password. Its content is secret. Raises ValueError, without the password."""
    name = SMTP_PASSWORD.variable
    if not password.isprintable():
        raise ValueError(f"{name}: the password cannot be in an environment file: use one line of printable characters")
    return File(path=str(SMTP_PASSWORD.file), content=f"{name}={_quoted(name, password)}\n", mode="0600")


def _path(service: Service) -> PurePosixPath:
    return ETC_DIR / f"{service.unit.removeprefix('agentkeys-')}.env"


def _quoted(name: str, value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    if not value.isprintable():
        raise ValueError(f"{name}: {value!r} cannot be in an environment file: use one line of printable characters")
    escaped = re.sub(r'(["\\`$])', r"\\\1", value)
    return f'"{escaped}"'
