"""The engine's binaries: downloaded from Pulumi where that is possible, otherwise built from package registries.

Owns the cache of binaries by version, and installing plugins into a Pulumi home. It imports little, because every
sandbox command uses it.
"""

import contextlib
import fcntl
import hashlib
import os
import platform
import re
import secrets
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dev import toolchain
from dev.toolchain import golang
from sandbox import layout
from sandbox.engine import versions

Progress = Callable[[str], None]

GO_MODULES = Path(__file__).resolve().parent / "go"

_OFFICIAL = "https://get.pulumi.com/releases/sdk"
_OFFICIAL_SECONDS = 5
_HEARTBEAT_SECONDS = 15

_PROVIDER_VARIABLE = "AGENTKEYS_TERRAFORM_AWS_PROVIDER"


@dataclass(frozen=True)
class Part:
    """One binary built from one small Go module."""

    module: str
    binary: str
    package: str
    flags: str = "-s -w"


_RUNNER = "pulumi-language-python-exec"
_PYTHON_SDK = "github.com/pulumi/pulumi/sdk/v3"

PARTS = (
    Part("terraform-tls", "terraform-provider-tls", "github.com/hashicorp/terraform-provider-tls"),
    Part("language-python", "pulumi-language-python", f"{_PYTHON_SDK}/python/cmd/pulumi-language-python"),
    Part("bridge", "pulumi-resource-terraform-provider", "github.com/pulumi/pulumi-terraform-bridge/v3/dynamic"),
    Part(
        "pulumi",
        "pulumi",
        "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        f"-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={versions.PULUMI}",
    ),
)


class EngineError(Exception):
    """The engine cannot be provided. The message states what is missing and what to do."""


@dataclass(frozen=True)
class Engine:
    """A usable engine: put ``bin_dir`` first on PATH, and call ``prepare_home`` once per Pulumi home."""

    bin_dir: Path
    official: bool

    def prepare_home(self, pulumi_home: Path) -> None:
        """Install the plugins into this PULUMI_HOME unless they are installed."""
        for plugin, version in versions.PLUGINS.items():
            folder = pulumi_home / "plugins" / f"resource-{plugin}-v{version}"
            executable = folder / f"pulumi-resource-{plugin}"
            if self.official:
                if not executable.exists():
                    self._install_official(plugin, version, pulumi_home)
                    if plugin == "aws":
                        _proxy_names(executable)
                continue
            script = self._script(plugin, pulumi_home)
            if executable.exists() and executable.read_text() == script:
                continue
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=folder, delete=False) as file:
                file.write(script)
            Path(file.name).chmod(0o755)
            Path(file.name).replace(executable)

    def _script(self, plugin: str, pulumi_home: Path) -> str:
        module = "command" if plugin == "command" else "warm"
        code = f"import sys; sys.path[0] = sys.argv[1]; from sandbox.engine.{module} import main; main(*sys.argv[2:5])"
        arguments = [
            *(sys.executable, "-c", code, str(layout.CHECKOUT)),
            *(plugin, str(pulumi_home.resolve()), str(self.bin_dir)),
        ]
        return f'#!/bin/sh\nexec {shlex.join(arguments)} "$@"\n'

    def _install_official(self, plugin: str, version: str, pulumi_home: Path) -> None:
        command = [str(self.bin_dir / "pulumi"), "plugin", "install", "resource", plugin, version]
        environment = {**os.environ, "PULUMI_HOME": str(pulumi_home), "PULUMI_SKIP_UPDATE_CHECK": "1"}
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if result.returncode:
            raise EngineError(
                f"{shlex.join(command)} failed with exit code {result.returncode}: {result.stderr.strip()}"
            )


def _proxy_names(executable: Path) -> None:
    """Stand before the official aws plugin, for the reason that ``warm`` gives for its own processes."""
    executable.rename(executable.with_name(f"{executable.name}.real"))
    executable.write_text(
        "#!/bin/sh\n"
        'case "${AWS_ENDPOINT_URL:-}" in\n'
        '    http://127.*) export HTTP_PROXY="$AWS_ENDPOINT_URL" NO_PROXY= ;;\n'
        "esac\n"
        'exec "$0.real" "$@"\n'
    )
    executable.chmod(0o755)


def folder() -> Path:
    """The cache folder of these versions, module checksums and build parts."""
    digest = hashlib.sha256(repr((versions.PULUMI, versions.PLUGINS, PARTS, platform.machine())).encode())
    for path in sorted(GO_MODULES.glob("*/go.*")):
        digest.update(f"{path.relative_to(GO_MODULES)}\n".encode() + path.read_bytes())
    return toolchain.CACHE / "engine" / digest.hexdigest()[:16]


def ready() -> Engine | None:
    """The engine if it is in the cache, or None."""
    marker = folder() / "ready"
    if not marker.exists():
        return None
    return Engine(folder() / "bin", official=marker.read_text() == "official")


def ensure(progress: Progress = print) -> Engine:
    """The engine; downloaded or built first if it is not in the cache. Raises EngineError."""
    engine = ready()
    if engine is None:
        folder().mkdir(parents=True, exist_ok=True)
        with _alone(folder() / "lock", progress):
            engine = ready() or _make(folder(), progress)
    if not engine.official:
        _link_provider(engine.bin_dir)
        _quiet_runner(engine.bin_dir)
    return engine


@contextlib.contextmanager
def _alone(path: Path, progress: Progress) -> Iterator[None]:
    """Hold the build's lock, so that a second build waits for the result of the first."""
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress(f"engine: another build holds {path}; waiting for its result")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _make(target: Path, progress: Progress) -> Engine:
    bin_dir = target / "bin"
    bin_dir.mkdir(exist_ok=True)
    if _download(bin_dir, progress):
        kind = "official"
    else:
        # Checked before minutes of building.
        terraform_provider()
        _build(bin_dir, target, progress)
        kind = "built"
    (target / "ready.new").write_text(kind)
    (target / "ready.new").replace(target / "ready")
    return Engine(bin_dir, official=kind == "official")


def _download(bin_dir: Path, progress: Progress) -> bool:
    """Download the official command line if its server answers, and verify its checksum."""
    import urllib.error
    import urllib.request

    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    name = f"pulumi-v{versions.PULUMI}-linux-{machine}.tar.gz"
    archive = bin_dir.parent / name
    try:
        with urllib.request.urlopen(  # noqa: S310 - the scheme is in the constant
            f"{_OFFICIAL}/pulumi-{versions.PULUMI}-checksums.txt", timeout=_OFFICIAL_SECONDS
        ) as response:
            sums = response.read().decode()
        progress(f"engine: downloading {name}")
        with (
            urllib.request.urlopen(f"{_OFFICIAL}/{name}", timeout=_OFFICIAL_SECONDS) as response,  # noqa: S310
            archive.open("wb") as file,
        ):
            shutil.copyfileobj(response, file)
    except (OSError, urllib.error.URLError) as error:
        progress(f"engine: no official download ({getattr(error, 'reason', error)}); building from package registries")
        return False
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if f"{digest}  {name}" not in sums.splitlines():
        archive.unlink()
        raise EngineError(f"{name} has SHA-256 {digest}, which is not in the checksums of {_OFFICIAL}. Try again.")
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            member.name = Path(member.name).name
            if member.isfile():
                tar.extract(member, bin_dir, filter="data")
    archive.unlink()
    return True


def _build(bin_dir: Path, target: Path, progress: Progress) -> None:
    go = golang.find(progress)
    started = time.monotonic()
    for number, part in enumerate(PARTS, 1):
        label = f"engine: part {number} of {len(PARTS)}, {part.binary}"
        binary = bin_dir / part.binary
        if binary.exists():
            progress(f"{label}: already built")
            continue
        progress(f"{label}: building")
        temporary = bin_dir / f".{part.binary}.new"
        _run(
            [go, "build", "-ldflags", part.flags, "-o", str(temporary), part.package],
            GO_MODULES / part.module,
            target / f"{part.module}.log",
            label,
            progress,
        )
        temporary.replace(binary)
        progress(f"{label}: done, {time.monotonic() - started:.0f} s in all")
    listed = subprocess.run(
        [go, "list", "-m", "-f", "{{.Dir}}", _PYTHON_SDK],
        cwd=GO_MODULES / "language-python",
        env=_go_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    source = Path(listed.stdout.strip()) / "python/cmd" / _RUNNER
    executor = bin_dir / f"{_RUNNER}-original"
    executor.unlink(missing_ok=True)
    executor.write_bytes(source.read_bytes())
    executor.chmod(0o755)


def _go_environment() -> dict[str, str]:
    # Without cgo no C compiler is needed. -trimpath makes the binaries equal for every checkout.
    return {**os.environ, "GOFLAGS": "-trimpath -buildvcs=false -mod=readonly", "GOWORK": "off", "CGO_ENABLED": "0"}


def _run(command: list[str], cwd: Path, log: Path, label: str, progress: Progress) -> None:
    started = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=cwd, env=_go_environment(), stdout=output, stderr=output)
        try:
            while True:
                try:
                    process.wait(_HEARTBEAT_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    progress(f"{label}: still building after {time.monotonic() - started:.0f} s")
        finally:
            process.kill()
    if process.returncode:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise EngineError(
            f"{shlex.join(command)} in {cwd} failed with exit code {process.returncode}; its log {log} ends:\n{tail}"
        )


def _quiet_runner(bin_dir: Path) -> None:
    """Put a wrapper before the language host's runner, which the host looks for beside itself.

    When a resource fails, the engine interrupts the program, and the runner of the last public release answers with a
    traceback that says nothing about the failure.
    """
    runner, original = bin_dir / _RUNNER, bin_dir / f"{_RUNNER}-original"
    wrapper = (
        "#!/usr/bin/env python3\nimport os, runpy, signal, sys\n"
        "signal.signal(signal.SIGINT, lambda *_: os._exit(130))\n"
        f"sys.argv[0] = {str(original)!r}\nrunpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    if runner.exists() and runner.read_text() == wrapper:
        return
    temporary = bin_dir / f".{_RUNNER}.{secrets.token_hex(4)}"
    temporary.write_text(wrapper)
    temporary.chmod(0o755)
    temporary.replace(runner)


def _link_provider(bin_dir: Path) -> None:
    """Link Terraform's aws provider under the name from which the bridge takes the package's name."""
    link = bin_dir / "terraform-provider-aws"
    if link.exists() and _PROVIDER_VARIABLE not in os.environ:
        return
    provider = terraform_provider()
    if link.is_symlink() and link.readlink() == provider:
        return
    temporary = bin_dir / f".terraform-provider-aws.{secrets.token_hex(4)}"
    temporary.symlink_to(provider)
    temporary.replace(link)


def terraform_provider() -> Path:
    """Path of Terraform's aws provider on this computer. No package registry has it. Raises EngineError."""
    named = os.environ.get(_PROVIDER_VARIABLE)
    if named:
        if not Path(named).is_file():
            raise EngineError(f"{_PROVIDER_VARIABLE} is {named!r}, which is not a file")
        return Path(named).absolute()
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    version = versions.TERRAFORM_AWS
    inside = f"registry.terraform.io/hashicorp/aws/{version}/linux_{machine}/terraform-provider-aws_v{version}_x5"
    mirrors = list(_mirrors())
    for mirror in mirrors:
        if (mirror / inside).is_file():
            return mirror / inside
    system = [Path("/opt"), Path("/usr/local"), Path("/usr/lib")]
    for root in system:
        for depth in range(4):
            found = sorted(root.glob("*/" * depth + inside))
            if found:
                return found[0]
    places = ", ".join(str(place) for place in (*mirrors, *system))
    raise EngineError(
        f"Terraform's aws provider {version} is missing: no {inside} below {places}. Put it there, or set "
        f"{_PROVIDER_VARIABLE} to the path of terraform-provider-aws_v{version}_x5"
    )


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
