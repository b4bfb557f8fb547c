"""Rules that hold for every preview and every ``up`` of every stack, run by the engine beside the program.

Owns the rules (``documents``, ``buckets``, ``network``, ``ownership``; ``table`` lists them) as pure functions over
``planned.Resource``, and what they compare with (``facts``). Only ``__main__`` knows the policy SDK, so the rules are
tested without an engine. Leaves out what linters judge (``dev/lint/``) and what only a live account can tell.
"""
