"""Checks that the installed packages, the `pulumi` command and its plugins match this repository's pins.

Owns the comparison, the fix for each difference and which pins have newer releases: `python -m dev.pins`. Leaves out
the pins themselves (requirements.txt and its lock file; Pulumi.yaml has the oldest engine that is accepted).
"""

import datetime
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import yaml
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from dev import locks
from sandbox.engine import build, provider, versions

#: The actions of the workflows; its comment says what each key is.
ACTIONS: Mapping[str, Mapping[str, Any]] = tomllib.loads((locks.PROJECT / "dev/actions.toml").read_text())

#: The last day of a JavaScript runtime on GitHub's runners; None for one that stays:
#: https://github.blog/changelog/2025-09-19-deprecation-of-node-20-on-github-actions-runners/
RUNTIMES = {"node20": datetime.date(2026, 9, 16), "node24": None}

#: Days after which somebody should compare a pin with the action's releases again.
ACTION_DAYS = 180

#: The generation of Terraform's AWS provider by major version of pulumi-aws:
#: https://www.pulumi.com/registry/packages/aws/how-to-guides/7-0-migration/
MADE_FOR = {"7": "6"}

_LOOKUP_SECONDS = 60

PROJECTS = ("Pulumi.yaml", "account/Pulumi.yaml")
_INSTALL = f"install Pulumi {versions.ENGINE} (https://www.pulumi.com/docs/install/versions/)"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One comparison."""

    #: The package, command or plugin.
    what: str
    #: The pinned version.
    wanted: str
    #: The installed version.
    seen: str
    #: What to do; empty if there is nothing to do.
    fix: str = ""
    #: Whether the check fails. If false, the engine applies the fix itself.
    wrong: bool = False


def required(project: str) -> SpecifierSet:
    """The engine versions that a project file accepts."""
    return SpecifierSet(yaml.safe_load((locks.PROJECT / project).read_text())["requiredPulumiVersion"])


def findings() -> Iterator[Finding]:
    yield from moved()
    yield from actions(datetime.datetime.now(datetime.UTC).date())
    yield generation()
    yield from _packages()
    seen = _pulumi("version")
    if seen is None:
        fix = f'{_INSTALL}, or take the sandbox\'s: eval "$(make -s env)"'
        yield Finding(what="pulumi", wanted=versions.ENGINE, seen="not on PATH", fix=fix, wrong=True)
        return
    yield command(seen.strip().removeprefix("v"))
    yield from plugins(json.loads(_pulumi("plugin", "ls", "--json") or "[]"))


def moved() -> Iterator[Finding]:
    """Each pin that has a newer release, and each whose releases cannot be looked up from here."""
    pins = {("package", name): wanted for name, wanted in _sdks().items()}
    pins |= {("action", name): pin["version"] for name, pin in ACTIONS.items()}
    pins["command", "pulumi"] = versions.ENGINE
    ways = {
        "package": "read its notes, take it into requirements.txt, and see that previews stay empty (docs/upgrade.md)",
        "action": "read its notes, then take its version and commit into dev/actions.toml",
        "command": "read its notes, take it into sandbox/engine/go/pulumi and the workflows, and preview every stack",
    }
    with ThreadPoolExecutor(len(pins)) as pool:
        answers = pool.map(lambda pin: newest(*pin), pins)
        for ((kind, name), wanted), (seen, reason) in zip(pins.items(), answers, strict=True):
            if seen is None:
                yield Finding(what=f"{kind} {name}", wanted=wanted, seen=f"newest release unknown: {reason}")
            elif Version(seen) > Version(wanted):
                yield Finding(what=f"{kind} {name}", wanted=wanted, seen=f"{seen} is released", fix=ways[kind])


def _sdks() -> dict[str, str]:
    return {"pulumi": versions.PULUMI} | {f"pulumi-{name}": version for name, version in versions.PLUGINS.items()}


def newest(kind: str, name: str) -> tuple[str | None, str]:
    """The newest final release of a package, an action or the command, or None and why it is not known."""
    asked = {
        "action": ["git", "ls-remote", "--tags", "--refs", f"https://github.com/{name}", "v*.*.*"],
        "command": ["go", "list", "-m", "-f", "{{.Version}}", "github.com/pulumi/pulumi/pkg/v3@latest"],
    }
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--retries", "0", "index", "versions", name]
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GOFLAGS": "-mod=mod"}
    try:
        done = subprocess.run(
            asked.get(kind, pip),
            # Outside of any Go module.
            cwd="/",
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=_LOOKUP_SECONDS,
        )
    except FileNotFoundError as error:
        return None, f"{error.filename} is not on PATH"
    except subprocess.TimeoutExpired:
        return None, f"no answer within {_LOOKUP_SECONDS} s"
    except subprocess.CalledProcessError as error:
        return None, (error.stderr.strip().splitlines() or [f"exit code {error.returncode}"])[-1]
    found = [Version(one) for one in re.findall(r"(?:\bv|\()(\d+\.\d+\.\d+)(?=\s|\)|$)", done.stdout)]
    return (str(max(found)), "") if found else (None, "no release was listed")


def generation() -> Finding:
    """The generation of Terraform's AWS provider that the sandbox's engine runs."""
    wanted = versions.TERRAFORM_AWS[MADE_FOR[versions.PLUGINS["aws"].partition(".")[0]]]
    if build.kind() == "official":
        return Finding(what="AWS provider", wanted=wanted, seen="pulumi-aws itself")
    chosen = provider.find()
    fix = "`make up PROVIDER=6` runs the generation that pulumi-aws is made for (sandbox/README.md)"
    fits = chosen is None or chosen.version == wanted
    seen = "not built" if chosen is None else f"{chosen.version}, {chosen.origin}"
    return Finding(what="AWS provider", wanted=wanted, seen=seen, fix="" if fits else fix)


def actions(today: datetime.date) -> Iterator[Finding]:
    """Each pinned action: whether runners still have its runtime, and how long ago the pin was reviewed."""
    for name, pin in ACTIONS.items():
        age = (today - pin["reviewed"]).days
        last = RUNTIMES[pin["runtime"]]
        releases = f"https://github.com/{name}/releases"
        fix = ""
        if last is not None:
            state = "have no longer" if last < today else f"have until {last}"
            fix = f"runners {state} {pin['runtime']}: take a newer release ({releases}) into dev/actions.toml"
        elif age > ACTION_DAYS:
            fix = f"compare it with {releases}, then set `reviewed` in dev/actions.toml"
        yield Finding(
            what=f"action {name}",
            wanted=f"v{pin['version']}",
            seen=f"{pin['runtime']}, reviewed {age} days ago",
            fix=fix,
            wrong=last is not None and last < today,
        )


def _packages() -> Iterator[Finding]:
    for name, pin in locks.locked("requirements").items():
        if pin.marker is None or pin.marker.evaluate():
            wanted = locks.version(pin)
            try:
                seen = version(name)
            except PackageNotFoundError:
                seen = "not installed"
            if seen != wanted:
                yield Finding(what=name, wanted=wanted, seen=seen, fix="run `make setup`", wrong=True)
    yield Finding(what="pulumi's SDK", wanted=versions.PULUMI, seen=version("pulumi"))


def command(seen: str) -> Finding:
    """The engine must be accepted by both projects, have the SDK's major version and not be older than the SDK.

    By Pulumi's rule, an engine runs older SDKs of its major version. An older engine may lack features of the SDK.
    """
    found, sdk = Version(re.split(r"[-+]", seen)[0]), Version(versions.PULUMI)
    refusing = [project for project in PROJECTS if found not in required(project)]
    fix = ""
    if refusing:
        fix = f"{' and '.join(refusing)} let in {required(refusing[0])}: {_INSTALL}"
    elif found.major != sdk.major or found < sdk:
        fix = f"the SDK is {sdk}, and the engine must be that or a newer {sdk.major}.x: {_INSTALL}"
    return Finding(what="pulumi", wanted=f"{sdk} or a newer {sdk.major}.x", seen=seen, fix=fix, wrong=bool(fix))


def plugins(installed: list[dict[str, str]]) -> Iterator[Finding]:
    """The engine runs the plugin of exactly the SDK's version, and downloads it if it can."""
    for name, wanted in versions.PLUGINS.items():
        seen = [plugin["version"] for plugin in installed if (plugin["kind"], plugin["name"]) == ("resource", name)]
        fix = f"the first preview fetches it, or: pulumi plugin install resource {name} {wanted}"
        yield Finding(
            what=f"plugin {name}",
            wanted=wanted,
            seen=", ".join(seen) or "not installed",
            fix="" if wanted in seen else fix,
        )


def _pulumi(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["pulumi", *arguments], capture_output=True, text=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        return None
    return done.stdout


def main() -> int:
    found = list(findings())
    width = max(len(one.what) for one in found)
    for one in found:
        print(f"{'!' if one.wrong else ' '} {one.what:<{width}} wanted {one.wanted:<22} seen {one.seen}")
        if one.fix:
            print(f"    {one.fix}")
    wrong = [one.what for one in found if one.wrong]
    print(f"does not fit: {', '.join(wrong)}" if wrong else "everything fits")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
