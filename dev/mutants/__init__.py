"""``make mutants``: changes the product's code in one place at a time and reports which changes no fast test notices.

cosmic-ray makes the changes and keeps the results, one session per module in ``.mutants/``, so an interrupted run
continues. It writes each change into a copy of the project. ``forks.py`` runs the tests, ``noise.py`` lists the changes
that are left out. A survivor is killed by a new test, or has a row in ``equivalent.toml`` with the reason.
"""
