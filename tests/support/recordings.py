"""Facts of a real run as a file, so that tests of the page need no running stack.

To record again, run `python -m tests.support.recordings FILE` in the sandbox's shell, with test and prod up. A
recording has no secret: the engine masks outputs, and resources are recorded without their inputs and outputs.
"""

import dataclasses
import datetime
import json
import sys
from pathlib import Path

from ops import events
from ops.commands import drift
from ops.page.facts import Asked, Deployed, Facts, Proven, Unseen, gather
from ops.proof.matrix import Row, Session
from ops.proof.walk import Result
from ops.verdicts import Gauge, Line, Verdict
from tests.support.stacks import a_stack

RECORDED = Path(__file__).parent / "recorded/report.json"
KEPT = ("urn", "type", "custom", "parent", "dependencies")
RELEASE = {"release": "https://releases.example/agentkeys.tar.gz", "releaseSha256": "0" * 64}


def load(path=RECORDED):
    """The recorded facts, of test against prod."""
    return from_plain(json.loads(path.read_text()))


def to_plain(facts):
    """The facts with only JSON's types."""

    def plain(value):
        if isinstance(value, Deployed):
            kept = [{key: item[key] for key in KEPT if key in item} for item in value.resources]
            return {"name": value.name, "outputs": value.outputs, "resources": kept}
        if dataclasses.is_dataclass(value):
            return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        if isinstance(value, Verdict):
            return value.value
        if isinstance(value, datetime.datetime):
            return value.isoformat()
        if isinstance(value, dict):
            return {key: plain(inner) for key, inner in value.items()}
        return [plain(inner) for inner in value] if isinstance(value, list | tuple | set | frozenset) else value

    found = plain(facts)
    # Leave out the configuration and the environment of the person who recorded it.
    found["history"] = [
        {**{key: item[key] for key in ("kind", "startTime", "endTime", "result") if key in item},
         "environment": {"git.author": "A. Operator"}}
        for item in found["history"]
    ]  # fmt: skip
    return found


def from_plain(found):
    def deployed(item):
        return Deployed(
            name=item["name"], outputs=item["outputs"], resources=item["resources"],
            settings=a_stack(item["name"], RELEASE).settings,
        )  # fmt: skip

    def line(item):
        gauge = Gauge(**item["gauge"]) if item["gauge"] else None
        return Line(**{**item, "verdict": Verdict(item["verdict"]), "gauge": gauge})

    def run(item):
        steps = [events.Step(**step) for step in item["steps"]]
        return events.Run(**{**item, "steps": steps, "failed": frozenset(item["failed"])})

    def result(item):
        row = item["row"]
        after = tuple(Session(**session) for session in row["after"])
        row = Row(**{**row, "who": Session(**row["who"]), "after": after})
        return Result(row=row, verdict=Verdict(item["verdict"]), seen=item["seen"])

    host, proven = found["host"], found["proven"]
    return Facts(
        name=found["name"],
        made=datetime.datetime.fromisoformat(found["made"]),
        deployed=deployed(found["deployed"]),
        other=deployed(found["other"]),
        history=found["history"],
        doctor=[line(item) for item in found["doctor"]],
        audit=[line(item) for item in found["audit"]],
        host=drift.Report(
            drift=[drift.Finding(**item) for item in host["drift"]],
            warnings=[drift.Finding(**item) for item in host["warnings"]],
            compared=host["compared"],
        ),
        proven=Proven(**{**proven, "results": [result(item) for item in proven["results"]]}),
        up=run(found["up"]),
        plan=run(found["plan"]),
    )


def main():
    target, *logs = map(Path, sys.argv[1:])
    facts = gather(Asked(name="test", against="prod", event_logs=logs, say=print))
    for field in dataclasses.fields(facts):
        if isinstance(getattr(facts, field.name), Unseen):
            raise SystemExit(f"{field.name} could not be seen: {getattr(facts, field.name).why}")
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(to_plain(facts), indent=0) + "\n")


if __name__ == "__main__":
    main()
