"""Terraform's AWS provider for a built engine: which one runs.

Owns the choice and the search; leaves out the build (``source``). The choice, from the first that there is:

1. the file that ``AGENTKEYS_TERRAFORM_AWS_PROVIDER`` names,
2. one of ``versions.TERRAFORM_AWS`` in a Terraform mirror folder or below a system folder, generation 6 before 5,
3. one built here earlier; otherwise it is built now.

``AGENTKEYS_PROVIDER``, which ``make ... PROVIDER=6`` sets, limits 2 and 3 to one generation.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox.engine import versions
from sandbox.engine.source import SOURCES
from sandbox.engine.steps import EngineError, Progress, architecture

PATH_VARIABLE = "AGENTKEYS_TERRAFORM_AWS_PROVIDER"
GENERATION_VARIABLE = "AGENTKEYS_PROVIDER"
VARIABLES = (PATH_VARIABLE, GENERATION_VARIABLE)

#: The name from which the bridge takes the package's name, in the engine's folder.
LINK = "terraform-provider-aws"

#: What is built where there is none.
SOURCE = SOURCES["aws"]

#: Terraform's name for the file of a provider: https://developer.hashicorp.com/terraform/cli/config/config-file
_NAME = re.compile(r"terraform-provider-aws_v(\d+\.\d+\.\d+)(?:_x\d+)?")

_SYSTEM = (Path("/opt"), Path("/usr/local"), Path("/usr/lib"))
_DEPTH = 4


@dataclass(frozen=True, kw_only=True)
class Provider:
    """A provider on this computer."""

    version: str
    path: Path
    #: How it came here, for a report: "named by ...", "found" or "built".
    origin: str

    @property
    def generation(self) -> str:
        """The major version."""
        return self.version.partition(".")[0]


def find() -> Provider | None:
    """The provider that the engine runs. None if it has to be built first. Raises EngineError for a wrong choice."""
    named, wanted = os.environ.get(PATH_VARIABLE), wanted_generations()
    if named:
        return _named(Path(named))
    found = {provider.generation: provider for provider in reversed(list(_found()))}
    there = next((found[generation] for generation in wanted if generation in found), None)
    if there is None and versions.TERRAFORM_AWS_BUILT in wanted and SOURCE.binary.exists():
        there = Provider(version=version_of(SOURCE.binary), path=SOURCE.binary, origin="built")
    if there is None and versions.TERRAFORM_AWS_BUILT not in wanted:
        version = versions.TERRAFORM_AWS[wanted[0]]
        places = ", ".join(str(place) for place in (*_mirrors(), *_SYSTEM))
        raise EngineError(
            f"{GENERATION_VARIABLE} is {wanted[0]!r}, but no {_inside(version)} is below {places}. Put it there, or "
            f"leave PROVIDER out: generation {versions.TERRAFORM_AWS_BUILT} is built where none is found"
        )
    return there


def ensure(progress: Progress) -> Provider:
    """The provider that the engine runs; built first if there is none. Raises EngineError."""
    there = find()
    if there is None:
        path = SOURCE.ensure(progress, notice())
        there = Provider(version=version_of(path), path=path, origin="built")
    return there


def wanted_generations() -> tuple[str, ...]:
    """The generations that may run, the preferred one first. Raises EngineError."""
    wanted = os.environ.get(GENERATION_VARIABLE)
    if not wanted:
        return tuple(versions.TERRAFORM_AWS)
    if wanted not in versions.TERRAFORM_AWS:
        known = " or ".join(sorted(versions.TERRAFORM_AWS))
        raise EngineError(f"{GENERATION_VARIABLE} is {wanted!r}; the provider's generation must be {known}")
    return (wanted,)


def chosen() -> dict[str, str]:
    """The variables of a choice that somebody made, for a shell whose commands shall run the same provider."""
    return {name: os.environ[name] for name in VARIABLES if os.environ.get(name)}


def version_of(path: Path) -> str:
    """The version in a provider's file name. Raises EngineError."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        raise EngineError(
            f"{path} has no version in its name: Terraform names the file terraform-provider-aws_v<version>_x5. "
            "Rename it, or link to it under such a name"
        )
    return match[1]


def linked(bin_dir: Path) -> Provider:
    """The provider that an engine's folder links to."""
    path = (bin_dir / LINK).readlink()
    return Provider(version=version_of(path), path=path, origin="found")


def notice() -> str:
    """What is said before a build starts."""
    accepted = " or ".join(_inside(versions.TERRAFORM_AWS[generation]) for generation in wanted_generations())
    return f"{SOURCE.notice}. To skip it, put {accepted} below {next(_mirrors())}"


def _named(path: Path) -> Provider:
    if not path.is_file():
        raise EngineError(f"{PATH_VARIABLE} is {str(path)!r}, which is not a file")
    return Provider(version=version_of(path), path=path.absolute(), origin=f"named by {PATH_VARIABLE}")


def _found() -> Iterator[Provider]:
    known = versions.TERRAFORM_AWS.values()
    for mirror in _mirrors():
        for version in known:
            if (mirror / _inside(version)).is_file():
                yield Provider(version=version, path=mirror / _inside(version), origin="found")
    for root in _SYSTEM:
        for depth in range(_DEPTH):
            for path in sorted(root.glob("*/" * depth + _inside("*"))):
                match = _NAME.fullmatch(path.name)
                if match and match[1] in known and path.is_file():
                    yield Provider(version=match[1], path=path, origin="found")


def _inside(version: str) -> str:
    """The path in a Terraform mirror folder."""
    name = f"terraform-provider-aws_v{version}_x5"
    return f"registry.terraform.io/hashicorp/aws/{version}/linux_{architecture()}/{name}"


def _mirrors() -> Iterator[Path]:
    """The folders that Terraform searches without a network."""
    yield Path.home() / ".terraform.d/plugins"
    yield Path("/usr/local/share/terraform/plugins")
    yield Path("/usr/share/terraform/plugins")
    cache = os.environ.get("TF_PLUGIN_CACHE_DIR")
    if cache:
        yield Path(cache)
    configuration = os.environ.get("TF_CLI_CONFIG_FILE")
    if configuration and Path(configuration).is_file():
        text = Path(configuration).read_text()
        for path in re.findall(r'^\s*(?:path|plugin_cache_dir)\s*=\s*"([^"]+)"', text, re.MULTILINE):
            yield Path(path).expanduser()
