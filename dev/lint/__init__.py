"""Linters that other people wrote, over what the programs make: IAM documents and a plan of the resources.

Owns what they are fed (``plan``, ``preview``), running them (``documents``, ``resources``), each in an environment of
its own, and the findings that are allowed, each with its reason (``*-allowed.toml``). Leaves out our own rules
(``policypack/``) and the linters of code, which ``make check`` runs itself.
"""
