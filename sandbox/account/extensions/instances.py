"""Instances, their volumes and their security groups as EC2 shows them after a change.

Owns what moto drops or mixes up on the way in. Leaves out the hosts behind them.
"""

from typing import Any

from moto.ec2.models import EC2Backend
from moto.ec2.models.elastic_network_interfaces import NetworkInterfaceBackend
from moto.ec2.models.instances import InstanceBackend
from moto.ec2.responses.instances import InstanceResponse

from sandbox.account.extensions.patching import replaces

_ROOT_GIBIBYTES = 8
_GP3_THROUGHPUT = 125


@replaces(InstanceResponse, because="moto drops DisableApiTermination at launch")
def run_instances(original: Any, self: Any) -> Any:
    result = original(self)
    for instance in result.result.instances:
        instance.disable_api_termination = bool(self._get_param("DisableApiTermination"))
    return result


@replaces(InstanceResponse, because="a root volume without a size has the image's, it is not refused")
def _validate_block_device_mapping(original: Any, _self: Any, device_mapping: dict[str, Any]) -> None:
    if "Ebs" in device_mapping and not device_mapping["Ebs"].get("SnapshotId"):
        device_mapping["Ebs"].setdefault("VolumeSize", _ROOT_GIBIBYTES)
    original(device_mapping)


@replaces(InstanceBackend, because="options that a call does not name stay as they are")
def modify_instance_metadata_options(original: Any, self: Any, instance_id: str, **changes: Any) -> Any:
    now = self.get_instance(instance_id).metadata_options
    kept = {
        "http_tokens": now.http_tokens,
        "hop_limit": now.http_put_response_hop_limit,
        "http_endpoint": now.http_endpoint,
        "http_protocol": now.http_protocol_ipv6,
        "metadata_tags": now.instance_metadata_tags,
    }
    return original(
        self, instance_id, **{**kept, **{key: value for key, value in changes.items() if value is not None}}
    )


@replaces(
    InstanceBackend, because="an instance's groups are those of its primary interface, not a union with older ones"
)
def modify_instance_security_groups(original: Any, self: Any, instance_id: str, new_group_id_list: list[str]) -> Any:
    instance = original(self, instance_id, new_group_id_list)
    instance.nics[0]._group_set = list(instance.security_groups)
    return instance


@replaces(NetworkInterfaceBackend, because="the primary interface's groups are the instance's")
def modify_network_interface_attribute(original: Any, self: Any, eni_id: str, *args: Any, **kwargs: Any) -> None:
    original(self, eni_id, *args, **kwargs)
    interface = self.get_network_interface(eni_id)
    if interface.instance and interface.instance.nics.get(0) is interface:
        interface.instance.security_groups = list(interface._group_set)


@replaces(EC2Backend, because="encryption by default covers every new volume, and gp3 has a throughput of 125")
def create_volume(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
    if self.ebs_encryption_by_default:
        kwargs["encrypted"] = True
    if kwargs.get("volume_type") == "gp3" and not kwargs.get("throughput"):
        kwargs["throughput"] = _GP3_THROUGHPUT
    return original(self, *args, **kwargs)
