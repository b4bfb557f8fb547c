"""What rules compare resources with: the stack's own names and settings, and the names of the other stacks.

Read from the configuration that the engine runs with; the other stacks are read from their files in the checkout.
Leaves out checking the settings themselves (``settings.py``).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from components.naming import Names, of_settings

CHECKOUT = Path(__file__).resolve().parent.parent


class FactsError(RuntimeError):
    """The configuration lacks what the rules compare with; the message says what."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """``names`` is None for the account project, which has no names of its own. ``others`` are the stacks whose files
    are in the checkout.
    """

    account_id: str
    names: Names | None
    others: tuple[Names, ...] = ()
    trust: str = "federated"
    ssh_cidrs: tuple[str, ...] = ()
    elastic_ip: str = ""
    protect: bool = True
    ssh_key_epochs: tuple[int, ...] = (1,)
    raw_mail_readers: tuple[str, ...] = ()

    @property
    def others_suffixes(self) -> list[str]:
        """Suffixes of the other stacks, without the empty one."""
        return [other.suffix for other in self.others if other.suffix]


def configuration(folder: Path, stack: str) -> dict[str, str]:
    """What the engine passes to a program: the stack file over the project's defaults, lists and maps as JSON."""
    project = yaml.safe_load((folder / "Pulumi.yaml").read_text())
    values = {
        f"{project['name']}:{key}": declared["default"]
        for key, declared in project["config"].items()
        if "default" in declared
    }
    values.update(yaml.safe_load((folder / f"Pulumi.{stack}.yaml").read_text())["config"])
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}


def facts(project: str, stack: str, given: Mapping[str, str]) -> Facts:
    """Facts of a stack with this configuration. Raises FactsError if it is not a stack of this repository."""
    values = {key.removeprefix(f"{project}:"): value for key, value in given.items() if key.startswith(f"{project}:")}
    try:
        names = _names(values) if "zone" in values else None
        return Facts(
            account_id=values["accountId"],
            names=names,
            others=tuple(_beside(stack)) if names is not None else (),
            trust=values.get("trust", "federated"),
            ssh_cidrs=tuple(_decoded(values, "sshCidrs", [])),
            elastic_ip=values.get("elasticIp", ""),
            protect=_decoded(values, "protect", True),
            ssh_key_epochs=tuple(_decoded(values, "sshKeyEpochs", [1])),
            raw_mail_readers=tuple(_decoded(values, "rawMailReaders", [])),
        )
    except KeyError as missing:
        raise FactsError(
            f"Project {project!r}, stack {stack!r} has no setting {missing}; this policy pack judges the stacks of its "
            "own repository. Run it there, with the stack's own file."
        ) from None


def _names(values: Mapping[str, str]) -> Names:
    return of_settings(
        account_id=values["accountId"],
        region=values["region"],
        zone=values["zone"],
        suffix=values["suffix"],
        broker_host=values.get("brokerHost", ""),
        mail_domain=values.get("mailDomain", ""),
        email_from=values.get("emailFromAddress", ""),
    )


def _beside(stack: str) -> Iterator[Names]:
    for path in sorted(CHECKOUT.glob("Pulumi.*.yaml")):
        other = path.name.split(".")[1]
        if other != stack:
            values = configuration(CHECKOUT, other)
            yield _names({key.partition(":")[2]: value for key, value in values.items()})


def _decoded(values: Mapping[str, str], key: str, default: Any) -> Any:
    return json.loads(values[key]) if key in values else default
