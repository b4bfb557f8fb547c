"""`agentkeys proof`: real sessions of two actors try everything the isolation must refuse, on a live stack.

Owns the command: tokens from the live broker, clients, and what a person and a program read at the end. The rows are in
``ops/proof/matrix.py``, their verdicts in ``ops/proof/walk.py``.
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
from ops.proof.matrix import Cast, Ground, Session, Token
from ops.proof.walk import Result, Walk
from ops.stack import Stack
from ops.verdicts import Line, Verdict

NO_UNTAGGED = (
    "the broker mints no token without the actor's tag, as it should be. The sandbox's stand-in does: run the proof "
    "there for these rows."
)
STATIC = (
    "trust is static: the daemon user assumes the data role, and its policy reads the whole mail bucket. Isolation of "
    "mail begins with `trust: federated`."
)


@click.command("proof")
@options.stack("Stack to prove, which must be up.")
@options.other_stack("--against", "Second stack that is up: neither's tokens and sessions may work at the other.")
@click.option(
    "--session-token-file",
    "files",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    help="File with an actor's session token for the broker; twice, for two actors. The sandbox needs none.",
)
@click.option(
    "--against-session-token-file",
    "against_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The same for the broker of --against; once.",
)
@click.option("--audit/--no-audit", "audited", default=True, help="Also audit the stack, in the same report (default).")
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write JUnit XML to this file.")
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
    """Prove with real sessions that no actor reaches what is not its own.

    Every row is one request to STS or S3. A refusal counts only as the error that AWS refuses with, and only where the
    same session was seen working. Makes a few empty objects below `isolation-proof/` and takes them away again, also
    when it is ended by a signal; the table then has what was seen so far. Ends with 0 when every row is as expected, 1
    when one is not, 3 when one could not run.
    """
    if len(files) not in (0, 2):
        raise click.UsageError(
            "--session-token-file takes one actor each: give it twice, or, in the sandbox, not at all"
        )
    if against == name:
        raise click.UsageError("--against takes another stack than --stack")
    sessions, other_session = [content(path) for path in files], content(against_file)
    own, other = stack.read(name), stack.read(against) if against else None
    caller = session.of(own.settings)
    proof = prepare(own, other, caller, sessions=sessions, other_session=other_session, say=_say)
    cast, walk = proof.cast, proof.walk
    title = (
        f"Isolation of stack {name}{f' and of {against}' if against else ''}: A is {cast.a[:8]}…, B is {cast.b[:8]}…"
    )
    whole = False
    try:
        proof.run()
        whole = True
    finally:
        lines = proof.lines()
        verdicts.show(
            title if whole else f"{title} (broken off)", ("who", "does what"), lines, to_stderr=as_json or not whole
        )
        for sentence in walk.stays:
            _say(f"stays: {sentence}")
    if audited:
        # A session shows what is open today; the audit, what stands ready to be.
        lines += audit.shown(own, caller, to_stderr=as_json)
    if as_json:
        told = verdicts.as_json(lines)
        verdicts.print_json(name, **told, stays=walk.stays, actors={"A": cast.a, "B": cast.b}, run=cast.run)
    if junit:
        verdicts.write_junit(junit, f"isolation {name}", lines)
    sys.exit(verdicts.exit_code(line.verdict for line in lines))


@dataclass(frozen=True, kw_only=True)
class Proof:
    """The proof of ``own``, against ``other`` if there is one; what ``run`` sees is in the results of ``walk``."""

    own: Stack
    other: Stack | None
    cast: Cast
    walk: Walk

    def run(self) -> None:
        """Walks the whole matrix; what a session that STS should not have given reaches is tried too."""
        walked = ground(self.own)
        by_role = {walked.names.role_arn(area.role): area for area in walked.areas}

        def further(session: Session) -> list[matrix.Row]:
            area = by_role.get(session.role)
            return matrix.untagged(walked, self.cast, area) if session.token == "untagged" and area else []  # noqa: S105

        self.walk.run(matrix.rows(walked, self.cast, ground(self.other) if self.other else None), further)

    def lines(self) -> list[Line]:
        """What was seen so far, one line for each row, and what the trust of a stack leaves out."""
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
    """A proof with the tokens that the brokers give. ``sessions`` are two actors' at the broker of ``own``, or none."""
    region = own.settings.region
    cast, had, lacking = minted(own, sessions, other, other_session, say)
    say(f"walking the matrix of stack {own.name}{f' against {other.name}' if other else ''}")
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
    """The two actors, the tokens that could be had, and why the others could not."""
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
            lacking[token] = f"the token has no tag for an actor; {tokens.MINT} must give one"
    if len(named) == 2 and named["A"] == named["B"]:
        lacking["B"] = "both session tokens are the same actor's: give those of two"
    came_tagged = "untagged" in had and tokens.actor_of(had["untagged"])
    if came_tagged or (sessions and "untagged" in lacking):
        lacking["untagged"] = NO_UNTAGGED
    had = {token: minted_token for token, minted_token in had.items() if token not in lacking}
    cast = Cast(a=named.get("A") or actors[0], b=named.get("B") or actors[1], run=secrets.token_hex(8))
    forge(had, lacking, cast)
    return cast, had, lacking


def forge(had: dict[Token, str], lacking: dict[Token, str], cast: Cast) -> None:
    """Adds what a thief would try with A's token."""
    if "A" in had:
        had["forged"] = tokens.forged(had["A"], cast.a, cast.b)
        had["unsigned"] = tokens.unsigned(had["A"])
    else:
        lacking["forged"] = lacking["unsigned"] = lacking["A"]


def ground(of: Stack) -> Ground:
    static = of.settings.trust == "static"
    return Ground(names=of.names, federated=[key for key in ROLE_KEYS if not (static and key == "data")])


def left_out(of: Stack) -> list[Line]:
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
    """With the actors as A and B and the run left out: 64 digits each would fill the row."""
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
    """What a session token's file says; empty without a file. Raises UsageError for an empty one."""
    content = text_of(path).strip() if path else ""
    if path and not content:
        raise click.UsageError(f"{path} is empty; a session token belongs in it")
    if not content.isascii():
        raise click.UsageError(f"{path} is no text; a session token belongs in it")
    return content


def _say(line: str) -> None:
    click.echo(line, err=True)
