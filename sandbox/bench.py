"""Implements `make bench`: times an ``up`` and a ``destroy`` from the engine's events. Nothing is asserted.

Leaves out the comparison with another commit (``comparison``).

An ``up`` is compared with its longest chain of dependent operations from the same run. No order of the same work is
faster, so their ratio is the overhead of the graph and the engine.
"""

import contextlib
import os
import re
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ops.events import CHANGING, Step, longest_chain, total
from ops.page import gantt
from sandbox import layout
from sandbox.engine import warm
from sandbox.rehearsal import ACCOUNT, Engine, Progress, deployment, prepare

#: Resource type of a host step, and the step that downloads packages.
HOST_STEP = "command:remote:Command"
PACKAGES = "setup-packages"
#: How often the host steps are repeated. Runs of a few seconds on two processors differ by one second.
AGAIN = 3


def run(stack: str, progress: Progress) -> None:
    """Destroy the stack, then time: first up, up and preview without a change, all host steps three times, destroy."""
    project = deployment(stack)
    engine = Engine(prepare(progress))
    progress("bench: the account project, without the stack")
    engine.up(ACCOUNT)
    engine.destroy(project)

    rows: list[tuple[str, float]] = []

    def timed(what: str, work: Callable[[], list[Step]]) -> Sequence[Step]:
        progress(f"bench: {what}")
        began = time.monotonic()
        steps = work()
        rows.append((what, time.monotonic() - began))
        return steps

    def previewed() -> list[Step]:
        engine.run(project, "preview", "--expect-no-changes", capture=True)
        return []

    created = timed("up from nothing", lambda: engine.up(project))
    resources = engine.state(project)["resources"]
    changing = [step for step in created if step.operation in CHANGING]
    chain = longest_chain(created, resources)
    timed("up, no change", lambda: engine.up(project))
    timed("preview, no change", previewed)
    host_steps = [resource["urn"] for resource in resources if resource["type"] == HOST_STEP]
    replaced = [part for urn in host_steps for part in ("--target-replace", urn)]
    again = [timed("up, host steps again", lambda: engine.up(project, *replaced)) for _ in range(AGAIN)]
    timed("destroy", lambda: engine.destroy(project))

    print(f"\nmake bench STACK={stack}\n")
    for what, seconds in rows:
        print(f"  {what:<22} {seconds:7.1f} s")
    length = total(chain)
    print(f"  {'longest chain of up':<22} {length:7.1f} s   {len(chain)} operations")
    for step in chain:
        print(f"    {step.seconds:7.1f} s  {step.name}")
    print(f"  {'up / longest chain':<22} {rows[0][1] / length:7.2f}")
    # Host steps only: an up also waits for DNS and other resources between them.
    setup = longest_chain((step for step in created if step.urn in host_steps), resources)
    packages = total(step for step in setup if step.name == PACKAGES)
    print(
        f"  {'host setup':<22} {total(setup):7.1f} s   including packages {packages:.1f} s; the rest takes at most 60 s"
    )
    spans = sorted(span(steps, host_steps) for steps in again)
    print(
        f"  {'host steps, no change':<22} {statistics.median(spans):7.1f} s   {len(host_steps)} steps; at most 5 s;"
        f" median of {spans[0]:.1f} to {spans[-1]:.1f}"
    )
    picture = layout.HOME / f"bench-{stack}.svg"
    picture.write_text(gantt.draw(gantt.rows(changing, resources), standalone=True))
    print(f"  {'timeline of up':<22}         {picture}")
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"  {'peak memory':<22} {largest:7.0f} MiB  engine and program, the largest process")
    print(f"  {'':<22} {_provider_peak():7.0f} MiB  providers, all processes of the pool together")


def span(steps: Sequence[Step], urns: Sequence[str]) -> float:
    """Seconds from the start of the first host step to the end of the last one."""
    repeated = [step for step in steps if step.urn in urns and step.operation == "create-replacement"]
    return max(step.end for step in repeated) - min(step.start for step in repeated)


def _provider_peak() -> float:
    """Upper bound in MiB: the sum of each process's own peak."""
    groups = set(warm.processes(layout.PULUMI_HOME))
    peaks = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.getpgid(int(process.name)) in groups:
                peaks += re.findall(r"VmHWM:\s+(\d+)", (process / "status").read_text())
    return sum(map(int, peaks)) / 1024
