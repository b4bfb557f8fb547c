"""The versions of the engine and its plugins, which are those of the SDKs in requirements.txt.

Another version has another cache key and is built separately.
"""

import re

from sandbox.layout import CHECKOUT

_PINS = dict(re.findall(r"^(pulumi[a-z-]*)==([\d.]+)$", (CHECKOUT / "requirements.txt").read_text(), re.MULTILINE))

PULUMI = _PINS["pulumi"]

PLUGINS = {plugin: _PINS[f"pulumi-{plugin}"] for plugin in ("aws", "tls", "command")}

TERRAFORM_AWS = "5.100.0"
