"""Rules for every preview and every ``up`` of every stack; the engine runs them in addition to the program.

Contains the rules (``documents``, ``buckets``, ``network``, ``ownership``; ``table`` lists them) as pure functions over
``planned.Resource``, and what they compare with (``facts``). Only ``__main__`` uses the policy SDK, so the rules are
tested without an engine. Does not contain what the linters check (``dev/lint/``) or what only a live account knows.
"""
