"""The image of the setting ``ami``: that it is there, and that it is for the instance type.

Owns checks that run in every preview and only read. Leaves out the images of the setting ``image``, which the program
looks up itself (``components/host.py``).
"""

from typing import Any

import pulumi
import pulumi_aws as aws

from components import images
from components.checks.answers import reason
from components.checks.state import Own


def require(provider: aws.Provider, ami: str, instance_type: str, region: str, own: Own) -> None:
    """EC2 can launch the image as this type. Raises RunError.

    A host that runs may outlive its image, so that one is looked for only before the launch.
    """
    listed = f"`aws ec2 describe-images --region {region} --image-ids {ami}`"
    filters: list[Any] = [{"name": "image-id", "values": [ami]}]
    try:
        found = aws.ec2.get_ami(filters=filters, opts=pulumi.InvokeOptions(provider=provider))
    except Exception as error:
        if own.launched:
            pulumi.log.debug(f"the image {ami} of the host was not found: {error}")
            return
        raise pulumi.RunError(
            f"ami: EC2 shows no image {ami!r} in {region} ({reason(error)}). Nothing was created. Correct it "
            f"({listed}), or remove it to launch the newest of the setting image."
        ) from None
    wanted = images.architecture(instance_type)
    if found.architecture != wanted:
        raise pulumi.RunError(
            f"ami: {ami} is for {found.architecture}, and instanceType {instance_type!r} has {wanted}. Nothing was "
            f"created. Give an image for {wanted}, or an instance type with {found.architecture} ({listed})."
        )
