"""The clouds whose program launches the host, under Pulumi's mocks: one row each."""

import hashlib
import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dev.recorder import ADDRESS, PROJECT, Answer, Recorder, run
from hostsetup.services import BINARIES
from tests.support import sdks

#: What a broker for these clouds reads, as a release's text.
READS = b"BROKER_SESSION_POLICY"


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """One cloud with what its account and its provider answer."""

    name: str
    #: Python package of its SDK, and the first part of its types.
    package: str
    types: str
    exchange: str
    lookups: Mapping[str, Answer]
    computed: Mapping[str, Mapping[str, Any]]
    #: Setting of the account, and another account's value.
    account: tuple[str, str]

    @property
    def folder(self) -> Path:
        return PROJECT / "clouds" / self.name

    def up(
        self,
        archive: Mapping[str, str],
        /,
        *,
        secret: tuple[str, ...] = (),
        lookups: Mapping[str, Answer] | None = None,
        preview: bool = False,
        **changed: str,
    ) -> Recorder:
        sdks.use(self.name, self.package)
        return run(
            "test",
            folder=self.folder,
            changed={**archive, "exchange": self.exchange, **changed},
            secret=secret,
            lookups={**self.lookups, **(lookups or {})},
            # In a first preview nothing is known that the cloud adds.
            computed={} if preview else self.computed,
            preview=preview,
        )


ALICLOUD = Cloud(
    name="alicloud",
    package="pulumi_alicloud",
    types="alicloud",
    exchange="AssumeRoleWithOIDC",
    lookups={
        "alicloud:index/getAccount:getAccount": {"id": "1234567890123456"},
        "alicloud:index/getZones:getZones": {"ids": ["ap-southeast-1a", "ap-southeast-1b"], "zones": []},
        "alicloud:ecs/getImages:getImages": {"images": [{"id": "debian_12_9_x64_20G_alibase_20260101.vhd"}]},
        "alicloud:dns/getAlidnsRecords:getAlidnsRecords": {"records": []},
    },
    computed={
        "alicloud:ecs/eipAddress:EipAddress": {"ipAddress": ADDRESS},
        "alicloud:ram/accessKey:AccessKey": {"secret": "not-a-real-secret"},
    },
    account=("accountId", "6543210987654321"),
)

TENCENTCLOUD = Cloud(
    name="tencentcloud",
    package="tencentcloud_iac_pulumi",
    types="tencentcloud",
    exchange="AssumeRole",
    lookups={
        "tencentcloud:User/getInfo:getInfo": {"appId": "1250000000", "ownerUin": "100000000001", "uin": "100000000002"},
        "tencentcloud:Instance/getTypes:getTypes": {"instanceTypes": [{"instanceType": "SA2.MEDIUM4"}]},
        "tencentcloud:Images/getInstance:getInstance": {
            "images": [
                {"imageId": "img-old", "createdTime": "2025-01-01", "supportCloudInit": True},
                {"imageId": "img-new", "createdTime": "2026-01-01", "supportCloudInit": True},
                {"imageId": "img-bare", "createdTime": "2026-02-01", "supportCloudInit": False},
            ]
        },
        "tencentcloud:Dnspod/getRecords:getRecords": {"results": []},
    },
    computed={
        "tencentcloud:Eip/instance:Instance": {"publicIp": ADDRESS},
        "tencentcloud:Cam/user:User": {"uin": "100000000009"},
        "tencentcloud:Cam/accessKey:AccessKey": {"accessKey": "AKIDexample", "secretAccessKey": "not-a-real-secret"},
        "tencentcloud:Ses/domain:Domain": {
            "attributes": [
                {"type": "MX", "sendDomain": "bots-test.litentry.org", "expectedValue": "mxbiz1.qq.com"},
                {
                    "type": "TXT",
                    "sendDomain": "qcloudses._domainkey.bots-test.litentry.org",
                    "expectedValue": "v=DKIM1",
                },
            ]
        },
    },
    account=("uin", "100000000003"),
)

CLOUDS = (ALICLOUD, TENCENTCLOUD)


def release(path: Path, content: bytes = READS) -> dict[str, str]:
    """Settings for an archive with every binary, each with this content."""
    with tarfile.open(path, "w:gz") as opened:
        for name in BINARIES:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            opened.addfile(member, io.BytesIO(content))
    return {"release": str(path), "releaseSha256": hashlib.sha256(path.read_bytes()).hexdigest()}
