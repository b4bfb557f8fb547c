"""The sandbox's command line. ``make help`` lists the targets that call it."""

import argparse
import shutil
import sys
from pathlib import Path

from sandbox import layout, supervisor, tools


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in {
        "up": "build what is missing, start the sandbox and bring a stack up in it",
        "preview": "show what an up of a stack would change",
        "down": "destroy a stack",
        "env": "print the environment of the sandbox for a shell",
        "build": "build what is missing in the caches: engine, policy pack, base image of the hosts",
        "start": "start the sandbox",
        "status": "show what is running",
        "stop": "stop the sandbox; its state stays",
        "reset": "stop the sandbox and delete its state",
        "serve": "run the sandbox in the foreground",
        "tools": "install the Debian packages that the sandbox and the tests need",
        "weather": "set how the account behaves: late, throttled, inconsistent; without options: fair again",
        "snapshots": "make the snapshots that Data Lifecycle Manager's policies in the account ask for",
        "cell": "run a command beside other sandboxes, in a network of its own: cell NAME -- COMMAND...",
        "bench": "destroy a stack, then time up, no-change up, preview and destroy from the engine's events",
    }.items():
        made = commands.add_parser(name, help=summary, description=summary)
        if name in {"up", "preview", "down", "env", "bench"}:
            made.add_argument("--stack", default="test", help="stack name (default test)")
        if name == "bench":
            made.add_argument("--against", default="", help="compare with the build of this commit, in turns")
            made.add_argument("--rows", default="", help="what to measure, for example preview,stacks (default: all)")
            made.add_argument("--runs", type=int, default=5, help="runs of each build (default %(default)s)")
        if name in {"up", "preview", "down", "env"}:
            made.add_argument("--cloud", default="aws", help="aws (default), or the name of a folder of clouds/")
        if name == "weather":
            made.add_argument("--inconsistent", type=float, default=0, help="seconds that new things are not seen")
            made.add_argument("--throttled", action="store_true", help="keep the rates that AWS documents")
            made.add_argument("--slow", type=float, default=0, help="seconds that every answer is late")
            made.add_argument("--boot", type=float, default=0, help="seconds until an instance's host boots")
        if name == "cell":
            made.add_argument("name", help="name of the cell in this checkout; its state is in .sandbox/cells/NAME")
            made.add_argument(
                "arguments", nargs=argparse.REMAINDER, metavar="COMMAND", help="the command with its arguments"
            )
    given = parser.parse_args()
    if given.command == "cell":
        # argparse leaves the separator in or takes it out, depending on what is before it.
        given.arguments = given.arguments[given.arguments[:1] == ["--"] :]
        if not given.arguments:
            parser.error("cell NAME -- COMMAND...: the command is missing")
    return given


def main() -> int:
    given = _given()
    try:
        _run(given)
    except KeyboardInterrupt:
        from sandbox.rehearsal import say

        say("interrupted; run the same command again to continue")
        return 130
    except Exception as error:
        if not isinstance(error, _explained()):
            raise
        from sandbox.rehearsal import say

        say(f"error: {error}")
        return 1
    return 0


def _explained() -> tuple[type[Exception], ...]:
    """The errors whose messages state what was found and what to do."""
    # Imported here because they take a second, and only a failure needs them.
    from dev.toolchain.virtualenv import VirtualenvError
    from dev.toolchain.wheels import WheelError
    from sandbox.aws.acme import AcmeError
    from sandbox.aws.ports import PortTakenError
    from sandbox.aws.snapshot import SnapshotError
    from sandbox.aws.weather import WeatherError
    from sandbox.engine.steps import EngineError
    from sandbox.hosts.machine import HostError
    from sandbox.standin.archive import StandinError

    return (
        *(supervisor.SandboxError, AcmeError, EngineError, HostError, PortTakenError, WheelError),
        *(SnapshotError, StandinError, WeatherError, VirtualenvError, tools.ToolError),
    )


def _run(given: argparse.Namespace) -> None:  # noqa: C901, PLR0912 - one case for each command
    from sandbox import rehearsal
    from sandbox.engine import warm

    say = rehearsal.say
    match given.command:
        case "up":
            rehearsal.up(given.stack, say, given.cloud)
        case "preview":
            rehearsal.preview(given.stack, say, given.cloud)
        case "down":
            rehearsal.down(given.stack, say, given.cloud)
        case "bench":
            if given.against or given.rows:
                from sandbox import comparison

                comparison.run(given.stack, given.against, given.rows, given.runs, say)
            else:
                from sandbox import bench

                bench.run(given.stack, say)
        case "env":
            print(rehearsal.shell_environment(say, given.cloud, given.stack))
        case "build":
            rehearsal.build_caches(rehearsal.say)
        case "start":
            supervisor.start(say)
        case "weather":
            _weather(given)
        case "snapshots":
            supervisor.take_snapshots()
        case "status":
            print(status())
        case "stop" | "reset":
            warm.stop(layout.PULUMI_HOME)
            supervisor.stop(say)
            if given.command == "reset":
                _delete(layout.HOME)
                say(f"deleted {layout.HOME}; the next `make up` starts with a new account")
        case "serve":
            supervisor.serve()
        case "cell":
            from sandbox import cells

            sys.exit(cells.run_in(given.name, given.arguments, rehearsal.say))
        case "tools":
            tools.require({**tools.HOSTS, **tools.ACME, **tools.GATES, **tools.TESTS}, say)


def _delete(home: Path) -> None:
    """Delete the sandbox's state, except that of cells, which may run now."""
    for path in home.iterdir() if home.exists() else ():
        if path.name == "cells":
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _weather(given: argparse.Namespace) -> None:
    from sandbox.aws import weather
    from sandbox.rehearsal import say

    wanted = {name: getattr(given, name) for name in ("inconsistent", "throttled", "slow", "boot")}
    weather.write(layout.HOME / "weather.json", weather.Weather(**wanted))
    say(f"the account of {layout.HOME} is {', '.join(f'{k} {v}' for k, v in wanted.items() if v) or 'fair'} now")


def status() -> str:
    held = supervisor.holder()
    if held is None:
        return "no sandbox runs; `make up` or `make sandbox-start` starts one"
    lines = [f"the sandbox of {held.get('checkout')} runs as process {held.get('pid')}"]
    lines += [f"  {service:<16} {layout.LOOPBACK}:{port}" for service, port in layout.PORTS.items()]
    lines.append(f"  log              {supervisor.LOG}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
