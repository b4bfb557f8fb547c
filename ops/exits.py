"""Exit codes of the operator's commands. click itself uses 1 for an error and 2 for a usage error."""

#: Everything was checked and nothing failed; warnings do not fail.
OK = 0
#: A check failed, or the command refused to do its work.
WRONG = 1
#: The stack, or a part of it, could not be checked.
NOT_RUN = 3
#: The host or a file differs from what the program would write.
DRIFT = 7
#: Plus the signal's number: a signal ended the command.
ENDED = 128
