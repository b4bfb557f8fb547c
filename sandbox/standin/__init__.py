"""Stand-ins for the AgentKeys binaries, and the release archive that holds them. For the sandbox only.

The Go sources in this folder use only Go's standard library. Their program needs nothing else on the host.
"""
