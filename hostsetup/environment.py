"""The services' environment: the variables and environment files of each service, and the secret files that it reads.

Nothing here is secret: the host creates the secrets once, and units read them from files of their own.
"""

import re

from .bundle import File
from .services import ETC_DIR, KEYS_DIR, SERVICES, STATE_DIR, Site

AUDIT_LEAVES_DIR = STATE_DIR / "audit-leaves"

#: Files of the ES256 key pairs, by the purpose that the broker's ``keygen`` takes.
KEY_PAIRS = {purpose: KEYS_DIR / f"{purpose}-keypair.json" for purpose in ("oidc", "session")}

#: By file, the only variable in it, which is secret.
SECRET_FILES = {
    ETC_DIR / "dev-key-service.env": "DEV_KEY_SERVICE_MASTER_SECRET",
    ETC_DIR / "worker-creds-kek.env": "AGENTKEYS_WORKER_KEK_HEX",
    ETC_DIR / "worker-memory-kek.env": "AGENTKEYS_MEMORY_KEK_HEX",
}

_SECRETS_OF = {
    "agentkeys-backend": (ETC_DIR / "dev-key-service.env",),
    "agentkeys-signer": (ETC_DIR / "dev-key-service.env",),
    "agentkeys-worker-creds": (ETC_DIR / "worker-creds-kek.env",),
    "agentkeys-worker-memory": (ETC_DIR / "worker-memory-kek.env",),
}

_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]*")


def environment_files(site: Site) -> tuple[File, ...]:
    """Return the environment files, one per service that reads variables. Raises ValueError for an unusable value."""
    return tuple(
        File(
            path=str(ETC_DIR / f"{unit.removeprefix('agentkeys-')}.env"),
            content="".join(f"{name}={_quoted(name, value)}\n" for name, value in read.items()),
            owner="agentkeys:agentkeys" if unit in _SECRETS_OF else "root:agentkeys",
            mode="0600" if unit in _SECRETS_OF else "0640",
        )
        for unit, read in variables(site).items()
    )


def environment_paths(unit: str, site: Site) -> tuple[str, ...]:
    """Return the files that ``unit`` reads its environment from, in the order in which the unit names them."""
    rendered = (str(ETC_DIR / f"{unit.removeprefix('agentkeys-')}.env"),) if unit in variables(site) else ()
    return rendered + tuple(str(path) for path in _SECRETS_OF.get(unit, ()))


def variables(site: Site) -> dict[str, dict[str, str]]:
    """Return the variables of each unit's rendered file by unit. None is secret."""
    bind = {service.unit: f"127.0.0.1:{service.port}" for service in SERVICES}
    chain = {"AGENTKEYS_CHAIN": site.chain, "AGENTKEYS_CHAIN_RPC_HTTP": site.chain_rpc, **site.contracts}
    return {
        "agentkeys-broker": {
            "HOME": str(STATE_DIR),
            "ACCOUNT_ID": site.account_id,
            "REGION": site.region,
            "BROKER_AWS_REGION": site.region,
            "BROKER_OIDC_ISSUER": site.issuer,
            "BROKER_DATA_ROLE_ARN": site.data_role_arn,
            **{f"BROKER_{purpose.upper()}_KEYPAIR_PATH": str(path) for purpose, path in KEY_PAIRS.items()},
            "BROKER_AUTH_METHODS": site.auth_methods,
            "BROKER_AUDIT_ANCHORS": site.audit_anchors,
            "BROKER_EMAIL_SENDER": site.email_sender,
            "BROKER_EMAIL_FROM_ADDRESS": site.email_from,
            **{f"{key.upper()}_HOST": name for key, name in site.public_names.items()},
            **chain,
        },
        "agentkeys-worker-audit": {
            "AGENTKEYS_WORKER_AUDIT_BIND": bind["agentkeys-worker-audit"],
            "AGENTKEYS_WORKER_AUDIT_LEAVES_DIR": str(AUDIT_LEAVES_DIR),
            "AGENTKEYS_WORKER_AUDIT_FLUSH_INTERVAL_SECS": "300",
        },
        "agentkeys-worker-email": {
            "AGENTKEYS_WORKER_EMAIL_BIND": bind["agentkeys-worker-email"],
            "AGENTKEYS_VAULT_BUCKET": site.vault_bucket,
            "AWS_REGION": site.region,
        },
        "agentkeys-worker-creds": {
            "WORKER_BIND": bind["agentkeys-worker-creds"],
            "VAULT_BUCKET": site.vault_bucket,
            "AWS_REGION": site.region,
            **chain,
        },
        "agentkeys-worker-memory": {
            "WORKER_BIND": bind["agentkeys-worker-memory"],
            "MEMORY_BUCKET": site.memory_bucket,
            "AWS_REGION": site.region,
            **chain,
        },
    }


def _quoted(name: str, value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    if not value.isprintable():
        raise ValueError(f"{name}: {value!r} cannot be in an environment file: use one line of printable characters")
    escaped = re.sub(r'(["\\`$])', r"\\\1", value)
    return f'"{escaped}"'
