"""What an operator does around an ``up``, on any live stack, AWS or sandbox: `agentkeys --help`."""
