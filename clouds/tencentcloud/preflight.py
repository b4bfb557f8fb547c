"""Checks that depend on the account, before the first resource: account, zone, instance type, image, zone's records.

They only read, in every preview. Leaves out values that are wrong in any account (``settings.py``).
"""

import pulumi
import tencentcloud_iac_pulumi as tencentcloud

from clouds.tencentcloud.settings import TencentCloudSettings
from components.checks.answers import reason
from components.checks.zone import Found, Keeper

#: Public images by the setting ``image``: a pattern of their names, like Debian Server 12.0 64bit.
IMAGES = {
    "ubuntu-22.04": r"^Ubuntu Server 22\.04 LTS 64",
    "ubuntu-24.04": r"^Ubuntu Server 24\.04 LTS 64",
    "debian-12": r"^Debian Server 12\.[0-9]+ 64",
    "debian-13": r"^Debian Server 13\.[0-9]+ 64",
}

#: How messages about the zone's records speak of DNSPod.
DNSPOD = Keeper(
    lists="DNSPod's console shows them",
    second="DNSPod would refuse it or answer with both. Remove them in its console.",
)


def account(provider: tencentcloud.Provider, uin: str, app_id: str) -> None:
    """The credentials belong to the configured account. Raises RunError."""
    try:
        found = tencentcloud.user.get_info(opts=pulumi.InvokeOptions(provider=provider))
    except Exception as error:
        raise pulumi.RunError(
            f"Tencent Cloud refused to return the caller's account: {reason(error)}. Nothing was created. Set "
            "credentials (TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, or a profile)."
        ) from None
    for key, wanted, seen in (("uin", uin, found.owner_uin), ("appId", app_id, found.app_id)):
        if seen != wanted:
            raise pulumi.RunError(
                f"{key}: the stack is for {wanted}, the credentials belong to {seen}. Nothing was created. Use the "
                f"right credentials, or correct {key}."
            )


def image(provider: tencentcloud.Provider, settings: TencentCloudSettings) -> str:
    """Id of the newest image of that name. The zone sells the instance type. Raises RunError."""
    invoke = pulumi.InvokeOptions(provider=provider)
    try:
        types = tencentcloud.instance.get_types(
            filters=[
                {"name": "zone", "values": [settings.availability_zone]},
                {"name": "instance-type", "values": [settings.instance_type]},
            ],
            exclude_sold_out=True,
            opts=invoke,
        ).instance_types
        images = tencentcloud.images.get_instance(
            image_types=["PUBLIC_IMAGE"],
            image_name_regex=IMAGES[settings.image],
            instance_type=settings.instance_type,
            opts=invoke,
        ).images
    except Exception as error:
        raise pulumi.RunError(
            f"region: Tencent Cloud refused to list instance types and images of {settings.region}: {reason(error)}. "
            "Nothing was created. Check region, and that the caller may read CVM (QcloudCVMReadOnlyAccess)."
        ) from None
    if not types:
        raise pulumi.RunError(
            f"instanceType: {settings.availability_zone} does not sell {settings.instance_type!r}. Nothing was "
            "created. Change instanceType or availabilityZone."
        )
    usable = [image for image in images if image.support_cloud_init]
    if not usable:
        raise pulumi.RunError(
            f"image: {settings.region} has no public image {settings.image!r} with cloud-init. Nothing was created. "
            f"Choose another of {', '.join(IMAGES)}."
        )
    return max(usable, key=lambda image: image.created_time).image_id


def records(provider: tencentcloud.Provider, zone: str) -> list[Found]:
    """The records of the zone at DNSPod. Raises RunError."""
    try:
        found = tencentcloud.dnspod.get_records(domain=zone, opts=pulumi.InvokeOptions(provider=provider)).results
    except Exception as error:
        raise pulumi.RunError(
            f"zone: DNSPod refused to list the records of {zone}: {reason(error)}. Nothing was created. Add the domain "
            "in its console, or choose another dns (cloudflare, manual)."
        ) from None
    return [
        Found(
            name=(zone if record.name == "@" else f"{record.name}.{zone}").lower(),
            type=record.type,
            values=[record.value],
        )
        for record in found
    ]
