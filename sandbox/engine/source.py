"""Terraform's providers that are built from their public source where an engine is built, one row each.

Owns the build: its space, its progress and how it continues. Leaves out which provider an engine runs (``provider``
for AWS; every other cloud runs its row). A build is never part of a test of the gate.
"""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from dev import toolchain
from dev.toolchain import golang
from sandbox.engine import versions
from sandbox.engine.steps import GO_MODULES, EngineError, Progress, architecture, building, go_build, go_environment

FLAGS = "-s -w"

_HEARTBEAT_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Source:
    """One provider's source and what its build takes. Measured on two cores that others used too."""

    #: What messages call it.
    name: str
    #: Folder of its Go module, which pins it, below ``go/``; also the name of its cache folder.
    module: str
    #: Go package of its program.
    package: str
    #: The provider's own version, as Terraform's file names have it.
    version: str
    #: Disk that the build needs while it runs. Its caches are deleted afterwards.
    gigabytes: int
    #: How long the build takes.
    time: str

    @property
    def go_module(self) -> Path:
        """Folder with go.mod and go.sum."""
        return GO_MODULES / self.module

    @property
    def program(self) -> str:
        """Name of the provider's program, without a version."""
        return self.package.rpartition("/")[2]

    @property
    def label(self) -> str:
        """How lines of progress begin."""
        return f"engine: {self.program} {self.version}"

    @property
    def folder(self) -> Path:
        """The cache folder of the built provider, its modules and what is compiled of it so far."""
        return toolchain.CACHE / self.module / self.version

    @property
    def binary(self) -> Path:
        """Where the built provider is."""
        return self.folder / f"linux_{architecture()}" / f"{self.program}_v{self.version}_x5"

    @property
    def notice(self) -> str:
        """What is said before a build starts."""
        return (
            f"engine: {self.name} {self.version} is not on this computer and is built from the Go module proxy, "
            f"once: {self.time}, up to {self.gigabytes} GB of disk. Interrupt it at any time; the same command "
            "continues it"
        )

    def ensure(self, progress: Progress, notice: str = "") -> Path:
        """The provider's program; built first if it is not in the cache. Raises EngineError."""
        if not self.binary.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            with building(self.folder / "lock", progress):
                if not self.binary.exists():
                    self.build(progress, notice)
        return self.binary

    def build(self, progress: Progress, notice: str = "") -> None:
        """Build the provider, unchanged and whole. An interrupted build continues. Raises EngineError.

        ``notice`` is said in place of the row's own.
        """
        modules, objects, log = self.folder / "modules", self.folder / "objects", self.folder / "build.log"
        free = shutil.disk_usage(self.folder).free / 1e9
        spent = sum(path.lstat().st_size for part in (modules, objects) for path in part.rglob("*")) / 1e9
        if free + spent < self.gigabytes:
            raise EngineError(
                f"building {self.name} needs {self.gigabytes} GB, and {self.folder} has {free + spent:.1f} GB. "
                "Make room there, or set XDG_CACHE_HOME to a folder on another disk"
            )
        progress(notice or self.notice)
        go = golang.find(progress)
        # Its own caches: they are deleted afterwards. GOTOOLCHAIN fetches the Go that the provider's go.mod asks for.
        environment = go_environment(GOMODCACHE=str(modules), GOCACHE=str(objects), GOTOOLCHAIN="auto")
        environment["GOFLAGS"] += " -modcacherw"
        total = len(self._listed(go, environment, progress))
        progress(f"{self.label}: {_compiled(log)} of {total} packages are compiled; continuing with the rest")
        self.binary.parent.mkdir(exist_ok=True)
        temporary = self.binary.with_name(f".{self.binary.name}.new")
        try:
            go_build(
                [go, "build", "-v", "-ldflags", FLAGS, "-o", str(temporary), self.package],
                self.go_module,
                log,
                self.label,
                progress,
                environment=environment,
                done=lambda: f", {_compiled(log)} of {total} packages",
                heartbeat=_HEARTBEAT_SECONDS,
            )
            temporary.replace(self.binary)
        finally:
            temporary.unlink(missing_ok=True)
        progress(f"{self.label}: done")
        for spare in (modules, objects):
            shutil.rmtree(spare, ignore_errors=True)

    def _listed(self, go: str, environment: dict[str, str], progress: Progress) -> list[str]:
        """The packages of the build; fetches the modules. Raises EngineError."""
        progress(f"{self.label}: fetching its modules")
        command = [go, "list", "-deps", self.package]
        done = subprocess.run(command, cwd=self.go_module, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise EngineError(
                f"{' '.join(command)} in {self.go_module} failed with exit code {done.returncode}: "
                f"{done.stderr.strip()[-600:]} Run the same command again"
            )
        return done.stdout.split()


#: By the plugin that the provider stands in for. AWS's may also come from elsewhere (``provider``).
SOURCES = {
    "aws": Source(
        name="Terraform's AWS provider",
        module="terraform-aws",
        package="github.com/hashicorp/terraform-provider-aws",
        version=versions.TERRAFORM_AWS[versions.TERRAFORM_AWS_BUILT],
        # Seen: 7.4 GB after three quarters, and two and a half hours in all at the lowest priority, beside other work.
        gigabytes=12,
        time="2 to 4 hours on two cores",
    ),
    # v1.20.1-0.20210315160117-642085ce9b99 of the module is the release 3.60.0, the newest in the proxy.
    "gcp": Source(
        name="Terraform's Google provider",
        module="terraform-google",
        package="github.com/hashicorp/terraform-provider-google-beta",
        version="3.60.0",
        gigabytes=2,
        time="7 to 17 minutes on two cores",
    ),
    "tencentcloud": Source(
        name="Tencent Cloud's Terraform provider",
        module="terraform-tencentcloud",
        package="github.com/tencentcloudstack/terraform-provider-tencentcloud",
        version="1.81.20",
        # Seen: 20 minutes at the lowest priority, beside other work.
        gigabytes=6,
        time="about half an hour on two cores",
    ),
}


def _compiled(log: Path) -> int:
    """How many packages were begun in all runs: ``go build -v`` writes the name of each."""
    if not log.exists():
        return 0
    return len({line for line in log.read_text(errors="replace").splitlines() if line and " " not in line})
