"""Runs probes, keeps what AWS answered, and compares it with the emulated account."""

import configparser
import json
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from sandbox.aws.probes.ground import Ground, LeftError, NotHereError
from sandbox.aws.probes.normal import differences, normalised, of_words
from sandbox.aws.probes.rows import Probe
from sandbox.aws.server import Account
from sandbox.layout import OPERATOR

#: What AWS answered, one file for each service.
ANSWERS = Path(__file__).with_name("answers")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one probe came to."""

    probe: Probe
    answers: dict[str, Any] | None
    """Normalised; None if the probe did not end."""
    reason: str = ""
    """Why it did not end."""
    left: str = ""
    """What it could not delete."""


def run(probes: Iterable[Probe], ground: Ground, tell: Callable[[str], None] = lambda _: None) -> list[Outcome]:
    """Run each probe and delete what it made. An interrupt deletes too, and is raised again."""
    outcomes = []
    for number, one in enumerate(probes, 1):
        tell(one.name)
        ground.begin(number)
        answers, reason, left = None, "", ""
        try:
            answers = normalised(one.run(ground), placeholders(ground))
        except NotHereError as error:
            reason = str(error)
        except (BotoCoreError, ClientError, ResponseParserError, LookupError) as error:
            reason = f"{type(error).__name__}: {error}"
        finally:
            try:
                ground.clear()
            except LeftError as error:
                left = str(error)
        outcomes.append(Outcome(probe=one, answers=answers, reason=reason, left=left))
    return outcomes


def placeholders(ground: Ground) -> dict[str, str]:
    """What replaces the values that belong to the account and the run."""
    return {
        ground.domain: "<domain>",
        ground.prefix: "<run>",
        ground.account_id: "<account>",
        ground.region: "<region>",
    }


def emulated(probes: Iterable[Probe], *, account_id: str, zone: str, zone_id: str, region: str) -> list[Outcome]:
    """Run the probes on an emulated account of this process. Raises RuntimeError if it serves one already."""
    with tempfile.TemporaryDirectory() as home:
        account = Account(Path(home), account_id, zone, zone_id, region, lambda: None, port=0)
        account.start()
        try:
            with of_account(account) as ground:
                return run(probes, ground)
        finally:
            account.stop()


def of_account(account: Account, *, journal: Path | None = None) -> Ground:
    """A served emulated account as probes see it, as its operator."""
    credentials = configparser.ConfigParser()
    credentials.read(account.home / "credentials.ini")
    return Ground(
        keys=dict(credentials[OPERATOR]),
        account_id=account.account_id,
        region=account.region,
        zone=account.zone,
        endpoint=account.endpoint,
        journal=journal,
        other=dict(credentials["other-account"]),
    )


def keep(outcomes: Iterable[Outcome], day: str, folder: Path = ANSWERS) -> None:
    """Write the answers, with the day of the run. Answers of other probes stay."""
    folder.mkdir(parents=True, exist_ok=True)
    for outcome in outcomes:
        if outcome.answers is None:
            continue
        path = folder / f"{outcome.probe.service}.json"
        kept = json.loads(path.read_text()) if path.exists() else {}
        kept[outcome.probe.name] = {"validated": day, "answers": outcome.answers}
        path.write_text(json.dumps(dict(sorted(kept.items())), indent=2, ensure_ascii=False) + "\n")


def kept(folder: Path = ANSWERS) -> dict[str, dict[str, Any]]:
    """By probe, the day of its last run on AWS (``validated``) and its normalised ``answers``."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*.json")):
        found.update(json.loads(path.read_text()))
    return found


def compared(aws: Mapping[str, Any], emulated_answers: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Differences of behaviour, and differences of words only."""
    behaviour: list[str] = []
    words: list[str] = []
    for path, here, there in differences(aws, emulated_answers):
        line = f"{path}: AWS {json.dumps(here)}, emulated {json.dumps(there)}"
        (words if of_words(path) else behaviour).append(line)
    return behaviour, words
