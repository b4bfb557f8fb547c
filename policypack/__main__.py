"""The pack as the engine runs it: every rule as a mandatory policy of Pulumi's SDK."""

import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

# An interrupt ends the pack as it ends any program, without Python's traceback. The stack's program says how to go on.
signal.signal(signal.SIGINT, signal.SIG_DFL)

# The engine starts the pack in its own folder and environment; the program's tables are beside it.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
    policy,
)
from pulumi_policy.proxy import UnknownValueError

from policypack.facts import Facts, FactsError, facts
from policypack.planned import UNKNOWN, Resource, ResourceRule, StackRule
from policypack.table import RULES

#: Project, stack and configuration of this process. The engine sends them before the first resource.
_told: list[tuple[str, str, Mapping[str, str]]] = []


class _Told(policy._PolicyAnalyzerServicer):  # type: ignore[misc]
    """Keeps the stack's configuration, which the SDK drops and the rules compare with."""

    def ConfigureStack(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        _told[:] = [(request.project, request.stack, dict(request.config))]
        return super().ConfigureStack(request, context)


@cache
def _stack() -> Facts:
    """What the rules compare with. Read by the first rule, because the program itself reports unusable settings."""
    if not _told:
        raise FactsError("The engine sent no configuration to the policy pack. Install Pulumi 3.227.0 or newer.")
    return facts(*_told[0])


def _plain(value: Any) -> Any:
    """A value of the SDK as plain data, with UNKNOWN where the SDK raises UnknownValueError.

    The SDK wraps lists and maps in proxies, which equal no list and no map (pulumi-policy 1.21.0).
    """
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return {key: _member(value, key) for key in value}
    if isinstance(value, Sequence):
        return [_member(value, index) for index in range(len(value))]
    return value


def _member(container: Any, key: Any) -> Any:
    try:
        return _plain(container[key])
    except UnknownValueError:
        return UNKNOWN


def _resource(seen: Any, kind: str, sources: Mapping[str, Sequence[str]]) -> Resource:
    return Resource(
        type=kind,
        name=seen.name,
        urn=seen.urn,
        props=_plain(seen.props),
        protect=seen.opts.protect,
        sources=sources,
    )


def _is_passed_over(seen: Any) -> bool:
    """Whether ``--target`` excludes the resource: the engine then sends no inputs. All our resources have some."""
    return len(seen.props) == 0


def _each(rule: ResourceRule) -> Callable[[ResourceValidationArgs, ReportViolation], None]:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        if args.resource_type == "pulumi:pulumi:Stack" or _is_passed_over(args):
            return
        for saw in rule.check(_resource(args, args.resource_type, {}), _stack()):
            report(f"{args.name}: {saw}. {rule.fix}", None)

    return validate


def _all(rule: StackRule) -> Callable[[StackValidationArgs, ReportViolation], None]:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        resources = [
            _resource(
                seen,
                seen.resource_type,
                {key: [source.urn for source in sources] for key, sources in seen.property_dependencies.items()},
            )
            for seen in args.resources
            if not _is_passed_over(seen)
        ]
        for blamed, saw in rule.check(resources, _stack()):
            report(f"{blamed.name if blamed else 'stack'}: {saw}. {rule.fix}", blamed.urn if blamed else None)

    return validate


def _policies() -> list[Policy]:
    return [
        ResourceValidationPolicy(rule.name, f"{rule.forbids}.", _each(rule))
        if isinstance(rule, ResourceRule)
        else StackValidationPolicy(rule.name, f"{rule.forbids}.", _all(rule))
        for rule in RULES
    ]


if __name__ == "__main__":
    policy._PolicyAnalyzerServicer = _Told
    PolicyPack("agentkeys-cloud", _policies(), enforcement_level=EnforcementLevel.MANDATORY)
