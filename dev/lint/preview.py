"""The resources of a real preview, from the output of ``pulumi preview --json``."""

from collections.abc import Mapping
from typing import Any

from pulumi.runtime import rpc

from policypack.planned import UNKNOWN, Resource

#: The engine writes this text for every value that is not known yet.
_UNKNOWN = rpc.UNKNOWN


def resources(preview: Mapping[str, Any]) -> list[Resource]:
    """The resources that exist after the up, without those that it deletes."""
    states = [step["newState"] for step in preview["steps"] if step.get("newState")]
    return [
        Resource(
            type=state["type"],
            name=state["urn"].rpartition("::")[2],
            urn=state["urn"],
            props=_plain(state.get("inputs", {})),
            protect=state.get("protect", False),
            sources=state.get("propertyDependencies") or {},
        )
        for state in states
    ]


def _plain(value: Any) -> Any:
    if value == _UNKNOWN:
        return UNKNOWN
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value
