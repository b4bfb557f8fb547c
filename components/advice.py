"""What a person reads when an `up` ends before its time: the command that continues.

Owns the one line. Leaves out the recovery (``agentkeys recover``). The engine interrupts the program when a resource
fails or somebody presses Ctrl-C. It gives the program no other word of either. A program calls ``when_interrupted``
before it imports providers: without it, an interrupt prints a traceback of whatever runs then. The engine may be gone
before it has read an interrupted program's last words, so ``when_failed`` says the line while the failed operation
still waits for the program.
"""

import os
import signal
import sys
from collections.abc import Awaitable, Callable
from types import FrameType
from typing import NoReturn

import pulumi
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import monitor_supports_feature

#: Name of the hook. It is in the state of every resource that has it, so it never changes.
HOOK = "advice"

_said = False


def when_interrupted(*project: str) -> None:
    """Print the way on and end at once when the engine interrupts the program. ``project`` are the options of
    ``agentkeys recover`` that name another project than the stack's own.
    """
    line = _line(project)

    def end(_number: int, _frame: FrameType | None) -> NoReturn:
        if not _said:
            # An engine that goes away takes the pipe along.
            os.write(sys.stderr.fileno(), f"{line}\n".encode())
        # Python's own way out prints a traceback of the interrupted event loop.
        os._exit(128 + signal.SIGINT)

    signal.signal(signal.SIGINT, end)


#: Answers whether the engine can try the failed operation again, which may take the answer some time.
Again = Callable[[pulumi.ErrorHookArgs], Awaitable[bool]]


def when_failed(*project: str, unless: Again | None = None) -> None:
    """Show the way on, once, when a resource that the program registers from now on fails, unless ``unless`` says that
    the engine can try again. An engine that has no error hooks, which is older than this program's, does without.
    """
    if not monitor_supports_feature(resource_pb2.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS):
        return
    line = _line(project)

    async def failed(args: pulumi.ErrorHookArgs) -> bool:
        global _said
        if unless is not None and await unless(args):
            return True
        if not _said:
            _said = True
            pulumi.log.warn(line)
        return False

    hooks = pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook(HOOK, failed)])

    def add(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
        options = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(hooks=hooks))
        return pulumi.ResourceTransformationResult(props=args.props, opts=options)

    pulumi.runtime.register_stack_transformation(add)


def _line(project: tuple[str, ...]) -> str:
    command = " ".join(["agentkeys recover -s", pulumi.get_stack(), *project])
    return (
        "This run stopped early. `failed to run remediation: context canceled` is no cause; the other errors are. "
        f"Next: `{command}`, then the same command again."
    )
