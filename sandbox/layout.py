"""The sandbox's folders, loopback ports and host network.

Everything listens on loopback. Each host has a network namespace of its own, connected by a veth pair.
"""

import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent

#: State of this checkout's sandbox: account snapshot, hosts' disks, Pulumi state and home, logs, credentials.
HOME = Path(os.environ.get("AGENTKEYS_SANDBOX_HOME") or CHECKOUT / ".sandbox")

#: The sandbox's own Pulumi folders: plugins and login, which are never the user's, and the state of every stack.
PULUMI_HOME = HOME / "pulumi"
STATE = HOME / "state"

#: One sandbox runs in a network namespace at a time, because all of them would share its addresses and packet filter.
LOCK = Path("/run/agentkeys-sandbox.lock")

#: Locked while hosts run in this network namespace.
HOSTS_LOCK = Path("/run/agentkeys-sandbox-hosts.lock")

#: Locked, shared, by whatever needs forwarding in this network namespace. Contains the value of ip_forward before.
FORWARDING = Path("/run/agentkeys-forwarding")
FORWARDING_LOCK = Path("/run/agentkeys-forwarding.lock")

LOOPBACK = "127.0.0.1"

#: Profile of the emulated account's operator in ``HOME``/credentials.ini.
OPERATOR = "agentkeys-admin"

#: Loopback TCP ports (DNS: UDP and TCP) by the service that listens there.
PORTS = {
    "aws": 14566,  # every AWS API, moto
    "dns": 10053,  # authoritative DNS of the Route 53 zones
    "doh": 10080,  # DNS over HTTPS, JSON form, as plain HTTP
    "smtp": 10025,  # inbound mail, as inbound-smtp.<region>.amazonaws.com
    "acme": 14000,  # pebble's ACME directory
    "acme-management": 15000,  # pebble's roots and intermediates
    "gcp": 14600,  # the emulated Google Cloud, as a proxy that ends TLS
    "tencentcloud": 14610,  # the emulated Tencent Cloud, likewise
    "hosts-tls": 14601,  # the other clouds for their hosts, which reach them at port 443 of their gateway
    "hosts-metadata": 14602,  # their metadata servers, at port 80 of the gateway
}

#: Ports of a host's gateway, and the loopback port behind each. Hosts of other clouds use the account as an object
#: store, or reach their own metadata server and APIs.
FORWARDS = {
    **{PORTS[service]: PORTS[service] for service in ("acme", "aws")},
    **{80: PORTS["hosts-metadata"], 443: PORTS["hosts-tls"]},
}

AWS_ENDPOINT = f"http://{LOOPBACK}:{PORTS['aws']}"

#: Host n has 10.213.<n>.2/30; its gateway 10.213.<n>.1 is the other end of the veth pair.
HOST_NETWORK = "10.213.{n}.0/30"

#: Host name of the ACME directory on the hosts, whose /etc/hosts maps it to the gateway.
ACME_HOST = "acme.sandbox.internal"
