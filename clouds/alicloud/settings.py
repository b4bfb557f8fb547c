"""The settings of a stack in AliCloud. ``Pulumi.yaml`` beside this file has types, meanings and defaults."""

import re
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from clouds.alicloud import policies
from clouds.names import CloudNames
from clouds.settings import SESSION_POLICY, LaunchedSettings
from components.naming import BUCKET_KEYS, ROLE_KEYS
from components.policies.document import text
from hostsetup.services import Elsewhere, Site

#: Regions with ECS and OSS: https://www.alibabacloud.com/help/en/ecs/user-guide/regions-and-zones
REGIONS = (
    *("cn-qingdao", "cn-beijing", "cn-zhangjiakou", "cn-huhehaote", "cn-wulanchabu", "cn-hangzhou", "cn-shanghai"),
    *("cn-shenzhen", "cn-heyuan", "cn-guangzhou", "cn-chengdu", "cn-hongkong"),
    *("ap-northeast-1", "ap-northeast-2", "ap-southeast-1", "ap-southeast-3", "ap-southeast-5", "ap-southeast-6"),
    *("ap-southeast-7", "us-east-1", "us-west-1", "eu-central-1", "eu-west-1", "me-east-1"),
)
#: Starts as the mainland's regions do, and is not there.
_HONG_KONG = "cn-hongkong"

#: DirectMail's SMTP servers, by region: https://www.alibabacloud.com/help/en/direct-mail/smtp-endpoints
SMTP_SERVERS = {
    "cn-hangzhou": "smtpdm.aliyun.com",
    "ap-southeast-1": "smtpdm-ap-southeast-1.aliyuncs.com",
    "us-east-1": "smtpdm-us-east-1.aliyuncs.com",
    "eu-central-1": "smtpdm-eu-central-1.aliyuncs.com",
}
#: With TLS from the start; AliCloud's hosts may not connect to port 25.
SMTP_PORT = 465

#: Names of OSS's buckets: https://www.alibabacloud.com/help/en/oss/user-guide/bucket-naming-conventions, of roles and
#: users: https://www.alibabacloud.com/help/en/ram/product-overview/limits
_BUCKET_LIMIT, _IDENTITY_LIMIT = 63, 64


def _region(value: str) -> str:
    if value not in REGIONS:
        raise ValueError(f"must be a region of AliCloud: {', '.join(REGIONS)}")
    return value


class AliCloudSettings(LaunchedSettings):
    """Settings of one stack in AliCloud."""

    exchange_call: ClassVar[str] = "AssumeRoleWithOIDC"
    cloud: ClassVar[str] = "AliCloud"
    session_policy_limit: ClassVar[int] = policies.SESSION_POLICY_LIMIT
    page: ClassVar[str] = "docs/clouds/alicloud.md"

    dns: Literal["alidns", "cloudflare", "manual"]
    #: An Alibaba Cloud account has a UID of 16 digits.
    account_id: Annotated[str, Field(pattern=r"^[0-9]{16}$")]
    region: Annotated[str, AfterValidator(_region)]
    availability_zone: Annotated[str, Field(pattern=r"^[a-z]{2}-[a-z0-9-]+$")]
    #: https://www.alibabacloud.com/help/en/ecs/user-guide/instance-naming-conventions
    instance_type: Annotated[str, Field(pattern=r"^ecs\.[a-z0-9-]+\.[a-z0-9]+$")]
    image: Literal["ubuntu-22.04", "ubuntu-24.04", "debian-12", "debian-13"]
    sending: Literal["directmail", "none"]
    sending_region: Literal["cn-hangzhou", "ap-southeast-1", "us-east-1", "eu-central-1"]

    @model_validator(mode="after")
    def _the_zone_is_in_the_region(self) -> Self:
        ending = self.availability_zone.removeprefix(self.region)
        if ending == self.availability_zone or not re.fullmatch(r"-?[a-z]", ending):
            raise ValueError(
                f"availabilityZone: {self.availability_zone!r} is no zone of {self.region!r}, whose zones are its name "
                "and a letter, like cn-hangzhou-i or ap-southeast-1a. Change availabilityZone or region."
            )
        return self

    @model_validator(mode="after")
    def _directmail_accepts_the_sender(self) -> Self:
        """The rule is that of the SDK's argument ``account_name``."""
        sender = self.names.email_from.partition("@")[0]
        if self.sending == "directmail" and not re.fullmatch(r"[a-z0-9]+", sender):
            raise ValueError(
                f"emailFromAddress: {self.names.email_from!r} cannot send with DirectMail, which accepts lower-case "
                f"letters and digits before the @. Set another address at {self.names.mail_domain!r}, or set sending "
                "to none."
            )
        return self

    @staticmethod
    def unfit_smtp_password(password: str) -> str:
        """10 to 20 characters with digits, upper-case and lower-case letters."""
        kinds = (r"[0-9]", r"[A-Z]", r"[a-z]")
        if not re.fullmatch(r"[A-Za-z0-9]{10,20}", password) or not all(re.search(kind, password) for kind in kinds):
            return "must have 10 to 20 letters and digits, with a digit, an upper-case and a lower-case letter each"
        return ""

    @property
    def spf(self) -> str:
        """Value of the mail domain's SPF record."""
        return "v=spf1 include:spf1.dm.aliyun.com -all" if self.sending == "directmail" else "v=spf1 -all"

    @property
    def in_the_mainland(self) -> bool:
        return self.region.startswith("cn-") and self.region != _HONG_KONG

    @property
    def smtp_server(self) -> tuple[str, int] | None:
        return (SMTP_SERVERS[self.sending_region], SMTP_PORT) if self.sending == "directmail" else None

    @property
    def dns_zone_id(self) -> str:
        """AliDNS knows a zone by its name."""
        return self.zone if self.dns == "alidns" else super().dns_zone_id

    @property
    def names(self) -> CloudNames:
        return CloudNames(
            account=self.account_id,
            bucket_limit=_BUCKET_LIMIT,
            identity_limit=_IDENTITY_LIMIT,
            **vars(self.public_names),
        )

    @property
    def session_policies(self) -> dict[str, str]:
        return {key: text(policies.session(self.names, key)) for key in ROLE_KEYS}

    @property
    def site(self) -> Site:
        names = self.names
        return self.site_at(
            account_id=self.account_id,
            region=self.region,
            buckets={key: names.bucket(key) for key in BUCKET_KEYS},
            data_role_arn=policies.role_arn(names, "data"),
            elsewhere=Elsewhere(
                # S3's calls: https://www.alibabacloud.com/help/en/oss/developer-reference/use-amazon-s3-sdks-to-access-oss
                store_endpoint=f"https://s3.oss-{self.region}.aliyuncs.com",
                sts_endpoint=f"https://sts.{self.region}.aliyuncs.com",
                store_ca="",
                audience=policies.AUDIENCE,
                mail=self.receiver,
                relay=self.relay,
                # Path style is refused (SecondLevelDomainForbidden):
                # https://www.alibabacloud.com/help/en/oss/developer-reference/compatibility-with-amazon-s3
                path_style=False,
                exchange={
                    "BROKER_EXCHANGE": self.exchange,
                    "BROKER_OIDC_PROVIDER_ARN": policies.provider_arn(names),
                    **{f"BROKER_ROLE_ARN_{key.upper()}": policies.role_arn(names, key) for key in ROLE_KEYS},
                    **{f"{SESSION_POLICY}_{key.upper()}": policy for key, policy in self.session_policies.items()},
                },
            ),
        )


#: The settings of a stack, as ``ops/stack.py`` reads them.
STACK = AliCloudSettings
