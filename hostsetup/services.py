"""The services of a broker host, one row each, and the values that their files are rendered from.

The systemd unit, the health check, the DNS record and the nginx vhost of a service are derived from its row. Source:
the runbook's section 10 and the table of the running deployment.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

#: State directory, and home of the system user ``agentkeys``. Mode 0700.
STATE_DIR = PurePosixPath("/var/lib/agentkeys")

#: Folder of the key pairs that the host creates. Mode 0700.
KEYS_DIR = STATE_DIR / "keys"

#: PEM that the broker writes when it starts. The signer and the workers verify session tokens with it.
SESSION_PUBLIC_KEY = STATE_DIR / "session-keypair.pub.pem"

#: Environment files of the services.
ETC_DIR = PurePosixPath("/etc/agentkeys")

BIN_DIR = PurePosixPath("/usr/local/bin")

#: Files of the ES256 key pairs, by the purpose that the broker's ``keygen`` takes.
KEY_PAIRS = {purpose: KEYS_DIR / f"{purpose}-keypair.json" for purpose in ("oidc", "session")}


@dataclass(frozen=True, kw_only=True)
class Secret:
    """A secret variable that the host creates once, the only one in a file that the unit reads."""

    #: Name of the environment variable.
    variable: str
    #: The file on the host, mode 0600.
    file: PurePosixPath


#: Backend and signer derive wallets from it and need the same value.
_DEV_KEY = Secret(variable="DEV_KEY_SERVICE_MASTER_SECRET", file=ETC_DIR / "dev-key-service.env")


@dataclass(frozen=True, kw_only=True)
class Service:
    """One systemd unit of the host."""

    #: Name of the unit, without ``.service``.
    unit: str
    #: File name of its program in ``BIN_DIR``.
    binary: str
    #: Command line after the program; templates as in ``environment``.
    arguments: tuple[str, ...]
    #: TCP port on 127.0.0.1.
    port: int
    #: Limit in MiB, so that a leak does not affect the whole machine. All rows leave 256 MiB of a t3.small's 2 GiB.
    memory_mib: int
    #: Key of its public host name in ``Site.public_names``; None if only other services call it.
    public: str | None
    #: Paths that nginx forwards, prefixes if they end in a slash; empty for every path.
    proxied: tuple[str, ...] = ()
    #: Paths whose last good response nginx serves while the service is down.
    cached: tuple[str, ...] = ()
    #: Paths with a rate limit per client address.
    limited: tuple[str, ...] = ()
    #: Whether it starts after the broker and stops with it.
    requires_broker: bool = False
    #: Whether systemd also restarts it after a clean exit.
    always_restart: bool = False
    #: The variables of its environment file. A value is a template (``str.format``) with ``site`` (the ``Site``),
    #: ``bind`` (its address and port), ``state`` (``STATE_DIR``) and ``folder`` (the path of its ``folder``).
    environment: Mapping[str, str] = field(default_factory=dict)
    #: Whether it reads a variable ``<KEY>_HOST`` for each public host.
    reads_hosts: bool = False
    #: Whether it reads the chain's name, RPC endpoint and contracts.
    reads_chain: bool = False
    #: Whether it calls the object store or its token service, whose addresses it reads outside AWS.
    reads_store: bool = False
    #: The secret variable that it reads.
    secret: Secret | None = None
    #: Name of a folder below ``STATE_DIR`` that it writes, mode 0750; empty for none.
    folder: str = ""


#: In start order: the backend, the broker, then the services that need the broker's session public key.
SERVICES = (
    Service(
        unit="agentkeys-backend",
        binary="agentkeys-mock-server",
        arguments=("--port", "8090"),
        port=8090,
        memory_mib=256,
        public=None,
        secret=_DEV_KEY,
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
        environment={
            "HOME": "{state}",
            "ACCOUNT_ID": "{site.account_id}",
            "REGION": "{site.region}",
            "BROKER_AWS_REGION": "{site.region}",
            "BROKER_OIDC_ISSUER": "{site.issuer}",
            "BROKER_DATA_ROLE_ARN": "{site.data_role_arn}",
            **{f"BROKER_{purpose.upper()}_KEYPAIR_PATH": str(path) for purpose, path in KEY_PAIRS.items()},
            "BROKER_AUTH_METHODS": "{site.auth_methods}",
            "BROKER_AUDIT_ANCHORS": "{site.audit_anchors}",
            "BROKER_EMAIL_SENDER": "{site.email_sender}",
            "BROKER_EMAIL_FROM_ADDRESS": "{site.email_from}",
        },
        reads_hosts=True,
        reads_chain=True,
        reads_store=True,
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
        secret=_DEV_KEY,
    ),
    Service(
        unit="agentkeys-worker-audit",
        binary="agentkeys-worker-audit",
        arguments=(),
        port=9092,
        memory_mib=192,
        public="audit",
        environment={
            "AGENTKEYS_WORKER_AUDIT_BIND": "{bind}",
            "AGENTKEYS_WORKER_AUDIT_LEAVES_DIR": "{folder}",
            "AGENTKEYS_WORKER_AUDIT_FLUSH_INTERVAL_SECS": "300",
        },
        folder="audit-leaves",
    ),
    Service(
        unit="agentkeys-worker-email",
        binary="agentkeys-worker-email",
        arguments=("--inbox-bucket", "{site.buckets[mail]}"),
        port=9093,
        memory_mib=192,
        public="email",
        environment={
            "AGENTKEYS_WORKER_EMAIL_BIND": "{bind}",
            "AGENTKEYS_VAULT_BUCKET": "{site.buckets[vault]}",
            "AWS_REGION": "{site.region}",
        },
        reads_store=True,
    ),
    Service(
        unit="agentkeys-worker-creds",
        binary="agentkeys-worker-creds",
        arguments=(),
        port=9094,
        memory_mib=192,
        public="cred",
        requires_broker=True,
        environment={
            "WORKER_BIND": "{bind}",
            "VAULT_BUCKET": "{site.buckets[vault]}",
            "AWS_REGION": "{site.region}",
        },
        reads_chain=True,
        reads_store=True,
        secret=Secret(variable="AGENTKEYS_WORKER_KEK_HEX", file=ETC_DIR / "worker-creds-kek.env"),
    ),
    Service(
        unit="agentkeys-worker-memory",
        binary="agentkeys-worker-memory",
        arguments=(),
        port=9095,
        memory_mib=192,
        public="memory",
        requires_broker=True,
        environment={
            "WORKER_BIND": "{bind}",
            "MEMORY_BUCKET": "{site.buckets[memory]}",
            "AWS_REGION": "{site.region}",
        },
        reads_chain=True,
        reads_store=True,
        secret=Secret(variable="AGENTKEYS_MEMORY_KEK_HEX", file=ETC_DIR / "worker-memory-kek.env"),
    ),
)


def check(services: Iterable[Service]) -> None:
    """Raises ValueError when two rows claim one unit, port, public host or folder: each has one owner."""
    rows = tuple(services)
    for what, claimed in (
        ("unit", [row.unit for row in rows]),
        ("port", [row.port for row in rows]),
        ("public host", [row.public for row in rows if row.public]),
        ("folder", [row.folder for row in rows if row.folder]),
    ):
        for value, times in Counter(claimed).items():
            if times > 1:
                raise ValueError(f"SERVICES: {times} rows have the {what} {value!r}; give each row its own")


check(SERVICES)

#: Keys of the public host names, in the order of their DNS records.
PUBLIC_HOSTS = tuple(service.public for service in SERVICES if service.public is not None)

#: The host's open ports. The setting sshCidrs restricts 22. 80 serves ACME challenges (RFC 8555 section 8.3). 443
#: serves agents, and STS, which fetches the keys from addresses that AWS does not publish.
SSH_PORT = 22
#: A host with a receiver of mail also opens ``SMTP_PORT``.
PUBLIC_PORTS = {80: "ACME challenges and redirects", 443: "broker, signer and workers"}
SMTP_PORT = 25

#: File names of the binaries at the top level of a release archive.
BINARIES = tuple(sorted({service.binary for service in SERVICES}))


@dataclass(frozen=True, kw_only=True)
class Receiver:
    """The host's own SMTP receiver, for a cloud that receives no mail. It writes to the bucket ``mail`` of the site."""

    #: Domain whose mail it accepts.
    domain: str
    #: Its name in SMTP, whose certificate it shows: a value of ``Site.public_names``.
    name: str
    #: Prefix of the objects' keys in the bucket.
    prefix: str
    #: Largest message in MiB.
    limit_mib: int
    #: Whether a sender must use STARTTLS.
    requires_tls: bool
    #: Days after which the bucket deletes a message.
    expire_days: int
    #: Whether the host has a key of its own for the bucket (the step ``store-key``). If not, it has an identity that
    #: the SDK finds.
    has_key: bool
    #: Whose API the bucket has: ``s3``, or ``gcs`` for Google's, with the token of the host's service account.
    api: str = "s3"


#: The password of the SMTP server, the only variable in a file that the broker's unit reads. Only root reads the file.
SMTP_PASSWORD = Secret(variable="BROKER_SMTP_PASSWORD", file=ETC_DIR / "smtp.env")


@dataclass(frozen=True, kw_only=True)
class Relay:
    """The SMTP server by which the broker sends, with TLS from the start. Its password is ``SMTP_PASSWORD``."""

    host: str
    port: int
    #: Name to log in with.
    user: str


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """What a host outside AWS uses in place of AWS's services."""

    #: URL of the S3-compatible object store.
    store_endpoint: str
    #: URL of the token service (AssumeRoleWithWebIdentity).
    sts_endpoint: str
    #: PEM certificates of the store's own CA, which the host trusts; empty for a public CA.
    store_ca: str
    #: Audience of the broker's tokens; empty for the release's own.
    audience: str
    #: The receiver of mail. None: the host receives no mail.
    mail: Receiver | None
    #: Whether a bucket's name follows the store's host name (path style). If not, it comes before it
    #: (virtual-hosted style), as some clouds require.
    path_style: bool = True
    #: Where the broker sends mail by SMTP; None if the stack has no password for it.
    relay: Relay | None = None
    #: The broker's variables for this cloud's exchange of tokens. Nothing is secret.
    exchange: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Site:
    """The values that differ between broker hosts. Nothing is secret, and only ``elsewhere`` has a default.

    The binaries have one source: a release archive (``release_sha256`` is set) or a git repository (``source_ref`` is
    set).
    """

    #: AWS account, 12 digits. Outside AWS the account of the object store, or empty.
    account_id: str
    #: Region of the object store, like us-east-1.
    region: str
    #: URL of the OIDC issuer, https and the broker's public name.
    issuer: str
    #: Fully qualified name of every key of ``PUBLIC_HOSTS``.
    public_names: dict[str, str]
    #: S3 bucket by key: ``mail``, and every key of ``DATA_CLASSES``.
    buckets: dict[str, str]
    #: Role that the broker's sessions assume.
    data_role_arn: str
    #: Sender address of the broker's mail.
    email_from: str
    #: Value of BROKER_AUTH_METHODS, separated by commas.
    auth_methods: str
    #: Value of BROKER_AUDIT_ANCHORS, separated by commas.
    audit_anchors: str
    #: Value of BROKER_EMAIL_SENDER, like ``ses``.
    email_sender: str
    #: Name of the chain, like ``heima``.
    chain: str
    #: URL of the chain's RPC endpoint.
    chain_rpc: str
    #: Address of each contract by its ``*_HEIMA`` variable.
    contracts: dict[str, str]
    #: https URL of the release archive; empty if the archive is copied to ``STAGED_ARCHIVE``.
    release: str
    #: SHA-256 of the release archive, 64 hexadecimal digits; empty for a build.
    release_sha256: str
    #: https URL of the git repository; empty if a git bundle is copied to ``STAGED_SOURCE``.
    source_repository: str
    #: Tag, branch or commit to build; empty for an archive.
    source_ref: str
    #: SHA-256 of the git bundle; empty if there is none.
    source_sha256: str
    #: Where a build's cargo comes from: ``rustup``, ``rustup:VERSION``, ``packages`` or a folder of the host.
    toolchain: str
    #: URL of the ACME directory (RFC 8555 section 7.1.1).
    acme_directory: str
    #: Contact of the ACME account.
    acme_email: str
    #: HH:MM in the host's time zone at which the host may reboot after an update that needs it; empty for never.
    reboot_time: str
    #: CloudWatch namespace that the host sends its metrics to; empty for none.
    metrics_namespace: str = ""
    #: What replaces AWS's services. None: the host is an EC2 instance.
    elsewhere: Elsewhere | None = None


#: Where a local release archive or git bundle is copied before it is verified and used.
STAGED_ARCHIVE = PurePosixPath("/var/tmp/agentkeys-release.tar.gz")  # noqa: S108 - root copies it before it checks the digest
STAGED_SOURCE = PurePosixPath("/var/tmp/agentkeys-source.bundle")  # noqa: S108 - likewise
