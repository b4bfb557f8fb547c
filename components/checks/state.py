"""What the running stack has in its state: which resources are its own, before any is registered.

Owns one question to the engine, which reads the state and calls nobody. Leaves out what a check makes of the answer.
"""

from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.runtime import invoke

#: The engine's own function, which StackReference used before it had a resource:
#: https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy/builtins.go
READ = "pulumi:pulumi:readStackResourceOutputs"


@dataclass(frozen=True, kw_only=True)
class Own:
    """The stack's resources. ``names`` is None where the engine did not answer, and then nothing is foreign."""

    names: frozenset[str] | None

    def has(self, name: str) -> bool:
        """Whether the resource ``name`` is, or may be, this stack's."""
        return self.names is None or name in self.names

    @property
    def launched(self) -> bool:
        """Whether the stack has, or may have, an instance that it launched, of whatever image and architecture."""
        return self.names is None or any(name.startswith("host-instance") for name in self.names)

    @property
    def is_new(self) -> bool:
        """Whether the stack has not created anything yet."""
        return self.names is not None and not self.names


def own() -> Own:
    """The resources in the state that this run started from. Components and providers are not among them."""
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    try:
        answer: Any = invoke(READ, {"stackName": stack})
        outputs = getattr(answer, "value", answer)["outputs"]
    except Exception as error:
        pulumi.log.debug(f"the engine does not read the state of {stack}: {error}")
        return Own(names=None)
    parts = [urn.split("::") for urn in outputs]
    return Own(
        names=frozenset(
            name for *_, kind, name in parts if not kind.rpartition("$")[2].startswith(("pulumi:", "agentkeys:"))
        )
    )
