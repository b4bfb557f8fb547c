"""The other clouds of a sandbox, in the process that serves the account."""

from pathlib import Path

from sandbox import layout
from sandbox.aws.ports import require_free
from sandbox.fronts.server import Front, HostDoors
from sandbox.gcp.serving import google_front
from sandbox.tencentcloud.serving import tencent_front


def other_clouds(home: Path) -> list[Front | HostDoors]:
    """The front of every cloud, and the doors through which hosts reach them."""
    tls, metadata = layout.PORTS["hosts-tls"], layout.PORTS["hosts-metadata"]
    for port in (tls, metadata):
        require_free(port, "the other clouds' hosts")
    fronts: list[Front] = [google_front(home), tencent_front(home)]
    return [*fronts, HostDoors(fronts, tls_port=tls, metadata_port=metadata)]
