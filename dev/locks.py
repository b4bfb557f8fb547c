"""Reads the lock files that `make lock` writes: the exact version of every Python package, direct or indirect."""

import re
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).resolve().parent.parent

#: Each lock file is part of the next one: the program; the operator's commands; the sandbox; tests and checks.
LOCKS = ("requirements", "requirements/ops", "requirements/sandbox", "requirements/dev")

#: Needed by some stacks only, and not installed by `make setup`.
OPTIONAL = ("requirements/cloudflare",)

#: Programs of other clouds.
CLOUDS = tuple(f"requirements/{cloud}" for cloud in ("alicloud", "gcp", "tencentcloud"))

#: With an environment of their own: tools that need other versions, and programs of other clouds, because the engine
#: requires the plugin of every installed provider.
APART = (
    "requirements/policypack",
    "requirements/checkov",
    "requirements/iam",
    "requirements/mutants",
    *CLOUDS,
    *(f"requirements/certbot-{version}" for version in ("1.21", "2.1", "2.9", "4.0")),
)


def locked(name: str) -> dict[str, Requirement]:
    """Package -> its pin, with the marker of where it is installed. ``name`` is one of LOCKS, OPTIONAL or APART."""
    text = (PROJECT / f"{name}.lock").read_text()
    text = re.sub(r"^ *#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    pins = [Requirement(line.split("--hash")[0]) for line in text.splitlines()]
    return {canonicalize_name(pin.name): pin for pin in pins}


def version(pin: Requirement) -> str:
    """The version of an exact pin. Raises ValueError for any other specifier."""
    (found,) = pin.specifier
    if found.operator != "==":
        raise ValueError(f"{pin} is not an exact pin")
    return found.version
