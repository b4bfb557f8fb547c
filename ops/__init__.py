"""The operator's commands for any live stack, on AWS or in the sandbox: `agentkeys --help`."""
