"""Rules about access: open ports, the metadata service, and the addresses of the public names."""

from collections.abc import Iterator, Sequence
from typing import Any

from hostsetup.services import PUBLIC_PORTS, SSH_PORT
from policypack.facts import Facts
from policypack.planned import UNKNOWN, Resource, ResourceRule, StackRule, known_list, listed

GROUP = "aws:ec2/securityGroup:SecurityGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
ADDRESS = "aws:ec2/eip:Eip"

#: Types of DNS records, with the property that has the address.
RECORDS = {"aws:route53/record:Record": "records", "cloudflare:index/dnsRecord:DnsRecord": "content"}

_MACHINES = ("aws:ec2/instance:Instance", "aws:ec2/launchTemplate:LaunchTemplate")

#: Protocol, first and last port, networks or groups it is open to.
Opening = tuple[Any, Any, Any, list[Any]]


def _openings(resource: Resource) -> Iterator[Opening]:
    """What a resource opens, in each of the three forms of AWS's provider."""
    if resource.type == INGRESS:
        sources = [resource.get(key) for key in ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")]
        yield (
            *(resource.get("ipProtocol"), resource.get("fromPort"), resource.get("toPort")),
            [source for source in sources if source is not None],
        )
        return
    inline = known_list(resource.get("ingress")) if resource.type == GROUP else []
    if resource.type == "aws:ec2/securityGroupRule:SecurityGroupRule" and resource.get("type") == "ingress":
        inline = [resource.props]
    for rule in inline:
        sources = [*listed(rule.get("cidrBlocks")), *listed(rule.get("ipv6CidrBlocks"))]
        sources += [*listed(rule.get("prefixListIds")), *listed(rule.get("securityGroups"))]
        yield rule.get("protocol"), rule.get("fromPort"), rule.get("toPort"), sources


def _opened(resource: Resource, facts: Facts) -> Iterator[str]:
    for protocol, first, last, sources in _openings(resource):
        if protocol != "tcp" or first != last or first not in (SSH_PORT, *PUBLIC_PORTS):
            yield f"opens {protocol} {_ports(first, last)} to {', '.join(map(str, sources)) or 'nobody'}"
        elif first == SSH_PORT:
            for source in sources:
                if source not in facts.ssh_cidrs:
                    yield f"opens SSH to {source}, which the setting sshCidrs does not have"


def _ports(first: Any, last: Any) -> str:
    numbers = [f"{port:g}" if isinstance(port, float) else str(port) for port in (first, last)]
    return f"port {numbers[0]}" if first == last else f"ports {numbers[0]} to {numbers[1]}"


def _closed(resources: Sequence[Resource], _facts: Facts) -> Iterator[tuple[Resource | None, str]]:
    opened = {first for resource in resources for _, first, _, _ in _openings(resource)}
    for group in resources:
        if group.type == GROUP:
            for port in (SSH_PORT, *PUBLIC_PORTS):
                if port not in opened:
                    yield group, f"port {port} is not open"


def _metadata(resource: Resource, _facts: Facts) -> Iterator[str]:
    if resource.type in _MACHINES:
        tokens = resource.get("metadataOptions", "httpTokens")
        if tokens != "required":
            yield f"metadataOptions.httpTokens is {tokens}, not 'required': a forged request could read the role's keys"
        hops = resource.get("metadataOptions", "httpPutResponseHopLimit")
        if hops not in (None, 1):
            yield f"metadataOptions.httpPutResponseHopLimit is {hops}, not 1"


def _addresses(resources: Sequence[Resource], facts: Facts) -> Iterator[tuple[Resource | None, str]]:
    allocated = [resource for resource in resources if resource.type == ADDRESS]
    own = {address for resource in allocated if isinstance(address := resource.get("publicIp"), str)}
    if facts.elastic_ip:
        own.add(facts.elastic_ip)
    for record in resources:
        if record.type not in RECORDS or record.get("type") not in ("A", "AAAA"):
            continue
        if record.get("proxied") is True:
            yield record, f"{record.get('name')} leads to a proxy, which would end TLS in the host's place"
        values = listed(record.get(RECORDS[record.type]))
        if UNKNOWN in values:
            if not {resource.urn for resource in allocated} & set(record.sources.get(RECORDS[record.type], ())):
                yield record, "its value is not known yet and does not come from the stack's elastic address"
        elif not values or not set(values) <= own:
            yield (
                record,
                (
                    f"{record.get('name')} leads to {', '.join(map(str, values)) or 'no address'}; the stack's "
                    f"elastic address is {', '.join(sorted(own)) or 'not known yet'}"
                ),
            )


RULES = (
    ResourceRule(
        name="firewall-three-ports",
        forbids=f"An opening other than TCP {SSH_PORT} for the configured networks and TCP "
        f"{' and '.join(map(str, PUBLIC_PORTS))}",
        fix="Close it; the host's ports are the table in hostsetup/services.py, the networks of SSH are sshCidrs.",
        check=_opened,
    ),
    StackRule(
        name="firewall-complete",
        forbids="A firewall that leaves one of the three ports closed",
        fix="Open it (components/host.py): certificates, agents and the set-up of the host come in there.",
        check=_closed,
    ),
    ResourceRule(
        name="metadata-token-required",
        forbids="A machine whose metadata service answers without a session token (IMDSv1), or further than one hop",
        fix='Set metadata_options to http_tokens="required", http_put_response_hop_limit=1 (components/host.py).',
        check=_metadata,
    ),
    StackRule(
        name="dns-own-address",
        forbids="An address record that does not lead to this stack's elastic address",
        fix="Give components/dns.py the host's address; for an address that exists, set elasticIp.",
        check=_addresses,
    ),
)
