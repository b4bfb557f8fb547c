"""Every IAM document of the system: pure functions from plain names to documents, without Pulumi.

One module per subject (``trust``, ``buckets``, ``roles``, ``identities``, ``ci``); ``document`` owns their common form
and ``grants`` says which identity has which policy. The golden files in ``tests/golden/policies`` hold the documents of
both stacks, byte for byte.
"""
