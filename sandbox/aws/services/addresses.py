"""EC2: an elastic address that moves from one instance to another.

Leaves out everything else about addresses (``ec2.py``).
"""

from typing import Any

from moto.ec2.responses.elastic_ip_addresses import ElasticIPAddresses

from sandbox.aws.services.patching import replaces


@replaces(
    ElasticIPAddresses,
    because="moto refuses an address that another instance has; EC2 moves it unless AllowReassociation is false",
    page="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateAddress.html",
)
def associate_address(original: Any, self: Any) -> Any:
    asked = self._get_params()
    backend = self.ec2_backend
    if "AllowReassociation" not in asked and "AllocationId" in asked:
        (address,) = backend.address_by_allocation([self._get_param("AllocationId")])
        there = address.eni.id if address.eni else None
        instance = self._get_param("InstanceId")
        wanted = backend.get_instance(instance).nics[0].id if instance else self._get_param("NetworkInterfaceId")
        if there and there != wanted:
            backend.disassociate_address(association_id=address.association_id)
    return original(self)
