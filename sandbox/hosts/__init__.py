"""Real Linux hosts for the emulated account's EC2 instances, on one machine and without a hypervisor.

Owns: the base image (``image``), the hosts (``machines``) with their seed and network, and the relays that are the only
way to them (``relay``). Leaves out which instances run and which ports are open: the emulated account decides that.
"""
