"""Probes: one small question to an account for each behaviour that the emulated account adds to moto or corrects in it.

The same probe runs on the emulated account, on plain moto and, with ``make validate-aws``, on AWS. ``rows`` has the
table, one module per service has its rows, ``ground`` is an account as a probe sees it, ``normal`` makes answers of two
accounts comparable, ``validate`` runs the probes, and ``answers/`` has what AWS answered.
"""
