"""The engine's binaries: downloaded from Pulumi where that is possible, otherwise built from package registries.

Owns the cache of binaries by version, and installing plugins into a Pulumi home. Leaves out the download itself
(``download``) and Terraform's AWS provider (``provider``). It imports little, because every sandbox command uses it.
"""

import contextlib
import hashlib
import os
import platform
import secrets
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from dev import toolchain
from dev.toolchain import golang
from sandbox import layout
from sandbox.engine import preloaded, provider, versions, warm
from sandbox.engine.source import SOURCES
from sandbox.engine.steps import GO_MODULES, EngineError, Progress, building, go_build, go_environment


@dataclass(frozen=True)
class Part:
    """One binary built from one small Go module."""

    module: str
    binary: str
    package: str
    flags: str = "-s -w"
    patched: str = ""
    """The module that the part's patch changes, if it has one."""


_HOST = "pulumi-language-python"
_RUNNER = f"{_HOST}-exec"

#: The engine finds the language host beside itself, and the host its runner.
_FIND_BESIDE = ("pulumi", _HOST)

_PYTHON_SDK = "github.com/pulumi/pulumi/sdk/v3"

_BRIDGE = "github.com/pulumi/pulumi-terraform-bridge/v3"

#: The changes that a part's module makes to another one. Each patch says why.
PATCH = "partial.patch"

PARTS = (
    Part("terraform-tls", "terraform-provider-tls", "github.com/hashicorp/terraform-provider-tls"),
    Part("language-python", _HOST, f"{_PYTHON_SDK}/python/cmd/pulumi-language-python"),
    Part("bridge", "pulumi-resource-terraform-provider", f"{_BRIDGE}/dynamic", patched=_BRIDGE),
    Part(
        "pulumi",
        "pulumi",
        "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        f"-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={versions.ENGINE}",
    ),
)

#: Go's compiler is short-lived: its collector takes a sixth of the CPU time of a build and frees nothing that is needed
#: again. The limit is for the linker and the few large packages.
_COLLECTOR = {"GOGC": "off", "GOMEMLIMIT": "2GiB"}


#: What the command plugin imports in each run, beside Pulumi's protocol.
_COMMAND_PACKAGES = ("google.protobuf.json_format", "google.protobuf.struct_pb2", "grpc.aio")


@dataclass(frozen=True)
class Engine:
    """A usable engine: put ``bin_dir`` first on PATH, and call ``prepare_home`` once per Pulumi home."""

    bin_dir: Path
    official: bool

    def prepare_home(self, pulumi_home: Path) -> None:
        """Install the plugins into this PULUMI_HOME unless they are installed.

        The engine's own log of each command, which nobody reads here, takes a fourth of its time. No variable turns it
        off; the engine goes without it if ``logs`` is no folder.
        """
        pulumi_home.mkdir(parents=True, exist_ok=True)
        if not (pulumi_home / "logs").exists():
            (pulumi_home / "logs").touch()
        for plugin, version in versions.PLUGINS.items():
            folder = pulumi_home / "plugins" / f"resource-{plugin}-v{version}"
            executable = folder / f"pulumi-resource-{plugin}"
            if self.official:
                if not executable.exists():
                    self._install_official(plugin, version, pulumi_home)
                if plugin == "aws":
                    _proxy_names(executable)
                continue
            folder.mkdir(parents=True, exist_ok=True)
            _replace(executable, self._script(plugin, pulumi_home))

    def add(self, cloud: str, pulumi_home: Path, progress: Progress) -> None:
        """Add another cloud's plugins: its provider behind the bridge, built first if need be. Raises EngineError."""
        for plugin, version in versions.CLOUD_PLUGINS.get(cloud, {}).items():
            if self.official:
                raise EngineError(
                    f"CLOUD={cloud} needs the engine that is built from package registries: its bridge runs "
                    f"{SOURCES[plugin].name} {SOURCES[plugin].version}, which the sandbox's emulator of {cloud} answers"
                )
            _link(self.bin_dir / f"terraform-provider-{plugin}", SOURCES[plugin].ensure(progress))
            folder = pulumi_home / "plugins" / f"resource-{plugin}-v{version}"
            folder.mkdir(parents=True, exist_ok=True)
            _replace(folder / f"pulumi-resource-{plugin}", self._script(plugin, pulumi_home))

    def _script(self, plugin: str, pulumi_home: Path) -> str:
        home = pulumi_home.resolve()
        interpreter, before, module = [sys.executable], "", "warm"
        if plugin == "command":
            interpreter += [preloaded.__file__, "run", plugin, str(warm.folder(home)), ",".join(_COMMAND_PACKAGES)]
            before, module = "from sandbox.engine import protocol; protocol.import_alone(); ", "command"
        code = (
            f"import sys; sys.path[0] = sys.argv[1]; {before}from sandbox.engine.{module} import main; "
            "main(*sys.argv[2:5])"
        )
        command = [*interpreter, "-c", code, str(layout.CHECKOUT), plugin, str(home), str(self.bin_dir)]
        return f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n'

    def _install_official(self, plugin: str, version: str, pulumi_home: Path) -> None:
        from sandbox.engine import download

        archives = self.bin_dir.parent / "archives"
        archives.mkdir(exist_ok=True)
        with building(archives / "lock", print):
            archive = download.plugin(plugin, version, archives, print)
        command = [
            str(self.bin_dir / "pulumi"),
            "plugin",
            "install",
            "resource",
            plugin,
            version,
            "--file",
            str(archive),
        ]
        environment = {**os.environ, "PULUMI_HOME": str(pulumi_home), "PULUMI_SKIP_UPDATE_CHECK": "1"}
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if result.returncode:
            raise EngineError(
                f"{shlex.join(command)} failed with exit code {result.returncode}: {result.stderr.strip()}"
            )


def _proxy_names(executable: Path) -> None:
    """Stand before the official aws plugin, for the reason that ``warm`` gives for its own processes."""
    original = executable.with_name(f"{executable.name}.real")
    if not original.exists():
        original.hardlink_to(executable)
    _replace(
        executable,
        "#!/bin/sh\n"
        'case "${AWS_ENDPOINT_URL:-}" in\n'
        '    http://127.*) export HTTP_PROXY="$AWS_ENDPOINT_URL" NO_PROXY= ;;\n'
        "esac\n"
        'exec "$0.real" "$@"\n',
    )


def _replace(executable: Path, text: str) -> None:
    """Write an executable script that is there whole or not at all."""
    if executable.exists() and executable.read_bytes() == text.encode():
        return
    temporary = executable.with_name(f".{executable.name}.{secrets.token_hex(4)}")
    temporary.write_text(text)
    temporary.chmod(0o755)
    temporary.replace(executable)


def folder() -> Path:
    """The cache folder of these versions, module checksums and build parts."""
    digest = hashlib.sha256(repr((versions.ENGINE, versions.PLUGINS, PARTS, platform.machine())).encode())
    for module in sorted(part.module for part in PARTS):
        for path in sorted([*(GO_MODULES / module).glob("go.*"), *(GO_MODULES / module).glob("*.patch")]):
            digest.update(f"{path.relative_to(GO_MODULES)}\n".encode() + path.read_bytes())
    return toolchain.CACHE / "engine" / digest.hexdigest()[:16]


def kind() -> str | None:
    """How the engine in the cache was made: "official" or "built". None if there is none."""
    marker = folder() / "ready"
    return marker.read_text() if marker.exists() else None


def ready() -> Engine | None:
    """The engine if it and the provider that it runs are in the cache, or None. Raises EngineError."""
    made = kind()
    if made == "built":
        there = provider.find()
        return _with(there) if there else None
    return Engine(folder() / "bin", official=True) if made else None


def ensure(progress: Progress = print) -> Engine:
    """The engine; downloaded or built first if it is not in the cache. Raises EngineError."""
    if kind() is None:
        folder().mkdir(parents=True, exist_ok=True)
        with building(folder() / "lock", progress):
            if kind() is None:
                _make(folder(), progress)
    if kind() == "official":
        return Engine(folder() / "bin", official=True)
    return _with(provider.ensure(progress))


def _make(target: Path, progress: Progress) -> None:
    bin_dir = target / "bin"
    bin_dir.mkdir(exist_ok=True)
    kind = "official" if _download(bin_dir, progress) else "built"
    if kind == "built":
        # Both are said before minutes of building: a provider that was wrongly chosen, and that one will be built.
        if provider.find() is None:
            progress(provider.notice())
        _build(bin_dir, target, progress)
    (target / "ready.new").write_text(kind)
    (target / "ready.new").replace(target / "ready")


def _download(bin_dir: Path, progress: Progress) -> bool:
    """Whether the official command line was downloaded. Raises EngineError if it does not arrive as it should."""
    from sandbox.engine import download

    try:
        download.command_line(versions.ENGINE, bin_dir, progress)
    except download.UnavailableError as error:
        progress(f"engine: no official download: {error}; building from package registries (8 to 12 minutes)")
        return False
    return True


def _with(chosen: provider.Provider) -> Engine:
    """A built engine whose bridge runs this provider.

    Each provider has its own folder of links, because the bridge takes the package's name from the file's.
    """
    # Checkouts share the cache, and their wrappers of the runner may differ.
    wrapped = Path(__file__).read_bytes() + Path(preloaded.__file__).read_bytes()
    digest = hashlib.sha256(str(chosen.path).encode() + wrapped).hexdigest()[:8]
    bin_dir = folder() / f"with-aws-{chosen.version}-{digest}"
    bin_dir.mkdir(exist_ok=True)
    _wrap_runner(bin_dir)
    targets = {part.binary: folder() / "bin" / part.binary for part in PARTS} | {provider.LINK: chosen.path}
    for name in _FIND_BESIDE:
        # They look beside the file that a symbolic link leads to.
        with contextlib.suppress(FileExistsError):
            (bin_dir / name).hardlink_to(targets.pop(name))
    for name, target in targets.items():
        _link(bin_dir / name, target)
    return Engine(bin_dir, official=False)


def _link(link: Path, target: Path) -> None:
    if link.is_symlink() and link.readlink() == target:
        return
    temporary = link.with_name(f".{link.name}.{secrets.token_hex(4)}")
    temporary.symlink_to(target)
    temporary.replace(link)


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
        workspace = {"GOWORK": str(_patched(go, part, target))} if part.patched else {}
        go_build(
            [go, "build", "-ldflags", part.flags, "-o", str(temporary), part.package],
            GO_MODULES / part.module,
            target / f"{part.module}.log",
            label,
            progress,
            environment=go_environment(**_COLLECTOR, **workspace),
        )
        temporary.replace(binary)
        shutil.rmtree(target / f"{part.module}-source", ignore_errors=True)
        progress(f"{label}: done, {time.monotonic() - started:.0f} s in all")
    source = _source(go, _PYTHON_SDK, "language-python") / "python/cmd" / _RUNNER
    executor = bin_dir / f"{_RUNNER}-original"
    executor.unlink(missing_ok=True)
    executor.write_bytes(source.read_bytes())
    executor.chmod(0o755)


def _source(go: str, module: str, part: str) -> Path:
    """Where Go keeps the source of a module that a part uses; Go downloads it first."""
    listed = subprocess.run(
        [go, "list", "-m", "-f", "{{.Dir}}", module],
        cwd=GO_MODULES / part,
        env=go_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return Path(listed.stdout.strip())


def _patched(go: str, part: Part, target: Path) -> Path:
    """A Go workspace in which a copy with the part's patch replaces the module. Raises EngineError."""
    copy = target / f"{part.module}-source"
    if copy.exists():
        shutil.rmtree(copy)
    shutil.copytree(_source(go, part.patched, part.module), copy, copy_function=shutil.copyfile)
    subprocess.run(["chmod", "-R", "u+w", str(copy)], check=True)
    patch = GO_MODULES / part.module / PATCH
    # Outside of any repository, a path is what the patch says.
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(target)}
    applied = subprocess.run(
        ["git", "apply", str(patch)], cwd=copy, env=environment, capture_output=True, text=True, check=False
    )
    if applied.returncode:
        raise EngineError(f"{patch} does not fit {part.patched}: {applied.stderr.strip()}")
    workspace = target / f"{part.module}.work"
    workspace.write_text(f"go 1.25\n\nuse {GO_MODULES / part.module}\n\nreplace {part.patched} => {copy}\n")
    return workspace


def _wrap_runner(bin_dir: Path) -> None:
    """Put two wrappers before the language host's runner, which the host looks for beside itself.

    The first runs the second in an interpreter that has the program's packages (``preloaded``). The second answers an
    interrupt: when a resource fails, the engine interrupts the program, and the runner of the last public release
    answers with a traceback that says nothing about the failure.
    """
    runner, quiet = bin_dir / _RUNNER, bin_dir / f"{_RUNNER}-quiet"
    original = folder() / "bin" / f"{_RUNNER}-original"
    _replace(bin_dir / "preloaded.py", Path(preloaded.__file__).read_text())
    _replace(
        quiet,
        "#!/usr/bin/env python3\nimport os, runpy, signal, sys\n"
        "signal.signal(signal.SIGINT, lambda *_: os._exit(130))\n"
        f"sys.argv[0] = {str(original)!r}\nrunpy.run_path(sys.argv[0], run_name='__main__')\n",
    )
    _replace(
        runner,
        "#!/usr/bin/env python3\nimport os, sys\nfrom pathlib import Path\nfrom preloaded import run\n"
        "home = os.environ.get('PULUMI_HOME')\n"
        f"run('program', [{str(quiet)!r}, *sys.argv[1:]], Path(home, {warm.FOLDER!r}) if home else None)\n",
    )
