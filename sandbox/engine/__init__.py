"""A real Pulumi engine and real provider code where only package registries can be reached.

Owns: the engine's binaries (``build``), pulumi-aws and pulumi-tls over Pulumi's bridge to Terraform providers
(``bridge``, ``translate``, ``warm``) and the command plugin (``command``, ``transport``). Leaves out: what the plugins
talk to, which is the account's and the hosts' business. ``python -m sandbox.engine --help`` is its command line.
"""
