"""Stand-ins for the AgentKeys binaries and the release archive that they are packed into; for the sandbox only.

The Go sources beside this file need nothing but Go's standard library, and the program they make nothing on the host.
"""
