"""The versions of the engine, of Pulumi's SDK and of the plugins, which are those of their SDKs in requirements.txt.

The engine has a pin of its own: not every release is both in the Go module proxy and on PyPI. By Pulumi's rule, an
engine runs older SDKs of its major version, so it must not be older than the SDK. Another version has another cache key
and is built separately.
"""

import re

from sandbox.layout import CHECKOUT


def _pins(file: str) -> dict[str, str]:
    return dict(
        re.findall(r"^((?:tencentcloud-iac-)?pulumi[a-z-]*)==([\d.]+)$", (CHECKOUT / file).read_text(), re.MULTILINE)
    )


_PINS = _pins("requirements.txt")

#: Pulumi's SDK.
PULUMI = _PINS["pulumi"]

#: Pulumi's engine: what is built, and what is downloaded where that is possible.
(ENGINE,) = re.findall(
    r"pulumi/pkg/v3 v([\d.]+) ", (CHECKOUT / "sandbox/engine/go/pulumi/go.mod").read_text(), re.MULTILINE
)

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
