"""The hosts' network: one namespace and veth pair per host, and the packet filter between them and this machine.

Owns addresses, namespaces and the nft table. Leaves out the relays, which are the only way into the host network: the
filter accepts this machine's packets to it only with the relays' mark. Hosts can reach this
machine only at the forwarded ports of their gateway. They cannot reach each other. Outside, they can reach only DNS and
the ports that apt fetches from.
"""

import ipaddress
from collections.abc import Collection, Mapping
from pathlib import Path

from sandbox import layout
from sandbox.hosts.machine import HostError, run

TABLE = "agentkeys_sandbox"

#: Socket mark of the relays' connections into the host network.
RELAY_MARK = 0xA6E7

#: Prefix of every name in the machine's own namespace. Names left by a crash are found by it.
NAMESPACE = "agentkeys-"
_VETH = "akhost"

_NETWORK = ipaddress.ip_network(layout.HOST_NETWORK.format(n=0)).supernet(new_prefix=16)
NUMBERS = range(1, 255)


def gateway_address(number: int) -> str:
    return str(ipaddress.ip_network(layout.HOST_NETWORK.format(n=number))[1])


def host_address(number: int) -> str:
    return str(ipaddress.ip_network(layout.HOST_NETWORK.format(n=number))[2])


def veth(number: int) -> str:
    return f"{_VETH}{number}"


def namespace_path(number: int) -> Path:
    return Path("/run/netns") / f"{NAMESPACE}{number}"


def connect(number: int) -> None:
    """Create the host's namespace with its address, so that the network is up before the host's PID 1 starts."""
    namespace, outer = namespace_path(number).name, veth(number)
    prefix = ipaddress.ip_network(layout.HOST_NETWORK.format(n=number)).prefixlen
    run(["ip", "netns", "add", namespace])
    run(["ip", "link", "add", outer, "type", "veth", "peer", "name", "eth0", "netns", namespace])
    disable_ipv6(outer)
    # Without this, the kernel drops packets forwarded to a loopback service. The setting ends with the interface.
    (Path("/proc/sys/net/ipv4/conf") / outer / "route_localnet").write_text("1")
    run(["ip", "address", "add", f"{gateway_address(number)}/{prefix}", "dev", outer])
    run(["ip", "link", "set", outer, "up"])
    inside = (
        "link set lo up",
        f"address add {host_address(number)}/{prefix} dev eth0",
        # The relays' rule covers only IPv4. A link-local IPv6 address would bypass it.
        "link set eth0 addrgenmode none",
        "link set eth0 up",
        f"route add default via {gateway_address(number)}",
    )
    run(["ip", "-netns", namespace, "-batch", "-"], stdin="\n".join(inside))


def disconnect(number: int) -> None:
    """Remove the host's veth pair and namespace."""
    # The pair first: after the namespace loses its name, the kernel removes its interfaces some time later.
    if (Path("/sys/class/net") / veth(number)).exists():
        run(["ip", "link", "delete", veth(number)])
    if namespace_path(number).exists():
        run(["ip", "netns", "delete", namespace_path(number).name])


#: systemd-resolved's list comes first, because its stub on 127.0.0.53 answers only the machine itself.
RESOLVERS = (Path("/run/systemd/resolve/resolv.conf"), Path("/etc/resolv.conf"))


def connected() -> list[int]:
    """Return the numbers of all hosts that have a namespace, whichever process created it."""
    if not Path("/run/netns").is_dir():
        return []
    names = [path.name.removeprefix(NAMESPACE) for path in Path("/run/netns").glob(f"{NAMESPACE}*")]
    return sorted(int(name) for name in names if name.isdecimal())


def nameserver() -> str:
    """Return the machine's first IPv4 name server outside its loopback. Raises HostError if there is none."""
    for path in RESOLVERS:
        for line in path.read_text().splitlines() if path.exists() else ():
            words = line.split()
            if len(words) > 1 and words[0] == "nameserver" and ":" not in words[1] and not words[1].startswith("127."):
                return words[1]
    raise HostError(
        f"none of {', '.join(map(str, RESOLVERS))} names an IPv4 name server beyond this machine's loopback; the hosts "
        "need one for apt, add a nameserver line"
    )


def open_filter(forwards: Mapping[int, int], egress: Collection[int]) -> None:
    """Load the table."""
    run(["nft", "-f", "-"], stdin=ruleset(forwards, egress, nameserver()))


def close_filter() -> None:
    """Remove the table."""
    run(["nft", "-f", "-"], stdin=f"table inet {TABLE}\ndelete table inet {TABLE}\n")


def ruleset(forwards: Mapping[int, int], egress: Collection[int], name_server: str) -> str:
    """Return the nft script that replaces the table in one step."""
    hosts = f'"{_VETH}*"'
    to_gateway = f"iifname {hosts} ip daddr {_NETWORK}"
    forwarding = "\n".join(
        f"    {to_gateway} tcp dport {port} dnat ip to {layout.LOOPBACK}:{service}"
        for port, service in sorted(forwards.items())
    )
    ports = ", ".join(str(port) for port in sorted(egress))
    return f"""\
table inet {TABLE}
delete table inet {TABLE}
table inet {TABLE} {{
  chain output {{
    type filter hook output priority filter
    oifname {hosts} ct state established,related accept
    oifname {hosts} meta mark {RELAY_MARK:#x} accept
    oifname != "lo" ip daddr {_NETWORK} reject
  }}
  chain input {{
    type filter hook input priority filter
    iifname {hosts} ct state established,related accept
    iifname {hosts} ct status dnat accept
    iifname {hosts} reject
  }}
  chain forward {{
    type filter hook forward priority filter
    iifname {hosts} oifname {hosts} reject
    oifname {hosts} ct state established,related accept
    oifname {hosts} reject
    iifname {hosts} tcp flags syn tcp option maxseg size set rt mtu
    iifname {hosts} ct state established,related accept
    iifname {hosts} ct status dnat accept
    iifname {hosts} tcp dport {{ {ports} }} accept
    iifname {hosts} reject
  }}
  chain prerouting {{
    type nat hook prerouting priority dstnat
{forwarding}
    {to_gateway} meta l4proto {{ tcp, udp }} th dport 53 dnat ip to {name_server}
  }}
  chain postrouting {{
    type nat hook postrouting priority srcnat
    ip saddr {_NETWORK} oifname != {hosts} masquerade
  }}
}}
"""


def disable_ipv6(interface: str) -> None:
    """Turn IPv6 off on one of this namespace's interfaces."""
    conf = Path("/proc/sys/net/ipv6/conf") / interface
    if conf.is_dir():
        (conf / "disable_ipv6").write_text("1")
