"""What the broker host becomes: services, rendered files and the ordered steps that install them over SSH.

Owns everything that ends up on the host. Leaves out how a step is transported (``components/hostsetup.py``) and every
AWS type: it consumes identifiers as plain strings, so another cloud's host is set up by the same steps.
"""
