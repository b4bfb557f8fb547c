"""Every IAM document of the system: pure functions from plain names to documents, no pulumi in here.

One module per subject (``trust``, ``buckets``, ``roles``, ``identities``); ``document`` has the form they share. The
golden files in ``tests/golden/policies`` are the documents of both stacks, byte for byte.
"""
