module agentkeys.invalid/standin

go 1.26
