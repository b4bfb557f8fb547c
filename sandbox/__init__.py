"""The rehearsal ground: the same program, stack files and commands against an emulated account.

Owns: a Pulumi engine where none can be downloaded (``engine``), the emulated AWS account (``account``), real Linux
hosts for its EC2 instances (``hosts``) and stand-ins for the AgentKeys binaries (``standin``). Leaves out: anything the
program itself needs. Nothing outside this folder imports it, except tests.
"""
