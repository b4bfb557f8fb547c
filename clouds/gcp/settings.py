"""The settings of a broker on Google Cloud. ``Pulumi.yaml`` beside this file has types, meanings and defaults."""

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from clouds.gcp.names import STORE, TOKENS, GcpNames
from clouds.settings import ElsewhereSettings
from components.naming import BUCKET_KEYS, STS_AUDIENCE
from hostsetup.environment import AUDIENCE
from hostsetup.services import Elsewhere, Receiver, Site
from settings import Line, SshCidrs

#: Variables of a broker whose tokens are exchanged at Google (RFC 8693): where, and for which provider of a pool.
EXCHANGE_URL, EXCHANGE_AUDIENCE = "BROKER_TOKEN_EXCHANGE_URL", "BROKER_TOKEN_EXCHANGE_AUDIENCE"


class GcpSettings(ElsewhereSettings):
    """Settings of one stack on Google Cloud."""

    dns: Literal["clouddns", "cloudflare", "manual"]
    #: https://docs.cloud.google.com/resource-manager/docs/creating-managing-projects
    project_id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$")]
    project_number: Annotated[str, Field(pattern=r"^[1-9][0-9]{5,18}$")]
    region: Annotated[str, Field(pattern=r"^[a-z]+-[a-z]+[0-9]+$")]
    compute_zone: Annotated[str, Field(pattern=r"^[a-z]+-[a-z]+[0-9]+-[a-z]$")]
    managed_zone: Annotated[str, Field(pattern=r"^([a-z][a-z0-9-]{0,61}[a-z0-9])?$")]
    machine_type: Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*-[a-z0-9-]+$")]
    image: Literal[
        "debian-cloud/debian-12",
        "debian-cloud/debian-13",
        "ubuntu-os-cloud/ubuntu-2204-lts",
        "ubuntu-os-cloud/ubuntu-2404-lts-amd64",
    ]
    disk_gib: Annotated[int, Field(ge=10, le=16384)]
    login_user: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_-]{0,31}$")]
    ssh_cidrs: SshCidrs
    issuer_audience: Annotated[Line, Field(min_length=1, max_length=256)]
    pool_epoch: Annotated[int, Field(ge=1, le=999)]
    organization_policy: bool
    versioning: bool
    protect: bool
    buckets_on_destroy: Literal["refuse", "delete"]
    spf: Annotated[str, Field(pattern=r"^v=spf1( [!-~]+)*$", max_length=255)]

    @model_validator(mode="after")
    def _the_compute_zone_is_in_the_region(self) -> Self:
        if not self.compute_zone.startswith(f"{self.region}-"):
            raise ValueError(
                f"computeZone: {self.compute_zone!r} is not in the region {self.region!r}. Change one of them."
            )
        return self

    @model_validator(mode="after")
    def _cloud_dns_has_a_zone(self) -> Self:
        if self.dns == "clouddns" and not self.managed_zone:
            raise ValueError(
                "managedZone: is empty, and dns is 'clouddns'. Set the managed zone's name (`gcloud dns managed-zones "
                "list`), or choose another dns."
            )
        return self

    @property
    def read_by_the_broker(self) -> Mapping[str, str]:
        read = {
            EXCHANGE_URL: f"release: {self.release!r} has a broker without Google's exchange of tokens (RFC 8693): it "
            f"does not read {EXCHANGE_URL}. Take a release for Google Cloud."
        }
        if self.issuer_audience != STS_AUDIENCE:
            read[AUDIENCE] = (
                f"issuerAudience: {self.issuer_audience!r} needs a broker that reads {AUDIENCE}, and the one in "
                f"{self.release!r} does not: its tokens are for {STS_AUDIENCE}. Take another release, or remove "
                "issuerAudience."
            )
        return read

    @property
    def names(self) -> GcpNames:
        return GcpNames(
            **vars(self.public_names),
            project_id=self.project_id,
            project_number=self.project_number,
            pool_epoch=self.pool_epoch,
        )

    @property
    def dns_zone_id(self) -> str:
        return self.managed_zone if self.dns == "clouddns" else super().dns_zone_id

    @property
    def logs_in_as(self) -> str:
        return self.login_user

    @property
    def receiver(self) -> Receiver | None:
        made = super().receiver
        # The host writes with the token of its service account, which has no key.
        return made and dataclasses.replace(made, has_key=False, api="gcs")

    @property
    def site(self) -> Site:
        names = self.names
        return self.site_at(
            account_id=self.project_id,
            region=self.region,
            buckets={key: names.bucket(key) for key in BUCKET_KEYS},
            data_role_arn=names.exchange_audience,
            elsewhere=Elsewhere(
                store_endpoint=STORE,
                sts_endpoint=TOKENS,
                store_ca="",
                audience="" if self.issuer_audience == STS_AUDIENCE else self.issuer_audience,
                mail=self.receiver,
                exchange={EXCHANGE_URL: f"{TOKENS}/v1/token", EXCHANGE_AUDIENCE: names.exchange_audience},
            ),
        )


#: The settings of a stack, as ``ops/stack.py`` reads them.
STACK = GcpSettings
