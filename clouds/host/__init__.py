"""A broker on any Linux host: somebody else's machine and object store, whose identifiers are settings."""
