"""The versions of the engine and its plugins, which are those of the SDKs in requirements.txt.

Another version has another cache key and is built separately.
"""

import re

from sandbox.layout import CHECKOUT


def _pins(file: str) -> dict[str, str]:
    return dict(
        re.findall(r"^((?:tencentcloud-iac-)?pulumi[a-z-]*)==([\d.]+)$", (CHECKOUT / file).read_text(), re.MULTILINE)
    )


_PINS = _pins("requirements.txt")

PULUMI = _PINS["pulumi"]

PLUGINS = {plugin: _PINS[f"pulumi-{plugin}"] for plugin in ("aws", "tls", "command")}

#: Plugins of other clouds, by the cloud that needs them. A program of AWS never has them.
CLOUD_PLUGINS = {
    "gcp": {"gcp": _pins("requirements/gcp.txt")["pulumi-gcp"]},
    "tencentcloud": {"tencentcloud": _pins("requirements/tencentcloud.txt")["tencentcloud-iac-pulumi"]},
}

#: Terraform's AWS provider by generation, the preferred one first. pulumi-aws 7 is made for generation 6.
TERRAFORM_AWS = {"6": "6.47.1", "5": "5.100.0"}

#: The generation that a built engine builds, from ``go/terraform-aws``.
TERRAFORM_AWS_BUILT = "6"
