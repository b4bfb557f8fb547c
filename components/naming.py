"""Every physical name of a stack, derived from account, zone and suffix: the runbook's two name tables as pure code.

Leaves out names that AWS assigns and names on the host (``hostsetup/services.py``).
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from components import arns
from hostsetup.services import PUBLIC_HOSTS

#: The session tag that carries the agent's id, 64 lower-case hex characters. No role and no default tag may use it.
ACTOR_TAG = "agentkeys_actor_omni"
ACTOR_LENGTH = 64

#: Audience of the broker's OIDC tokens, and the only client id of the OIDC provider.
STS_AUDIENCE = "sts.amazonaws.com"

#: SES has one active receipt rule set per account and region. The account project owns it; each stack adds a rule.
RECEIPT_RULE_SET = "agentkeys"

#: Where raw mail is in the mail bucket: SES puts it there, or the receiver of a host outside AWS.
INBOUND_PREFIX = "inbound/"
#: Days that it stays there.
INBOUND_DAYS = 30

#: Issuer of GitHub Actions' tokens. An account has one provider for it, owned by the account project.
GITHUB_ISSUER = "token.actions.githubusercontent.com"

#: Prefix of the ``Name`` tag of a stack's elastic IP.
ELASTIC_IP_NAME = "agentkeys-broker-eip"

#: Owner tag. Its value is the stack's host name (``Names.host``); it proves later that the stack created the resource.
#: An elastic IP, an instance and what AWS gives no creation time carry it. Roles and users do not: their tags are
#: principal tags.
OWNER_TAG = "agentkeys:owned-by"

#: Tag on an instance that a stack sets up but did not launch. Its value is the stack's host name (``Names.host``).
SERVES_TAG = "agentkeys:set-up-by"

#: Roles of GitHub Actions' jobs, one of each per account: end-to-end tests and deploys, both for the test stack only.
E2E_ROLE = "github-actions-agentkeys-e2e"
DEPLOY_ROLE = "github-actions-agentkeys-deploy"

#: The account's IAM Access Analyzer.
ACCESS_ANALYZER = "agentkeys"

#: S3 bucket names have at most 63 characters: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
BUCKET_NAME_LIMIT = 63
#: DNS names have at most 253 characters in 255 octets (RFC 1035 section 2.3.4).
DNS_NAME_LIMIT = 253
#: One string of a TXT record has at most 255 octets (RFC 1035 section 3.3.14), and the program writes one.
TXT_LIMIT = 255
#: Characters of an OIDC provider's URL:
#: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
ISSUER_LIMIT = 255
#: certbot keeps a name's settings in `renewal/<name>.conf` and writes them anew as `<name>.conf.new`; a file name has
#: 255 bytes on Linux's filesystems.
CERTIFICATE_NAME_LIMIT = 255 - len(".conf.new")
#: Characters of SES's DKIM tokens, which become a label in front of `_domainkey`.
DKIM_TOKEN_LENGTH = 32


@dataclass(frozen=True, kw_only=True)
class DataClass:
    """A class of agents' data. It has its own bucket, role and policies."""

    #: Part of every physical and resource name, for example ``vault``. Never changes: it is in the state.
    key: str
    #: Path segment of object keys below the actor's prefix, for example ``credentials``.
    prefix: str

    @property
    def sid(self) -> str:
        """Prefix of the statement ids, as in the running account: ``VaultListV3``."""
        return self.key.capitalize()


#: One row adds a bucket, a role, its policies and its outputs. Mail is not a row: SES writes it and no actor owns it.
DATA_CLASSES = (
    DataClass(key="vault", prefix="credentials"),
    DataClass(key="memory", prefix="memory"),
)


def check(rows: Sequence[DataClass]) -> None:
    """Raises ValueError for two rows with one key or prefix, or a row that takes the key of mail's role or bucket."""
    for what, claimed in (
        ("key", ["data", "mail", *(row.key for row in rows)]),
        ("prefix", [row.prefix for row in rows]),
    ):
        for value, times in Counter(claimed).items():
            if times > 1:
                raise ValueError(f"DATA_CLASSES: the {what} {value!r} is taken; give the row its own")


check(DATA_CLASSES)

#: Keys of the roles that sessions assume.
ROLE_KEYS = ("data", *(row.key for row in DATA_CLASSES))
#: Keys of the buckets.
BUCKET_KEYS = ("mail", *(row.key for row in DATA_CLASSES))


@dataclass(frozen=True, kw_only=True)
class PublicNames:
    """What the world sees of a stack, whichever cloud it is in: host names and addresses of mail.

    Raises ValueError from ``__post_init__`` when a name exceeds a limit of DNS, or of the cloud.
    """

    #: DNS zone of all host names, for example ``litentry.org``, without a trailing dot.
    zone: str
    #: Suffix of every name of the stack: empty, or a dash and a word, for example ``-test``.
    suffix: str
    #: Host name of the OIDC issuer, for example ``test-broker.litentry.org``.
    broker_host: str
    #: Domain whose mail SES receives, for example ``bots-test.litentry.org``.
    mail_domain: str
    #: Address that the broker sends from.
    email_from: str

    def __post_init__(self) -> None:
        for setting, what, name, limit in self._limited():
            if len(name) > limit:
                raise ValueError(
                    f"{setting}: makes the {what} {name!r}, which is {len(name)} characters long; the limit is "
                    f"{limit}. Shorten {setting}{'' if setting in ('suffix', 'zone') else ' or zone'}."
                )

    def _limited(self) -> Iterator[tuple[str, str, str, int]]:
        """Setting that a name comes from, what the name is, the name, its limit."""
        for key, host in self.public_hosts.items():
            setting = "brokerHost" if key == "broker" else "zone"
            yield setting, "name of a certificate", host, CERTIFICATE_NAME_LIMIT
        yield "brokerHost", "OIDC issuer", self.issuer, ISSUER_LIMIT
        for label in ("x" * DKIM_TOKEN_LENGTH + "._domainkey", "_dmarc"):
            yield "mailDomain", "record's name", f"{label}.{self.mail_domain}", DNS_NAME_LIMIT
        yield "mailDomain", "record's value", self.dmarc, TXT_LIMIT

    @property
    def dmarc(self) -> str:
        """Value of the mail domain's DMARC record (RFC 7489)."""
        return f"v=DMARC1; p=quarantine; rua=mailto:dmarc@{self.mail_domain}"

    @property
    def issuer(self) -> str:
        """OIDC issuer URL. Clouds compare it byte for byte with ``iss``, so it never ends in a slash."""
        return f"https://{self.broker_host}"

    @property
    def public_hosts(self) -> dict[str, str]:
        """Fully qualified host names by key of ``PUBLIC_HOSTS``, in record order."""
        return {key: self.broker_host if key == "broker" else f"{key}{self.suffix}.{self.zone}" for key in PUBLIC_HOSTS}


@dataclass(frozen=True, kw_only=True)
class Names(PublicNames):
    """Physical names of one stack in AWS. Raises ValueError as ``PublicNames`` does."""

    #: AWS account number, 12 digits.
    account_id: str
    #: AWS region of every regional resource, for example ``us-east-1``.
    region: str

    def _limited(self) -> Iterator[tuple[str, str, str, int]]:
        # Names of IAM and SES may have 64 characters, and the account number makes a bucket's name the longest.
        for key in BUCKET_KEYS:
            yield "suffix", "bucket name", self.bucket(key), BUCKET_NAME_LIMIT
        yield from super()._limited()
        yield "mailDomain", "record's value", self.spf, TXT_LIMIT

    @property
    def spf(self) -> str:
        """Value of the mail domain's SPF record (RFC 7208)."""
        return "v=spf1 include:amazonses.com -all"

    @property
    def daemon_user(self) -> str:
        return f"agentkeys-daemon{self.suffix}"

    @property
    def broker_user(self) -> str:
        """The operator's SSH user, not the broker process."""
        return f"agentkeys-broker{self.suffix}"

    @property
    def host(self) -> str:
        """Name of the host's role, instance profile, security group and key pair."""
        return f"agentkeys-broker-host{self.suffix}"

    @property
    def snapshot_role(self) -> str:
        """Name of the role that makes snapshots of the host's disk."""
        return f"agentkeys-snapshots{self.suffix}"

    @property
    def elastic_ip(self) -> str:
        return f"{ELASTIC_IP_NAME}{self.suffix}"

    @property
    def receipt_rule(self) -> str:
        return f"agentkeys-inbound{self.suffix}"

    def restored_image(self, snapshot_id: str) -> str:
        """Name of the machine image that is registered from a snapshot of the host's disk."""
        return f"{self.host}-{snapshot_id}"

    @property
    def alarm_topic(self) -> str:
        """Name of the SNS topic of the stack's alarms."""
        return f"agentkeys-alarms{self.suffix}"

    def alarm(self, key: str) -> str:
        """Name of a CloudWatch alarm of ``components.alarms.ALARMS``."""
        return f"agentkeys-alarm-{key}{self.suffix}"

    @property
    def metrics(self) -> str:
        """CloudWatch namespace of what the host measures of itself. Each stack has its own, so that its host's role can
        write no other's.
        """
        return f"agentkeys-metrics{self.suffix}"

    def role(self, key: str) -> str:
        """Name of the data role (key ``data``) or of a data class's role (``vault``, ``memory``)."""
        return f"agentkeys-{key}-role{self.suffix}"

    def role_arn(self, key: str) -> str:
        return arns.iam_role(self.account_id, self.role(key))

    def bucket(self, key: str) -> str:
        """Name of the mail bucket (key ``mail``) or of a data class's bucket (``vault``, ``memory``)."""
        return f"agentkeys-{key}{self.suffix}-{self.account_id}"


def default_broker_host(zone: str, suffix: str) -> str:
    """``broker.<zone>``, or ``test-broker.<zone>`` with suffix ``-test``. Only here does the suffix come first."""
    return f"{suffix.removeprefix('-')}-broker.{zone}" if suffix else f"broker.{zone}"


def default_mail_domain(zone: str, suffix: str) -> str:
    return f"bots{suffix}.{zone}"


def default_email_from(mail_domain: str, suffix: str) -> str:
    return f"noreply{suffix}@{mail_domain}"


def of_settings(
    *, account_id: str, region: str, zone: str, suffix: str, broker_host: str, mail_domain: str, email_from: str
) -> Names:
    """The names of a stack, with defaults for the settings it leaves empty. Raises ValueError as ``Names`` does."""
    public = public_names(
        zone=zone, suffix=suffix, broker_host=broker_host, mail_domain=mail_domain, email_from=email_from
    )
    return Names(account_id=account_id, region=region, **vars(public))


def public_names(*, zone: str, suffix: str, broker_host: str, mail_domain: str, email_from: str) -> PublicNames:
    """The public names of a stack, with defaults as in ``of_settings``. Raises ValueError as ``PublicNames`` does."""
    domain = mail_domain or default_mail_domain(zone, suffix)
    return PublicNames(
        zone=zone,
        suffix=suffix,
        broker_host=broker_host or default_broker_host(zone, suffix),
        mail_domain=domain,
        email_from=email_from or default_email_from(domain, suffix),
    )
