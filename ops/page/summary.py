"""The head of the page: the stack, one verdict per command, and the findings that need a person."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ops import verdicts
from ops.page import graph
from ops.page.facts import Facts, Unseen
from ops.verdicts import Line, Verdict


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A command's verdict. ``state`` is ok, warning, wrong or not run. ``anchor`` is the part with the details."""

    command: str
    state: str
    said: str
    anchor: str


@dataclass(frozen=True, kw_only=True)
class Todo:
    """A finding that needs a person, and the next step."""

    state: str
    what: str
    seen: str
    next: str


@dataclass(frozen=True, kw_only=True)
class Summary:
    """``facts`` are names and values in reading order."""

    facts: Sequence[tuple[str, str]]
    verdicts: Sequence[Judged]
    todo: Sequence[Todo]


def part(facts: Facts) -> Summary:
    return Summary(facts=list(_facts(facts)), verdicts=list(_verdicts(facts)), todo=list(_todo(facts)))


def _facts(facts: Facts) -> Iterator[tuple[str, str]]:
    yield "Stack", facts.name
    if isinstance(facts.deployed, Unseen):
        yield "Deployment", f"could not be seen: {facts.deployed.why}"
    else:
        settings, outputs = facts.deployed.settings, facts.deployed.outputs
        yield "Account", settings.account_id
        yield "Region", settings.region
        yield "Program version", str(outputs.get("programVersion", "not up"))
        yield "Release that runs", str(outputs.get("release", "not up"))
        yield "Address", str(outputs.get("elasticIp", "not up"))
        yield "Resources in the state", str(graph.there(facts.deployed))
    yield "Last up", _last(facts)


def _last(facts: Facts) -> str:
    if isinstance(facts.history, Unseen):
        return f"could not be seen: {facts.history.why}"
    entry = next((entry for entry in facts.history if entry.get("kind") in ("update", "resource-import")), None)
    if entry is None:
        return "never"
    when = str(entry.get("endTime") or entry.get("startTime") or "at an unknown time")
    return f"{when[:16].replace('T', ' ')} UTC, {_by(entry)}"


def _by(entry: Mapping[str, Any]) -> str:
    environment = entry.get("environment", {})
    ended = str(entry.get("result", "result unknown")).replace("-", " ")
    # The backend has no users. The engine records the CI run and the author of the deployed commit.
    if "ci.build.url" in environment:
        return f"{ended}, by {environment['ci.build.url']}"
    return f"{ended}, of a commit by {environment.get('git.author', 'an unknown author')}"


def _verdicts(facts: Facts) -> Iterator[Judged]:
    for name, lines in (("doctor", facts.doctor), ("audit", facts.audit)):
        if isinstance(lines, Unseen):
            yield Judged(command=name, state="not run", said=lines.why, anchor=name)
        else:
            yield Judged(command=name, state=_worst(lines), said=verdicts.summary(lines), anchor=name)
    if isinstance(facts.host, Unseen):
        yield Judged(command="drift", state="not run", said=facts.host.why, anchor="drift")
    else:
        found, warned = len(facts.host.drift), len(facts.host.warnings)
        state = "wrong" if found else "warning" if warned else "ok"
        said = f"{found} differences, {warned} warnings, {sum(facts.host.compared.values())} things compared"
        yield Judged(command="drift", state=state, said=said, anchor="drift")
    yield _preview(facts)
    if isinstance(facts.proven, Unseen):
        yield Judged(command="proof", state="not run", said=facts.proven.why, anchor="isolation")
    else:
        seen = [result.verdict for result in facts.proven.results] + [line.verdict for line in facts.proven.left_out]
        wrong, undone = seen.count(Verdict.WRONG), seen.count(Verdict.NOT_RUN)
        state = "wrong" if wrong else "not run" if undone else "ok"
        said = f"{len(seen)} rows: {seen.count(Verdict.OK)} as expected, {wrong} wrong, {undone} not run"
        yield Judged(command="proof", state=state, said=said, anchor="isolation")


def _preview(facts: Facts) -> Judged:
    if isinstance(facts.plan, Unseen):
        return Judged(command="preview", state="not run", said=facts.plan.why, anchor="graph")
    changes = graph.changes(facts.plan)
    lost = any(change.operation in ("replace", "delete") for change in changes)
    state = "warning" if changes else "ok"
    if not facts.plan.whole:
        state = "not run"
    if lost or facts.plan.drifted:
        state = "wrong" if facts.plan.drifted else "warning"
    said = graph.counted(changes) + (f"; {len(facts.plan.drifted)} drifted" if facts.plan.drifted else "")
    return Judged(command="preview", state=state, said=said, anchor="graph")


def _worst(lines: Sequence[Line]) -> str:
    """The worst verdict. Wrong is worse than not run."""
    order = [Verdict.OK, Verdict.WARNING, Verdict.NOT_RUN, Verdict.WRONG]
    return max((line.verdict for line in lines), key=order.index, default=Verdict.OK).value


def _todo(facts: Facts) -> Iterator[Todo]:
    """Findings with a fix, wrong ones first, then drift and preview. Leaves out the lines in ``SUMS``."""
    found: list[Line] = []
    if not isinstance(facts.doctor, Unseen):
        found += [line for line in facts.doctor if (line.subject, line.claim) not in SUMS]
    if not isinstance(facts.audit, Unseen):
        found += facts.audit
    urgent = [Verdict.WRONG, Verdict.WARNING, Verdict.NOT_RUN]
    for line in sorted((line for line in found if line.fix), key=lambda line: urgent.index(line.verdict)):
        yield Todo(state=line.verdict.value, what=f"{line.subject}: {line.claim}", seen=line.seen, next=line.fix)
    if not isinstance(facts.host, Unseen) and facts.host.drift:
        first = facts.host.drift[0]
        yield Todo(
            state="wrong",
            what=f"host: {len(facts.host.drift)} differences",
            seen=f"{first.what} {first.said}",
            next=f"`agentkeys drift -s {facts.name} --diff` shows each; docs/runbook.md, Drift on the host.",
        )
    if not isinstance(facts.plan, Unseen) and (changes := graph.changes(facts.plan)):
        yield Todo(
            state="warning",
            what="preview: the next up would change something",
            seen=graph.counted(changes),
            next=f"`pulumi preview -s {facts.name} --diff` shows it, `pulumi up -s {facts.name}` does it.",
        )


#: Lines in which the doctor repeats another command.
SUMS = {("account", "audit"), ("host", "drift")}
