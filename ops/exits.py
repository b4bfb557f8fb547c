"""Exit codes of the operator's commands; click itself ends with 1 for a refused call and 2 for a wrong argument."""

OK = 0
WRONG = 1
NOT_RUN = 3
DRIFT = 7
#: Added to a signal's number, as shells do.
ENDED = 128
