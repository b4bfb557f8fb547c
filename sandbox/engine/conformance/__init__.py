"""Compares a command plugin with pulumi-command 1.2.1: ``python -m sandbox.engine conformance --help``.

``cases`` is the table: what is asked of a plugin, and the official answer with its source. ``plugin`` speaks the
engine's side of the provider protocol, to the sandbox's stand-in or to any other plugin. ``host`` is a real sshd on
loopback.
"""
