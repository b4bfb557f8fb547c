"""Resources as Terraform's plan would tell them, which is what checkov reads: it does not read Pulumi's.

Owns the names and shapes of Terraform for the kinds of resources that this repository makes. Leaves out everything a
plan has besides the resources' arguments and the references between them.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from policypack.planned import UNKNOWN, Resource
from sandbox.engine import translate

#: Arguments that are maps of texts, not blocks.
_MAPS = {"tags", "tags_all"}


def terraform(resources: Sequence[Resource]) -> dict[str, Any]:
    """The plan that creates these resources; those of other providers than aws are left out."""
    ours = [resource for resource in resources if resource.type.startswith("aws:")]
    addresses = {resource.urn: address(resource) for resource in ours}
    planned, changes, configured = [], [], []
    for resource in ours:
        kind, _, name = addresses[resource.urn].partition(".")
        head = {"address": addresses[resource.urn], "mode": "managed", "type": kind, "name": name}
        values = _block(resource.props)
        planned.append({**head, "provider_name": "registry.terraform.io/hashicorp/aws", "values": values})
        changes.append({**head, "change": {"actions": ["create"], "before": None, "after": values}})
        references = {
            _snake(key): {
                "references": [
                    reference
                    for source in sources
                    if source in addresses
                    for reference in (f"{addresses[source]}.id", addresses[source])
                ]
            }
            for key, sources in resource.sources.items()
        }
        configured.append(
            {**head, "expressions": {key: refs for key, refs in references.items() if refs["references"]}}
        )
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "planned_values": {"root_module": {"resources": planned}},
        "resource_changes": changes,
        "configuration": {"root_module": {"resources": configured}},
    }


def address(resource: Resource) -> str:
    """``aws_s3_bucket.vault-bucket``: the type's Terraform name and the resource's own."""
    own = translate.token(resource.type).rpartition(":")[0].rpartition("/")[2]
    return f"aws_{_snake(own)}.{re.sub(r'[^A-Za-z0-9_-]', '-', resource.name)}"


def _block(props: Mapping[str, Any]) -> dict[str, Any]:
    """Blocks are lists in a plan, under the singular name; what is not known yet is left out."""
    made: dict[str, Any] = {}
    for key, value in props.items():
        name = _snake(key)
        if value is UNKNOWN:
            continue
        if isinstance(value, Mapping) and name not in _MAPS:
            made[name] = [_block(value)]
        elif isinstance(value, Sequence) and not isinstance(value, str):
            blocks = [_block(item) for item in value if isinstance(item, Mapping)]
            made[re.sub(r"(?<!s)s$", "", name) if blocks else name] = blocks or [
                item for item in value if item is not UNKNOWN
            ]
        else:
            made[name] = int(value) if isinstance(value, float) and value.is_integer() else value
    return made


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
