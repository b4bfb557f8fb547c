"""The sandbox: runs the unchanged program, stack files and commands against an emulated AWS account on one computer.

``aws`` is the account, ``hosts`` are real Linux hosts for its EC2 instances, ``standin`` replaces the AgentKeys
binaries, and ``engine`` builds Pulumi only where it cannot be downloaded. Only tests import it.
"""
