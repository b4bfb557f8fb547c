"""Checks that depend on the account, before the first resource: account, zone, instance type, image, zone's records.

They only read, in every preview. Leaves out values that are wrong in any account (``settings.py``).
"""

import pulumi
import pulumi_alicloud as alicloud

from clouds.alicloud.settings import AliCloudSettings
from components.checks.answers import reason
from components.checks.zone import Found, Keeper

#: System images by the setting ``image``: a pattern of their ids, like ubuntu_22_04_x64_20G_alibase_20260101.vhd.
IMAGES = {
    "ubuntu-22.04": "^ubuntu_22_04_x64_20G_alibase_",
    "ubuntu-24.04": "^ubuntu_24_04_x64_20G_alibase_",
    "debian-12": "^debian_12_[0-9]+_x64_20G_alibase_",
    "debian-13": "^debian_13_[0-9]+_x64_20G_alibase_",
}

#: How messages about the zone's records speak of AliDNS.
ALIDNS = Keeper(
    lists="the console of Alibaba Cloud DNS shows them",
    second="AliDNS would refuse it or answer with both. Remove them in its console.",
)


def account(provider: alicloud.Provider, account_id: str) -> None:
    """The credentials belong to the configured account. Raises RunError."""
    try:
        found = alicloud.get_account(opts=pulumi.InvokeOptions(provider=provider)).id
    except Exception as error:
        raise pulumi.RunError(
            f"AliCloud refused to return the caller's account: {reason(error)}. Nothing was created. Set credentials "
            "(ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or a profile)."
        ) from None
    if found != account_id:
        raise pulumi.RunError(
            f"accountId: the stack is for account {account_id}, the credentials belong to {found}. Nothing was "
            "created. Use the right credentials, or correct accountId."
        )


def image(provider: alicloud.Provider, settings: AliCloudSettings) -> str:
    """Id of the newest image of that name. The zone sells the instance type. Raises RunError."""
    invoke = pulumi.InvokeOptions(provider=provider)
    try:
        zones = alicloud.get_zones(
            available_instance_type=settings.instance_type, instance_charge_type="PostPaid", opts=invoke
        ).ids
        images = alicloud.ecs.get_images(
            owners="system", name_regex=IMAGES[settings.image], most_recent=True, opts=invoke
        ).images
    except Exception as error:
        raise pulumi.RunError(
            f"region: AliCloud refused to list zones and images of {settings.region}: {reason(error)}. Nothing was "
            "created. Check region, and that the caller may read ECS (AliyunECSReadOnlyAccess)."
        ) from None
    if settings.availability_zone not in zones:
        raise pulumi.RunError(
            f"instanceType: {settings.availability_zone} does not sell {settings.instance_type!r}; zones of "
            f"{settings.region} that do: {', '.join(zones) or 'none'}. Nothing was created. Change instanceType or "
            "availabilityZone."
        )
    if not images:
        raise pulumi.RunError(
            f"image: {settings.region} has no system image {settings.image!r}. Nothing was created. Choose another of "
            f"{', '.join(IMAGES)}."
        )
    return images[0].id


def records(provider: alicloud.Provider, zone: str) -> list[Found]:
    """The records of the zone in AliDNS. Raises RunError."""
    try:
        found = alicloud.dns.get_alidns_records(domain_name=zone, opts=pulumi.InvokeOptions(provider=provider)).records
    except Exception as error:
        raise pulumi.RunError(
            f"zone: AliDNS refused to list the records of {zone}: {reason(error)}. Nothing was created. Add the domain "
            "in its console, or choose another dns (cloudflare, manual)."
        ) from None
    return [
        Found(
            name=(zone if record.rr == "@" else f"{record.rr}.{zone}").lower(), type=record.type, values=[record.value]
        )
        for record in found
    ]
