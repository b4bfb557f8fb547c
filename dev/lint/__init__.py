"""Third-party linters for what the programs create: IAM documents and a plan of the resources.

Owns their input (``plan``, ``preview``), running each in an environment of its own (``documents``, ``resources``), and
the allowed findings with their reasons (``*-allowed.toml``). Leaves out this project's own rules (``policypack/``) and
the linters of code, which ``make check`` runs itself.
"""
