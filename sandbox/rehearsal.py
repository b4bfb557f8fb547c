"""Runs `make up`, `make preview` and `make down`: the account project, then a stack, with the real engine.

Owns the environment that points the unchanged program at the sandbox, and the summary of a run. Leaves out starting the
sandbox (``supervisor``).
"""

import json
import os
import secrets
import shlex
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dev.toolchain import golang, virtualenv
from ops.events import CHANGING, EventLog, Step
from ops.options import stacks
from sandbox import display, layout, somebody, stacklock, tools
from sandbox.engine import build, policies, provider
from sandbox.gcp import client as gcp
from sandbox.hosts.image import DEFAULT_BASE, ensure_image
from sandbox.hosts.machine import require_machine
from sandbox.standin.archive import build_archive, build_program
from sandbox.supervisor import SandboxError, emulated, start
from sandbox.tencentcloud import client as tencentcloud

#: The project of the account, with one stack.
ACCOUNT_FOLDER = layout.CHECKOUT / "account"
ACCOUNT_STACK = "litentry"

Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Project:
    """A Pulumi project of this repository and one of its stacks."""

    name: str
    """Name in ``Pulumi.yaml``."""
    folder: Path
    """The folder with ``Pulumi.yaml``."""
    stack: str
    """Name of the stack."""
    file: Path | None = None
    """The stack's file, if it is not in the folder."""


ACCOUNT = Project(name="agentkeys-account", folder=ACCOUNT_FOLDER, stack=ACCOUNT_STACK)

#: Name of the project of AWS's stacks in ``Pulumi.yaml``.
DEPLOYMENT = "agentkeys-cloud"


def deployment(stack: str, cloud: str = "aws") -> Project:
    """A cloud's program with one of its stacks. Raises SandboxError if there is no such cloud or stack."""
    if cloud != "aws":
        return elsewhere(cloud, stack)
    if stack not in (known := stacks(layout.CHECKOUT)):
        raise SandboxError(f"STACK={stack}: there is no Pulumi.{stack}.yaml; the stacks are {', '.join(known)}")
    return Project(name=DEPLOYMENT, folder=layout.CHECKOUT, stack=stack)


#: Clouds that the sandbox cannot stand in for, with their names.
NO_EMULATOR = {"alicloud": "AliCloud"}


def elsewhere(cloud: str, stack: str) -> Project:
    """The project of another cloud with one of its stacks. Raises SandboxError if there is none."""
    folder = _folder(cloud)
    if not (folder / f"Pulumi.{stack}.yaml").exists():
        raise SandboxError(f"STACK={stack}: there is no Pulumi.{stack}.yaml in {folder}")
    file = layout.HOME / "clouds" / cloud / f"Pulumi.{stack}.yaml"
    return Project(name=f"agentkeys-{cloud}", folder=folder, stack=stack, file=file)


def _folder(cloud: str) -> Path:
    """The folder of another cloud's project. Raises SandboxError if there is none, or no emulator of the cloud."""
    folder = layout.CHECKOUT / "clouds" / cloud
    clouds = sorted(path.parent.name for path in layout.CHECKOUT.glob("clouds/*/Pulumi.yaml"))
    if cloud not in clouds:
        raise SandboxError(f"CLOUD={cloud}: there is no project in {folder}; the clouds are aws, {', '.join(clouds)}")
    if cloud in NO_EMULATOR:
        here = [name for name in clouds if name not in NO_EMULATOR]
        raise SandboxError(
            f"CLOUD={cloud}: there is no emulator of {NO_EMULATOR[cloud]} here, so its program can be applied to an "
            f"account there only; docs/clouds/{cloud}.md describes how. The sandbox has aws, {', '.join(here)}"
        )
    return folder


#: What points the clients of another cloud at its emulator, by cloud.
EMULATORS: dict[str, Callable[[], dict[str, str]]] = {
    "gcp": gcp.environment,
    "tencentcloud": tencentcloud.environment,
}

#: Settings of another cloud's stack in the sandbox, in place of its file's, by cloud.
SETTINGS: dict[str, dict[str, str]] = {"tencentcloud": tencentcloud.SETTINGS}


def prepare(progress: Progress, cloud: str = "aws") -> dict[str, str]:
    """Prepare engine, plugins and release, start the sandbox, and return the environment for commands in it."""
    # Checked first: a build takes minutes.
    require_machine()
    tools.require(tools.GATES, progress)
    golang.find(progress)
    engine = build.ensure(progress)
    if not engine.official:
        _keep_generation(provider.linked(engine.bin_dir))
    engine.prepare_home(layout.PULUMI_HOME)
    engine.add(cloud, layout.PULUMI_HOME, progress)
    more = {}
    packages = layout.CHECKOUT / "requirements" / f"{cloud}.lock"
    if packages.exists():
        # The cloud's own: the engine requires the plugin of every provider that is installed. A built engine's language
        # host does not read the option virtualenv.
        programs = virtualenv.ensure(layout.CHECKOUT / "clouds" / cloud / "venv", packages, progress)
        more["PULUMI_PYTHON_CMD"] = str(programs / "python")
    pack = policies.prepare(engine, layout.PULUMI_HOME, progress)
    archive, digest = build_archive(layout.HOME / "release", progress)
    start(progress)
    layout.STATE.mkdir(parents=True, exist_ok=True)
    if cloud in EMULATORS:
        # An emulator that has started has credentials.
        more |= EMULATORS[cloud]()
    return {**environment(engine.bin_dir, pack, archive, digest), **more}


def _keep_generation(now: provider.Provider) -> None:
    """Note the AWS provider's generation. Raises SandboxError if an older one than before would read the states."""
    note = layout.HOME / "aws-provider"
    before = note.read_text() if note.exists() else now.generation
    if int(before) > int(now.generation):
        raise SandboxError(
            f"generation {before} of the AWS provider wrote the states in {layout.HOME}, and generation "
            f"{now.generation} cannot read them. Set PROVIDER={before}, or run `make sandbox-reset` first"
        )
    layout.HOME.mkdir(parents=True, exist_ok=True)
    note.write_text(now.generation)


def build_caches(progress: Progress) -> None:
    """Build what ``prepare`` would build, without starting a sandbox."""
    require_machine()
    tools.require({**tools.HOSTS, **tools.ACME, **tools.GATES}, progress)
    golang.find(progress)
    policies.prepare(build.ensure(progress), layout.PULUMI_HOME, progress)
    build_program(progress)
    ensure_image(DEFAULT_BASE, progress)


def environment(bin_dir: Path, pack: Path, archive: Path, digest: str) -> dict[str, str]:
    """The variables that point the unchanged program at the sandbox."""
    wanted = emulated()
    doh = f"http://{layout.LOOPBACK}:{layout.PORTS['doh']}"
    beside_proxies = _beside_proxies()
    return {
        "NO_PROXY": beside_proxies,
        "no_proxy": beside_proxies,
        "PATH": os.pathsep.join(
            [
                str(layout.CHECKOUT / "sandbox" / "bin"),
                str(bin_dir),
                str(layout.CHECKOUT / "venv" / "bin"),
                os.environ.get("PATH", os.defpath),
            ]
        ),
        "AGENTKEYS_SANDBOX_HOME": str(layout.HOME),
        "AGENTKEYS_SANDBOX_ENGINE": str(bin_dir),
        **provider.chosen(),
        "PULUMI_HOME": str(layout.PULUMI_HOME),
        # No metadata files: an incomplete one, left by a kill, makes the state unreadable.
        "PULUMI_BACKEND_URL": f"file://{layout.STATE}?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(_passphrase()),
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        # Stands for --policy-pack in every preview and up, also in the shell of `make env`.
        "PULUMI_OPTION_POLICY_PACK": str(pack),
        # The engine's default of four per core is used up by DNS records, which wait half a minute each.
        "PULUMI_PARALLEL": "32",
        # The engine's heap is small and short-lived. Processes of the plugins' pool have a setting of their own.
        "GOGC": "400",
        # Program and policy pack compile their modules once, also in a shell that keeps Python from writing them.
        "PYTHONDONTWRITEBYTECODE": "",
        "AWS_ENDPOINT_URL": layout.AWS_ENDPOINT,
        "AWS_SHARED_CREDENTIALS_FILE": str(layout.HOME / "credentials.ini"),
        "AWS_CONFIG_FILE": str(layout.HOME / "aws-config"),
        "AWS_PROFILE": layout.OPERATOR,
        # SDKs for Go read AWS_REGION; boto3 and the aws command read AWS_DEFAULT_REGION.
        "AWS_REGION": wanted.region,
        "AWS_DEFAULT_REGION": wanted.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AGENTKEYS_RELEASE": str(archive),
        "AGENTKEYS_RELEASE_SHA256": digest,
        "AGENTKEYS_DOH_URLS": json.dumps([f"{doh}/dns-query", f"{doh}/resolve"]),
        "AGENTKEYS_ACME_DIRECTORY": f"https://{layout.ACME_HOST}:{layout.PORTS['acme']}/dir",
        "AGENTKEYS_CA_BUNDLE": str(layout.HOME / "ca" / "trust.pem"),
    }


def _beside_proxies() -> str:
    """``NO_PROXY`` with the loopback address, once: the plugins' pool keeps processes by this environment."""
    names = [name for name in (os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or "").split(",") if name]
    return ",".join([*names, *([] if layout.LOOPBACK in names else [layout.LOOPBACK])])


def _passphrase() -> Path:
    """The sandbox's own passphrase, created once. It protects only secrets of the emulated account."""
    path = layout.HOME / "passphrase"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(16))
    return path


def _interferes(variable: str) -> bool:
    """Whether a variable would change the program or the provider, or offers an SSH agent's keys to every host."""
    return variable.startswith(("AWS_", "TENCENTCLOUD_", "PULUMI_", "AGENTKEYS_")) or variable == "SSH_AUTH_SOCK"


def bare(folder: Path, project: str) -> Path:
    """The folder, with nothing but the project's name. Commands that write a stack's file run there."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Pulumi.yaml").write_text(f"name: {project}\nruntime: python\n")
    return folder


#: Commands of the engine that read the stack's file.
READ_THE_FILE = ("up", "preview", "refresh", "destroy", "config")


class Engine:
    """Runs the engine against the sandbox."""

    def __init__(self, variables: dict[str, str]) -> None:
        kept = {name: value for name, value in os.environ.items() if not _interferes(name)}
        self.environment = {**kept, **variables}

    def run(
        self, project: Project, *arguments: str, capture: bool = False, check: bool = True
    ) -> "subprocess.CompletedProcess[str]":
        """One engine command on a project's stack. Raises SandboxError when it fails and ``check`` is set."""
        command = ["pulumi", *arguments, "--stack", project.stack]
        environment = self.environment
        if project.file:
            # The policy pack judges AWS's stacks.
            environment = {name: value for name, value in environment.items() if name != "PULUMI_OPTION_POLICY_PACK"}
            command += ["--config-file", str(project.file)] if arguments[0] in READ_THE_FILE else []
        pipe = subprocess.PIPE if capture else None
        with subprocess.Popen(
            command,
            cwd=project.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
            text=True,
        ) as process:
            try:
                stdout, stderr = process.communicate()
            except KeyboardInterrupt:
                # The engine was interrupted too and stops in order. A second interrupt ends this wait.
                process.communicate()
                raise
        done = subprocess.CompletedProcess(command, process.returncode, stdout or "", stderr or "")
        if check and done.returncode:
            said = f":\n{done.stdout}{done.stderr}" if capture else "; its output is above"
            raise SandboxError(f"`{' '.join(command)}` failed{said}")
        return done

    def has_stack(self, project: Project) -> bool:
        return (layout.STATE / ".pulumi" / "stacks" / project.name / f"{project.stack}.json").exists()

    def init(self, project: Project) -> None:
        """Create the stack in the sandbox's state without changing the checkout's files."""
        if self.has_stack(project):
            return
        folder = bare(layout.HOME / "init" / project.name, project.name)
        self.run(Project(name=project.name, folder=folder, stack=project.stack), "stack", "init", capture=True)

    def outputs(self, project: Project) -> dict[str, Any]:
        """The stack's outputs. The engine masks secrets."""
        found: dict[str, Any] = json.loads(self.run(project, "stack", "output", "--json", capture=True).stdout)
        return found

    def state(self, project: Project) -> dict[str, Any]:
        """The exported deployment. Its secrets are encrypted."""
        exported: dict[str, Any] = json.loads(self.run(project, "stack", "export", capture=True).stdout)["deployment"]
        return exported

    def repair(self, project: Project, *, strict: bool = True) -> None:
        """Release the lock of a killed engine, then recover resources that the state lacks.

        Raises SandboxError if the recovery fails and ``strict`` is set.
        """
        if stacklock.is_stale(project.name, project.stack):
            self.run(project, "cancel", "--yes", capture=True)
        command = [sys.executable, "-m", "ops", "recover", "-s", project.stack, "--folder", str(project.folder)]
        command.append("--unless-succeeded")
        done = subprocess.run(
            command, cwd=layout.CHECKOUT, env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            message = f"`agentkeys recover -s {project.stack}` failed:\n{done.stdout}{done.stderr}"
            if strict:
                raise SandboxError(message)
            say(message)
        elif "has nothing to recover" not in done.stdout:
            say(f"recovered what an earlier run of {project.stack} left:\n{done.stdout}")

    def up(self, project: Project, *arguments: str) -> list[Step]:
        self.init(project)
        self.repair(project)
        # Nothing is confirmed, so the preview would only repeat the changes.
        return self._logged(project, "up", "--yes", "--skip-preview", "--suppress-outputs", *arguments)

    def destroy(self, project: Project, *arguments: str) -> list[Step]:
        if not self.has_stack(project):
            return []
        # A program that refuses its settings must not keep its stack from going.
        self.repair(project, strict=False)
        steps = self._logged(project, "destroy", "--yes", *arguments)
        self.run(project, "stack", "rm", "--yes", "--preserve-config", capture=True)
        return steps

    def _logged(self, project: Project, *arguments: str) -> list[Step]:
        try:
            return self._shown(project, *arguments)
        except SandboxError as error:
            raise SandboxError(
                f"{error}\nRun the same command again: it begins with `agentkeys recover -s {project.stack}`, which "
                "takes in what this run made and the state does not know."
            ) from None

    def _shown(self, project: Project, *arguments: str) -> list[Step]:
        path = layout.HOME / "events" / f"{project.name}-{project.stack}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        self.environment["PULUMI_DEBUG_COMMANDS"] = "1"
        command = (*arguments, "--event-log", str(path))
        if not display.fits():
            with EventLog(path) as log:
                self.run(project, *command)
            return log.steps()
        with display.Display() as shown, EventLog(path, shown.take) as log:
            done = self.run(project, *command, capture=True, check=False)
        if done.returncode:
            # Everything before the diagnostics was on the screen.
            said = done.stdout[max(done.stdout.find("Diagnostics:"), 0) :]
            raise SandboxError(f"`pulumi {' '.join(command)} --stack {project.stack}` failed:\n{said}{done.stderr}")
        return log.steps()


def up(stack: str, progress: Progress, cloud: str = "aws") -> None:
    """Bring a stack up from any earlier state, and print a summary."""
    project = deployment(stack, cloud)
    if project.file:
        up_elsewhere(project, progress)
        return
    began = time.monotonic()
    engine = Engine(prepare(progress))
    prepared = time.monotonic()
    progress("account project")
    engine.up(ACCOUNT)
    accounted = time.monotonic()
    progress(f"stack {stack}")
    steps = engine.up(project)
    ended = time.monotonic()
    phases = {"set-up and sandbox": prepared - began, "account": accounted - prepared, "stack": ended - accounted}
    print(summary(stack, engine.outputs(project), phases, steps))


def up_elsewhere(project: Project, progress: Progress) -> None:
    """Bring a stack of another cloud up, with what somebody brings and with their records, and print a summary."""
    began = time.monotonic()
    engine = Engine(prepare(progress, project.folder.name))
    prepared = time.monotonic()
    if project.folder.name == "host":
        configure(engine, project, progress)
        progress("entering the DNS records, as a person does")
        somebody.publish(records(engine, project))
    else:
        copy_settings(project)
    progress(f"stack {project.stack} of {project.name}")
    steps = engine.up(project)
    phases = {"set-up and sandbox": prepared - began, "stack": time.monotonic() - prepared}
    print(summary(project.stack, engine.outputs(project), phases, steps, project))


def configure(
    engine: Engine, project: Project, progress: Progress, image: str = "debian-12-amd64-*"
) -> somebody.Brought:
    """Make a machine and an object store, and a file of the stack that names them. ``image`` is the machine image."""
    progress("a machine, buckets and a key that somebody made")
    brought = somebody.bring(project.stack, image)
    engine.init(project)
    file = project.file
    if file is None or file.exists():
        return brought
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f"Pulumi.{project.stack}.partial.yaml")
    partial.write_text((project.folder / file.name).read_text())
    values = {
        "hostAddress": brought.address,
        "loginUser": brought.login_user,
        "storeEndpoint": brought.endpoint,
        "storeAccessKeyId": brought.access_key[0],
        **{f"buckets.{key}": name for key, name in brought.buckets.items()},
    }
    secret = {"hostPrivateKey": brought.key.read_text(), "storeSecretAccessKey": brought.access_key[1]}
    for key, value, options in (
        *((key, value, ["--path"]) for key, value in values.items()),
        *((key, value, ["--secret"]) for key, value in secret.items()),
    ):
        command = ["pulumi", "config", "set", *options, f"{project.name}:{key}", "--config-file", str(partial)]
        done = subprocess.run(
            [*command, "--stack", project.stack],
            input=value,
            cwd=project.folder,
            env=engine.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SandboxError(f"`{' '.join(command)}` failed: {done.stderr}")
    partial.rename(file)
    return brought


def copy_settings(project: Project) -> None:
    """Copy the stack's file of another cloud, because the engine writes its salt into it. AWS's is copied elsewhere."""
    if project.file and not project.file.exists():
        project.file.parent.mkdir(parents=True, exist_ok=True)
        made = yaml.safe_load((project.folder / project.file.name).read_text())
        for key, value in SETTINGS.get(project.folder.name, {}).items():
            made["config"][f"{project.name}:{key}"] = value
        partial = project.file.with_suffix(".partial")
        partial.write_text(yaml.safe_dump(made, sort_keys=False))
        partial.replace(project.file)


def records(engine: Engine, project: Project) -> list[dict[str, str]]:
    """The records that the next `up` waits for, from a preview; empty if they are as before. Raises SandboxError."""
    previewed = json.loads(engine.run(project, "preview", "--json", capture=True, check=False).stdout)
    if errors := [found["message"] for found in previewed["diagnostics"] if found["severity"] == "error"]:
        raise SandboxError(f"the preview of {project.name} failed:\n{''.join(errors)}")
    for step in previewed["steps"]:
        if step["urn"].endswith("::dns-published"):
            words = [word.split(" ", 2) for word in shlex.split(step["newState"]["inputs"]["create"])]
            return [dict(zip(("name", "type", "value"), word, strict=True)) for word in words if len(word) == 3]
    return []


def preview(stack: str, progress: Progress, cloud: str = "aws") -> None:
    """Show what an ``up`` of the stack would change."""
    project = deployment(stack, cloud)
    engine = Engine(prepare(progress, cloud))
    if cloud == "host":
        configure(engine, project, progress)
    else:
        copy_settings(project)
        engine.init(project)
    engine.run(project, "preview", "--diff")


def down(stack: str, progress: Progress, cloud: str = "aws") -> None:
    """Destroy the stack, including what a failed ``up`` left. What somebody brought stays."""
    project = deployment(stack, cloud)
    engine = Engine(prepare(progress, cloud))
    if not engine.has_stack(project):
        progress(f"there is no stack {stack}")
        return
    engine.destroy(project)


def shell_environment(progress: Progress, cloud: str = "aws", stack: str = "test") -> str:
    """Commands for a POSIX shell to evaluate, which point it at the sandbox and at the emulator of ``cloud``.

    In a shell for another cloud, ``pulumi`` and ``agentkeys`` read the sandbox's file of its ``stack``.
    """
    project = deployment(stack, cloud) if cloud != "aws" else None
    variables = prepare(progress, cloud)
    if project and project.file:
        if cloud != "host":
            copy_settings(project)
        # The policy pack judges AWS's stacks.
        del variables["PULUMI_OPTION_POLICY_PACK"]
        variables["PULUMI_OPTION_CONFIG_FILE"] = str(project.file)
    stray = sorted(name for name in os.environ if _interferes(name) and name not in variables)
    return "\n".join(
        [
            *(f"unset {name}" for name in stray),
            *(f"export {name}={shlex.quote(value)}" for name, value in variables.items()),
        ]
    )


def summary(
    stack: str,
    outputs: dict[str, Any],
    phases: dict[str, float],
    steps: Sequence[Step],
    project: Project | None = None,
) -> str:
    """The text that ends an ``up``. The engine masks secrets."""
    lines = ["", f"Stack {stack} is up. Only the sandbox's DNS on this computer resolves its names.", ""]
    lines += [f"  {key:<8} {url}" for key, url in outputs["urls"].items()]
    lines += ["", "Outputs (`pulumi stack output --show-secrets` shows the masked ones)"]
    lines += [line for key, value in outputs.items() if key != "urls" for line in _shown(key, value)]
    lines += ["", "Time"]
    lines += [f"  {phase:<20} {seconds:6.1f} s" for phase, seconds in phases.items()]
    changing = [step for step in steps if step.operation in CHANGING and "::pulumi:providers:" not in step.urn]
    by_component: dict[str, list[Step]] = defaultdict(list)
    for step in changing:
        by_component[step.name.split("-")[0]].append(step)
    first = min((step.start for step in changing), default=0.0)
    for component, mine in sorted(by_component.items(), key=lambda item: min(step.start for step in item[1])):
        begun, done = min(step.start for step in mine), max(step.end for step in mine)
        lines.append(
            f"    {component:<18} {done - begun:6.1f} s   {len(mine):2} resources, from {begun - first:.1f} s on"
        )
    if not changing:
        lines.append("    nothing changed")
    broker = outputs["urls"]["broker"].removeprefix("https://")
    address = outputs.get("elasticIp") or outputs["address"]
    preview = f"pulumi preview -s {stack} --expect-no-changes"
    targets = f"make preview STACK={stack}    make down STACK={stack}"
    evaluated = 'eval "$(make -s env)"           '
    mail = f"aws s3 ls s3://{outputs['buckets']['mail']}/inbound/"
    if project and project.file:
        cloud = project.folder.name
        evaluated = f'eval "$(make -s env CLOUD={cloud})"'
        if cloud != "host":
            mail = f"agentkeys proof --cloud {cloud} -s {stack}"
        preview = f"pulumi -C clouds/{cloud} preview -s {stack} --expect-no-changes"
        targets = f"make preview CLOUD={cloud} STACK={stack}    make down CLOUD={cloud} STACK={stack}"
    lines += [
        "",
        "Try next",
        f"  {evaluated}           point pulumi, aws and boto3 of this shell at the sandbox",
        f"  {preview}",
        f"  curl --cacert $AGENTKEYS_CA_BUNDLE --resolve {broker}:443:{address} https://{broker}/healthz",
        f"  {mail}",
        f"  {targets}    make help",
    ]
    return "\n".join(lines)


def _shown(key: str, value: Any) -> list[str]:
    """An output: one line for a single value, else a table below its name."""
    rows: list[tuple[str, ...]]
    if isinstance(value, dict):
        rows = [(str(name), str(inner)) for name, inner in value.items()]
    elif isinstance(value, list):
        rows = [tuple(map(str, item.values())) if isinstance(item, dict) else (str(item),) for item in value]
    else:
        return [f"  {key:<16} {value}"]
    if not rows:
        return [f"  {key:<16} none"]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    cells = ("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return [f"  {key}", *(f"    {line}" for line in cells)]


def say(line: str) -> None:
    """Print progress to standard error. Standard output is a command's result."""
    print(f"[{time.strftime('%H:%M:%S')}] {line}", file=sys.stderr, flush=True)
