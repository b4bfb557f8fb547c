"""Writes the stack's access keys into the AWS credentials file, one profile for each user that has one.

Owns the edit of that file: what others wrote into it stays, line by line. Leaves out making and rotating the keys,
which settings of the program do (``accessKeyUsers``, ``accessKeyEpochs``).
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

import click

from ops import exits, options
from ops.env import text_of, write
from ops.stack import ask, read

Profile = Mapping[str, str]

_SECTION = re.compile(r"^\[([^\]]+)\]\s*$")


def credentials_file() -> Path:
    """Where the SDKs look: https://docs.aws.amazon.com/sdkref/latest/guide/file-location.html"""
    named = os.environ.get("AWS_SHARED_CREDENTIALS_FILE")
    return Path(named) if named else Path.home() / ".aws" / "credentials"


def value_of(text: str, profile: str, key: str) -> str | None:
    """What a profile of the file says; None when the profile or the key is not there."""
    for line in _section(text.splitlines(), profile)[1]:
        name, equals, value = line.partition("=")
        if equals and name.strip() == key:
            return value.strip()
    return None


def with_profile(text: str, profile: str, values: Profile) -> str:
    """The file's text with the profile set to ``values``; every other line is as it was."""
    lines = text.splitlines()
    start, section = _section(lines, profile)
    if start is None:
        block = [f"[{profile}]", *(f"{key} = {value}" for key, value in values.items())]
        return "\n".join([*lines, *([""] if lines and lines[-1].strip() else []), *block]) + "\n"
    kept = [line for line in section if line.partition("=")[0].strip() not in values]
    made = [f"{key} = {value}" for key, value in values.items()]
    return "\n".join([*lines[:start], *made, *kept, *lines[start + len(section) :]]) + "\n"


def _section(lines: list[str], profile: str) -> tuple[int | None, list[str]]:
    """Index of the first line after the profile's header, and the lines up to the next header."""
    for number, line in enumerate(lines):
        found = _SECTION.match(line)
        if found and found[1].strip() == profile:
            rest = lines[number + 1 :]
            end = next((index for index, other in enumerate(rest) if _SECTION.match(other)), len(rest))
            return number + 1, rest[:end]
    return None, []


@click.command()
@options.stack("Stack whose access keys are written.")
@click.option("--yes", is_flag=True, help="Do not ask before the file is changed.")
@click.option("--replace", is_flag=True, help="Replace the key of a profile that is there with another key.")
def command(name: str, yes: bool, replace: bool) -> None:
    """Write the stack's access keys into the AWS credentials file, as profiles named after their users.

    A profile that is there is kept unless --replace is given. Secrets go from the stack to the file and are not shown.
    Ends with 1 when nothing may be written.
    """
    stack = read(name)
    users = {"daemon": stack.names.daemon_user, "broker": stack.names.broker_user}
    made = ask(name, "stack", "output", "accessKeys", "--show-secrets", "--json")
    if not made:
        raise click.ClickException(
            f"stack {name!r} has no access keys: name the users in accessKeyUsers and run `pulumi up -s {name}`"
        )
    path = credentials_file()
    before = text_of(path) if path.exists() else ""
    text = before
    for key, secret in made.items():
        profile, there = users[key], value_of(text, users[key], "aws_access_key_id")
        if there is not None and there != secret["aws_access_key_id"] and not replace:
            raise click.ClickException(
                f"{path} has a profile {profile!r} with another key ({there}), and nothing has been changed. See that "
                "nobody needs it, then give --replace."
            )
        wanted = {**secret, "region": stack.settings.region}
        if any(value_of(text, profile, field) != value for field, value in wanted.items()):
            text = with_profile(text, profile, wanted)
            click.echo(f"[{profile}] key {secret['aws_access_key_id']}")
    if text == before:
        click.echo(f"unchanged {path}")
        raise SystemExit(exits.OK)
    if not yes:
        click.confirm(f"Write this to {path}?", abort=True)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write(path, text)
    click.echo(f"written {path}; use it with AWS_PROFILE")
