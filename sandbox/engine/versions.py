"""The versions of the engine and its plugins; a change of one is a rebuild under another cache key.

requirements.txt pins the SDKs, and the engine and the plugins are the ones that these were made with.
"""

import re

from sandbox.layout import CHECKOUT

_PINS = dict(re.findall(r"^(pulumi[a-z-]*)==([\d.]+)$", (CHECKOUT / "requirements.txt").read_text(), re.MULTILINE))

PULUMI = _PINS["pulumi"]

PLUGINS = {plugin: _PINS[f"pulumi-{plugin}"] for plugin in ("aws", "tls", "command")}

TERRAFORM_AWS = "5.100.0"
