"""The table of the probes, and the behaviours that have none.

Owns which behaviours need a probe: every patch of moto, every module that decides a request, every fault and every
setting of the weather.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from sandbox.aws import faults, iam, weather
from sandbox.aws.probes.ground import Ground
from sandbox.aws.services.patching import REPLACEMENTS

#: What a probe saw: by step, the chosen fields of an answer, or the code, status and message of an error.
Answers = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Probe:
    """One behaviour and how it is seen."""

    name: str
    """Key in the files of answers and on the command line: the function's name."""
    statement: str
    """What AWS does, in one sentence: the function's docstring."""
    service: str
    """Name of its module, and of its file of answers."""
    subjects: tuple[str, ...]
    """What of the emulated account it covers: names from ``subjects()``."""
    calls: str
    """The API calls that show it."""
    page: str
    """The page of AWS's documentation that the emulated account follows."""
    makes: tuple[str, ...]
    """What it creates and deletes again. Empty if it only reads."""
    cents: float
    """An upper limit of what AWS charges for one run."""
    unsafe: str
    """Why it does not run on AWS. Empty if it does."""
    run: Callable[[Ground], Answers]


PROBES: dict[str, Probe] = {}


def probe(
    *subjects: str, calls: str, page: str = "", makes: tuple[str, ...] = (), cents: float = 0.0, unsafe: str = ""
) -> Callable[[Callable[[Ground], Answers]], Callable[[Ground], Answers]]:
    """Add a function to the table. Without ``page``, the first subject is a patch, whose page applies."""

    def mark(function: Callable[[Ground], Answers]) -> Callable[[Ground], Answers]:
        follows = page or next(one.page for one in REPLACEMENTS if patch_name(one.owner, one.name) == subjects[0])
        PROBES[function.__name__] = Probe(
            name=function.__name__,
            statement=inspect.cleandoc(function.__doc__ or ""),
            service=function.__module__.rpartition(".")[2],
            subjects=subjects,
            calls=calls,
            page=follows,
            makes=makes,
            cents=cents,
            unsafe=unsafe,
            run=function,
        )
        return function

    return mark


def patch_name(owner: type, name: str) -> str:
    """The subject of a patch: moto's class and its method."""
    return f"{owner.__name__}.{name}"


#: Subjects without a probe, and why.
WITHOUT = {
    "iam.access": "a data type; the permissions themselves are in iam.actions",
    "iam.received": "reads the request's bytes; a wrong reading changes the answers of every other probe",
    "iam.actions.access_analyzer": "moto has no such service; its calls are in tests/emulated/test_access_analyzer.py",
    "iam.actions.dlm": "moto has no such service; its calls are in tests/emulated/test_dlm.py",
    "EC2Backend.copy_snapshot": "what a copy contains is seen only on a host that boots from it",
    "faults.error": "AWS cannot be asked to fail with 500",
    "faults.throttled": "AWS throttles the whole account, so its other users would be throttled too",
    "faults.reset": "a broken connection is between the client and AWS",
    "faults.hang": "a broken connection is between the client and AWS",
    "faults.answer-lost": "a broken connection is between the client and AWS",
    "faults.kill-engine-before": "kills the engine, nothing of AWS",
    "faults.kill-engine-after": "kills the engine, nothing of AWS",
    "faults.kill-account-before": "kills the emulated account, nothing of AWS",
    "faults.kill-account-after": "kills the emulated account, nothing of AWS",
    "weather.inconsistent": "how long AWS is inconsistent differs from call to call, so no answer can be compared",
    "weather.throttled": "AWS throttles the whole account, so its other users would be throttled too",
    "weather.slow": "the delay of an answer is no part of the answer",
    "weather.boot": "the time until a host boots is no part of an answer",
}


def subjects() -> set[str]:
    """Everything that needs a probe or a row in ``WITHOUT``."""
    folder = Path(iam.__file__).parent
    modules = (path.relative_to(folder).with_suffix("") for path in folder.rglob("*.py") if path.stem != "__init__")
    return {
        *(patch_name(one.owner, one.name) for one in REPLACEMENTS),
        *(".".join(("iam", *module.parts)) for module in modules),
        "seed.route_default_vpc",
        *(f"faults.{kind}" for kind in faults.KINDS),
        *(f"weather.{field.name}" for field in fields(weather.Weather)),
    }


def table() -> dict[str, Probe]:
    """All probes by name, in the order of their modules' names, whichever was imported first."""
    from sandbox.aws.probes import accounts, cloudwatch, door, ec2, iam, route53, s3, ses, sns, sts  # noqa: F401

    return dict(sorted(PROBES.items(), key=lambda item: item[1].service))
