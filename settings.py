"""The program's settings: one typed model over the stack's configuration, checked before anything is created.

Owns the rules that a value must follow and the error messages. Types, meanings and defaults are declared in
``Pulumi.yaml``; the model has no defaults of its own. What depends on the account is checked in ``components/checks``.
"""

import base64
import binascii
import hashlib
import ipaddress
import json
import os
import re
import reprlib
import tomllib
from abc import abstractmethod
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar
from urllib.parse import urlsplit

import pulumi
import yaml
from pulumi.runtime import config
from pydantic import AfterValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from components import images
from components.naming import (
    BUCKET_KEYS,
    OWNER_TAG,
    ROLE_KEYS,
    SERVES_TAG,
    Names,
    PublicNames,
    of_settings,
    public_names,
)
from components.policies.trust import Repository
from hostsetup.environment import environment_files
from hostsetup.services import Elsewhere, Site
from hostsetup.units import unit_files

#: Version of the program; every stack has it as an output.
VERSION: str = tomllib.loads((Path(__file__).parent / "pyproject.toml").read_text())["project"]["version"]

#: Regions with an inbound-smtp endpoint: https://docs.aws.amazon.com/general/latest/gr/ses.html
SES_RECEIVING_REGIONS = (
    "ap-northeast-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-west-1",
    "eu-west-2",
    "us-east-1",
    "us-east-2",
    "us-west-2",
)

#: Networks that no public IPv4 address is in, with their names for the error message (RFC 6890 and its registry).
REFUSED_NETWORKS = {
    ipaddress.ip_network(network): why
    for network, why in {
        "0.0.0.0/8": "this network",
        "10.0.0.0/8": "private",
        "100.64.0.0/10": "carrier-grade NAT",
        "127.0.0.0/8": "loopback",
        "169.254.0.0/16": "link-local",
        "172.16.0.0/12": "private",
        "192.0.0.0/24": "protocol assignments",
        "192.0.2.0/24": "documentation",
        "192.168.0.0/16": "private",
        "198.18.0.0/15": "benchmarking; some VPN clients answer with it in place of a real address",
        "198.51.100.0/24": "documentation",
        "203.0.113.0/24": "documentation",
        "224.0.0.0/4": "multicast",
        "240.0.0.0/4": "reserved or broadcast",
    }.items()
}

#: Settings that the environment may override as AGENTKEYS_<NAME>, so that a sandbox or a CI run can use its own
#: release, resolvers and certificate authority with unchanged stack files.
FROM_ENVIRONMENT = (
    *("acme_directory", "ca_bundle", "doh_urls"),
    *("release", "release_sha256", "source_repository", "source_ref", "toolchain"),
)

#: The epochs of a stack whose keys were never rotated.
FIRST_EPOCHS = [1]

#: Replaces a secret in messages, and where a stack is read without its secrets.
MASKED = "[secret]"

#: An emulated account on loopback allocates elastic IPs in this network.
_EMULATED = ipaddress.ip_network("127.0.0.0/8")

#: ACME directories by the name that a stack may use. The staging one has higher rate limits, and no client trusts its
#: certificates: https://letsencrypt.org/docs/staging-environment/
ACME_DIRECTORIES = {
    "letsencrypt": "https://acme-v02.api.letsencrypt.org/directory",
    "letsencrypt-staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
}

#: A host name in lower case: letters, digits and hyphens, labels of 1 to 63 (RFC 1123 section 2.1), 253 in all. The
#: last label is not a number (RFC 3696 section 2); internationalised ones are in their ASCII form, xn--p1ai.
_DOMAIN = re.compile(
    r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+(?![0-9]+\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])"
)

#: The local part of a mail address: a dot-atom (RFC 5321 section 4.1.2) of 64 octets at most (4.5.3.1.1).
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL_PART = re.compile(rf"(?=.{{1,64}}\Z){_ATOM}(\.{_ATOM})*")
#: Octets of a mail address: a path has 256 with its brackets (RFC 5321 section 4.5.3.1.3).
_ADDRESS_LIMIT = 254


def _domain(value: str) -> str:
    if not _DOMAIN.fullmatch(value):
        raise ValueError(
            "must be a DNS name in lower case without a trailing dot, for example litentry.org: labels of 1 to 63 "
            "letters, digits and hyphens, 253 characters in all (an internationalised name in its xn-- form)"
        )
    return value


def _is_address(value: str, domain: str) -> bool:
    """Whether it is a mail address at a domain that ``domain``, a pattern, matches."""
    local, _, at = value.rpartition("@")
    return len(value) <= _ADDRESS_LIMIT and bool(_LOCAL_PART.fullmatch(local)) and bool(re.fullmatch(domain, at))


def _absent_or_address(value: str) -> str:
    if value and not _is_address(value.lower(), _DOMAIN.pattern):
        raise ValueError("must be a mail address, for example hostmaster@litentry.org")
    return value


def _absent_or_domain(value: str) -> str:
    return _domain(value) if value else value


def public_ipv4(value: str) -> str:
    """The address, if it can be an elastic IP. Raises ValueError with the network that it is in."""
    try:
        address = ipaddress.IPv4Address(value)
    except ValueError:
        raise ValueError("must be an IPv4 address, for example 3.208.12.34") from None
    if why := refused_network(address):
        raise ValueError(f"is in {why} and can never be an elastic IP; give the address that AWS shows")
    return value


def refused_network(address: ipaddress.IPv4Address) -> str:
    """The network of ``REFUSED_NETWORKS`` that the address is in, with its name; empty for a public address."""
    for network, why in REFUSED_NETWORKS.items():
        if address in network and not (network == _EMULATED and _aws_is_emulated()):
            return f"{network} ({why})"
    return ""


def _aws_is_emulated() -> bool:
    return urlsplit(os.environ.get("AWS_ENDPOINT_URL", "")).hostname in ("127.0.0.1", "localhost")


def _absent_or_public_ipv4(value: str) -> str:
    return public_ipv4(value) if value else value


def _receives_mail(value: str) -> str:
    if value not in SES_RECEIVING_REGIONS:
        raise ValueError(f"must be a region where SES receives mail: {', '.join(SES_RECEIVING_REGIONS)}")
    return value


def _network(value: str) -> str:
    """EC2 takes IPv4 networks with a prefix length only, no net mask and no bare address."""
    try:
        network = ipaddress.IPv4Network(value)
    except ValueError as error:
        raise ValueError(f"must be an IPv4 network in CIDR form, for example 203.0.113.7/32 ({error})") from None
    if value != str(network):
        raise ValueError(f"must be an IPv4 network in CIDR form, here {network}")
    return value


def _different(value: list[Any]) -> list[Any]:
    if twice := [item for item in dict.fromkeys(value) if value.count(item) > 1]:
        raise ValueError(f"must not have the same entry twice ({', '.join(map(str, twice))})")
    return value


def _printable(value: str) -> str:
    """A value of an environment file, where a variable has one line."""
    if not value.isprintable():
        raise ValueError("must be one line of printable characters, which an environment file can hold")
    if value != value.strip():
        raise ValueError("must not begin or end with a space, which the services would read as a part of the value")
    return value


def _is_url(value: str, schemes: tuple[str, ...]) -> bool:
    """Whether it has a host name or address, one of ``schemes``, only characters of RFC 3986 and no fragment."""
    try:
        parts = urlsplit(value)
        usable = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return usable and bool(re.fullmatch(r"[!-~]+", value)) and not re.search(r"[\"<>\\^`{|}#]", value)


def _url(*schemes: str) -> AfterValidator:
    """A URL with a host name or address (RFC 3986), one of ``schemes``, without user information or fragment."""

    def check(value: str) -> str:
        if not _is_url(value, schemes) or urlsplit(value).username is not None:
            raise ValueError(f"must be a URL of {' or '.join(schemes)} with a host and without a user name or #")
        return value

    return AfterValidator(check)


def _require_readable(value: str, rule: str) -> None:
    """Raises ValueError, with the rule and the reason, if the value is not the path of a file that can be read."""
    path = Path(value)
    try:
        # A folder, a device and a FIFO can be opened too, and reading the last two may never end.
        wrong = "" if path.is_file() else "there is no such file"
        if not wrong:
            with path.open("rb") as opened:
                opened.read(1)
    except OSError as error:
        wrong = f"the system says {error.strerror}"
    if wrong:
        raise ValueError(f"{rule}; {wrong}")


def certificates_file(value: str) -> str:
    """The path of a file with PEM certificates, or empty. Raises ValueError."""
    if value:
        _require_readable(value, "must be a file with PEM certificates")
        if "-----BEGIN CERTIFICATE-----" not in Path(value).read_text(errors="replace"):
            raise ValueError("has no certificate in PEM form; give the authority's certificate")
    return value


def _sha256(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _acme_directory(value: str) -> str:
    known = ACME_DIRECTORIES.get(value, value)
    try:
        _url("https").func(known)  # type: ignore[call-arg]
    except ValueError:
        raise ValueError(f"must be {', '.join(ACME_DIRECTORIES)} or the https URL of an ACME directory") from None
    return known


AccountId = Annotated[str, Field(pattern=r"^[0-9]{12}$")]
Region = Annotated[str, AfterValidator(_receives_mail)]
#: An EC2 instance id or empty. Older instances have the short form.
InstanceId = Annotated[str, Field(pattern=r"^(i-([0-9a-f]{8}|[0-9a-f]{17}))?$")]
#: The numbers of a key that is rotated. IAM allows two access keys for each user:
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
Epochs = Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=1, max_length=2), AfterValidator(_different)]
#: IAM names: 64 ASCII letters, digits and +=,.@_- at most:
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
IamName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_+=,.@-]{1,64}$")]
Callers = Annotated[list[Annotated[str, Field(pattern=r"^(user|role)/[A-Za-z0-9_+=,.@-]{1,64}$")]], Field(min_length=1)]
#: IPv4 networks that may reach a host's port 22.
SshCidrs = Annotated[list[Annotated[str, AfterValidator(_network)]], Field(min_length=1), AfterValidator(_different)]
HttpUrl = Annotated[str, _url("http", "https")]
#: A value of the services' environment. The kernel takes 128 KiB for one variable (MAX_ARG_STRLEN, execve(2)), and a
#: step sends all of them to the host (hostsetup.steps.LARGEST_STDIN).
Line = Annotated[str, Field(max_length=1024), AfterValidator(_printable)]


class StackConfiguration(PydanticBaseSettingsSource):
    """The project's namespace of the stack's configuration, overridden where FROM_ENVIRONMENT allows it.

    There is no other source, so that a variable of an operator's shell cannot change a stack. Unknown keys are passed
    on to the model, which rejects them.
    """

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        key = field.alias or field_name
        value = os.environ.get(f"AGENTKEYS_{field_name.upper()}") if field_name in FROM_ENVIRONMENT else None
        return (self._configured().get(key) if value is None else value), key, self.field_is_complex(field)

    def __call__(self) -> dict[str, Any]:
        found = dict[str, Any](self._configured())
        for name, field in self.settings_cls.model_fields.items():
            value, key, is_complex = self.get_field_value(field, name)
            if value is not None:
                found[key] = _decoded(key, value) if is_complex else value
        return found

    @staticmethod
    def _configured() -> dict[str, str]:
        namespace = f"{pulumi.get_project()}:"
        everything = _everything()
        return {key.removeprefix(namespace): value for key, value in everything.items() if key.startswith(namespace)}


def _everything() -> dict[str, str]:
    """The stack's configuration, the defaults of ``Pulumi.yaml`` included, with the namespace of each key."""
    return {**config.get_config_env(), **config.CONFIG.get()}


def _of_another_project() -> list[str]:
    """One sentence for each key that has the namespace of another project of this repository, or nearly this one's.
    Pulumi ignores them. The namespaces of its packages (``aws``) are left to these.
    """
    project = pulumi.get_project()
    spaces = {key: key.partition(":")[0] for key in _everything()}
    return [
        f"  {key}: belongs to project {space!r} and has no effect in {project!r}. Rename it to "
        f"{project}:{key.partition(':')[2]}, or remove it (`pulumi config rm -s {pulumi.get_stack()} {key}`)."
        for key, space in sorted(spaces.items())
        if space.startswith("agentkeys") and space != project
    ]


def _decoded(key: str, value: str) -> Any:
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        shown = MASKED if is_secret(key) else repr(value)
        raise pulumi.RunError(f"{key}: {shown} must be a JSON list or object. Correct it and run again.") from None


def is_secret(key: str) -> bool:
    """Whether a setting is encrypted in the stack's file, or was read without its secrets."""
    return config.is_config_secret(f"{pulumi.get_project()}:{key}")


class Configured(BaseSettings):
    """Field ``broker_host`` is the key ``brokerHost``. Raises ValidationError, which ``load`` turns into sentences."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", alias_generator=to_camel)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, StackConfiguration(settings_cls)


class AccountSettings(Configured):
    """Settings of the project in ``account/``."""

    account_id: AccountId
    region: Region
    allowed_callers: Callers
    protect: bool
    #: Owners of enterprises with managed users have an underscore.
    github_repository: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,39}/[A-Za-z0-9._-]{1,100}$")]
    github_owner_id: Annotated[str, Field(pattern=r"^[0-9]*$")]
    github_repository_id: Annotated[str, Field(pattern=r"^[0-9]*$")]
    #: The end of a token's `sub`. IAM's wildcards and variables are rejected: it names one branch or environment.
    deploy_from: Annotated[str, Field(pattern=r"^(ref:refs/heads/|environment:)[A-Za-z0-9._/+@#=,%-]+$")]
    deploy_instance_id: InstanceId
    access_analyzer: bool
    github_provider: Literal["create", "existing"]

    @model_validator(mode="after")
    def _both_ids_or_none(self) -> Self:
        ids = {"githubOwnerId": self.github_owner_id, "githubRepositoryId": self.github_repository_id}
        missing = [key for key, value in ids.items() if not value]
        if len(missing) == 1:
            raise ValueError(
                f"{missing[0]}: is empty, and the other id is set. Set both, or neither "
                f"(`gh api repos/{self.github_repository} --jq '.id, .owner.id'` prints them)."
            )
        return self

    @property
    def repository(self) -> Repository:
        return Repository(
            slug=self.github_repository, owner_id=self.github_owner_id, repository_id=self.github_repository_id
        )


class SiteSettings(Configured):
    """What the settings of every cloud have in common: names, DNS, binaries, certificates and the services' values."""

    zone: Annotated[str, AfterValidator(_domain)]
    #: Who keeps the records; each cloud names its own.
    dns: str
    cloudflare_zone_id: Annotated[str, Field(pattern=r"^([0-9a-f]{32})?$")]
    suffix: Annotated[str, Field(pattern=r"^(-[a-z][a-z0-9]{0,15})?$")]
    broker_host: Annotated[str, AfterValidator(_absent_or_domain)]
    mail_domain: Annotated[str, AfterValidator(_absent_or_domain)]
    email_from_address: str
    reboot_time: Annotated[str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9])?$")]
    release: str
    release_sha256: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]
    source_repository: str
    #: A part of what git allows (git-check-ref-format): no character that a shell or git's own syntax treats specially.
    source_ref: Annotated[str, Field(pattern=r"^([A-Za-z0-9_][A-Za-z0-9_+@#=,%-]*([./][A-Za-z0-9_+@#=,%-]+)*)?$")]
    toolchain: Annotated[str, Field(pattern=r"^(rustup(:[A-Za-z0-9.-]+)?|packages|(/[A-Za-z0-9._-]+)+)$")]
    acme_directory: Annotated[str, AfterValidator(_acme_directory)]
    acme_email: Annotated[str, AfterValidator(_absent_or_address)]
    #: RFC 8555 section 7.3.4 says an ASCII string; one without spaces fits a line of certbot's configuration.
    acme_eab_kid: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:/+=@-]{0,256}$")]
    acme_eab_hmac_key: SecretStr
    doh_urls: Annotated[list[HttpUrl], Field(min_length=1)]
    ca_bundle: Annotated[str, AfterValidator(certificates_file)]
    auth_methods: Line
    audit_anchors: Line
    email_sender: Line
    chain: Line
    chain_rpc_http: Annotated[HttpUrl, Field(max_length=1024)]
    contracts: Annotated[
        dict[Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*_HEIMA$", max_length=64)], Line], Field(max_length=64)
    ]

    @model_validator(mode="after")
    def _the_zone_has_an_id(self) -> Self:
        needed = {"route53": "parentZoneId", "cloudflare": "cloudflareZoneId"}.get(self.dns)
        if needed and not self.dns_zone_id:
            raise ValueError(f"{needed}: is empty, and dns is {self.dns!r}. Set the zone's id, or choose another dns.")
        return self

    @model_validator(mode="after")
    def _inside_the_zone(self) -> Self:
        for key, name in {
            "brokerHost": self.names.broker_host,
            "mailDomain": self.names.mail_domain,
        }.items():
            if not name.endswith(f".{self.zone}"):
                raise ValueError(
                    f"{key}: {name!r} must be below the zone {self.zone!r}, which holds its records. "
                    f"Change {key} or zone."
                )
        named = [*self.names.public_hosts.values(), self.names.mail_domain]
        for key, name in {"brokerHost": self.names.broker_host, "mailDomain": self.names.mail_domain}.items():
            if named.count(name) > 1:
                raise ValueError(f"{key}: {name!r} is also the name of another host of this stack. Choose another.")
        sender = self.names.email_from
        if not _is_address(sender, re.escape(self.names.mail_domain)):
            raise ValueError(
                f"emailFromAddress: {sender!r} must be an address at the mail domain {self.names.mail_domain!r}, "
                "whose mail this stack receives: 64 characters at most before the @, 254 in all."
            )
        return self

    @model_validator(mode="after")
    def _an_external_account_is_whole(self) -> Self:
        key = self.acme_eab_hmac_key.get_secret_value()
        command = f"`pulumi config set -s {pulumi.get_stack()} --secret acmeEabHmacKey`"
        if bool(key) != bool(self.acme_eab_kid):
            given, missing = ("acmeEabHmacKey", "acmeEabKid") if key else ("acmeEabKid", "acmeEabHmacKey")
            raise ValueError(
                f"{missing}: is empty, and {given} is set. An external account needs both (RFC 8555 section 7.3.4). "
                f"Set {missing}, or remove {given}."
            )
        if not key or key == MASKED:
            return self
        if not is_secret("acmeEabHmacKey"):
            raise ValueError(
                "acmeEabHmacKey: is in plain text in the stack's file and must be encrypted. Ask the authority for "
                f"another key, since this one may have been read, then run {command}."
            )
        # RFC 8555 section 7.3.4: base64url, trailing = removed; authorities show it with them too.
        if not re.fullmatch(r"[A-Za-z0-9_-]{16,1024}={0,2}", key):
            raise ValueError(
                "acmeEabHmacKey: must be base64url, 16 characters at least, as the authority shows it. Copy it again, "
                f"then run {command}."
            )
        return self

    @model_validator(mode="after")
    def _exactly_one_source_of_binaries(self) -> Self:
        pairs = {
            "release": self.release,
            "releaseSha256": self.release_sha256,
            "sourceRepository": self.source_repository,
            "sourceRef": self.source_ref,
        }
        given = [key for key, value in pairs.items() if value]
        stack = pulumi.get_stack()
        if given not in (["release", "releaseSha256"], ["sourceRepository", "sourceRef"]):
            are = "are" if len(given) > 1 else "is"
            change = f"pulumi config set -s {stack}"
            raise ValueError(
                f"release: set exactly one source for the binaries; {_and(given) or 'none'} {are} set. "
                f"Either install an archive: `{change} release <path or https URL>` and `{change} releaseSha256 "
                f"<sha256>`. Or build on the host: `{change} sourceRepository <https URL or git bundle>` and `{change} "
                f"sourceRef <tag, branch or commit>`. Remove the others with `pulumi config rm -s {stack}`."
            )
        key = "sourceRepository" if self.source_ref else "release"
        place, copied = pairs[key], self.copied_to_host
        if copied is not None:
            try:
                _require_readable(place, "must be an https URL or an existing file")
            except ValueError as error:
                raise ValueError(f"{key}: {place!r} {error}.") from None
        elif not _is_url(place, ("https",)):
            raise ValueError(f"{key}: {place!r} must be an https URL with a host and without # and spaces.")
        if copied is None or self.source_ref:
            return self
        digest = _sha256(copied)
        if digest != self.release_sha256:
            raise ValueError(
                f"releaseSha256: {self.release_sha256} is not the SHA-256 of {self.release!r}, which is {digest}. "
                "Download the archive again, or set the digest that its publisher gives."
            )
        return self

    @model_validator(mode="after")
    def _every_template_of_a_service_is_filled(self) -> Self:
        """Before the first resource, as every other error."""
        unit_files(self.site)
        environment_files(self.site)
        return self

    @property
    def copied_to_host(self) -> Path | None:
        """The local archive or git bundle that is copied to the host; None if the host downloads it from a URL."""
        place = self.source_repository or self.release
        return None if place.startswith("https://") else Path(place)

    @property
    def uses_lets_encrypt(self) -> bool:
        """Whether the certificates are Let's Encrypt's, staging included."""
        return self.acme_directory in ACME_DIRECTORIES.values()

    @property
    def dns_zone_id(self) -> str:
        """Id of the zone that holds the records; empty when a person publishes them."""
        return self.cloudflare_zone_id if self.dns == "cloudflare" else ""

    @property
    @abstractmethod
    def names(self) -> PublicNames:
        """The stack's names. Raises ValueError when a name exceeds a limit."""

    @property
    @abstractmethod
    def logs_in_as(self) -> str:
        """User that the steps and the operator's commands log in as."""

    @property
    def public_names(self) -> PublicNames:
        """The names that are the same in every cloud. Raises ValueError as ``PublicNames`` does."""
        return public_names(
            zone=self.zone,
            suffix=self.suffix,
            broker_host=self.broker_host,
            mail_domain=self.mail_domain,
            email_from=self.email_from_address,
        )

    @property
    @abstractmethod
    def site(self) -> Site:
        """The part of the settings that the host gets. Local paths are not part of it."""

    def site_at(
        self,
        *,
        account_id: str,
        region: str,
        buckets: dict[str, str],
        data_role_arn: str,
        metrics_namespace: str = "",
        elsewhere: Elsewhere | None = None,
    ) -> Site:
        """The part of the settings that a host in this cloud gets; the arguments are the cloud's own."""
        names, copied = self.names, self.copied_to_host
        return Site(
            account_id=account_id,
            region=region,
            issuer=names.issuer,
            public_names=names.public_hosts,
            buckets=buckets,
            data_role_arn=data_role_arn,
            email_from=names.email_from,
            auth_methods=self.auth_methods,
            audit_anchors=self.audit_anchors,
            email_sender=self.email_sender,
            chain=self.chain,
            chain_rpc=self.chain_rpc_http,
            contracts=self.contracts,
            release="" if copied else self.release,
            release_sha256=self.release_sha256,
            source_repository="" if copied else self.source_repository,
            source_ref=self.source_ref,
            source_sha256=_sha256(copied) if copied and self.source_ref else "",
            toolchain=self.toolchain,
            acme_directory=self.acme_directory,
            acme_email=self.acme_email or f"hostmaster@{self.zone}",
            reboot_time=self.reboot_time,
            metrics_namespace=metrics_namespace,
            elsewhere=elsewhere,
        )


class Settings(SiteSettings):
    """Settings of one stack in AWS."""

    dns: Literal["route53", "cloudflare", "manual"]
    account_id: AccountId
    region: Region
    parent_zone_id: Annotated[str, Field(pattern=r"^(Z[A-Z0-9]{1,31})?$")]
    alarm_email: Annotated[str, AfterValidator(_absent_or_address)]
    trust: Literal["federated", "static"]
    allowed_callers: Callers
    access_key_users: list[Literal["daemon", "broker"]]
    access_key_epochs: Epochs
    inbound_tls: Literal["Optional", "Require"]
    raw_mail_readers: Annotated[list[IamName], AfterValidator(_different)]
    versioning: bool
    protect: bool
    buckets_on_destroy: Literal["refuse", "keep", "delete"]
    #: Sizes may have a hyphen: m7i.metal-24xl.
    instance_type: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*\.[a-z0-9-]+$")]
    subnet_id: Annotated[str, Field(pattern=r"^(subnet-([0-9a-f]{8}|[0-9a-f]{17}))?$")]
    image: Literal["ubuntu-22.04", "ubuntu-24.04", "debian-12", "debian-13", "amazon-linux-2023"]
    ami: Annotated[str, Field(pattern=r"^(ami-[0-9a-f]{8,17})?$")]
    root_volume_gib: Annotated[int, Field(ge=8, le=16384)]
    #: A schedule keeps 1000 snapshots at most:
    #: https://docs.aws.amazon.com/dlm/latest/APIReference/API_RetainRule.html
    snapshots: Annotated[int, Field(ge=0, le=1000)]
    restore_from: Annotated[str, Field(pattern=r"^(snap-([0-9a-f]{8}|[0-9a-f]{17}))?$")]
    elastic_ip: Annotated[str, AfterValidator(_absent_or_public_ipv4)]
    host_instance_id: InstanceId
    host_private_key: SecretStr
    ssh_key_epochs: Epochs
    host_instance_profile: Literal["attach", "leave"]
    #: A portable user name: https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap03.html#tag_03_426
    login_user: Annotated[str, Field(pattern=r"^([A-Za-z0-9._][A-Za-z0-9._-]{0,31})?$")]
    ssm_managed: bool
    ssh_cidrs: SshCidrs

    @field_validator("login_user")
    @classmethod
    def _of_the_image(cls, value: str, info: ValidationInfo) -> str:
        # A wrong image has an error of its own.
        return value or images.image(info.data.get("image", images.FIRST)).login_user

    @model_validator(mode="after")
    def _a_restored_host_is_launched_from_its_snapshot(self) -> Self:
        """``ami`` would replace the restored host once ``restoreFrom`` is removed."""
        for key, value in {"ami": self.ami, "hostInstanceId": self.host_instance_id}.items():
            if self.restore_from and value:
                also = " and hostPrivateKey" if key == "hostInstanceId" else ""
                raise ValueError(
                    f"restoreFrom: {self.restore_from!r} launches a host with the snapshot's disk, and {key} is "
                    f"{value!r}. Remove {key}{also} for good (`pulumi config rm -s {pulumi.get_stack()} {key}`), or "
                    "remove restoreFrom."
                )
        return self

    @model_validator(mode="after")
    def _an_existing_host_has_a_key(self) -> Self:
        key = self.host_private_key.get_secret_value()
        command = (
            f"`pulumi config set -s {pulumi.get_stack()} --secret hostPrivateKey < <file>`, the file being a private "
            "key without a passphrase that the login user's authorized_keys accepts"
        )
        if not self.host_instance_id:
            if key:
                raise ValueError(
                    "hostPrivateKey: is set without hostInstanceId, and a host that this program launches gets a key "
                    f"of its own. Set hostInstanceId, or run `pulumi config rm -s {pulumi.get_stack()} hostPrivateKey`."
                )
            return self
        if self.subnet_id:
            raise ValueError(
                f"subnetId: {self.subnet_id!r} is for a host that this program launches, and instance "
                f"{self.host_instance_id} has a subnet. Remove the setting (`pulumi config rm -s {pulumi.get_stack()} "
                "subnetId`)."
            )
        if self.ssh_key_epochs != FIRST_EPOCHS:
            raise ValueError(
                f"sshKeyEpochs: {self.ssh_key_epochs} is for a host that this program launches, and instance "
                f"{self.host_instance_id} has a key of your own. Remove the setting (`pulumi config rm -s "
                f"{pulumi.get_stack()} sshKeyEpochs`); docs/runbook.md, Rotate the SSH key, describes how to rotate "
                "your key."
            )
        if not key:
            raise ValueError(
                f"hostPrivateKey: is empty, and instance {self.host_instance_id} was launched with a key that this "
                f"program does not have. Set it with {command}."
            )
        require_login_key(key, command)
        return self

    @model_validator(mode="after")
    def _no_agent_reads_raw_mail(self) -> Self:
        """Raw mail names no agent, so a role that every agent's session assumes would show one agent another's mail."""
        assumed = {self.names.role(key) for key in ROLE_KEYS}
        for reader in self.raw_mail_readers:
            if reader in assumed:
                raise ValueError(
                    f"rawMailReaders: {reader!r} is assumed by the sessions of agents, and each of them could read "
                    "the mail of all. Remove it, or name another role."
                )
        return self

    @property
    def site(self) -> Site:
        """The part of the settings that the host gets. Local paths are not part of it."""
        names = self.names
        return self.site_at(
            account_id=self.account_id,
            region=self.region,
            buckets={key: names.bucket(key) for key in BUCKET_KEYS},
            data_role_arn=names.role_arn("data"),
            metrics_namespace=names.metrics if self.alarm_email else "",
        )

    @property
    def logs_in_as(self) -> str:
        return self.login_user

    @property
    def login_key(self) -> str:
        """The private key of an existing host's login user, as the steps use it; empty for a launched host."""
        return plain_key(self.host_private_key.get_secret_value())

    @property
    def host_tag(self) -> str:
        """The tag of the host whose value is ``names.host``, whether the stack launched the host or only sets it up."""
        return SERVES_TAG if self.host_instance_id else OWNER_TAG

    @property
    def dns_zone_id(self) -> str:
        """Id of the zone that holds the records; empty when a person publishes them."""
        return self.parent_zone_id if self.dns == "route53" else super().dns_zone_id

    @property
    def names(self) -> Names:
        """Raises ValueError when a name exceeds a limit (``Names``)."""
        return of_settings(
            account_id=self.account_id,
            region=self.region,
            zone=self.zone,
            suffix=self.suffix,
            broker_host=self.broker_host,
            mail_domain=self.mail_domain,
            email_from=self.email_from_address,
        )


#: A private key in PEM form, in any text and with any line ends (RFC 7468 section 2).
_PEM_KEY = re.compile(
    r"-----BEGIN (?P<kind>(?:[A-Z0-9]+ )*PRIVATE KEY)-----\s(?P<body>.*?)-----END (?P=kind)-----", re.DOTALL
)


def plain_key(key: str) -> str:
    """Only the private key, with the line ends that every OpenSSH reads.

    Tools write other blocks and attributes in front of a key, and `ssh-add` and the steps' SSH client take different
    ones of these. A key that has nothing around it stays as it is, and so do the inputs of the steps.
    """
    found = _PEM_KEY.search(key)
    if found is None or ("\r" not in key and found[0] == key.strip()):
        return key
    return "".join(f"{line.rstrip()}\n" for line in found[0].splitlines())


def _unusable_key(key: str) -> str:
    """Why no step could log in with the key, without any part of the key; empty if one could. Its type and numbers are
    left to `ssh-add`, which the gate ``login`` runs before the first step.
    """
    found = _PEM_KEY.search(key)
    if found is None:
        return "must be a private key in PEM form, from its BEGIN to its END line"
    kind, body = found["kind"], found["body"].replace("\r\n", "\n")
    # Of PKCS#8 (RFC 5958) in the label, of the traditional form in a header (RFC 1421 section 4.6.1.1).
    encrypted = "ENCRYPTED" in kind or "ENCRYPTED" in body.partition("\n\n")[0]
    if kind == "OPENSSH PRIVATE KEY":
        try:
            decoded = base64.b64decode("".join(body.split()), validate=True)
        except binascii.Error:
            return "must be a private key in PEM form, and the text between its BEGIN and END lines is not base64"
        # The name of the cipher follows the magic bytes: openssh's PROTOCOL.key.
        encrypted = not decoded.startswith(b"openssh-key-v1\0\0\0\0\x04none")
    if encrypted:
        return "is encrypted with a passphrase, which nobody can type here (`ssh-keygen -p` on a copy removes it)"
    return ""


def require_login_key(key: str, command: str) -> None:
    """Raises ValueError, without any part of the key, if the setting ``hostPrivateKey`` is in plain text or no step
    could log in with it. ``command`` sets it. A masked key passes.
    """
    if key == MASKED:
        return
    if not is_secret("hostPrivateKey"):
        raise ValueError(
            "hostPrivateKey: is in plain text in the stack's file and must be encrypted. Create another key for "
            f"the host, since this one may have been read, then run {command}."
        )
    if wrong := _unusable_key(key):
        raise ValueError(f"hostPrivateKey: {wrong}. Set it with {command}.")


def _and(words: list[str]) -> str:
    return " and ".join(words)


T = TypeVar("T", bound=Configured)


def load(model: type[T]) -> T:
    """The running stack's settings. Raises RunError with one line for each wrong key: value, rule, what to do."""
    stack, made, wrong = pulumi.get_stack(), None, _of_another_project()
    try:
        made = model()
    except ValidationError as error:
        wrong = [*(_explained(item) for item in error.errors(include_url=False)), *wrong]
    if made is None or wrong:
        raise pulumi.RunError(
            "\n".join(
                [
                    f"The settings of stack {stack!r} are wrong. Nothing was created.",
                    *wrong,
                    f"Correct Pulumi.{stack}.yaml (`pulumi config set -s {stack} <key> <value>`) and run again.",
                ]
            )
        )
    return made


def _clouds_with(key: str) -> list[str]:
    """The projects of other clouds that have this setting: ``the AWS project`` or the folder of the cloud's."""
    folder = Path(__file__).parent
    files = {
        "AWS": folder / "Pulumi.yaml",
        **{f"clouds/{path.parent.name}": path for path in folder.glob("clouds/*/Pulumi.yaml")},
    }
    read = {name: yaml.safe_load(path.read_text()) for name, path in files.items()}
    return [
        name for name, project in read.items() if project["name"] != pulumi.get_project() and key in project["config"]
    ]


#: How an error shows a value: the middle of a long one is left out.
_SHOWN = reprlib.Repr()
_SHOWN.maxstring = _SHOWN.maxother = _SHOWN.maxlong = 200
_SHOWN.maxlist = _SHOWN.maxdict = 20


def _explained(item: Any) -> str:
    """One sentence for one of pydantic's error records."""
    key = ".".join(str(part) for part in item["loc"])
    # An item of a list is as secret as the list.
    value = MASKED if is_secret(str(next(iter(item["loc"]), ""))) else item["input"]
    message = str(item["msg"]).removeprefix("Value error, ")
    if item["type"] == "extra_forbidden" and (clouds := _clouds_with(key)):
        return (
            f"  {key}: is a setting of a stack in {' and '.join(clouds)}, not of this project. Remove it (`pulumi "
            f"config rm -s {pulumi.get_stack()} {key}`)."
        )
    if item["type"] == "extra_forbidden":
        return f"  {key}: no such key (value {_SHOWN.repr(value)}). `Pulumi.yaml` lists every key with its meaning."
    if item["type"] == "missing":
        return f"  {key}: missing. `Pulumi.yaml` describes it."
    if not key:
        return f"  {message}"
    return f"  {key}: {_SHOWN.repr(value)} {message[0].lower()}{message[1:]}."
