"""Terraform's AWS provider for a built engine: which one runs, and its build where this computer has none.

Owns the choice, the search and the build. The choice, from the first that there is:

1. the file that ``AGENTKEYS_TERRAFORM_AWS_PROVIDER`` names,
2. one of ``versions.TERRAFORM_AWS`` in a Terraform mirror folder or below a system folder, generation 6 before 5,
3. one built here earlier; otherwise it is built now.

``AGENTKEYS_PROVIDER``, which ``make ... PROVIDER=6`` sets, limits 2 and 3 to one generation.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dev import toolchain
from dev.toolchain import golang
from sandbox.engine import versions
from sandbox.engine.steps import GO_MODULES, EngineError, Progress, architecture, building, go_build, go_environment

PATH_VARIABLE = "AGENTKEYS_TERRAFORM_AWS_PROVIDER"
GENERATION_VARIABLE = "AGENTKEYS_PROVIDER"
VARIABLES = (PATH_VARIABLE, GENERATION_VARIABLE)

#: The name from which the bridge takes the package's name, in the engine's folder.
LINK = "terraform-provider-aws"

MODULE = GO_MODULES / "terraform-aws"
PACKAGE = "github.com/hashicorp/terraform-provider-aws"
FLAGS = "-s -w"

#: What a build from nothing needs, estimated from a third of a build of 6.47.1. Both folders are deleted after it.
GIGABYTES = 8
TIME = "2 to 4 hours on two cores"

_HEARTBEAT_SECONDS = 60

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
    if there is None and versions.TERRAFORM_AWS_BUILT in wanted and binary().exists():
        there = Provider(version=version_of(binary()), path=binary(), origin="built")
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
        folder().mkdir(parents=True, exist_ok=True)
        with building(folder() / "lock", progress):
            if not binary().exists():
                build(progress)
        there = Provider(version=version_of(binary()), path=binary(), origin="built")
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
    version = versions.TERRAFORM_AWS[versions.TERRAFORM_AWS_BUILT]
    accepted = " or ".join(_inside(versions.TERRAFORM_AWS[generation]) for generation in wanted_generations())
    return (
        f"engine: Terraform's AWS provider {version} is not on this computer and is built from the Go module proxy, "
        f"once: {TIME}, up to {GIGABYTES} GB of disk. Interrupt it at any time; the same command continues it. "
        f"To skip it, put {accepted} below {next(_mirrors())}"
    )


def folder() -> Path:
    """The cache folder of the built provider, its modules and what is compiled of it so far."""
    return toolchain.CACHE / "terraform-aws" / versions.TERRAFORM_AWS[versions.TERRAFORM_AWS_BUILT]


def binary() -> Path:
    """Where the built provider is."""
    version = versions.TERRAFORM_AWS[versions.TERRAFORM_AWS_BUILT]
    return folder() / f"linux_{architecture()}" / f"terraform-provider-aws_v{version}_x5"


def build(progress: Progress) -> None:
    """Build the provider, unchanged and whole. An interrupted build continues. Raises EngineError."""
    modules, objects, log = folder() / "modules", folder() / "objects", folder() / "build.log"
    free = shutil.disk_usage(folder()).free / 1e9
    spent = sum(path.lstat().st_size for part in (modules, objects) for path in part.rglob("*")) / 1e9
    if free + spent < GIGABYTES:
        raise EngineError(
            f"building Terraform's AWS provider needs {GIGABYTES} GB, and {folder()} has {free + spent:.1f} GB. "
            "Make room there, or set XDG_CACHE_HOME to a folder on another disk"
        )
    progress(notice())
    go = golang.find(progress)
    # Its own caches: they are deleted afterwards. GOTOOLCHAIN fetches the Go that the provider's go.mod asks for.
    environment = go_environment(GOMODCACHE=str(modules), GOCACHE=str(objects), GOTOOLCHAIN="auto")
    environment["GOFLAGS"] += " -modcacherw"
    label = f"engine: {PACKAGE.rpartition('/')[2]} {versions.TERRAFORM_AWS[versions.TERRAFORM_AWS_BUILT]}"
    total = len(_listed(go, environment, progress, label))
    progress(f"{label}: {_compiled(log)} of {total} packages are compiled; continuing with the rest")
    binary().parent.mkdir(exist_ok=True)
    temporary = binary().with_name(f".{binary().name}.new")
    try:
        go_build(
            [go, "build", "-v", "-ldflags", FLAGS, "-o", str(temporary), PACKAGE],
            MODULE,
            log,
            label,
            progress,
            environment=environment,
            done=lambda: f", {_compiled(log)} of {total} packages",
            heartbeat=_HEARTBEAT_SECONDS,
        )
        temporary.replace(binary())
    finally:
        temporary.unlink(missing_ok=True)
    progress(f"{label}: done")
    for spare in (modules, objects):
        shutil.rmtree(spare, ignore_errors=True)


def _listed(go: str, environment: dict[str, str], progress: Progress, label: str) -> list[str]:
    """The packages of the build; fetches the modules. Raises EngineError."""
    progress(f"{label}: fetching its modules")
    command = [go, "list", "-deps", PACKAGE]
    done = subprocess.run(command, cwd=MODULE, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise EngineError(
            f"{' '.join(command)} in {MODULE} failed with exit code {done.returncode}: {done.stderr.strip()[-600:]} "
            f"Run the same command again, or set {PATH_VARIABLE} to the path of a provider"
        )
    return done.stdout.split()


def _compiled(log: Path) -> int:
    """How many packages were begun in all runs: ``go build -v`` writes the name of each."""
    if not log.exists():
        return 0
    return len({line for line in log.read_text(errors="replace").splitlines() if line and " " not in line})


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
