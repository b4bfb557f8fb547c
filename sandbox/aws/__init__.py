"""The emulated AWS account: its APIs, names, inbound mail and certificate authority, all on loopback.

Owns what a client of AWS sees and what AWS itself would do between its services. Leaves out the hosts behind the
instances (sandbox.hosts) and who starts what (the supervisor). Moto answers the APIs; everything it lacks is in
`extensions`, one module for each service, so that an upgrade of moto shows which of it can go.
"""
