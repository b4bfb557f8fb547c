"""Builds the engine, prints its path and status, and stops its plugin processes."""

import argparse
import os
import sys
from pathlib import Path

from sandbox import layout
from sandbox.engine import build, provider, versions, warm
from sandbox.engine.steps import EngineError


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m sandbox.engine", description=__doc__)
    actions = parser.add_subparsers(dest="action", help="default: status")
    actions.add_parser("build", help="download Pulumi, or build it and Terraform's AWS provider where it must be")
    actions.add_parser("path", help="print the folder to put first on PATH; fail if the engine is not built")
    home = Path(os.environ.get("PULUMI_HOME") or layout.HOME / "pulumi")
    for action, text in (
        ("status", "report which engine and AWS provider run, and how many plugin processes are warm"),
        ("stop", "stop the warm plugin processes of a Pulumi home"),
    ):
        actions.add_parser(action, help=text).add_argument(
            "--home", type=Path, default=home, help="the Pulumi home (default: $PULUMI_HOME or %(default)s)"
        )
    judged = actions.add_parser(
        "conformance",
        help="compare a command plugin with the official one, case by case (about a minute; needs sshd)",
        description="Asks a plugin every case of sandbox/engine/conformance/cases.py.",
    )
    judged.add_argument("--plugin", type=Path, help="a pulumi-resource-command executable (default: the stand-in)")
    arguments = parser.parse_args(sys.argv[1:] or ["status"])
    if arguments.action == "conformance":
        return _conformance(arguments.plugin)
    engine = build.ready()
    if arguments.action == "build":
        print(build.ensure(lambda line: print(line, flush=True)).bin_dir)
    elif arguments.action == "stop":
        print(f"stopped {warm.stop(arguments.home)} warm processes of {arguments.home}")
    elif arguments.action == "path":
        if engine is None:
            print("the engine is not built: run `python -m sandbox.engine build`", file=sys.stderr)
            return 1
        print(engine.bin_dir)
    else:
        print(f"engine: {_described()}")
        print(f"AWS provider: {_provider()}")
        print(f"warm processes of {arguments.home}: {len(warm.processes(arguments.home))}")
    return 0


def _described() -> str:
    kind = build.kind()
    return f"Pulumi {versions.ENGINE}, {kind}, in {build.folder()}" if kind else "not built"


def _provider() -> str:
    """Which AWS provider runs."""
    if build.kind() == "official":
        return f"pulumi-aws {versions.PLUGINS['aws']}, official"
    chosen = provider.find()
    if chosen is None:
        return f"Terraform's {provider.SOURCE.version}, not built yet ({provider.SOURCE.time})"
    return f"Terraform's {chosen.version}, {chosen.origin}: {chosen.path}"


def _conformance(executable: Path | None) -> int:
    from sandbox.engine.conformance import judge
    from sandbox.engine.conformance.cases import CASES

    if executable is not None and not os.access(executable, os.X_OK):
        print(f"{executable} is no executable: --plugin takes a pulumi-resource-command", file=sys.stderr)
        return 2
    found = 0
    with judge.world(executable) as world:
        for case in CASES:
            answer = judge.answer(case, world, executable)
            if answer == case.answer:
                continue
            found += 1
            print(f"{case.name}\n  source    {case.source}\n  official  {case.answer!r}\n  answered  {answer!r}")
    print(f"{len(CASES) - found} of {len(CASES)} cases as the official plugin")
    return 1 if found else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except EngineError as error:
        sys.exit(f"engine: {error}")
