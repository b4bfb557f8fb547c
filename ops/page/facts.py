"""Collects the facts for a page: the results of the other commands, each run once, or the reason for a missing result.

Owns which command provides which fact. Leaves out what the page shows (the other modules of this package).
"""

import datetime
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError

from components.naming import Names
from gates.wait import NotYet
from ops import clients, events, session, stack
from ops.commands import drift, proof
from ops.commands.audit import Audit
from ops.commands.doctor import Doctor
from ops.proof.walk import Result
from ops.stack import Stack
from ops.verdicts import Line
from settings import Settings

T = TypeVar("T")

#: Errors of a command that cannot check. LookupError: with a partly destroyed stack, AWS's answers lack items.
CANNOT = (click.ClickException, ClientError, BotoCoreError, NotYet, events.EventsError, OSError, LookupError)


@dataclass(frozen=True, kw_only=True)
class Unseen:
    """A fact that could not be collected. ``why`` is a sentence that says what to do, if there is something."""

    why: str


class Once(Generic[T]):
    """Calls a function when its result is first needed. Keeps the result, or an error of CANNOT, for later calls."""

    def __init__(self, ask: Callable[[], T]) -> None:
        self._ask = ask
        self._answer: list[T] = []
        self._refusal: Exception | None = None

    def get(self) -> T:
        """The result. Raises what the function raised."""
        if self._refusal is not None:
            raise self._refusal
        if not self._answer:
            try:
                self._answer.append(self._ask())
            except CANNOT as error:
                self._refusal = error
                raise
        return self._answer[0]

    def seen(self) -> T | Unseen:
        try:
            return self.get()
        except CANNOT as error:
            return Unseen(why=reason(error))


def reason(error: Exception) -> str:
    """The sentence for an error. A built-in error has none, so its type and message are used."""
    if isinstance(error, click.ClickException):
        return error.message
    if isinstance(error, LookupError):
        return f"an answer was not whole ({type(error).__name__}: {error}); a part of the stack may be gone."
    return str(error) or type(error).__name__


@dataclass(frozen=True, kw_only=True)
class Proven:
    """The proof's results, and the rows and roles left out with the reason. ``a`` and ``b`` are the actors' ids."""

    results: Sequence[Result]
    left_out: Sequence[Line] = ()
    stays: Sequence[str] = ()
    a: str = ""
    b: str = ""
    run: str = ""


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """A deployed stack: settings, names, outputs and the state's resources."""

    name: str
    settings: Settings
    outputs: Mapping[str, Any]
    resources: Sequence[Mapping[str, Any]]

    @property
    def names(self) -> Names:
        return self.settings.names


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything that a page shows. ``other`` is None if the page shows only one stack.

    ``history``: the engine's entries, newest first. ``up``: from the last update's event log. ``plan``: from a
    preview's.
    """

    name: str
    made: datetime.datetime
    deployed: Deployed | Unseen
    other: Deployed | Unseen | None
    history: Sequence[Mapping[str, Any]] | Unseen
    doctor: Sequence[Line] | Unseen
    audit: Sequence[Line] | Unseen
    host: drift.Report | Unseen
    proven: Proven | Unseen
    up: events.Run | Unseen
    plan: events.Run | Unseen


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The operator's options."""

    name: str
    against: str | None = None
    event_logs: Sequence[Path] = ()
    prove: bool = True
    sessions: Sequence[str] = ()
    other_session: str = ""
    say: Callable[[str], None] = field(default=lambda _: None)


def gather(asked: Asked) -> Facts:
    """Run every command once. Does not raise the errors in CANNOT: the facts contain the reason instead."""
    say, name = asked.say, asked.name
    read = Once(partial(_read, name, say))
    other = Once(partial(_read, asked.against, say)) if asked.against else None
    caller: Once[boto3.Session] = Once(lambda: session.of(read.get().settings))

    def client(service: str) -> Any:
        return clients.of(caller.get(), service)

    def audit() -> list[Line]:
        say("audit")
        caller.get()
        return Audit(stack=_up(read.get()), ask=client).lines()

    def host() -> drift.Report:
        say("drift of the host")
        return drift.look(_up(read.get()))

    audited, compared = Once(audit), Once(host)

    def doctor() -> list[Line]:
        looked = read.get()
        caller.get()
        say("doctor")
        return Doctor(stack=looked, ask=client, audited=audited.get, compared=compared.get).examine()

    def prove() -> Proven:
        if not asked.prove:
            raise click.ClickException("The proof was left out (--no-proof). `agentkeys proof` runs it.")
        own, against = _up(read.get()), _up(other.get()) if other else None
        made = proof.prepare(
            own, against, caller.get(), sessions=list(asked.sessions), other_session=asked.other_session, say=say
        )
        made.run()
        return Proven(
            results=made.walk.results,
            left_out=made.left_out,
            stays=made.walk.stays,
            a=made.cast.a,
            b=made.cast.b,
            run=made.cast.run,
        )

    # The doctor runs before the audit and the drift, because some of its checks need no stack that is up.
    return Facts(
        name=name,
        made=datetime.datetime.now(datetime.UTC),
        doctor=Once(doctor).seen(),
        audit=audited.seen(),
        host=compared.seen(),
        proven=Once(prove).seen(),
        deployed=Once(lambda: _deployed(read.get())).seen(),
        other=Once(lambda: _deployed(other.get())).seen() if other else None,
        history=Once(lambda: _history(read.get())).seen(),
        **_runs(asked, read),
    )


def _read(name: str, say: Callable[[str], None]) -> Stack:
    say(f"stack {name}")
    return stack.read(name)


def _up(looked: Stack) -> Stack:
    if not looked.outputs:
        raise stack.StackError(f"stack {looked.name!r} is not up: run `pulumi up -s {looked.name}` first")
    return looked


def _deployed(looked: Stack) -> Deployed:
    exported = stack.ask(looked.name, "stack", "export")["deployment"] or {}
    return Deployed(
        name=looked.name,
        settings=looked.settings,
        outputs=looked.outputs,
        resources=exported.get("resources") or [],
    )


def _history(looked: Stack) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stack.ask(looked.name, "stack", "history", "--json") or []
    return found


def _runs(asked: Asked, read: Once[Stack]) -> dict[str, events.Run | Unseen]:
    """The last update and a preview, from the event logs. Runs a preview if no log contains one."""
    found: dict[str, events.Run | Unseen] = {
        "up": Unseen(
            why="No event log of an update was given. Write one with `PULUMI_DEBUG_COMMANDS=1 pulumi up "
            f"-s {asked.name} --event-log FILE` and give it as --events FILE."
        )
    }
    for path in asked.event_logs:
        try:
            run = events.read(path)
        except (OSError, events.EventsError) as error:
            found["up"] = Unseen(why=str(error))
        else:
            found["plan" if run.preview else "up"] = run
    if "plan" not in found:
        found["plan"] = Once(lambda: _previewed(read.get(), asked.say)).seen()
    return found


def _previewed(looked: Stack, say: Callable[[str], None]) -> events.Run:
    """Run a preview: what an `up` would change, and where AWS differs from the state."""
    say("preview")
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "events.json"
        stack.preview(looked.name, log)
        return events.read(log)
