"""The settings of a broker on any Linux host. ``Pulumi.yaml`` beside this file has types, meanings and defaults."""

import dataclasses
import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

import pulumi
from pydantic import AfterValidator, Field, SecretStr, model_validator

from clouds.settings import ElsewhereSettings
from components.naming import BUCKET_KEYS, STS_AUDIENCE, PublicNames
from hostsetup.environment import AUDIENCE
from hostsetup.services import Elsewhere, Receiver, Site
from settings import HttpUrl, Line, certificates_file, is_secret, refused_network, require_login_key

#: An S3 bucket name: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
BucketName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]


def _public_address(value: str) -> str:
    try:
        address = ipaddress.IPv4Address(value)
    except ValueError:
        raise ValueError("must be the host's public IPv4 address, for example 203.0.114.7") from None
    if why := refused_network(address):
        raise ValueError(f"is in {why}, and no certificate authority can reach it; give the host's public address")
    return value


def _given(value: str) -> str:
    if not value:
        raise ValueError("must not be empty, since the broker does not start without it; give what the store expects")
    return value


def _every_bucket(value: dict[str, str]) -> dict[str, str]:
    wanted = ", ".join(BUCKET_KEYS)
    if sorted(value) != sorted(BUCKET_KEYS):
        raise ValueError(f"must have exactly the keys {wanted}, each with the name of a bucket")
    if len(set(value.values())) < len(value):
        raise ValueError(f"must not have one name twice: {wanted} are different buckets")
    return value


class HostSettings(ElsewhereSettings):
    """Settings of one stack on a host that somebody made."""

    dns: Literal["cloudflare", "manual"]
    host_address: Annotated[str, AfterValidator(_public_address)]
    host_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:/-]{0,128}$")]
    login_user: Annotated[str, Field(pattern=r"^[A-Za-z0-9._][A-Za-z0-9._-]{0,31}$")]
    host_private_key: SecretStr
    store_endpoint: HttpUrl
    sts_endpoint: str
    store_region: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$")]
    store_ca: Annotated[str, AfterValidator(certificates_file)]
    store_account: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{0,64}$")]
    buckets: Annotated[dict[str, BucketName], AfterValidator(_every_bucket)]
    data_role: Annotated[Line, AfterValidator(_given)]
    issuer_audience: Annotated[Line, AfterValidator(_given)]
    spf: Annotated[str, Field(pattern=r"^v=spf1( [!-~]+)*$", max_length=255)]
    store_access_key_id: Annotated[str, Field(pattern=r"^[!-~]{0,128}$")]
    store_secret_access_key: SecretStr

    @model_validator(mode="after")
    def _the_host_has_a_key(self) -> Self:
        command = (
            f"`pulumi config set -s {pulumi.get_stack()} --secret hostPrivateKey < <file>`, the file being a private "
            "key without a passphrase that the login user's authorized_keys accepts"
        )
        key = self.host_private_key.get_secret_value()
        if not key:
            raise ValueError(
                f"hostPrivateKey: is empty, and the program cannot log in to the host. Set it with {command}."
            )
        require_login_key(key, command)
        return self

    @model_validator(mode="after")
    def _the_store_can_be_reached(self) -> Self:
        for key, url in {"storeEndpoint": self.store_endpoint, "stsEndpoint": self.sts_endpoint}.items():
            if url and not re.fullmatch(r"https?://[^/?]+/?", url):
                raise ValueError(
                    f"{key}: {url!r} must be a URL without a path: a bucket's name follows it (path style)."
                )
        return self

    @model_validator(mode="after")
    def _the_key_of_the_store_is_whole(self) -> Self:
        secret = self.store_secret_access_key.get_secret_value()
        if bool(secret) != bool(self.store_access_key_id):
            missing = "storeAccessKeyId" if secret else "storeSecretAccessKey"
            raise ValueError(
                f"{missing}: is empty, and the other half of the key is set. Set both, or neither if the host's "
                "cloud gives it an identity."
            )
        command = f"`pulumi config set -s {pulumi.get_stack()} --secret storeSecretAccessKey`"
        if secret and not is_secret("storeSecretAccessKey"):
            raise ValueError(
                "storeSecretAccessKey: is in plain text in the stack's file and must be encrypted. Create another key, "
                f"since this one may have been read, then run {command}."
            )
        if not re.fullmatch(r"[!-~]*", secret):
            raise ValueError(f"storeSecretAccessKey: must be one line of printable characters. Set it with {command}.")
        return self

    @property
    def read_by_the_broker(self) -> Mapping[str, str]:
        if self.issuer_audience == STS_AUDIENCE:
            return {}
        return {
            AUDIENCE: f"issuerAudience: {self.issuer_audience!r} needs a broker that reads {AUDIENCE}, and the one in "
            f"{self.release!r} does not: its tokens are for {STS_AUDIENCE}. Take another release, or register "
            f"{STS_AUDIENCE} at the store's token service and remove issuerAudience."
        }

    @property
    def names(self) -> PublicNames:
        return self.public_names

    @property
    def logs_in_as(self) -> str:
        return self.login_user

    @property
    def login_key(self) -> str:
        """The private key of the login user, as the steps use it. Secret."""
        return self.host_private_key.get_secret_value()

    @property
    def host(self) -> str:
        """Identifier of the host: another one sets it up from the start."""
        return self.host_id or self.host_address

    @property
    def site(self) -> Site:
        return self.site_at(
            account_id=self.store_account,
            region=self.store_region,
            buckets=self.buckets,
            data_role_arn=self.data_role,
            elsewhere=Elsewhere(
                store_endpoint=self.store_endpoint,
                sts_endpoint=self.sts_endpoint or self.store_endpoint,
                store_ca=_pem(self.store_ca),
                audience="" if self.issuer_audience == STS_AUDIENCE else self.issuer_audience,
                mail=self.receiver,
            ),
        )

    @property
    def receiver(self) -> Receiver | None:
        made = super().receiver
        return made and dataclasses.replace(made, has_key=bool(self.store_access_key_id))


#: The settings of a stack, as ``ops/stack.py`` reads them.
STACK = HostSettings


def _pem(path: str) -> str:
    return Path(path).read_text().rstrip("\n") + "\n" if path else ""
