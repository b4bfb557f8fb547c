"""The versions of the engine and its plugins; a change of one is a rebuild under another cache key."""

PULUMI = "3.259.0"

#: Plugins by name, as requirements.txt pins their SDKs.
PLUGINS = {"aws": "7.51.1", "tls": "5.6.2", "command": "1.2.1"}

TERRAFORM_AWS = "5.100.0"
