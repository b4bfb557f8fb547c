"""CVM's calls: what a zone sells, images, and instances, whose hosts are real.

https://www.tencentcloud.com/document/product/213/15688
"""

import base64
from typing import Any

from sandbox.tencentcloud.account import Account, Caller, now
from sandbox.tencentcloud.cam import Cam
from sandbox.tencentcloud.errors import ApiError
from sandbox.tencentcloud.network import Network

Fields = dict[str, Any]

_TYPES = ("SA2.MEDIUM4", "S5.MEDIUM4")
_ZONES = (1, 2, 3)
#: Public images whose hosts the sandbox has.
_IMAGES = {"img-debian12": "Debian Server 12.8 64bit"}


class Compute:
    """Instances of the account's region."""

    def __init__(self, account: Account, cam: Cam, network: Network) -> None:
        self._account, self._cam, self._network = account, cam, network

    def describe_zone_instance_config_infos(self, given: Fields, _caller: Caller) -> Fields:
        wanted = {one["Name"]: one["Values"] for one in given.get("Filters", [])}
        region = self._account.identity.region
        sold = [
            {
                "Zone": zone, "InstanceType": kind, "InstanceChargeType": "POSTPAID_BY_HOUR", "Cpu": 2, "Memory": 4,
                "Gpu": 0, "InstanceFamily": kind.partition(".")[0], "Status": "SELL",
            }
            for zone in (f"{region}-{number}" for number in _ZONES)
            for kind in _TYPES
            if zone in wanted.get("zone", [zone]) and kind in wanted.get("instance-type", [kind])
        ]  # fmt: skip
        return {"InstanceTypeQuotaSet": sold}

    def describe_images(self, given: Fields, _caller: Caller) -> Fields:
        if given.get("Offset"):
            return {"TotalCount": len(_IMAGES), "ImageSet": []}
        shown = [
            {
                "ImageId": name, "ImageName": title, "OsName": title, "ImageType": "PUBLIC_IMAGE", "SnapshotSet": [],
                "CreatedTime": "2026-01-01T00:00:00Z", "ImageDescription": "", "ImageSize": 20,
                "Architecture": "x86_64", "ImageState": "NORMAL", "Platform": "Debian", "ImageCreator": "",
                "ImageSource": "OFFICIAL", "SyncPercent": 0, "IsSupportCloudinit": True,
            }
            for name, title in _IMAGES.items()
        ]  # fmt: skip
        return {"TotalCount": len(shown), "ImageSet": shown}

    def run_instances(self, given: Fields, _caller: Caller) -> Fields:
        if given["ImageId"] not in _IMAGES:
            raise ApiError("InvalidImageId.NotFound", f"There is no image {given['ImageId']}.")
        if given["InstanceType"] not in _TYPES:
            raise ApiError("ResourcesSoldOut.SpecifiedInstanceType", f"{given['InstanceType']} is not sold.")
        if given["VirtualPrivateCloud"]["SubnetId"] not in self._account.table("subnets"):
            raise ApiError("InvalidSubnetId.NotExist", "There is no such subnet.")
        if role := given.get("CamRoleName", ""):
            self._cam.require_for_instance(role)
        name = f"ins-{int(self._account.next_number()):x}"
        self._account.world.launch(name, base64.b64decode(given.get("UserData", "")).decode())
        self._account.table("instances")[name] = {
            "InstanceId": name,
            "InstanceName": given["InstanceName"],
            "InstanceState": "RUNNING",
            "InstanceType": given["InstanceType"],
            "InstanceChargeType": given["InstanceChargeType"],
            "ImageId": given["ImageId"],
            "Placement": {"Zone": given["Placement"]["Zone"], "ProjectId": 0},
            "InternetAccessible": {"InternetChargeType": "TRAFFIC_POSTPAID_BY_HOUR", "InternetMaxBandwidthOut": 0},
            "VirtualPrivateCloud": given["VirtualPrivateCloud"],
            "SecurityGroupIds": given["SecurityGroupIds"],
            "SystemDisk": {**given["SystemDisk"], "DiskId": f"disk-{name[4:]}"},
            "DataDisks": [],
            "PrivateIpAddresses": ["10.0.0.2"],
            "LoginSettings": {"KeepImageLogin": given["LoginSettings"].get("KeepImageLogin", "FALSE")},
            "CamRoleName": role,
            "DisableApiTermination": bool(given.get("DisableApiTermination")),
            "CreatedTime": now(),
            "LatestOperationState": "SUCCESS",
        }
        self._account.save()
        self._network.open_hosts()
        return {"InstanceIdSet": [name]}

    def describe_instances(self, given: Fields, _caller: Caller) -> Fields:
        instances = self._account.table("instances")
        addresses = self._account.table("addresses").values()
        found = [
            {
                **instances[name],
                "PublicIpAddresses": [one["AddressIp"] for one in addresses if one["InstanceId"] == name],
            }
            for name in given["InstanceIds"]
            if name in instances
        ]
        return {"TotalCount": len(found), "InstanceSet": found}

    def terminate_instances(self, given: Fields, _caller: Caller) -> Fields:
        instances = self._account.table("instances")
        for name in given["InstanceIds"]:
            if name not in instances:
                raise ApiError("InvalidInstanceId.NotFound", f"There is no instance {name}.")
            if instances[name]["DisableApiTermination"]:
                raise ApiError("OperationDenied.InstanceTerminationProtected", f"{name} is protected.")
            self._account.world.terminate(name)
            del instances[name]
        self._account.save()
        return {}
