"""`agentkeys proof`: real sessions of two actors try everything that the isolation must refuse, on a live stack.

Owns the command: tokens from the live broker, clients, and the report. The rows are in ``ops/proof/matrix.py``, the
requests and their verdicts in ``ops/proof/walk.py``.
"""

import secrets
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import boto3
import click

from components.naming import ACTOR_LENGTH, ROLE_KEYS
from ops import clients, options, session, stack, verdicts
from ops.commands import audit
from ops.commands.env import text_of
from ops.proof import matrix, tokens
from ops.proof.matrix import Cast, Scope, Session, Token
from ops.proof.walk import Result, Walk
from ops.stack import Stack
from ops.verdicts import Line, Verdict

NO_UNTAGGED = (
    "the broker issues no token without the actor tag, which is correct. To run these rows, run the proof in the "
    "sandbox, whose stand-in broker issues one."
)
STATIC = (
    "trust is static: the daemon user assumes the data role, whose policy reads the whole mail bucket. Mail is "
    "isolated only with `trust: federated`."
)


@click.command("proof")
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
    against: str | None,
    files: tuple[Path, ...],
    against_file: Path | None,
    audited: bool,
    junit: Path | None,
    as_json: bool,
) -> None:
    """Prove with real sessions that no actor can reach another actor's data.

    Each row of the table is one request to STS or S3. A refusal counts only if AWS returns the expected error and the
    same session has been seen working before. The proof creates a few empty objects below `isolation-proof/` and
    deletes them at the end, also when a signal ends it; the table then shows the rows so far.

    Exit codes: 0 if every row is as expected, 1 if one is not, 3 if one could not run.
    """
    if len(files) not in (0, 2):
        raise click.UsageError(
            "--session-token-file takes one actor each: give it twice or, in the sandbox, not at all"
        )
    if against == name:
        raise click.UsageError("--against needs another stack than --stack")
    sessions, other_session = [content(path) for path in files], content(against_file)
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
    if audited:
        # Sessions show what is possible today; the audit also finds what could become possible.
        lines += audit.shown(own, caller, to_stderr=as_json)
    if as_json:
        cast = proof.cast
        found = verdicts.as_json(lines)
        verdicts.print_json(name, **found, stays=proof.walk.stays, actors={"A": cast.a, "B": cast.b}, run=cast.run)
    if junit:
        verdicts.write_junit(junit, f"isolation {name}", lines)
    sys.exit(verdicts.exit_code(line.verdict for line in lines))


@dataclass(frozen=True, kw_only=True)
class Proof:
    """One run of the proof."""

    #: The stack to prove.
    own: Stack
    #: A second stack, whose tokens and sessions must not work at ``own`` and vice versa.
    other: Stack | None
    #: The actors of the run.
    cast: Cast
    #: Makes the requests; its results hold what ``run`` saw.
    walk: Walk

    @property
    def title(self) -> str:
        other = f" and of {self.other.name}" if self.other else ""
        return f"Isolation of stack {self.own.name}{other}: A is {self.cast.a[:8]}…, B is {self.cast.b[:8]}…"

    def run(self) -> None:
        """Run every row. If STS issues a session that it must refuse, also try what that session can reach."""
        walked = scope(self.own)
        by_role = {walked.names.role_arn(area.role): area for area in walked.areas}

        def further(session: Session) -> list[matrix.Row]:
            area = by_role.get(session.role)
            return matrix.untagged(walked, self.cast, area) if session.token == "untagged" and area else []  # noqa: S105

        self.walk.run(matrix.rows(walked, self.cast, scope(self.other) if self.other else None), further)

    def lines(self) -> list[Line]:
        """One line for each row so far, and one for each role that a stack's ``trust`` excludes from the proof."""
        return [*(_line(result, self.cast) for result in self.walk.results), *self.left_out()]

    def left_out(self) -> list[Line]:
        return [*left_out(self.own), *(left_out(self.other) if self.other else ())]


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
    say(f"trying every row of the matrix for stack {own.name}{f' against {other.name}' if other else ''}")
    walk = Walk(
        tokens=had,
        lacking=lacking,
        sts=clients.of_nobody(region, "sts"),
        client_of=partial(clients.of_credentials, region, "s3"),
        operator=clients.of(caller, "s3"),
        progress=say,
    )
    return Proof(own=own, other=other, cast=cast, walk=walk)


def minted(
    own: Stack, sessions: list[str], other: Stack | None, other_session: str, say: Callable[[str], None]
) -> tuple[Cast, dict[Token, str], dict[Token, str]]:
    """The two actors, the tokens that the brokers issued, and for each other token the reason why there is none."""
    had: dict[Token, str] = {}
    lacking: dict[Token, str] = {}

    def ask(at: Stack, token: Token, actor: str, session: str, *, untagged: bool = False) -> None:
        settings = at.settings
        say(f"asking https://{at.names.broker_host} for a token ({token})")
        try:
            had[token] = tokens.mint(
                at.names.broker_host, settings.doh_urls, settings.ca_bundle,
                actor=actor, session=session, untagged=untagged,
            )  # fmt: skip
        except tokens.NotMintedError as error:
            lacking[token] = str(error)

    actors = [secrets.token_hex(ACTOR_LENGTH // 2) for _ in "AB"]
    ask(own, "A", actors[0], sessions[0] if sessions else "")
    ask(own, "B", actors[1], sessions[1] if sessions else "")
    ask(own, "untagged", actors[0], sessions[0] if sessions else "", untagged=True)
    if other is not None:
        ask(other, "other", actors[0], other_session)
    named = {token: tokens.actor_of(had[token]) for token in ("A", "B") if token in had}
    for token, actor in named.items():
        if not actor:
            lacking[token] = f"the token has no actor tag; {tokens.MINT} must set one"
    if len(named) == 2 and named["A"] == named["B"]:
        lacking["B"] = "both session tokens belong to the same actor; give those of two actors"
    came_tagged = "untagged" in had and tokens.actor_of(had["untagged"])
    if came_tagged or (sessions and "untagged" in lacking):
        lacking["untagged"] = NO_UNTAGGED
    had = {token: minted_token for token, minted_token in had.items() if token not in lacking}
    cast = Cast(a=named.get("A") or actors[0], b=named.get("B") or actors[1], run=secrets.token_hex(8))
    forge(had, lacking, cast)
    return cast, had, lacking


def forge(had: dict[Token, str], lacking: dict[Token, str], cast: Cast) -> None:
    """Add the tokens that an attacker could make from A's token."""
    if "A" in had:
        had["forged"] = tokens.forged(had["A"], cast.a, cast.b)
        had["unsigned"] = tokens.unsigned(had["A"])
    else:
        lacking["forged"] = lacking["unsigned"] = lacking["A"]


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


def _line(result: Result, cast: Cast) -> Line:
    """A row's line, with the actors as A and B and without the run's id: their 64 digits would fill the row."""
    row = result.row
    target = row.target.replace(cast.a, "A").replace(cast.b, "B").replace(cast.run, "…")
    return Line(
        subject=str(row.who),
        claim=f"{row.action} {target} ({row.what})",
        expected=row.expected,
        seen=result.seen,
        verdict=result.verdict,
    )


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
