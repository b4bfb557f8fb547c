"""Writes the stack's access keys into the AWS credentials file, one profile for each user that has a key.

Owns the edit of that file. botocore reads it, before the edit and after it, so the file means here what it means to the
SDKs; every line that is not about the keys stays as it was. Leaves out making and rotating keys, which are settings of
the program (``accessKeyUsers``, ``accessKeyEpochs``).
"""

import configparser
from collections.abc import Mapping
from pathlib import Path

import botocore.session
import click
from botocore.configloader import raw_config_parse
from botocore.exceptions import ConfigNotFound, ConfigParseError

from ops import exits, options
from ops.commands.env import text_of, write
from ops.stack import ask, read

#: Values by lower-case key, as botocore gives them; a nested value is a mapping.
Profile = Mapping[str, object]

#: Keys of a profile that belong to the key it had before. A session token makes AWS reject every other key:
#: https://docs.aws.amazon.com/sdkref/latest/guide/feature-static-credentials.html
OF_ANOTHER_KEY = ("aws_session_token", "aws_security_token", "aws_account_id")


def credentials_file() -> Path:
    """The file that the SDKs read: https://docs.aws.amazon.com/sdkref/latest/guide/file-location.html"""
    named: str = botocore.session.Session().get_config_variable("credentials_file")
    return Path(named).expanduser()


def profiles(path: Path) -> dict[str, Profile]:
    """The profiles of a credentials file, as the SDKs for Python read them; none where there is no file.

    Raises ClickException when botocore rejects the file.
    """
    try:
        return dict(raw_config_parse(str(path)))
    except ConfigNotFound:
        return {}
    except ConfigParseError as error:
        raise click.ClickException(
            f"{path} is not a credentials file that the AWS SDKs can read: {error}. Nothing was changed. Correct the "
            "file (`aws configure list` reports the same error), then run the command again."
        ) from None


def with_profile(text: str, profile: str, values: Mapping[str, str]) -> str:
    """The file's text with ``values`` in the profile. A key that is there keeps its line's spelling, delimiter and
    place; other lines stay as they are, byte for byte. Keys of OF_ANOTHER_KEY go.
    """
    lines = text.splitlines(keepends=True)
    ending = "\r\n" if text.endswith("\r\n") else "\n"
    if lines and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += ending
    sections, options_of = _structure(lines)
    if profile not in sections:
        blank = [ending] if lines and lines[-1].strip() else []
        return "".join(
            [*lines, *blank, f"[{profile}]{ending}", *(f"{key} = {value}{ending}" for key, value in values.items())]
        )
    there = options_of[profile]
    replaced: dict[int, str] = {}
    for key in (*values, *OF_ANOTHER_KEY):
        for number in there.get(key, ()):
            replaced[number] = ""
        if key in values and key in there:
            number = there[key][0]
            replaced[number] = f"{_up_to_value(lines[number])}{values[key]}{ending}"
    # A key that is indented less than the one below it would take that one into its value.
    first = lines[min(number for numbers in there.values() for number in numbers)] if there else ""
    indent = first[: len(first) - len(first.lstrip())]
    added = [f"{indent}{key} = {value}{ending}" for key, value in values.items() if key not in there]
    header = sections[profile]
    kept = [replaced.get(number, line) for number, line in enumerate(lines)]
    return "".join([*kept[: header + 1], *added, *kept[header + 1 :]])


def _structure(lines: list[str]) -> tuple[dict[str, int], dict[str, dict[str, list[int]]]]:
    """The line of each section's header, and the lines of each of its keys, continuations among them.

    Follows ``configparser.RawConfigParser``, with which botocore reads the file: a line that is indented deeper than
    its key continues the value, and comments have a line of their own.
    """
    headers: dict[str, int] = {}
    keys: dict[str, dict[str, list[int]]] = {}
    section, key, depth = "", "", 0
    for number, line in enumerate(lines):
        bare = line.strip()
        if not bare or bare.startswith(("#", ";")):
            continue
        indent = len(line) - len(line.lstrip())
        if key and indent > depth:
            keys[section][key].append(number)
            continue
        depth = indent
        if header := configparser.RawConfigParser.SECTCRE.match(bare):
            section, key = header["header"], ""
            headers.setdefault(section, number)
            keys.setdefault(section, {})
        elif option := configparser.RawConfigParser.OPTCRE.match(bare):
            key = option["option"].rstrip().lower()
            keys.setdefault(section, {}).setdefault(key, []).append(number)
    return headers, keys


def _up_to_value(line: str) -> str:
    """The key and its delimiter, with the spaces that the line has around it."""
    option = configparser.RawConfigParser.OPTCRE.match(line)
    if option is None:
        raise AssertionError("only lines with a key are asked for")
    before = line[: option.end("vi")]
    after = line[len(before) :]
    return before + after[: len(after) - len(after.lstrip(" \t"))]


@click.command()
@options.stack("Stack whose access keys are written.")
@click.option("--yes", is_flag=True, help="Do not ask before the file is changed.")
@click.option("--replace", is_flag=True, help="Replace the key that a profile already has.")
def command(name: str, yes: bool, replace: bool) -> None:
    """Write the stack's access keys into the AWS credentials file, as profiles named after their users.

    A profile that has another key is kept unless you give --replace. Everything else in the file stays as it is.
    Secrets go from the stack to the file and are never printed. Exit code 1: nothing was written.
    """
    stack = read(name)
    users = {"daemon": stack.names.daemon_user, "broker": stack.names.broker_user}
    made = ask(name, "stack", "output", "accessKeys", "--show-secrets", "--json")
    if not made:
        raise click.ClickException(
            f"stack {name!r} has no access keys: name the users in accessKeyUsers and run `pulumi up -s {name}`"
        )
    path = credentials_file()
    there, text = profiles(path), text_of(path) if path.exists() else ""
    changed: dict[str, Profile] = {}
    for key, secret in made.items():
        profile = users[key]
        had = there.get(profile, {})
        other = had.get("aws_access_key_id", secret["aws_access_key_id"])
        if other != secret["aws_access_key_id"] and not replace:
            raise click.ClickException(
                f"{path} has a profile {profile!r} with another key ({other}). Nothing was changed. Make sure that "
                "nobody needs that key, then give --replace."
            )
        wanted = {**secret, "region": stack.settings.region}
        stale = [field for field in OF_ANOTHER_KEY if field in had]
        if stale or any(had.get(field) != value for field, value in wanted.items()):
            text = with_profile(text, profile, wanted)
            changed[profile] = {**{field: value for field, value in had.items() if field not in stale}, **wanted}
            click.echo(f"[{profile}] key {secret['aws_access_key_id']}{''.join(f', without {one}' for one in stale)}")
    if not changed:
        click.echo(f"unchanged {path}")
        raise SystemExit(exits.OK)
    if not yes:
        click.confirm(f"Write this to {path}?", abort=True)

    def as_meant(candidate: Path) -> None:
        if profiles(candidate) != {**there, **changed}:
            raise click.ClickException(
                f"{path} would not have the same profiles after the edit, so nothing was changed. Set the keys of "
                f"{', '.join(changed)} by hand: `aws configure set aws_access_key_id <id> --profile <profile>`."
            )

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write(path, text, check=as_meant)
    click.echo(f"written {path}; use it with AWS_PROFILE")
