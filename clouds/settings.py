"""What the settings of every cloud other than AWS have in common, and their rules.

Leaves out what only one cloud has: its settings are a module of its project.
"""

import tarfile
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

import pulumi
from pydantic import Field, SecretStr, model_validator

from clouds import login
from components.naming import ACTOR_LENGTH, INBOUND_DAYS, INBOUND_PREFIX
from hostsetup.services import BINARIES, Receiver, Relay
from settings import MASKED, SiteSettings, SshCidrs, is_secret

#: Start of the broker's variables with the session policy of each role; the role's key in capitals follows it.
SESSION_POLICY = "BROKER_SESSION_POLICY"
#: Stands for the actor's id in a session policy.
ACTOR = "{actor}"

#: File name of the broker in a release.
_BROKER = "agentkeys-broker-server"


class ElsewhereSettings(SiteSettings):
    """Settings of one stack outside AWS, whose host receives the mail itself."""

    mail: Literal["receive", "none"]
    mail_size_limit_mib: Annotated[int, Field(ge=1, le=40)]
    inbound_tls: Literal["Optional", "Require"]

    @model_validator(mode="after")
    def _mail_can_be_sent(self) -> Self:
        if self.email_sender == "ses":
            raise ValueError(
                "emailSender: 'ses' needs AWS, where SES sends. Set the sender that your release offers elsewhere."
            )
        if "email_link" in self.auth_methods.split(",") and not self.email_sender:
            raise ValueError(
                "emailSender: is empty, and authMethods has email_link, which sends mail. Set the sender that your "
                "release offers, or remove email_link."
            )
        return self

    @model_validator(mode="after")
    def _the_release_has_what_is_needed(self) -> Self:
        """Only of an archive that is here: what the host downloads or builds is not known yet."""
        archive = self.copied_to_host
        if archive is None or self.source_ref:
            return self
        try:
            with tarfile.open(archive) as opened:
                there = {Path(member.name).name: member for member in opened.getmembers() if not member.isdir()}
                missing = [name for name in BINARIES if name not in there]
                if missing:
                    raise ValueError(
                        f"release: {self.release!r} lacks {', '.join(missing)}. Take a release with every binary."
                    )
                broker = opened.extractfile(there[_BROKER])
                content = broker.read() if broker else b""
        except (tarfile.TarError, EOFError, OSError) as error:
            raise ValueError(f"release: {self.release!r} is no tar.gz archive ({error}). Download it again.") from None
        for variable, why in self.read_by_the_broker.items():
            if broker and variable.encode() not in content:
                raise ValueError(why)
        return self

    @property
    @abstractmethod
    def read_by_the_broker(self) -> Mapping[str, str]:
        """By name, the variables that the broker of this cloud must read, each with the error for one that does not."""

    @property
    def receiver(self) -> Receiver | None:
        """The host's receiver of mail, None without one. It has a key of the bucket."""
        if self.mail == "none":
            return None
        return Receiver(
            domain=self.names.mail_domain,
            name=self.names.public_hosts["email"],
            prefix=INBOUND_PREFIX,
            limit_mib=self.mail_size_limit_mib,
            requires_tls=self.inbound_tls == "Require",
            expire_days=INBOUND_DAYS,
            has_key=True,
        )


class LaunchedSettings(ElsewhereSettings):
    """Settings of one stack whose program creates the identities and buckets and launches the host.

    The cloud has no session tags, so actors are apart only if the broker passes a session policy (``exchange``).
    """

    #: Value of ``exchange``: the call with which this cloud's broker must get its sessions.
    exchange_call: ClassVar[str]
    #: Most characters of a session policy.
    session_policy_limit: ClassVar[int]
    #: The cloud's name in messages, and its page.
    cloud: ClassVar[str]
    page: ClassVar[str]

    exchange: str
    protect: bool
    versioning: bool
    buckets_on_destroy: Literal["refuse", "keep", "delete"]
    root_volume_gib: Annotated[int, Field(ge=20, le=2048)]
    ssh_cidrs: SshCidrs
    smtp_password: SecretStr

    @model_validator(mode="after")
    def _the_broker_isolates_actors(self) -> Self:
        if self.exchange != self.exchange_call:
            raise ValueError(
                f"exchange: is {self.exchange!r}, and {self.cloud} has no session tags: only a broker that passes a "
                f"session policy with {self.exchange_call} keeps actors apart ({self.page}). With any other release, "
                "every session could read every actor's data. Take such a release, then run `pulumi config set -s "
                f"{pulumi.get_stack()} exchange {self.exchange_call}`."
            )
        return self

    @model_validator(mode="after")
    def _every_session_policy_fits(self) -> Self:
        for key, template in self.session_policies.items():
            size = len(template.replace(ACTOR, "f" * ACTOR_LENGTH))
            if size > self.session_policy_limit:
                raise ValueError(
                    f"suffix: {self.suffix!r} makes a session policy for {key} of {size} characters, more than the "
                    f"{self.session_policy_limit} that {self.cloud} accepts. Shorten suffix."
                )
        return self

    @model_validator(mode="after")
    def _the_smtp_password_is_encrypted(self) -> Self:
        secret = self.smtp_password.get_secret_value()
        command = f"`pulumi config set -s {pulumi.get_stack()} --secret smtpPassword`"
        if secret in ("", MASKED):
            return self
        if not is_secret("smtpPassword"):
            raise ValueError(
                "smtpPassword: is in plain text in the stack's file and must be encrypted. Choose another password, "
                f"since this one may have been read, then run {command}."
            )
        if wrong := self.unfit_smtp_password(secret):
            raise ValueError(f"smtpPassword: {wrong}. Set another one with {command}.")
        return self

    @property
    @abstractmethod
    def smtp_server(self) -> tuple[str, int] | None:
        """Name and port of the server by which the stack sends; None if it does not send."""

    @property
    def relay(self) -> Relay | None:
        """The broker's way to send, None without a server or a password for it."""
        if self.smtp_server is None or not self.smtp_password.get_secret_value():
            return None
        host, port = self.smtp_server
        return Relay(host=host, port=port, user=self.names.email_from)

    @property
    @abstractmethod
    def session_policies(self) -> dict[str, str]:
        """By role, the policy that the broker passes, with ``ACTOR`` for the actor's id."""

    @staticmethod
    @abstractmethod
    def unfit_smtp_password(password: str) -> str:
        """Why the cloud rejects this password, without any part of it; empty if it does not."""

    @property
    def read_by_the_broker(self) -> Mapping[str, str]:
        return {
            SESSION_POLICY: f"release: the broker in {self.release!r} does not read {SESSION_POLICY}, so its sessions "
            f"on {self.cloud} could read every actor's data ({self.page}). Take a release with this cloud's exchange."
        }

    @property
    def logs_in_as(self) -> str:
        return login.USER
