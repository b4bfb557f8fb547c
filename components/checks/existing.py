"""A broker host that Pulumi did not launch: what must be true of it, and which address it may get.

Owns the checks of the instance that ``hostInstanceId`` names, and of the addresses that any host could get. They run in
every preview and only read. Finding an address never proves ownership; ``elasticIp`` or our tag does. Leaves out the
resources (``components/host.py``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.checks.answers import reason
from components.checks.state import Own
from components.host import ANYWHERE, ExistingHost
from components.naming import ELASTIC_IP_NAME, OWNER_TAG, SERVES_TAG, Names
from hostsetup.services import PUBLIC_PORTS, SSH_PORT


def require(
    provider: aws.Provider,
    host: ExistingHost,
    elastic_ip: str,
    names: Names,
    own: Own,
    *,
    strict: bool,
    sends_mail: bool,
) -> None:
    """The instance can become this stack's broker host without taking or giving an address that is neither the
    stack's own nor ``elastic_ip``. ``own`` is what the stack has. ``strict`` makes warnings errors; ``sends_mail``:
    the broker needs the host's credentials. Raises RunError.
    """
    instance_id = host.instance_id
    options = pulumi.InvokeOptions(provider=provider)
    try:
        found = aws.ec2.get_instance(instance_id=instance_id, opts=options)
    except Exception as error:
        raise pulumi.RunError(
            f"hostInstanceId: there is no instance {instance_id} in account {names.account_id}, region {names.region} "
            f"({reason(error)}). Nothing was created. Correct it (`aws ec2 "
            f"describe-instances --region {names.region}`), or remove it to launch one."
        ) from None
    named = f"instance {instance_id} ({found.tags.get('Name') or 'without a name'})"
    if found.instance_state != "running":
        raise pulumi.RunError(
            f"hostInstanceId: {named} is {found.instance_state}; only a running instance can be set up. Nothing was "
            f"created. {_start(found.instance_state, instance_id, names)}"
        )
    _require_free(found.tags, named, names, own)
    _require_tokens(found, named, names, strict=strict)
    _require_open(options, found.vpc_security_group_ids, named, names)
    _require_profile(found.iam_instance_profile, named, names, attach=host.attach_profile, sends_mail=sends_mail)
    _require_address(options, found, elastic_ip, names)


def _require_address(options: pulumi.InvokeOptions, found: Any, elastic_ip: str, names: Names) -> None:
    """In the runbook's order: an address attached to the instance, one tagged with the stack's name, the configured
    one, a new one. The first two are errors that give the command to configure the address.
    """
    instance_id = found.instance_id
    attached = _addresses(options, "instance-id", instance_id)
    if elastic_ip:
        # The stack may move away from an address that it allocated.
        others = [
            address.public_ip
            for address in attached
            if address.public_ip != elastic_ip and address.tags.get(OWNER_TAG) != names.host
        ]
        if others:
            raise pulumi.RunError(
                f"elasticIp: instance {instance_id} has {' '.join(others)} attached, not {elastic_ip}, and would lose "
                f"it. Nothing was created. {_use(others)} Or detach it first (`aws ec2 disassociate-address --region "
                f"{names.region} --public-ip {others[0]}`)."
            )
        return
    tagged = [
        address
        for address in _addresses(options, "tag:Name", names.elastic_ip)
        if address.public_ip not in {other.public_ip for other in attached}
    ]
    _require_own(
        f"is attached to instance {instance_id}", attached, names, "Check hostInstanceId and suffix, or correct"
    )
    _require_own(f"is tagged {names.elastic_ip}", tagged, names, "Correct")
    if not attached and found.public_ip:
        pulumi.log.warn(
            f"instance {instance_id} has the auto-assigned address {found.public_ip}. It is not an elastic IP and "
            "cannot be kept: EC2 takes it back when the elastic IP is associated."
        )


def no_other_address(provider: aws.Provider, names: Names) -> None:
    """For a launched host without ``elasticIp``: no unowned address already has the stack's name, since the stack would
    allocate a second one beside it. Raises RunError.
    """
    tagged = _addresses(pulumi.InvokeOptions(provider=provider), "tag:Name", names.elastic_ip)
    _require_own(f"is tagged {names.elastic_ip}", tagged, names, "Correct", _untag(names, tagged))


def _require_own(what: str, addresses: Sequence["_Address"], names: Names, fix: str, way_out: str = "") -> None:
    """This stack allocated each of ``addresses``. ``what`` describes them in the message, ``fix`` is for an address of
    another stack, ``way_out`` for one that should not be used. Raises RunError.
    """
    for address in addresses:
        if other := other_stack(address.tags, names):
            raise pulumi.RunError(
                f"elasticIp: {address.public_ip} {what} and tagged {other}, the address of another stack; this "
                f"stack's is {names.elastic_ip}. Nothing was created. {fix} the address's tag Name."
            )
    foreign = [address.public_ip for address in addresses if address.tags.get(OWNER_TAG) != names.host]
    if foreign:
        raise pulumi.RunError(
            f"elasticIp: {' '.join(foreign)} {what}, and this stack did not allocate it. Nothing was created. "
            f"{_use(foreign)} The stack then uses it and never releases it.{way_out}"
        )


@dataclass(frozen=True, kw_only=True)
class _Address:
    public_ip: str
    allocation_id: str
    tags: Mapping[str, str]


def _addresses(options: pulumi.InvokeOptions, filter_name: str, value: str) -> list[_Address]:
    found = aws.ec2.get_eips(filters=[{"name": filter_name, "values": [value]}], opts=options).public_ips
    each = [aws.ec2.get_elastic_ip(public_ip=address, opts=options) for address in sorted(found)]
    return [_Address(public_ip=one.public_ip, allocation_id=one.id, tags=one.tags) for one in each]


def other_stack(tags: Mapping[str, str], names: Names) -> str:
    """The name in an elastic IP's tag if it is another stack's; empty otherwise."""
    name = tags.get("Name", "")
    return name if name.startswith(ELASTIC_IP_NAME) and name != names.elastic_ip else ""


def _use(addresses: Sequence[str]) -> str:
    commands = " or ".join(f"`pulumi config set -s {pulumi.get_stack()} elasticIp {address}`" for address in addresses)
    return f"To use it: {commands}."


def _start(state: str, instance_id: str, names: Names) -> str:
    if state in ("stopped", "stopping"):
        return f"Start it: `aws ec2 start-instances --region {names.region} --instance-ids {instance_id}`."
    if state == "pending":
        return "Wait until it is running."
    return "Give another instance."


def _require_free(tags: Mapping[str, str], named: str, names: Names, own: Own) -> None:
    # A stack whose state is lost adopts the instance that it launched.
    if tags.get(OWNER_TAG, names.host) != names.host or (OWNER_TAG in tags and own.launched):
        raise pulumi.RunError(
            f"hostInstanceId: {named} was launched by the stack of {tags[OWNER_TAG]}, which has it in its state. "
            "Nothing was created. Give another instance, or remove hostInstanceId to launch one."
        )
    if tags.get(SERVES_TAG, names.host) != names.host:
        raise pulumi.RunError(
            f"hostInstanceId: {named} is set up by the stack of {tags[SERVES_TAG]}. Nothing was created. Give another "
            "instance, or destroy that stack first."
        )


def _require_tokens(found: Any, named: str, names: Names, *, strict: bool) -> None:
    """IMDSv2. Without it, a service that can be made to fetch a URL gives away the host's credentials (FSBP EC2.8)."""
    if any(options.http_tokens == "required" for options in found.metadata_options):
        return
    said = (
        f"{named} answers metadata requests without a token (IMDSv1), so a service that can be made to fetch a URL "
        f"gives away the host's credentials. Require tokens: {require_tokens_by(found.instance_id, names)}."
    )
    if strict:
        raise pulumi.RunError(f"hostInstanceId: {said} Nothing was created.")
    pulumi.log.warn(said)


def require_tokens_by(instance_id: str, names: Names) -> str:
    """The command that makes the instance's metadata service require a token."""
    return (
        f"`aws ec2 modify-instance-metadata-options --region {names.region} --instance-id {instance_id} "
        "--http-tokens required --http-put-response-hop-limit 1`"
    )


def _require_open(options: pulumi.InvokeOptions, groups: Sequence[str], named: str, names: Names) -> None:
    filters = [{"name": "group-id", "values": list(groups)}]
    ids = aws.vpc.get_security_group_rules(filters=filters, opts=options).ids  # type: ignore[arg-type]
    rules = [aws.vpc.get_security_group_rule(security_group_rule_id=rule, opts=options) for rule in ids]
    closed = [port for port in PUBLIC_PORTS if not _opens(rules, port, ANYWHERE)]
    if not _opens(rules, SSH_PORT, None):
        closed.append(SSH_PORT)
    if closed:
        fixes = "; ".join(
            f"`aws ec2 authorize-security-group-ingress --region {names.region} --group-id {groups[0]} --protocol tcp "
            f"--port {port} --cidr {'<this machine>/32' if port == SSH_PORT else ANYWHERE}`"
            for port in closed
        )
        raise pulumi.RunError(
            f"hostInstanceId: the security groups of {named}, {' '.join(groups)}, do not open port "
            f"{', '.join(map(str, closed))}. The steps need 22, certificates need 80 from anywhere, agents and STS "
            f"need 443 from anywhere. Nothing was created. Open it: {fixes}."
        )


def _opens(rules: Iterable[Any], port: int, cidr: str | None) -> bool:
    """Whether an ingress rule opens TCP ``port`` to ``cidr``; to any source if it is None."""
    return any(
        not rule.is_egress
        and (rule.ip_protocol == "-1" or (rule.ip_protocol == "tcp" and rule.from_port <= port <= rule.to_port))
        and (cidr is None or rule.cidr_ipv4 == cidr)
        for rule in rules
    )


def _require_profile(profile: str, named: str, names: Names, *, attach: bool, sends_mail: bool) -> None:
    if attach and profile not in ("", names.host):
        raise pulumi.RunError(
            f"hostInstanceProfile: {named} has the instance profile {profile!r}, and attach does not replace another "
            f"profile. Nothing was created. Set hostInstanceProfile to leave, or remove the profile: find its "
            f"association with `aws ec2 describe-iam-instance-profile-associations --region {names.region}` and end it "
            f"with `aws ec2 disassociate-iam-instance-profile --region {names.region} --association-id <id>`."
        )
    if not attach and not profile and sends_mail:
        pulumi.log.warn(
            f"{named} has no instance profile, and the broker sends mail with the host's role. Attach one: `pulumi "
            f"config set -s {pulumi.get_stack()} hostInstanceProfile attach`."
        )


def _untag(names: Names, addresses: Sequence[_Address]) -> str:
    ids = " ".join(address.allocation_id for address in addresses)
    return (
        " To leave it to the account, remove its name (`aws ec2 delete-tags --region "
        f"{names.region} --resources {ids} --tags Key=Name`)."
    )
