"""Moto's own server, which keeps the tags of a new bucket: provider 6 sends them when it creates one.

It serves one request at a time, as the sandbox's account does (``sandbox/aws/serial.py``).
"""

import sys
import threading
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication
from moto.server import main

from sandbox.aws.services import patching, s3

_served = DomainDispatcherApplication.__call__
_turn = threading.Lock()


def _one_at_a_time(self: Any, *request: Any) -> Any:
    with _turn:
        return _served(self, *request)


if __name__ == "__main__":
    wanted = s3._bucket_response_put.__name__
    patching.REPLACEMENTS[:] = [one for one in patching.REPLACEMENTS if one.name == wanted]
    patching.apply()
    DomainDispatcherApplication.__call__ = _one_at_a_time
    main(sys.argv[1:])
