"""Writes a stack's environment files: for operators' scripts, the broker host and GitHub's runner (runbook, env files).

Owns which variable goes into which file. None of them is a secret. Leaves out the host's own files, whose table is
``hostsetup/environment.py``: the broker's file here repeats it.
"""

import os
import shlex
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from components import arns
from components.naming import DATA_CLASSES, E2E_ROLE
from hostsetup.environment import variables
from ops import exits, options
from ops.stack import AnyStack, Stack, read_any
from ops.verdicts import print_json

Variables = Mapping[str, str]

#: First line of every file. A file without it was written by hand and is not overwritten.
HEADER = "# Written by `python -m ops env`, which overwrites it: change the stack's settings instead.\n"

#: Prefix of every variable at GitHub; the workflow takes it off again (runbook, table of the runner).
RUNNER_PREFIX = "TEST_"


def files(stack: AnyStack) -> dict[str, Variables]:
    """Variables by file name, in a stable order. Only the stack whose inbox CI's role may read has a file for the
    runner, because GitHub has one set of TEST_ variables. Raises StackError before the first `up`.
    """
    infix = stack.settings.suffix.replace("-", ".")
    if not isinstance(stack, Stack):
        return {
            f"operator-workstation{infix}.env": _elsewhere(stack),
            f"broker{infix}.env": {"EIP": stack.address, **variables(stack.settings.site)["agentkeys-broker"]},
        }
    operator = _operator(stack)
    machine = {"INSTANCE_ID": str(stack.output("instanceId")), "EIP": str(stack.output("elasticIp"))}
    return {
        f"operator-workstation{infix}.env": operator,
        f"broker{infix}.env": {**machine, **variables(stack.settings.site)["agentkeys-broker"]},
        **({f"github-runner{infix}.env": _runner(stack, operator)} if _is_the_runners(stack) else {}),
    }


def render(content: Variables) -> str:
    """The file's text. Shells, systemd and `gh variable set -f` read it."""
    return HEADER + "".join(f"{name}={shlex.quote(value)}\n" for name, value in content.items())


def differences(path: Path, content: Variables) -> list[str]:
    """One line for each variable that differs, without its value. Empty when the file is as it would be written."""
    if not path.exists():
        return ["the file is missing"]
    try:
        written = parse(text_of(path))
    except ValueError as error:
        return [f"no shell can read it ({error})"]
    lines = [f"{name} is missing" for name in content if name not in written]
    lines += [f"{name} has another value" for name in content if name in written and written[name] != content[name]]
    lines += [f"{name} is not of this stack" for name in written if name not in content]
    if path.stat().st_mode & 0o077:
        lines.append(f"its mode is {path.stat().st_mode & 0o777:04o}, not 0600")
    return lines


def parse(text: str) -> dict[str, str]:
    """The variables of an environment file, split into words as a POSIX shell does. Raises ValueError on a quote that
    is not closed.
    """
    words = [word.partition("=") for word in shlex.split(text, comments=True)]
    return {name: value for name, equals, value in words if equals}


def text_of(path: Path) -> str:
    """The content of one of the operator's files, its line ends and any byte that is not UTF-8 kept for ``write``.
    Raises ClickException.
    """
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        raise click.ClickException(f"{path} cannot be read: {error.strerror}. Nothing was changed.") from None


def write(path: Path, text: str, check: Callable[[Path], None] = lambda _candidate: None) -> None:
    """Replaces the file in one step, readable by its owner only. A symbolic link stays one; its target is replaced.

    ``check`` gets the complete new file before that; what it raises leaves the old one.
    """
    target = path.resolve()
    try:
        descriptor, candidate = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}. Nothing was changed.") from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode("utf-8", "surrogateescape"))
            file.flush()
            os.fsync(file.fileno())
        check(Path(candidate))
        Path(candidate).replace(target)
    except BaseException:
        Path(candidate).unlink(missing_ok=True)
        raise


def _operator(stack: Stack) -> dict[str, str]:
    settings, names = stack.settings, stack.names
    classes = {row.key.upper(): row.key for row in DATA_CLASSES}
    return {
        "ACCOUNT_ID": settings.account_id,
        "REGION": settings.region,
        "ZONE": settings.zone,
        "PARENT_ZONE_ID": settings.parent_zone_id,
        "BROKER_HOST": names.broker_host,
        "MAIL_DOMAIN": names.mail_domain,
        "BUCKET": names.bucket("mail"),
        "MAIL_BUCKET": names.bucket("mail"),
        **{f"{name}_BUCKET": names.bucket(key) for name, key in classes.items()},
        "DATA_ROLE_ARN": names.role_arn("data"),
        **{f"{name}_ROLE_ARN": names.role_arn(key) for name, key in classes.items()},
        "OIDC_PROVIDER_ARN": arns.oidc_provider(settings.account_id, names.broker_host),
        **{f"{key.upper()}_HOST": name for key, name in names.public_hosts.items() if key != "broker"},
        "BROKER_EMAIL_FROM_ADDRESS": names.email_from,
        **settings.contracts,
    }


def _elsewhere(stack: AnyStack) -> dict[str, str]:
    """The operator's variables outside AWS: what the cloud has, under the runbook's names."""
    names, site = stack.names, stack.settings.site
    return {
        "ACCOUNT_ID": site.account_id,
        "REGION": site.region,
        "ZONE": names.zone,
        "BROKER_HOST": names.broker_host,
        "MAIL_DOMAIN": names.mail_domain,
        "BUCKET": site.buckets["mail"],
        **{f"{key.upper()}_BUCKET": bucket for key, bucket in site.buckets.items()},
        "DATA_ROLE_ARN": site.data_role_arn,
        **{f"{key.upper()}_HOST": name for key, name in names.public_hosts.items() if key != "broker"},
        "BROKER_EMAIL_FROM_ADDRESS": names.email_from,
        **stack.settings.contracts,
    }


def _is_the_runners(stack: Stack) -> bool:
    return E2E_ROLE in stack.settings.raw_mail_readers


def _runner(stack: Stack, operator: Variables) -> dict[str, str]:
    # The chain's deployer key is a secret of the repository, set by a person.
    named = {"REGION": "AWS_REGION"}
    wanted = ["ACCOUNT_ID", "REGION", "BROKER_HOST", *(name for name in operator if name.endswith(("_BUCKET", "_ARN")))]
    return {
        **{f"{RUNNER_PREFIX}{named.get(name, name)}": operator[name] for name in wanted},
        **{f"{RUNNER_PREFIX}{name}": value for name, value in stack.settings.contracts.items()},
        f"{RUNNER_PREFIX}OIDC_AWS_ROLE_ARN": arns.iam_role(stack.settings.account_id, E2E_ROLE),
    }


@click.command()
@options.cloud()
@options.stack("Stack whose files these are.")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Where the files go (default: here).",
)
@click.option("--check", is_flag=True, help="Write nothing; exit 7 if a file differs.")
@click.option("--force", is_flag=True, help="Overwrite a file that was written by hand.")
@options.as_json()
def command(name: str, folder: Path, directory: Path, check: bool, force: bool, as_json: bool) -> None:
    """Write a stack's environment files: the operator's, the broker host's, and the GitHub runner's of its stack.

    They hold names and addresses and never a secret, in a stable order. Exit code 1: a file was written by hand, and
    nothing was done. Exit code 7, with --check: a file differs.
    """
    wanted = {directory / file: content for file, content in files(read_any(name, folder)).items()}
    if check:
        found = {path: differences(path, content) for path, content in wanted.items()}
        for path, lines in found.items():
            click.echo(f"{path}: {'; '.join(lines) or 'as it should be'}", err=as_json)
        if as_json:
            print_json(name, files=[{"path": str(path), "differences": lines} for path, lines in found.items()])
        raise SystemExit(exits.DRIFT if any(found.values()) else exits.OK)
    by_hand = [
        str(path) for path in wanted if path.exists() and text_of(path).strip() and not text_of(path).startswith(HEADER)
    ]
    if by_hand and not force:
        raise click.ClickException(
            f"{', '.join(by_hand)} was not written by this command. Nothing was changed. Give another "
            "--directory, or check with --check what would be lost and overwrite it with --force."
        )
    directory.mkdir(parents=True, exist_ok=True)
    done = {}
    for path, content in wanted.items():
        same = not differences(path, content) and text_of(path) == render(content)
        if not same:
            write(path, render(content))
        done[path] = "unchanged" if same else "written"
        click.echo(f"{done[path]} {path}", err=as_json)
    if as_json:
        print_json(name, files=[{"path": str(path), "state": state} for path, state in done.items()])
