"""The independent evaluator of IAM policies: installs the npm packages and runs one batch of questions in one process.

``package-lock.json`` pins them. iam-simulate has the AGPL: it is a tool of the tests, run as a process of its own and
never part of the product.
"""

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from components.policies.document import Document
from dev.toolchain import node

HERE = Path(__file__).resolve().parent
INSTALLED = HERE / "node_modules"


class EvaluatorError(RuntimeError):
    """The packages did not come, or the evaluator refused a question; the message is its own."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """One question. ``principal`` is an ARN or a service, None for nobody; ``account`` the one that owns ``resource``.

    ``identity`` and ``policy`` are ids of documents: those of the principal, and the resource's if it has one.
    ``issuer`` is the host that signed the caller's token, None where there is no token.
    """

    principal: str | None
    action: str
    resource: str
    account: str
    context: Mapping[str, str | Sequence[str]]
    issuer: str | None = None
    identity: tuple[str, ...] = ()
    policy: str | None = None


@dataclass(frozen=True, kw_only=True)
class Change:
    """``document`` in place of the one with that id, and the indices of the requests to decide again."""

    id: str
    document: Document
    requests: Sequence[int]


@dataclass(frozen=True, kw_only=True)
class Answers:
    """``decisions[i]``: is request i allowed. ``differs[j]``: a request that change j decides otherwise than expected,
    or None.
    """

    decisions: list[bool]
    differs: list[int | None]


def evaluate(
    documents: Mapping[str, tuple[Literal["identity", "resource", "trust"], Document]],
    requests: Sequence[Request],
    expected: Sequence[bool],
    changes: Sequence[Change],
) -> Answers:
    """All answers, by as many processes as there are processors.

    Raises EvaluatorError for an invalid document and for a request that AWS would not send.
    """
    command = [_install(), str(HERE / "evaluate.mjs")]
    common = {
        "documents": {name: {"kind": kind, "document": made} for name, (kind, made) in documents.items()},
        "requests": [asdict(request) for request in requests],
        "expected": expected,
    }
    shares = range(os.cpu_count() or 1)
    indices = [list(range(len(requests)))[share :: len(shares)] for share in shares]
    changed = [[asdict(change) for change in changes[share :: len(shares)]] for share in shares]
    with ThreadPoolExecutor(len(shares)) as pool:
        answers = list(
            pool.map(
                lambda share: _ask(command, {**common, "decide": indices[share], "changes": changed[share]}), shares
            )
        )
    decisions, differs = [False] * len(requests), [None] * len(changes)
    for share, answer in zip(shares, answers, strict=True):
        decisions[share :: len(shares)] = answer["decisions"]
        differs[share :: len(shares)] = answer["differs"]
    return Answers(decisions=decisions, differs=differs)


def _ask(command: list[str], question: dict[str, Any]) -> dict[str, Any]:
    done = subprocess.run(command, input=json.dumps(question), capture_output=True, text=True, check=False)
    if done.returncode:
        told = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
        raise EvaluatorError(told[0] if told else done.stderr.strip()[-500:])
    return json.loads(done.stdout)


def _install() -> str:
    """The packages of the lock file, unless they are there. Returns the path of Node."""

    def progress(line: str) -> None:
        print(line, file=sys.stderr)

    binary, npm = node.find(progress)
    lock = HERE / "package-lock.json"
    # npm ci empties the folder first, so two runs of the tests take turns.
    with (HERE / "package.json").open() as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        stamp = INSTALLED / ".lock-installed"
        if not stamp.is_file() or stamp.read_bytes() != lock.read_bytes():
            progress(
                "installing the pinned policy evaluator from npm into tests/unit/components/policies/truth/node_modules"
            )
            done = subprocess.run(
                [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                cwd=HERE,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                raise EvaluatorError(
                    f"`npm ci` in tests/unit/components/policies/truth failed: {done.stderr.strip()[-500:]}"
                )
            stamp.write_bytes(lock.read_bytes())
    return binary
