"""Starting where something is in the way: told at once, with what it is."""

import os
import socket

import pytest

from sandbox import layout, rehearsal, supervisor


def test_a_taken_port_is_told_with_the_process_that_holds_it():
    supervisor.stop(rehearsal.say)
    with socket.socket() as taken:
        # Connections of an earlier sandbox may linger.
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((layout.LOOPBACK, layout.PORTS["aws"]))
        taken.listen()
        with pytest.raises(supervisor.SandboxError) as refused:
            supervisor.start(rehearsal.say)
    assert f"TCP port {layout.PORTS['aws']} on 127.0.0.1 is needed by the AWS APIs" in str(refused.value)
    assert f"process {os.getpid()} holds it" in str(refused.value)
