"""`agentkeys recover`: takes what a stack's own runs made, and its state does not know, into the state.

A run loses what it made in three ways. The engine is killed between a call and its answer. An answer is lost, and the
provider's second attempt makes a twin or is refused because the name exists. The state is older than the account. This
command finds each such thing, proves whose it is (``traces``), and puts it into the state. It removes what only another
create makes whole, and the next `up` makes it again: an access key, whose secret is lost, and a security group. It
releases a second elastic IP. It reports what is not proven, with the reason, and leaves it.

Owns the repair of the state. Leaves out how things are found and proven.
"""

import datetime
import json
import tempfile
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache, partial
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, Protocol

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError
from pulumi.runtime.rpc import UNKNOWN

from ops import clients, exits, options, verdicts
from ops.stack import called, missing
from ops.traces import FIREWALL, Found, LiveAccount, Proof, UnknownTypeError, Window, belongs_to_another
from settings import MASKED

ADDRESS = "aws:ec2/eip:Eip"
ACCESS_KEY = "aws:iam/accessKey:AccessKey"

#: How far a run's calls may lie outside of the times that are noted: clocks differ, and a retried call ends late.
BEFORE = datetime.timedelta(minutes=1)
AFTER = datetime.timedelta(minutes=15)
#: A killed run notes no times; its last change of the state is at most this long after its beginning.
LONGEST_RUN = datetime.timedelta(hours=2)

#: How long after a run a call may not see yet what the run created. SES and IAM are eventually consistent and state no
#: limit: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
UNSEEN = datetime.timedelta(seconds=15)

#: What is taken in may let the next preview know the inputs of more.
ROUNDS = 4


class RecoveryError(click.ClickException):
    """The stack cannot be repaired; the message says what was seen and how to continue."""

    exit_code = exits.NOT_RUN


class ProgramError(RecoveryError):
    """The program, or AWS in its name, refuses the preview that says what is missing."""


#: What was done with a thing, in the order of the report.
TAKEN_IN, REMOVED, LEFT, AGAIN = "taken in", "removed", "left", "again"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing: its resource's name, its identifier in the account, what was done and why."""

    done: str
    what: str
    identifier: str
    reason: str


class Engine(Protocol):
    """What a repair asks of Pulumi for one stack. Each raises RecoveryError or StackError."""

    def export(self) -> dict[str, Any]: ...
    def put(self, exported: Mapping[str, Any]) -> None: ...
    def refresh(self, urns: Sequence[str]) -> None: ...
    def history(self) -> list[dict[str, Any]]: ...
    def creates(self) -> list[dict[str, Any]]: ...


@dataclass(frozen=True, kw_only=True)
class Pulumi:
    """The ``pulumi`` command on PATH, for ``stack`` of the project in ``folder``."""

    stack: str
    folder: Path

    def export(self) -> dict[str, Any]:
        exported: dict[str, Any] = json.loads(self._run("stack", "export"))
        return exported

    def put(self, exported: Mapping[str, Any]) -> None:
        # `pulumi refresh --import-pending-creates` is made for this, and engine 3.259 drops what it is given.
        with tempfile.NamedTemporaryFile("w", suffix=".json") as repaired:
            json.dump(exported, repaired)
            repaired.flush()
            self._run("stack", "import", "--file", repaired.name)

    def refresh(self, urns: Sequence[str]) -> None:
        targets = [part for urn in urns for part in ("--target", urn)]
        self._run("refresh", "--yes", "--skip-preview", "--suppress-outputs", *targets)

    def history(self) -> list[dict[str, Any]]:
        """The latest runs that ended, newest first, as the engine notes them; none for a backend that notes none."""
        told: list[dict[str, Any]] = json.loads(self._run("stack", "history", "--json", "--page-size", "50") or "[]")
        return told

    def creates(self) -> list[dict[str, Any]]:
        """State of every resource that the next `up` would create, as far as a preview knows it."""
        try:
            told = json.loads(self._run("preview", "--json"))
        except RecoveryError as error:
            raise ProgramError(error.message) from None
        return [step["newState"] for step in told["steps"] if step["op"] == "create" and step["newState"].get("custom")]

    def _run(self, *arguments: str) -> str:
        command = ["pulumi", *arguments, "--stack", self.stack, "--non-interactive"]
        done = called(command, folder=self.folder)
        if done.returncode and "no stack named" in done.stderr:
            raise missing(self.stack, self.folder)
        if done.returncode:
            raise RecoveryError(
                f"`pulumi {arguments[0]} --stack {self.stack}` failed, and recover stops there:\n"
                f"{(_refusals(done.stdout) or done.stdout + done.stderr).strip()}"
            )
        return done.stdout


def _refusals(output: str) -> str:
    """The errors of a preview in JSON; empty for other output."""
    try:
        told = json.loads(output)["diagnostics"]
    except (ValueError, KeyError, TypeError):
        return ""
    return "\n".join(item["message"].strip() for item in told if item["severity"] == "error")


@dataclass(kw_only=True)
class Recovery:
    """One repair of one stack; ``clients_in`` gives, for a region, what gives a client of a service."""

    engine: Engine
    clients_in: Callable[[str], Callable[[str], Any]]
    after_success: bool = True
    """Whether to look for what the state lacks although the last run ended well, which costs a preview."""
    lines: list[Line] = field(default_factory=list)
    of: Callable[[str], Any] = field(init=False)

    def run(self) -> list[Line]:
        """Repair the state. Gives what was done; nothing for a stack without anything to do."""
        exported = self.engine.export()
        deployment = exported.get("deployment") or {}
        state = deployment.get("resources") or []
        providers = [item["inputs"] for item in state if item["type"] == "pulumi:providers:aws"]
        pending = deployment.get("pending_operations") or []
        if not providers:
            # No call is made without a provider; what is pending is a component or the provider itself.
            if pending:
                self._put(exported, [])
            return self.lines
        self.of = self.clients_in(providers[0]["region"])
        account_ids = json.loads(providers[0]["allowedAccountIds"])
        self._require(account_ids)
        history = self.engine.history()
        account = LiveAccount(account_id=account_ids[0], of=self.of, state=state, windows=_windows(deployment, history))
        stopped = bool(pending) or not _succeeded(deployment, history)
        if stopped:
            _wait(_until_seen(deployment, history, datetime.datetime.now(datetime.UTC)))
        if pending:
            self._finish(exported, account, pending)
        refused: RecoveryError | None = None
        if stopped:
            self._read_again(account)
        if stopped or self.after_success:
            try:
                self._refused_creates(account)
            except ProgramError as error:
                # A destroy needs no program, and whatever can be repaired without it is.
                refused = error
        self._twins(account)
        if refused is not None:
            raise refused
        return self.lines

    def _require(self, account_ids: Sequence[str]) -> None:
        """What is taken in or deleted must be the stack's. Raises RecoveryError for another account's credentials."""
        found = self.of("sts").get_caller_identity()["Account"]
        if found not in account_ids:
            raise RecoveryError(
                f"the stack is in account {' '.join(account_ids)}, and the credentials belong to {found}; nothing was "
                "changed. Select the right profile (AWS_PROFILE)."
            )

    def _finish(self, exported: dict[str, Any], account: LiveAccount, pending: Sequence[Mapping[str, Any]]) -> None:
        """Creates, updates and deletes that were cut off: the engine noted their inputs before it asked."""
        cut_off = []
        for operation in pending:
            resource = operation["resource"]
            if not _is_somewhere(resource):
                continue
            if operation["type"] == "creating":
                cut_off.append(resource)
            else:
                reason = f"{operation['type']} was cut off, and AWS was asked what there is"
                self._say(AGAIN, resource, str(resource.get("id", "")), reason)
        # Those that are cut off in the middle of an update or a delete are in the state and only read again.
        others = [
            str(operation["resource"]["urn"])
            for operation in pending
            if operation["type"] != "creating" and _is_somewhere(operation["resource"])
        ]
        present = {item["urn"] for item in account.state}
        taken = self._take(account, cut_off)
        self._put(exported, account.state)
        if urns := [*taken, *(urn for urn in others if urn in present)]:
            self.engine.refresh(urns)
            account.state[:] = self.engine.export()["deployment"].get("resources") or []

    def _read_again(self, account: LiveAccount) -> None:
        """What a run may have changed in part: another update from what the state says would be refused, or it would
        change nothing, because a provider that fails notes what it was asked for.
        """
        failed = {item["urn"] for item in account.state if item.get("initErrors")}
        before = {
            item["urn"]: item.get("outputs")
            for item in account.state
            if item["urn"] in failed or (item["type"] == FIREWALL and item.get("id"))
        }
        if not before:
            return
        self.engine.refresh(list(before))
        account.state[:] = self.engine.export()["deployment"].get("resources") or []
        for item in account.state:
            if item["urn"] in failed:
                self._say(AGAIN, item, str(item["id"]), "the provider failed while it made or changed it")
            elif item["urn"] in before and item.get("outputs") != before[item["urn"]]:
                reason = "the account has other rules than the state had: a change of them was cut off"
                self._say(AGAIN, item, str(item["id"]), reason)

    def _refused_creates(self, account: LiveAccount) -> None:
        """Creates that the next `up` would do, and that a run has done already."""
        looked: set[str] = set()
        for _ in range(ROUNDS):
            creates = [item for item in self.engine.creates() if _is_somewhere(item)]
            ready = [item for item in creates if item["urn"] not in looked and not _unknown(item["inputs"])]
            looked |= {item["urn"] for item in ready}
            exported = self.engine.export()
            account.state[:] = exported["deployment"].get("resources") or []
            taken = self._take(account, ready)
            if not taken:
                return
            self._put(exported, account.state)
            self.engine.refresh(taken)
            if not any(_unknown(item["inputs"]) for item in creates):
                return

    def _take(self, account: LiveAccount, wanted: Sequence[Mapping[str, Any]]) -> list[str]:
        """Decide about each resource; those that are proven join ``account.state``. Gives their URNs."""
        before = len(account.state)
        # What belongs to something else is proven by it, and comes after it.
        for resource in sorted(wanted, key=lambda item: belongs_to_another(item["type"])):
            kind, inputs = resource["type"], resource["inputs"]
            try:
                found = account.find(kind, inputs)
            except UnknownTypeError:
                raise RecoveryError(
                    f"recover does not know how to find {_name(resource)}, a {kind}. Look in the account, delete "
                    "it or import it, then run `pulumi refresh --clear-pending-creates`."
                ) from None
            kept = self._decide(account, resource, found)
            if kept is None:
                continue
            for earlier in account.state:
                if earlier["urn"] == resource["urn"]:
                    # It was being replaced: the engine deletes the predecessor in the next up.
                    earlier["delete"] = True
            account.state.append(_state(resource, kept.identifier))
        taken = account.state[before:]
        account.state[before:] = _linked(taken, {item["urn"] for item in account.state})
        return [str(item["urn"]) for item in taken]

    def _decide(self, account: LiveAccount, resource: Mapping[str, Any], found: Sequence[Found]) -> Found | None:
        """The one that is taken in, None for none; others and what cannot be taken in are removed or reported."""
        kind, inputs = resource["type"], resource["inputs"]
        kept: Found | None = None
        for item in found:
            proof = account.proof(kind, inputs, item)
            if not proof.own:
                self._say(LEFT, resource, item.identifier, f"{proof.reason}: `agentkeys adopt` or remove it")
            elif item.remade:
                self._remove(resource, item, proof)
            elif kept is None:
                kept = item
                self._say(TAKEN_IN, resource, item.identifier, proof.reason)
            elif kind == ADDRESS:
                self._release(resource, item.identifier, proof)
            else:
                reason = f"{proof.reason}, and {kept.identifier} is used: remove it"
                self._say(LEFT, resource, item.identifier, reason)
        return kept

    def _remove(self, resource: Mapping[str, Any], item: Found, proof: Proof) -> None:
        ec2 = self.of("ec2")
        try:
            if resource["type"] == FIREWALL:
                ec2.delete_security_group(GroupId=item.identifier)
            else:
                ec2.delete_key_pair(KeyName=item.identifier)
        except ClientError as error:
            self._say(LEFT, resource, item.identifier, f"AWS does not remove it: {error}")
            return
        self._say(REMOVED, resource, item.identifier, f"{proof.reason}; {item.remade}, so the next up makes it again")

    def _release(self, resource: Mapping[str, Any], allocation: str, proof: Proof) -> None:
        (address,) = self.of("ec2").describe_addresses(AllocationIds=[allocation])["Addresses"]
        if "AssociationId" in address:
            self._say(LEFT, resource, allocation, f"{proof.reason}, and it is connected: disconnect it, then run again")
            return
        self.of("ec2").release_address(AllocationId=allocation)
        self._say(REMOVED, resource, allocation, f"{proof.reason}; the stack has another address, so it was released")

    def _twins(self, account: LiveAccount) -> None:
        """What a provider's second attempt made beside the first: the run succeeded, and nothing else shows it."""
        for resource in list(account.state):
            if resource["type"] == ADDRESS and not resource.get("delete"):
                for item in account.find(ADDRESS, resource["inputs"]):
                    proof = account.proof(ADDRESS, resource["inputs"], item)
                    if proof.own:
                        self._release(resource, item.identifier, proof)
        self._lost_keys(account)

    def _lost_keys(self, account: LiveAccount) -> None:
        users = {item["id"]: item for item in account.state if item["type"] == "aws:iam/user:User" and item.get("id")}
        for user, resource in users.items():
            for key, proof in account.lost_keys(user):
                if proof.own:
                    self.of("iam").delete_access_key(UserName=user, AccessKeyId=key)
                    reason = f"{proof.reason}; its secret was never read"
                    self._say(REMOVED, resource, key, reason)

    def _put(self, exported: dict[str, Any], state: Sequence[Mapping[str, Any]]) -> None:
        deployment = exported["deployment"]
        deployment.pop("pending_operations", None)
        if state:
            deployment["resources"] = list(state)
        self.engine.put(exported)

    def _say(self, done: str, resource: Mapping[str, Any], identifier: str, reason: str) -> None:
        self.lines.append(Line(done=done, what=_name(resource), identifier=identifier, reason=reason))


def _windows(deployment: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> list[Window]:
    """When runs of the stack were under way: those that ended, and one that may have been killed."""
    windows = [
        Window(begin=_moment(run["startTime"]) - BEFORE, end=_moment(run["endTime"]) + AFTER)
        for run in history
        if run.get("startTime") and run.get("endTime")
    ]
    last = _moment(deployment["manifest"]["time"])
    ended = max((window.end - AFTER for window in windows if window.end - AFTER <= last), default=last - LONGEST_RUN)
    # A run that was killed began after the one before it had ended.
    return [*windows, Window(begin=max(ended, last - LONGEST_RUN) - BEFORE, end=last + AFTER)]


def _succeeded(deployment: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> bool:
    """The last run ended well, and the state is the one that it wrote: neither a later one nor one put back."""
    if not history or history[0].get("result") != "succeeded":
        return False
    written = _moment(deployment["manifest"]["time"])
    return _moment(history[0]["startTime"]) <= written <= _moment(history[0]["endTime"]) + BEFORE


def _until_seen(
    deployment: Mapping[str, Any], history: Sequence[Mapping[str, Any]], now: datetime.datetime
) -> datetime.timedelta:
    """The time left until every call sees what the last run created; not positive if it has passed."""
    ended = [_moment(run["endTime"]) for run in history[:1] if run.get("endTime")]
    last = max([_moment(deployment["manifest"]["time"]), *ended])
    # The other clock may be ahead.
    return min(last + UNSEEN - now, UNSEEN)


def _wait(left: datetime.timedelta) -> None:
    seconds = left.total_seconds()
    if seconds > 0:
        click.echo(f"waiting {seconds:.0f} s, because AWS may not show yet what the last run created", err=True)
        time.sleep(seconds)


def _moment(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)


def _unknown(inputs: Any) -> bool:
    if isinstance(inputs, Mapping):
        return any(_unknown(value) for value in inputs.values())
    if isinstance(inputs, list):
        return any(_unknown(value) for value in inputs)
    return bool(inputs == UNKNOWN)


def _state(resource: Mapping[str, Any], identifier: str) -> dict[str, Any]:
    """A resource of the state; what a preview masks is left to the refresh."""
    inputs = {key: value for key, value in resource["inputs"].items() if not _masked(value)}
    return {**resource, "id": identifier, "inputs": inputs, "outputs": {}}


def _linked(taken: Sequence[Mapping[str, Any]], present: Collection[str]) -> list[dict[str, Any]]:
    """The resources as the engine takes them: each after those that it depends on, none dependent on what is not there.

    The next `up` notes every dependency and parent again.
    """
    by_urn = {item["urn"]: item for item in taken}
    links: dict[str, list[str]] = {
        urn: [needed for needed in item.get("dependencies") or [] if needed in present] for urn, item in by_urn.items()
    }
    linked = {}
    for urn, item in by_urn.items():
        by_property = {
            key: [needed for needed in several or [] if needed in present]
            for key, several in (item.get("propertyDependencies") or {}).items()
        }
        linked[urn] = {**item, "dependencies": links[urn], "propertyDependencies": by_property}
        if item.get("parent") not in present:
            linked[urn].pop("parent", None)
    order = TopologicalSorter({urn: [needed for needed in links[urn] if needed in by_urn] for urn in by_urn})
    return [linked[urn] for urn in order.static_order()]


def _masked(value: Any) -> bool:
    return value == MASKED or (isinstance(value, Mapping) and any(_masked(inner) for inner in value.values()))


def _name(resource: Mapping[str, Any]) -> str:
    return str(resource["urn"]).rsplit("::", 1)[-1]


def _is_somewhere(resource: Mapping[str, Any]) -> bool:
    return bool(resource.get("custom")) and not str(resource["type"]).startswith("pulumi:")


def clients_in(region: str) -> Callable[[str], Any]:
    return cache(partial(clients.of, boto3.Session(region_name=region)))


@click.command()
@options.stack("Stack whose run failed or was killed.")
@options.folder()
@click.option(
    "--unless-succeeded",
    is_flag=True,
    help="Skip the search, which takes a preview, if the last run succeeded and the state is the one that it wrote.",
)
@options.as_json()
def command(name: str, folder: Path, unless_succeeded: bool, as_json: bool) -> None:
    """Add to a stack's state what a failed or killed run created and did not record.

    Also for a state that was restored from an older copy. The next `pulumi up` or `pulumi destroy` then finishes. What
    is not proven to be the stack's own is reported and left. A stack without anything to recover is not changed.
    """
    engine = Pulumi(stack=name, folder=folder)
    recovery = Recovery(engine=engine, clients_in=clients_in, after_success=not unless_succeeded)
    try:
        recovery.run()
    except (click.ClickException, BotoCoreError) as error:
        if recovery.lines:
            _show(name, recovery.lines, as_json=as_json)
        if isinstance(error, BotoCoreError):
            raise RecoveryError(f"AWS does not answer: {error}. Run it again.") from None
        raise
    _show(name, recovery.lines, as_json=as_json)


def _show(name: str, lines: list[Line], *, as_json: bool) -> None:
    order = [LEFT, REMOVED, TAKEN_IN, AGAIN]
    lines.sort(key=lambda line: order.index(line.done))
    if lines:
        rows = ((line.done, line.what, line.identifier, line.reason) for line in lines)
        verdicts.listing(("", "what", "identifier", "why"), rows, to_stderr=as_json)
    else:
        click.echo(f"stack {name} has nothing to recover", err=as_json)
    if as_json:
        verdicts.print_json(name, lines=[asdict(line) for line in lines])
