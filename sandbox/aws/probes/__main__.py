"""``make validate-aws``: run the safe probes on an AWS account and compare them with the emulated account.

Exits with 0 if AWS and the emulated account agree, 1 if they differ or a probe did not end, 2 if it refused
to start, and 130 if it was interrupted.
"""

import argparse
import datetime
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from sandbox import layout, supervisor
from sandbox.aws.probes import validate
from sandbox.aws.probes.ground import Ground, LeftError
from sandbox.aws.probes.rows import Probe, table

#: How long a call is repeated until AWS is consistent, in seconds.
_PATIENCE = 60.0

#: Deletions that a killed run left to the next one.
JOURNAL = layout.CHECKOUT / ".sandbox" / "probes.json"


class RefusedError(Exception):
    """The run may not start. The message says why, and what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns its exit code."""
    given = _parsed(arguments)
    try:
        return _validate(given)
    except RefusedError as error:
        print(f"validate-aws: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        left = given.journal.exists()
        what = f"the next run deletes what is left ({given.journal})" if left else "what it made is deleted"
        print(f"validate-aws: interrupted; {what}.", file=sys.stderr)
        return 130


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make validate-aws",
        description="Ask AWS what the emulated account claims: run every safe probe with the credentials of the "
        "environment, write the answers, and compare them.",
    )
    parser.add_argument("--yes", action="store_true", help="create and delete without asking")
    parser.add_argument("--probe", action="append", metavar="NAME", help="run only this probe; can be repeated")
    parser.add_argument("--answers", type=Path, default=validate.ANSWERS, metavar="FOLDER", help=argparse.SUPPRESS)
    parser.add_argument("--journal", type=Path, default=JOURNAL, metavar="FILE", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def _validate(given: argparse.Namespace) -> int:
    try:
        expected = supervisor.emulated()
    except supervisor.SandboxError as error:
        raise RefusedError(str(error)) from None
    probes = _chosen(given.probe)
    ground = _ground(expected, given.journal)
    endpoint = str(ground.client("sts").meta.endpoint_url)
    if not (urlsplit(endpoint).hostname or "").endswith((".amazonaws.com", ".amazonaws.com.cn")):
        if given.answers == validate.ANSWERS:
            raise RefusedError(
                f"the AWS endpoint is {endpoint}, so the answers would not be AWS's. Nothing was created. Unset "
                "AWS_ENDPOINT_URL and its siblings (AWS_ENDPOINT_URL_STS and so on), and endpoint_url in the profile."
            )
        ground.rehearse(endpoint)
    _announce(probes, ground, expected.account_id)
    if not given.yes:
        _ask()
    _require_account(ground, expected.account_id)
    _interruptible()
    if found := ground.take_over():
        print(f"deleting what an earlier run left ({found} entries in {given.journal})")
        try:
            ground.clear()
        except LeftError as error:
            raise RefusedError(f"an earlier run's resources could not be deleted:\n{error}") from None
    outcomes = validate.run(probes, ground, lambda name: print(f"  {name}", flush=True))
    validate.keep(outcomes, datetime.datetime.now(datetime.UTC).date().isoformat(), given.answers)
    return _report(outcomes, expected, given)


def _chosen(names: Sequence[str] | None) -> list[Probe]:
    safe = {name: probe for name, probe in table().items() if not probe.unsafe}
    for name in names or ():
        if name not in table():
            raise RefusedError(f"there is no probe {name}. docs/validated.md lists them.")
        if name not in safe:
            raise RefusedError(f"probe {name} never runs on AWS: it {table()[name].unsafe}.")
    return [safe[name] for name in names] if names else list(safe.values())


def _ground(expected: supervisor.Emulated, journal: Path) -> Ground:
    try:
        ground = Ground(
            keys=None,
            account_id=expected.account_id,
            region=expected.region,
            zone=expected.zone,
            journal=journal,
            patience=_PATIENCE,
        )
        ground.client("sts")
    except BotoCoreError as error:
        raise RefusedError(f"{_credentials(error)}") from None
    return ground


def _announce(probes: Sequence[Probe], ground: Ground, account_id: str) -> None:
    print(f"{len(probes)} probes in account {account_id}, region {ground.region}. They create and delete again:")
    made = sorted({what for probe in probes for what in probe.makes})
    for what in made or ["nothing"]:
        print(f"  {what}")
    print(f"Every name starts with {ground.run}, nothing else is changed.")
    print(f"AWS charges less than {max(0.1, sum(probe.cents for probe in probes)):.1f} US cents for it.")


def _ask() -> None:
    if not sys.stdin.isatty():
        raise RefusedError(
            "nobody can be asked here. Nothing was created. Run it with YES=1 to go on without a question."
        )
    if input("Go on? [y/N] ").strip().lower() not in ("y", "yes"):
        raise RefusedError("stopped. Nothing was created.")


def _require_account(ground: Ground, account_id: str) -> None:
    try:
        answer: dict[str, Any] = ground.client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        raise RefusedError(_credentials(error)) from None
    if answer["Account"] != account_id:
        raise RefusedError(
            f"the credentials are {answer['Arn']} of account {answer['Account']}; the stack files name {account_id} "
            "(accountId). Nothing was created. Choose another profile: `export AWS_PROFILE=agentkeys-admin`."
        )


def _credentials(error: Exception) -> str:
    return (
        f"the AWS credentials cannot be used: {str(error).rstrip('.')}. Nothing was created. Check them with "
        "`aws sts get-caller-identity`; AWS_PROFILE chooses others."
    )


def _interruptible() -> None:
    """Let a termination end the run like Ctrl-C, so that it deletes what it made."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, interrupt)


def _report(outcomes: Sequence[validate.Outcome], expected: supervisor.Emulated, given: argparse.Namespace) -> int:
    ended = [one for one in outcomes if one.answers is not None]
    there = {
        one.probe.name: one
        for one in validate.emulated(
            [one.probe for one in ended],
            account_id=expected.account_id,
            zone=expected.zone,
            zone_id=expected.zone_id,
            region=expected.region,
        )
    }
    wrong = 0
    for one in outcomes:
        lines = [f"did not end: {one.reason}"] if one.answers is None else []
        if one.left:
            lines.append(f"not deleted, the next run tries again: {one.left}")
        words: list[str] = []
        if one.answers is not None:
            behaviour, words = validate.compared(one.answers, there[one.probe.name].answers or {})
            lines += [f"differs at {line}" for line in behaviour]
        wrong += bool(lines)
        print(f"{'DIFFERS' if lines else 'same   '} {one.probe.name}")
        for line in (*lines, *(f"other words at {line}" for line in words)):
            print(f"          {line}")
    print(f"{len(outcomes) - wrong} of {len(outcomes)} agree. The answers are in {given.answers}.")
    if given.answers == validate.ANSWERS:
        print("Run `make golden` to bring docs/validated.md up to date, and commit both.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
