"""A Pulumi engine, only for computers that cannot download Pulumi. Where Pulumi can be downloaded, it is used instead.

The engine is built from package registries: its binaries (``build``), pulumi-aws and pulumi-tls through Pulumi's bridge
to Terraform providers (``bridge``, ``translate``, ``warm``), and a command plugin (``command``, ``transport``).
``python -m sandbox.engine --help`` is its command line.
"""
