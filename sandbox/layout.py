"""Where the sandbox lives on the machine: its folders, loopback ports and host network, and nothing else.

Everything listens on loopback; the hosts sit in network namespaces of their own behind one veth pair each.
"""

import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent

#: State of this checkout's sandbox: account snapshot, hosts' disks, Pulumi state and home, logs, credentials.
HOME = Path(os.environ.get("AGENTKEYS_SANDBOX_HOME") or CHECKOUT / ".sandbox")

#: Pulumi's own folders of the sandbox: plugins and login (never the user's), and the state of every stack.
PULUMI_HOME = HOME / "pulumi"
STATE = HOME / "state"

#: One sandbox runs on a machine at a time, since addresses and the packet filter are the machine's.
LOCK = Path("/run/agentkeys-sandbox.lock")

LOOPBACK = "127.0.0.1"

#: Loopback TCP ports (DNS: UDP and TCP) by the service that listens there.
PORTS = {
    "aws": 14566,  # every AWS API, moto
    "dns": 10053,  # authoritative answers out of Route 53
    "doh": 10080,  # DNS over HTTPS, JSON form, as plain HTTP
    "smtp": 10025,  # inbound mail, as inbound-smtp.<region>.amazonaws.com
    "acme": 14000,  # pebble's ACME directory
    "acme-management": 15000,  # pebble's roots and intermediates
}

AWS_ENDPOINT = f"http://{LOOPBACK}:{PORTS['aws']}"

#: Host n has 10.213.<n>.2/30; its gateway 10.213.<n>.1 is this machine's end of the veth pair.
HOST_NETWORK = "10.213.{n}.0/30"

#: The name under which hosts reach the ACME directory (their /etc/hosts has it at the gateway's address).
ACME_HOST = "acme.sandbox.internal"
