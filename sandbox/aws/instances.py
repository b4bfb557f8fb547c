"""The account's instances and open ports, as what the machine's hosts and relays have to be.

Owns the translation from EC2's state. Leaves out making it so (sandbox.hosts). It reads the state whole each time: a
restart and a lost event then need no special care.
"""

from collections import defaultdict
from typing import Any

from moto.ec2.models import ec2_backends

from sandbox.hosts.relay import Exposure
from sandbox.hosts.seed import HostSpec

#: A relay listens on each open port, so a wide range (or "all traffic") opens only these of it.
USUAL_PORTS = (22, 80, 443)
_WIDEST_RANGE = 16


def host_specs(account_id: str, region: str) -> list[HostSpec]:
    """One specification for each running instance, in the order of their ids."""
    ec2 = ec2_backends[account_id][region]
    return [
        HostSpec(
            instance_id=instance.id,
            public_key=_public_key(ec2, instance.key_name),
            user_data=instance.user_data.decode() if instance.user_data else "",
            private_name=instance.private_dns_name.partition(".")[0],
        )
        for instance in _running(ec2)
    ]


def exposures(account_id: str, region: str) -> list[Exposure]:
    """Each TCP port that a running instance's security groups open on its elastic address, with the sources allowed."""
    ec2 = ec2_backends[account_id][region]
    running = {instance.id: instance for instance in _running(ec2)}
    return [
        Exposure(address=address.public_ip, port=port, instance_id=address.instance_id, cidrs=tuple(sorted(cidrs)))
        for address in sorted(ec2.addresses, key=lambda address: address.public_ip)
        if address.instance_id in running
        for port, cidrs in sorted(_open_ports(running[address.instance_id]).items())
    ]


def _running(ec2: Any) -> list[Any]:
    instances = [
        instance
        for reservation in list(ec2.reservations.values())
        for instance in reservation.instances
        if instance.state == "running"
    ]
    return sorted(instances, key=lambda instance: str(instance.id))


def _public_key(ec2: Any, key_name: str | None) -> str:
    pair = ec2.key_pairs.get(key_name)
    return pair.public_key.strip() if pair else ""


def _open_ports(instance: Any) -> dict[int, set[str]]:
    opened: dict[int, set[str]] = defaultdict(set)
    for group in instance.nics[0].group_set:
        for rule in group.ingress_rules:
            if rule.cidr_ipv4 and rule.ip_protocol in ("tcp", "-1"):
                for port in _ports(rule.from_port, rule.to_port):
                    opened[port].add(rule.cidr_ipv4)
    return opened


def _ports(first: int | None, last: int | None) -> list[int]:
    if first is None or last is None:
        return list(USUAL_PORTS)
    if last - first < _WIDEST_RANGE:
        return list(range(first, last + 1))
    return [port for port in USUAL_PORTS if first <= port <= last]
