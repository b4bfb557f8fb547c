"""The settings of a stack in Tencent Cloud. ``Pulumi.yaml`` beside this file has types, meanings and defaults."""

import re
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from clouds.names import CloudNames
from clouds.settings import SESSION_POLICY, LaunchedSettings
from clouds.tencentcloud import policies
from components.naming import BUCKET_KEYS, ROLE_KEYS
from components.policies.document import text
from hostsetup.services import Elsewhere, Site

#: Regions with CVM and COS: https://www.tencentcloud.com/document/product/213/6091
REGIONS = (
    *("ap-guangzhou", "ap-shanghai", "ap-nanjing", "ap-beijing", "ap-chengdu", "ap-chongqing", "ap-hongkong"),
    *("ap-singapore", "ap-jakarta", "ap-bangkok", "ap-seoul", "ap-tokyo"),
    *("na-siliconvalley", "na-ashburn", "sa-saopaulo", "eu-frankfurt"),
)

#: SES's SMTP servers, by region: https://www.tencentcloud.com/document/product/1084/44457
SMTP_SERVERS = {
    "ap-hongkong": "smtp.qcloudmail.com",
    "ap-guangzhou": "gz-smtp.qcloudmail.com",
    "ap-singapore": "sg-smtp.qcloudmail.com",
}
#: With TLS from the start; SES accepts no other.
SMTP_PORT = 465

#: A bucket's name with its APPID: https://www.tencentcloud.com/document/product/436/13312. Names of roles and users:
#: https://www.tencentcloud.com/document/product/598/10596
_BUCKET_LIMIT, _IDENTITY_LIMIT = 60, 64


def _region(value: str) -> str:
    if value not in REGIONS:
        raise ValueError(f"must be a region of Tencent Cloud: {', '.join(REGIONS)}")
    return value


class TencentCloudSettings(LaunchedSettings):
    """Settings of one stack in Tencent Cloud."""

    exchange_call: ClassVar[str] = "AssumeRole"
    cloud: ClassVar[str] = "Tencent Cloud"
    session_policy_limit: ClassVar[int] = policies.SESSION_POLICY_LIMIT
    page: ClassVar[str] = "docs/clouds/tencentcloud.md"

    dns: Literal["dnspod", "cloudflare", "manual"]
    #: Older accounts have shorter ones.
    uin: Annotated[str, Field(pattern=r"^[1-9][0-9]{4,11}$")]
    app_id: Annotated[str, Field(pattern=r"^1[0-9]{9}$")]
    region: Annotated[str, AfterValidator(_region)]
    availability_zone: Annotated[str, Field(pattern=r"^[a-z]{2}-[a-z]+-[0-9]+$")]
    #: https://www.tencentcloud.com/document/product/213/11518
    instance_type: Annotated[str, Field(pattern=r"^[A-Z][A-Za-z0-9]*\.[A-Z0-9]+$")]
    image: Literal["ubuntu-22.04", "ubuntu-24.04", "debian-12", "debian-13"]
    sending: Literal["ses", "none"]
    sending_region: Literal["ap-hongkong", "ap-guangzhou", "ap-singapore"]

    @model_validator(mode="after")
    def _the_zone_is_in_the_region(self) -> Self:
        if not re.fullmatch(rf"{self.region}-[0-9]+", self.availability_zone):
            raise ValueError(
                f"availabilityZone: {self.availability_zone!r} is no zone of {self.region!r}, whose zones are its name "
                "and a number, like ap-singapore-2. Change availabilityZone or region."
            )
        return self

    @staticmethod
    def unfit_smtp_password(password: str) -> str:
        """At most 64 characters: https://cloud.tencent.com/document/api/1288/84274"""
        return "" if re.fullmatch(r"[!-~]{1,64}", password) else "must have 1 to 64 printable characters, no spaces"

    @property
    def spf(self) -> str:
        """Value of the mail domain's SPF record."""
        return "v=spf1 include:qcloudmail.com -all" if self.sending == "ses" else "v=spf1 -all"

    @property
    def smtp_server(self) -> tuple[str, int] | None:
        return (SMTP_SERVERS[self.sending_region], SMTP_PORT) if self.sending == "ses" else None

    @property
    def dns_zone_id(self) -> str:
        """DNSPod knows a zone by its name."""
        return self.zone if self.dns == "dnspod" else super().dns_zone_id

    @property
    def names(self) -> CloudNames:
        return CloudNames(
            account=self.app_id, bucket_limit=_BUCKET_LIMIT, identity_limit=_IDENTITY_LIMIT, **vars(self.public_names)
        )

    @property
    def session_policies(self) -> dict[str, str]:
        return {key: text(policies.session(self.names, self.region, key)) for key in ROLE_KEYS}

    @property
    def site(self) -> Site:
        names = self.names
        return self.site_at(
            account_id=self.uin,
            region=self.region,
            buckets={key: names.bucket(key) for key in BUCKET_KEYS},
            data_role_arn=policies.role_arn(names, self.uin, "data"),
            elsewhere=Elsewhere(
                # S3's calls: https://www.tencentcloud.com/document/product/436/32537
                store_endpoint=f"https://cos.{self.region}.myqcloud.com",
                sts_endpoint="https://sts.tencentcloudapi.com",
                store_ca="",
                # No role trusts the tokens, so their audience stays the release's own.
                audience="",
                mail=self.receiver,
                relay=self.relay,
                # Buckets made since 2024 refuse path style: https://www.tencentcloud.com/document/product/436/57456
                path_style=False,
                exchange={
                    "BROKER_EXCHANGE": self.exchange,
                    **{f"BROKER_ROLE_ARN_{key.upper()}": policies.role_arn(names, self.uin, key) for key in ROLE_KEYS},
                    **{f"{SESSION_POLICY}_{key.upper()}": policy for key, policy in self.session_policies.items()},
                },
            ),
        )


#: The settings of a stack, as ``ops/stack.py`` reads them.
STACK = TencentCloudSettings
