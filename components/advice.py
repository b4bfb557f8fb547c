"""What a person reads when an `up` ends before its time: the command that continues.

Owns the one line. Leaves out the recovery (``agentkeys recover``). The engine interrupts the program when a resource
fails or somebody presses Ctrl-C. It gives the program no other word of either. A program calls this before it imports
providers: without it, an interrupt prints a traceback of whatever runs then.
"""

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

import pulumi


def when_interrupted(*project: str) -> None:
    """Print the way on and end at once when the engine interrupts the program. ``project`` are the options of
    ``agentkeys recover`` that name another project than the stack's own.
    """
    command = " ".join(["agentkeys recover -s", pulumi.get_stack(), *project])

    def end(_number: int, _frame: FrameType | None) -> NoReturn:
        # An engine that goes away takes the pipe along.
        os.write(
            sys.stderr.fileno(),
            f"This run stopped early. `failed to run remediation: context canceled` is no cause; the other errors are. "
            f"Next: `{command}`, then the same command again.\n".encode(),
        )
        # Python's own way out prints a traceback of the interrupted event loop.
        os._exit(128 + signal.SIGINT)

    signal.signal(signal.SIGINT, end)
