"""The services of a broker host, one row each, and what they are handed: the only home of units, ports and flags.

A row yields the systemd unit, the health check, the DNS record and the nginx vhost. Source: the runbook's section 10
and the table of the running deployment.
"""

from dataclasses import dataclass
from pathlib import PurePosixPath

#: State directory and home of the system user ``agentkeys`` on the host, mode 0700.
STATE_DIR = PurePosixPath("/var/lib/agentkeys")

#: Key pairs made on the host, mode 0700.
KEYS_DIR = STATE_DIR / "keys"

#: PEM that the broker writes at boot; the signer and the credential workers verify session tokens with it.
SESSION_PUBLIC_KEY = STATE_DIR / "session-keypair.pub.pem"

#: Environment files of the services.
ETC_DIR = PurePosixPath("/etc/agentkeys")

BIN_DIR = PurePosixPath("/usr/local/bin")


@dataclass(frozen=True, kw_only=True)
class Service:
    """One systemd unit of the host.

    ``public`` is the key of the public host name that nginx serves for it, None for a service that only the other
    services call. ``proxied`` lists the only paths that nginx passes on, prefixes where they end in a slash; empty
    means every path. Below ``cached`` it keeps the last good answer and serves it while the service is down; below
    ``limited`` it bounds the requests of one client address. ``memory_mib`` ends a service that leaks before it takes
    the machine along: all rows together leave 256 MiB of a 2 GiB machine (t3.small) to the system.
    """

    unit: str
    binary: str
    arguments: tuple[str, ...]
    port: int
    memory_mib: int
    public: str | None
    proxied: tuple[str, ...] = ()
    cached: tuple[str, ...] = ()
    limited: tuple[str, ...] = ()
    requires_broker: bool = False
    always_restart: bool = False


#: In start order: the backend, the broker, then what needs the broker's session public key.
SERVICES = (
    Service(
        unit="agentkeys-backend",
        binary="agentkeys-mock-server",
        arguments=("--port", "8090"),
        port=8090,
        memory_mib=256,
        public=None,
    ),
    Service(
        unit="agentkeys-broker",
        binary="agentkeys-broker-server",
        arguments=("--port", "8091", "--bind", "127.0.0.1", "--export-session-pubkey-to", str(SESSION_PUBLIC_KEY)),
        port=8091,
        memory_mib=512,
        public="broker",
        cached=("/.well-known/",),
        limited=("/v1/",),
        always_restart=True,
    ),
    Service(
        unit="agentkeys-signer",
        binary="agentkeys-mock-server",
        arguments=("--signer-only", "--port", "8092", "--broker-session-pubkey-path", str(SESSION_PUBLIC_KEY)),
        port=8092,
        memory_mib=256,
        public="signer",
        proxied=("/dev/", "/healthz"),
        requires_broker=True,
    ),
    Service(
        unit="agentkeys-worker-audit",
        binary="agentkeys-worker-audit",
        arguments=(),
        port=9092,
        memory_mib=192,
        public="audit",
    ),
    Service(
        unit="agentkeys-worker-email",
        binary="agentkeys-worker-email",
        arguments=("--inbox-bucket", "{mail_bucket}"),
        port=9093,
        memory_mib=192,
        public="email",
    ),
    Service(
        unit="agentkeys-worker-creds",
        binary="agentkeys-worker-creds",
        arguments=(),
        port=9094,
        memory_mib=192,
        public="cred",
        requires_broker=True,
    ),
    Service(
        unit="agentkeys-worker-memory",
        binary="agentkeys-worker-memory",
        arguments=(),
        port=9095,
        memory_mib=192,
        public="memory",
        requires_broker=True,
    ),
)

#: Keys of the public host names, in record order.
PUBLIC_HOSTS = tuple(service.public for service in SERVICES if service.public is not None)

#: The host's open ports. 22 takes its networks from a setting; 80 answers the ACME challenge (RFC 8555 section 8.3),
#: 443 serves agents and STS, which fetches the keys from addresses that nobody can pin.
SSH_PORT = 22
PUBLIC_PORTS = {80: "ACME challenges and redirects", 443: "broker, signer and workers"}

#: File names of the binaries that a release archive holds at its top level.
BINARIES = tuple(sorted({service.binary for service in SERVICES}))


@dataclass(frozen=True, kw_only=True)
class Site:
    """What differs from one broker host to the next; plain strings, nothing secret.

    ``public_names`` maps every key of PUBLIC_HOSTS to its fully qualified name. Binaries come from a release archive
    (``release_sha256`` is set) or are built from a git repository (``source_ref`` is set). ``release`` and
    ``source_repository`` are the https URLs that the host fetches, empty when the archive has been copied to
    STAGED_ARCHIVE, or a git bundle with the digest ``source_sha256`` to STAGED_SOURCE. ``toolchain`` is the setting of
    that name. ``acme_directory`` is the ACME directory URL (RFC 8555), ``acme_email`` the account's contact.
    ``contracts`` maps the names of the ``*_HEIMA`` variables to addresses. ``reboot_time`` (HH:MM, the host's time)
    is when the host may restart itself after an update that needs it, empty for never.
    """

    account_id: str
    region: str
    issuer: str
    public_names: dict[str, str]
    mail_bucket: str
    vault_bucket: str
    memory_bucket: str
    data_role_arn: str
    email_from: str
    auth_methods: str
    audit_anchors: str
    email_sender: str
    chain: str
    chain_rpc: str
    contracts: dict[str, str]
    release: str
    release_sha256: str
    source_repository: str
    source_ref: str
    source_sha256: str
    toolchain: str
    acme_directory: str
    acme_email: str
    reboot_time: str


#: Where a local release archive, or a local git bundle, is copied before it is verified and used.
STAGED_ARCHIVE = PurePosixPath("/var/tmp/agentkeys-release.tar.gz")  # noqa: S108 - root copies it before it checks the digest
STAGED_SOURCE = PurePosixPath("/var/tmp/agentkeys-source.bundle")  # noqa: S108 - likewise
