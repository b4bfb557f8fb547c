"""The emulated Tencent Cloud's server: API 3.0 by host and action, COS by bucket, and CVM's metadata server."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sandbox.fronts.calls import Answer, Call, RefusedError
from sandbox.fronts.server import Front
from sandbox.tencentcloud import policies, signing
from sandbox.tencentcloud.account import Account, Caller
from sandbox.tencentcloud.cam import SESSION, Cam
from sandbox.tencentcloud.compute import Compute
from sandbox.tencentcloud.cos import Cos
from sandbox.tencentcloud.dnspod import DnsPod
from sandbox.tencentcloud.errors import ApiError, CosError, response
from sandbox.tencentcloud.network import Network

_API = ".tencentcloudapi.com"
_ROLE = "/latest/meta-data/cam/security-credentials/"

#: Calls that every identity may make for itself, or that decide by themselves.
_ANYBODY = {"GetUserAppId", "AssumeRole"}
#: Services whose calls are of a region.
_REGIONAL = ("cvm", "vpc")

#: What is emulated, by service.
ACTIONS: Mapping[str, tuple[str, ...]] = {
    "cam": (
        *("GetUserAppId", "DescribeSubAccounts", "AddUser", "GetUser", "DeleteUser"),
        *("CreateAccessKey", "ListAccessKeys", "DeleteAccessKey"),
        *("CreateRole", "DescribeRoleList", "DeleteRole"),
        *("CreatePolicy", "GetPolicy", "UpdatePolicy", "DeletePolicy"),
        *("AttachRolePolicy", "DetachRolePolicy", "ListAttachedRolePolicies"),
        *("AttachUserPolicy", "DetachUserPolicy", "ListAttachedUserPolicies"),
    ),
    "sts": ("AssumeRole",),
    "cvm": (
        *("DescribeZoneInstanceConfigInfos", "DescribeImages"),
        *("RunInstances", "DescribeInstances", "TerminateInstances"),
    ),
    "vpc": (
        *("CreateVpc", "DescribeVpcs", "DeleteVpc", "DescribeRouteTables"),
        *("CreateSubnet", "ModifySubnetAttribute", "DescribeSubnets", "DeleteSubnet"),
        *("CreateSecurityGroup", "DescribeSecurityGroups", "DeleteSecurityGroup"),
        "DescribeSecurityGroupAssociationStatistics",
        *("ModifySecurityGroupPolicies", "DescribeSecurityGroupPolicies"),
        *("AllocateAddresses", "DescribeAddresses", "ReleaseAddresses", "DescribeBandwidthPackages"),
        *("AssociateAddress", "DisassociateAddress", "DescribeTaskResult"),
    ),
    "dnspod": ("DescribeRecordList", "CreateRecord", "DescribeRecord", "DeleteRecord"),
    "tag": ("DescribeResourceTagsByResourceIds",),
}

Handler = Callable[[dict[str, Any], Caller], Mapping[str, Any]]


class TencentFront(Front):
    """The emulator. ``folder`` keeps its certificate authority and the objects."""

    cloud, label, metadata_name = "Tencent Cloud", "tencentcloud", "metadata.tencentyun.com"

    def __init__(self, account: Account, folder: Path, *, proxy_port: int) -> None:
        self._account, self._cos_name = account, f"cos.{account.identity.region}.myqcloud.com"
        names = (f"*{_API}", self._cos_name, f"*.{self._cos_name}")
        super().__init__(account, folder, names, proxy_port=proxy_port)
        self._cam, network, self._cos = Cam(account), Network(account), Cos(account, folder / "objects")
        compute, dnspod = Compute(account, self._cam, network), DnsPod(account)
        self._apis: dict[str, object] = {
            "cam": self._cam,
            "sts": self._cam,
            "cvm": compute,
            "vpc": network,
            "dnspod": dnspod,
            "tag": Tags(),
        }

    def answered(self, call: Call) -> Answer:
        """The answer of API 3.0 or of COS. Raises ApiError and CosError."""
        if call.host.endswith(self._cos_name):
            return self._cos.answer(call, signing.cos_caller(self._account, call))
        service, action = call.host.removesuffix(_API), call.headers.get("x-tc-action", "")
        caller = signing.api_caller(self._account, call, service)
        handler = self._handler(service, action)
        if handler is None:
            raise ApiError(
                "UnsupportedOperation", f"the sandbox's emulator of Tencent Cloud does not emulate {service} {action}"
            )
        region = call.headers.get("x-tc-region", "")
        if service in _REGIONAL and region != self._account.identity.region:
            raise ApiError("UnsupportedRegion", f"the sandbox emulates {self._account.identity.region}, not {region}")
        if action not in _ANYBODY and not policies.allows(caller.layers, f"name/{service}:{action}", "*", {}):
            raise ApiError("AuthFailure.UnauthorizedOperation", f"{caller.name} is not authorized for {action}.")
        try:
            return response(dict(handler(json.loads(call.body or b"{}"), caller)))
        except KeyError as error:
            raise ApiError("MissingParameter", f"{action} lacks {error}, or the emulator has no such thing") from None
        except ValueError as error:
            raise ApiError("InvalidParameter", f"{action}: {error}") from None

    def _handler(self, service: str, action: str) -> Handler | None:
        """The method of an action: CreateVpc is ``create_vpc``."""
        if action not in ACTIONS.get(service, ()):
            return None
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", action).lower()
        found: Handler = getattr(self._apis[service], name)
        return found

    def metadata(self, call: Call, source: str) -> Answer:
        """The key of the instance's role. Raises CosError: the server answers an HTTP status."""
        name = self._account.world.host_at(source)
        instance = self._account.table("instances").get(name)
        role = instance["CamRoleName"] if instance else ""
        if call.method != "GET" or call.path not in (_ROLE, f"{_ROLE}{role}") or not role:
            raise CosError(404, "NotFound", f"the sandbox's metadata server does not know {call.path}")
        if call.path == _ROLE:
            return Answer(body=role.encode(), headers={"Content-Type": "text/plain"})
        made = self._cam.session(role, None, SESSION)
        times = {"ExpiredTime": made["ExpiredTime"], "Expiration": made["Expiration"]}
        return Answer(body={**made["Credentials"], **times, "Code": "Success"})

    def failed(self, call: Call, message: str) -> RefusedError:
        """A failure of the emulator."""
        return ApiError("InternalError", message) if call.host.endswith(_API) else CosError(500, "Internal", message)


class Tags:
    """Nothing here has tags, and the provider asks for everybody's."""

    def describe_resource_tags_by_resource_ids(self, _given: dict[str, Any], _caller: Caller) -> dict[str, Any]:
        return {"TotalCount": 0, "Tags": []}
