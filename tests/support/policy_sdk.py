"""Judges resources with the policy pack behind the real policy SDK; runs in the pack's own environment.

Standard input: JSON ``[[project, stack, configuration, resources, urns], ...]``. A resource has the fields of
``policypack.planned.Resource``; the rules over one resource judge those in ``urns``. Standard output: for each entry
the list ``[rule, resource's URN, message]``. The resources reach the rules as from the engine: protobuf messages to the
SDK's servicer, which wraps them in its proxies.
"""

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import analyzer_pb2 as proto
from pulumi_policy import EnforcementLevel

from policypack import __main__ as pack


def _properties(resource: dict[str, Any]) -> Struct:
    made = Struct()
    made.update(resource["props"])
    return made


def _single(resource: dict[str, Any]) -> proto.AnalyzeRequest:
    return proto.AnalyzeRequest(
        type=resource["type"],
        name=resource["name"],
        urn=resource["urn"],
        properties=_properties(resource),
        options=proto.AnalyzerResourceOptions(protect=resource["protect"]),
    )


def _together(resource: dict[str, Any]) -> proto.AnalyzerResource:
    return proto.AnalyzerResource(
        type=resource["type"],
        name=resource["name"],
        urn=resource["urn"],
        properties=_properties(resource),
        options=proto.AnalyzerResourceOptions(protect=resource["protect"]),
        propertyDependencies={
            key: proto.AnalyzerPropertyDependencies(urns=urns) for key, urns in resource["sources"].items()
        },
    )


def _judged(
    project: str, stack: str, configuration: dict[str, str], resources: list[dict[str, Any]], urns: list[str]
) -> list[Any]:
    pack._stack.cache_clear()
    servicer = pack._Told("agentkeys-cloud", "0.0.1", pack._policies(), EnforcementLevel.MANDATORY)
    servicer.ConfigureStack(
        proto.AnalyzerStackConfigureRequest(project=project, stack=stack, config=configuration), None
    )
    found = []
    for resource in (each for each in resources if each["urn"] in urns):
        for each in servicer.Analyze(_single(resource), None).diagnostics:
            found.append([each.policyName, resource["urn"], each.message])
    request = proto.AnalyzeStackRequest(resources=[_together(resource) for resource in resources])
    found += [[each.policyName, each.urn, each.message] for each in servicer.AnalyzeStack(request, None).diagnostics]
    return found


if __name__ == "__main__":
    json.dump([_judged(*entry) for entry in json.load(sys.stdin)], sys.stdout)
