"""What the settings of every cloud other than AWS have in common, and their rules.

Leaves out what only one cloud has: its settings are a module of its project.
"""

import tarfile
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from components.naming import INBOUND_DAYS, INBOUND_PREFIX
from hostsetup.services import BINARIES, Receiver
from settings import SiteSettings

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
