"""cosmic-ray's test command: asks the process of ``forks.py`` to test the mutant that is on disk now.

``ask.py SOCKET REQUEST``. Prints what pytest printed and ends as pytest did. Imports nothing of the project, so that it
starts in milliseconds.
"""

import contextlib
import socket
import sys

#: What stands in the output if nobody judged the mutant. It runs again.
NO_VERDICT = "no verdict"


def main() -> int:
    answer = b""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.connect(sys.argv[1])
        connection.sendall(sys.argv[2].encode() + b"\n")
        while part := connection.recv(1 << 16):
            answer += part
    if not answer:
        print(NO_VERDICT)
        return 1
    sys.stdout.buffer.write(answer[:-1])
    return answer[-1]


if __name__ == "__main__":
    sys.exit(main())
