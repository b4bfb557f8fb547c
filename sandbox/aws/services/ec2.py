"""EC2: elastic addresses, instances, volumes and security groups.

Leaves out the hosts behind the instances (sandbox/hosts).
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.amis import Ami
from moto.ec2.models.elastic_ip_addresses import ElasticAddressBackend
from moto.ec2.models.elastic_network_interfaces import NetworkInterfaceBackend
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.ec2.models.instances import Instance, InstanceBackend
from moto.ec2.responses.amis import AmisResponse
from moto.ec2.responses.instances import InstanceResponse

from sandbox.aws.services.patching import replaces

_ROOT_GIBIBYTES = 8
_GP3_THROUGHPUT = 125


@replaces(
    InstanceResponse,
    because="moto drops DisableApiTermination, launches twice for one token, and ignores the image's architecture",
    page="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html",
)
def run_instances(original: Any, self: Any) -> Any:
    token = self._get_param("ClientToken")
    for reservation in self.ec2_backend.reservations.values():
        if token and any(instance.client_token == token for instance in reservation.instances):
            return ActionResult(reservation)
    _require_architecture(self.ec2_backend, self._get_param("ImageId"), self._get_param("InstanceType"))
    result = original(self)
    for instance in result.result.instances:
        instance.disable_api_termination = bool(self._get_param("DisableApiTermination"))
        _fill_root(self.ec2_backend, instance)
    return result


def _require_architecture(backend: Any, image_id: str, instance_type: str) -> None:
    image, known = backend.amis.get(image_id), INSTANCE_TYPES.get(instance_type)
    # Moto refuses an image or a type that there is not.
    supported = known["ProcessorInfo"]["SupportedArchitectures"] if image and known else ()
    if supported and image.architecture not in supported:
        raise EC2ClientError(
            "InvalidParameterValue",
            f"The architecture '{','.join(supported)}' of the specified instance type does not match the architecture "
            f"'{image.architecture}' of the specified AMI. Specify an instance type and an AMI that have matching "
            "architectures, and try again. You can use 'describe-instance-types' or 'describe-images' to discover the "
            "architecture of the instance type or AMI.",
        )


def _fill_root(backend: Any, instance: Any) -> None:
    """The root volume of an instance has its image's snapshot, if it is an image of this account."""
    image = backend.amis.get(instance.image_id)
    if isinstance(image, RegisteredImage):
        for _, device in instance.get_block_device_mapping:
            volume = backend.get_volume(device.volume_id)
            volume.snapshot_id = image.ebs_snapshot.id
            volume.encrypted = volume.encrypted or image.ebs_snapshot.encrypted


class RegisteredImage(Ami):
    """An image whose root device is a given snapshot."""

    @property
    def block_device_mappings(self) -> list[dict[str, Any]]:
        return [
            {
                "DeviceName": self.root_device_name,
                "Ebs": {
                    "SnapshotId": self.ebs_snapshot.id,
                    "VolumeSize": self.ebs_snapshot.volume_size,
                    "DeleteOnTermination": True,
                    "VolumeType": "gp3",
                    "Encrypted": self.ebs_snapshot.encrypted,
                },
            }
        ]


@replaces(
    AmisResponse,
    because="moto ignores the block devices and gives every image an empty snapshot of its own",
    page="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RegisterImage.html",
)
def register_image(original: Any, self: Any) -> Any:
    name = self._get_param("Name")
    mappings = self._get_param("BlockDeviceMappings", [])
    root_device = self._get_param("RootDeviceName", "/dev/sda1")
    root = next((item["Ebs"] for item in mappings if item.get("DeviceName") == root_device and "Ebs" in item), None)
    if root is None or not root.get("SnapshotId"):
        return original(self)
    backend = self.ec2_backend
    snapshot = backend.get_snapshot(root["SnapshotId"])
    if any(image.name == name and image.owner_id == backend.account_id for image in backend.amis.values()):
        raise EC2ClientError("InvalidAMIName.Duplicate", f"AMI name {name} is already in use by another AMI")
    result = original(self)
    image = backend.amis[result.result["ImageId"]]
    own, image.ebs_snapshot = image.ebs_snapshot, snapshot
    image.__class__ = RegisteredImage
    image.root_device_name, image.root_device_type = root_device, "ebs"
    image.architecture = self._get_param("Architecture", "i386")
    image.virtualization_type = self._get_param("VirtualizationType", "paravirtual")
    image.boot_mode = self._get_param("BootMode")
    image.ena_support = bool(self._get_param("EnaSupport"))
    image.sriov_net_support = self._get_param("SriovNetSupport")
    image.image_location = f"{backend.account_id}/{name}"
    image.add_tags(self._parse_tag_specification().get("image", {}))
    # EC2 does not delete a snapshot that an image uses.
    snapshot.from_ami = image.id
    own.from_ami = None
    backend.delete_snapshot(own.id)
    return result


@replaces(
    InstanceResponse,
    because="moto rejects a root volume without a size; EC2 uses the size of the image's snapshot",
    page="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EbsBlockDevice.html",
)
def _validate_block_device_mapping(original: Any, _self: Any, device_mapping: dict[str, Any]) -> None:
    if "Ebs" in device_mapping and not device_mapping["Ebs"].get("SnapshotId"):
        device_mapping["Ebs"].setdefault("VolumeSize", _ROOT_GIBIBYTES)
    original(device_mapping)


@replaces(
    InstanceBackend,
    because="moto resets the options that a call does not name; EC2 keeps them",
    page="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceMetadataOptions.html",
)
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
    InstanceBackend,
    because="moto adds the new groups to the primary interface's old ones; EC2 replaces them",
    page="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceAttribute.html",
)
def modify_instance_security_groups(original: Any, self: Any, instance_id: str, new_group_id_list: list[str]) -> Any:
    instance = original(self, instance_id, new_group_id_list)
    instance.nics[0]._group_set = list(instance.security_groups)
    return instance


@replaces(
    NetworkInterfaceBackend,
    because="moto leaves the instance's groups as they were when its primary interface gets others",
    page="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyNetworkInterfaceAttribute.html",
)
def modify_network_interface_attribute(original: Any, self: Any, eni_id: str, *args: Any, **kwargs: Any) -> None:
    original(self, eni_id, *args, **kwargs)
    interface = self.get_network_interface(eni_id)
    if interface.instance and interface.instance.nics.get(0) is interface:
        interface.instance.security_groups = list(interface._group_set)


@replaces(
    EC2Backend,
    because="moto ignores encryption by default, and a gp3 volume's default throughput of 125 MiB/s",
    page="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVolume.html",
)
def create_volume(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
    if self.ebs_encryption_by_default:
        kwargs["encrypted"] = True
    if kwargs.get("volume_type") == "gp3" and not kwargs.get("throughput"):
        kwargs["throughput"] = _GP3_THROUGHPUT
    return original(self, *args, **kwargs)


@replaces(
    EC2Backend,
    because="moto forgets what a snapshot is a copy of, and Encrypted of the request",
    page="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CopySnapshot.html",
)
def copy_snapshot(original: Any, self: Any, source_snapshot_id: str, *args: Any, **kwargs: Any) -> Any:
    made = original(self, source_snapshot_id, *args, **kwargs)
    made.copy_of = source_snapshot_id
    return made


@replaces(
    ElasticAddressBackend,
    because="moto releases an address that is in use; outside a default VPC, EC2 answers InvalidIPAddress.InUse",
    page="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReleaseAddress.html",
)
def release_address(original: Any, self: Any, address: str | None = None, allocation_id: str | None = None) -> None:
    found = self.address_by_ip([address]) if address else self.address_by_allocation([allocation_id])
    if found[0].domain == "vpc" and found[0].association_id:
        raise EC2ClientError("InvalidIPAddress.InUse", f"Address {found[0].public_ip} is in use.")
    original(self, address, allocation_id)


@replaces(
    ElasticAddressBackend,
    because="moto refuses to repeat an association, and adds an address to an instance that has one",
    page="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateAddress.html",
)
def associate_address(original: Any, self: Any, instance: Any = None, eni: Any = None, **named: Any) -> Any:
    interface = eni or (instance.nics[0] if instance else None)
    for address in [address for address in self.addresses if interface and address.eni is interface]:
        if named.get("allocation_id") == address.allocation_id or named.get("address") == address.public_ip:
            return address
        self.disassociate_address(association_id=address.association_id)
    return original(self, instance=instance, eni=eni, **named)


@replaces(
    Instance,
    because="moto leaves the elastic address with a terminated instance; EC2 detaches it",
    page="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/how-ec2-instance-termination-works.html",
)
def terminate(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
    for address in self.ec2_backend.addresses:
        if address.instance is self:
            self.ec2_backend.disassociate_address(association_id=address.association_id)
    return original(self, *args, **kwargs)
