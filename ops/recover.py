"""Names the command that took the place of ``python -m ops.recover``."""

import sys

from ops import exits

if __name__ == "__main__":
    sys.stderr.write("`python -m ops.recover` is now `agentkeys recover -s <stack>`. Nothing was changed.\n")
    sys.exit(exits.NOT_RUN)
