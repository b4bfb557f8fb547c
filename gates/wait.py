"""Waiting: checks again until the answer is there or the time is over.

Owns the pause between two checks and the message when time is over. Leaves out what is checked.
"""

import sys
import time
from collections.abc import Callable

#: Seconds between two checks.
PAUSE = 2.0
#: Seconds that one check may take.
LOOK_TIMEOUT = 5.0


class NotYet(Exception):  # noqa: N818 - a state, not an error
    """What the check saw instead; the gate checks again until its time is over.

    ``fix`` takes the place of the gate's own where the check knows better what is wrong.
    """

    def __init__(self, seen: str, *, fix: str = "") -> None:
        super().__init__(seen)
        self.fix = fix


def wait(check: Callable[[], str], *, what: str, seconds: float, fix: str) -> str:
    """The first answer of ``check``. Raises SystemExit with what was last seen and its fix, by default ``fix``."""
    until = time.monotonic() + seconds
    said = ""
    while True:
        try:
            return check()
        except NotYet as seen:
            if str(seen) != said:
                said = str(seen)
                print(f"waiting for {what}: {said}", file=sys.stderr, flush=True)
            if time.monotonic() + PAUSE > until:
                raise SystemExit(
                    f"{what}: not there after {seconds:.0f} s. Last seen: {said}. {seen.fix or fix} Then run `pulumi "
                    "up` again."
                ) from None
            time.sleep(PAUSE)
