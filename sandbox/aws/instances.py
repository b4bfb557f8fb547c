"""Translates EC2's state into the hosts, disks and relays that this computer must have.

It reads the whole state each time, so a restart or a lost event needs no special handling. Leaves out the hosts and
relays themselves (sandbox/hosts).
"""

from collections import defaultdict
from typing import Any

from moto.ec2.models import ec2_backends

from sandbox.aws import seed
from sandbox.hosts.disks import Disks
from sandbox.hosts.relay import Exposure
from sandbox.hosts.seed import HostSpec

#: A relay listens on each open port. Of a wide range, or of all traffic, only these ports are opened.
USUAL_PORTS = (22, 80, 443)
_WIDEST_RANGE = 16


def host_specs(account_id: str, region: str) -> list[HostSpec]:
    """The specification of each running instance, sorted by id."""
    ec2 = ec2_backends[account_id][region]
    images = {image.id: image for image in seed.IMAGES}
    return [
        HostSpec(
            instance_id=instance.id,
            base=images.get(instance.image_id, seed.UBUNTU).base,
            login_user=images.get(instance.image_id, seed.UBUNTU).login_user,
            public_key=_public_key(ec2, instance.key_name),
            user_data=instance.user_data.decode() if instance.user_data else "",
            private_name=instance.private_dns_name.partition(".")[0],
            **_root(ec2, instance),
        )
        for instance in _running(ec2)
    ]


def disks(account_id: str, region: str) -> Disks:
    """The account's volumes, and by snapshot the volume, or the snapshot that it is a copy of."""
    ec2 = ec2_backends[account_id][region]
    return Disks(
        volumes=frozenset(ec2.volumes),
        snapshots={item.id: getattr(item, "copy_of", "") or item.volume_id for item in ec2.snapshots.values()},
    )


def exposures(account_id: str, region: str) -> list[Exposure]:
    """The TCP ports that security groups open on elastic addresses of running instances, with the allowed sources."""
    ec2 = ec2_backends[account_id][region]
    running = {instance.id: instance for instance in _running(ec2)}
    return [
        Exposure(address=address.public_ip, port=port, instance_id=address.instance_id, cidrs=tuple(sorted(cidrs)))
        for address in sorted(ec2.addresses, key=lambda address: address.public_ip)
        if address.instance_id in running
        for port, cidrs in sorted(_open_ports(running[address.instance_id]).items())
    ]


def _root(ec2: Any, instance: Any) -> dict[str, str]:
    """The root volume, and the snapshot that it was made from, if the account has that."""
    device = instance.block_device_mapping.get(instance.root_device_name) or next(
        iter(instance.block_device_mapping.values()), None
    )
    if device is None:
        return {}
    volume = ec2.volumes.get(device.volume_id)
    snapshot = volume.snapshot_id if volume else None
    return {"volume": device.volume_id, "snapshot": snapshot or ""}


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
