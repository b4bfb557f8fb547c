"""`agentkeys proof`: real sessions of two actors try everything that the isolation must refuse, on a live stack.

Owns the command, and AWS's clients. The rows are in ``ops/proof/matrix.py``, the requests and their verdicts in
``ops/proof/walk.py``, and another cloud's rows and requests in the module of its name in ``ops/proof``.
"""

import importlib
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import boto3
import click

from components.naming import ROLE_KEYS
from ops import clients, options, session, stack, verdicts
from ops.commands import audit
from ops.commands.env import text_of
from ops.options import PROJECT
from ops.proof import matrix
from ops.proof.matrix import Scope, Session
from ops.proof.plan import Proof
from ops.proof.s3 import S3, WebIdentity
from ops.proof.tokens import minted
from ops.proof.walk import Walk
from ops.stack import Stack
from ops.verdicts import Line, Verdict

#: Clouds whose stacks cannot be proved, each with the reason.
UNPROVED = {
    "alicloud": "this program was never applied to AliCloud, so no row of a proof has been seen there",
    "host": "whoever runs the object store isolates actors there, with policies that are not this program's",
}

STATIC = (
    "trust is static: the daemon user assumes the data role, whose policy reads the whole mail bucket. Mail is "
    "isolated only with `trust: federated`."
)


@click.command("proof")
@options.cloud()
@options.stack("Stack to prove. It must be up.")
@options.other_stack("--against", "Second stack that is up. Neither stack's tokens and sessions may work at the other.")
@options.session_tokens()
@click.option(
    "--audit/--no-audit", "audited", default=True, help="Also audit the stack, in the same report. Default: yes."
)
@click.option(
    "--junit", type=click.Path(dir_okay=False, path_type=Path), help="Also write the report as JUnit XML to this file."
)
@options.as_json()
def command(
    name: str,
    folder: Path,
    against: str | None,
    files: tuple[Path, ...],
    against_file: Path | None,
    audited: bool,
    junit: Path | None,
    as_json: bool,
) -> None:
    """Prove with real sessions that no actor can reach another actor's data.

    Each row of the table is one request to the cloud's token service or its object store. A refusal counts only if the
    cloud returns the expected error and the same session has been seen working before. The proof creates a few empty
    objects below `isolation-proof/` and deletes them at the end, also when a signal ends it; the table then shows the
    rows so far. On Google Cloud it enrols two actors for its duration. Outside AWS there is no audit and no --against.

    Exit codes: 0 if every row is as expected, 1 if one is not, 3 if one could not run.
    """
    if len(files) not in (0, 2):
        raise click.UsageError(
            "--session-token-file takes one actor each: give it twice or, in the sandbox, not at all"
        )
    elsewhere = folder != PROJECT
    if elsewhere and folder.name in UNPROVED:
        raise click.UsageError(f"there is no proof of a stack of --cloud {folder.name}: {UNPROVED[folder.name]}.")
    if elsewhere and (against or against_file):
        raise click.UsageError("--against compares stacks on AWS; leave it out with --cloud.")
    if against == name:
        raise click.UsageError("--against needs another stack than --stack")
    sessions, other_session = [content(path) for path in files], content(against_file)
    if elsewhere:
        prepared = importlib.import_module(f"ops.proof.{folder.name}").prepare
        proof: Proof = prepared(stack.read_any(name, folder), sessions, _say)
    else:
        own, other = stack.read(name), stack.read(against) if against else None
        caller = session.of(own.settings)
        proof = prepare(own, other, caller, sessions=sessions, other_session=other_session, say=_say)
    try:
        proof.run()
    except BaseException:
        _show(proof, interrupted=True, to_stderr=True)
        raise
    _show(proof, interrupted=False, to_stderr=as_json)
    lines = proof.lines()
    if audited and not elsewhere:
        # Sessions show what is possible today; the audit also finds what could become possible.
        lines += audit.shown(own, caller, to_stderr=as_json)
    if as_json:
        cast = proof.cast
        found = verdicts.as_json(lines)
        verdicts.print_json(name, **found, stays=proof.walk.stays, actors={"A": cast.a, "B": cast.b}, run=cast.run)
    if junit:
        verdicts.write_junit(junit, f"isolation {name}", lines)
    sys.exit(verdicts.exit_code(line.verdict for line in lines))


def prepare(
    own: Stack,
    other: Stack | None,
    caller: boto3.Session,
    *,
    sessions: list[str],
    other_session: str,
    say: Callable[[str], None],
) -> Proof:
    """A proof with tokens of the brokers. ``sessions`` are the session tokens of two actors at ``own``, or empty."""
    region = own.settings.region
    cast, had, lacking = minted(own, sessions, other, other_session, say)
    walked = scope(own)
    by_role = {walked.names.role_arn(area.role): area for area in walked.areas}

    def further(session: Session) -> list[matrix.Row]:
        """If STS issues a session that it must refuse, also try what that session can reach."""
        area = by_role.get(session.role)
        return matrix.untagged(walked, cast, area) if session.token == "untagged" and area else []  # noqa: S105

    return Proof(
        name=own.name,
        against=other.name if other else "",
        cast=cast,
        rows=matrix.rows(walked, cast, scope(other) if other else None),
        walk=Walk(
            lacking=lacking,
            exchange=WebIdentity(
                sts=clients.of_nobody(region, "sts"),
                tokens=had,
                client_of=partial(clients.of_credentials, region, "s3"),
            ),
            operator=S3(client=clients.of(caller, "s3")),
            progress=say,
        ),
        further=further,
        left_out=(*left_out(own), *(left_out(other) if other else ())),
    )


def scope(of: Stack) -> Scope:
    """The stack as the matrix needs it."""
    static = of.settings.trust == "static"
    return Scope(names=of.names, federated=[key for key in ROLE_KEYS if not (static and key == "data")])


def left_out(of: Stack) -> list[Line]:
    """A line that did not run, if the stack's ``trust`` excludes the data role from the proof."""
    if of.settings.trust != "static":
        return []
    return [
        Line(
            subject=of.names.role("data"),
            claim="everything",
            expected="isolated",
            seen=STATIC,
            verdict=Verdict.NOT_RUN,
        )
    ]


def content(path: Path | None) -> str:
    """The session token in a file; empty without a file. Raises UsageError for an empty file."""
    content = text_of(path).strip() if path else ""
    if path and not content:
        raise click.UsageError(f"{path} is empty; it must contain a session token")
    if not content.isascii():
        raise click.UsageError(f"{path} is not a text file; it must contain a session token")
    return content


def _show(proof: Proof, *, interrupted: bool, to_stderr: bool) -> None:
    """Print the rows so far, and what could not be deleted."""
    title = f"{proof.title} (interrupted)" if interrupted else proof.title
    verdicts.show(title, ("session", "request"), proof.lines(), to_stderr=to_stderr)
    for sentence in proof.walk.stays:
        _say(f"not deleted: {sentence}")


def _say(line: str) -> None:
    click.echo(line, err=True)
