"""What the emulators of other clouds have in common: the server, calls, tables in a file, and real hosts below them.

Leaves out every cloud's own: who may do what, and the APIs (``sandbox/gcp``, ``sandbox/tencentcloud``).
"""
