"""The emulated AWS account: its APIs, DNS, inbound mail and certificate authority, all on loopback.

Moto answers the APIs. `services` patches what moto lacks, and `iam` checks each request first. Leaves out the hosts
behind the instances (sandbox/hosts) and starting the servers (sandbox/supervisor.py).
"""
