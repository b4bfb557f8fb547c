"""IAM Access Analyzer: the analyzer itself, without findings. Moto does not have the service.

An account has at most one analyzer of its type and region here, as one for access from outside that is free of charge.
Leaves out findings, archive rules, other types, and the
service-linked role, which AWS creates with the first analyzer.
https://docs.aws.amazon.com/access-analyzer/latest/APIReference/Welcome.html
"""

import datetime
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote

from sandbox.aws.iam.received import Received
from sandbox.aws.iam.refusals import Response
from sandbox.aws.services import beside_moto
from sandbox.aws.services.beside_moto import Operation, RefusedError, Things

SERVICE = "accessanalyzer"

#: https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_CreateAnalyzer.html
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,254}")


def arn(name: str, account_id: str, region: str) -> str:
    """The ARN of an analyzer."""
    return f"arn:aws:access-analyzer:{region}:{account_id}:analyzer/{name}"


def answer(received: Received, account_id: str) -> Response:
    """Answer a request that the account has let in."""
    return beside_moto.answer(received, account_id, "analyzers", _OPERATIONS)


def _create(received: Received, analyzers: Things, account_id: str, region: str) -> Mapping[str, Any]:
    given = received.members
    name = str(given.get("analyzerName"))
    if not _NAME.fullmatch(name):
        raise RefusedError("400 Bad Request", "ValidationException", f"{name} is no name of an analyzer")
    if given.get("type") != "ACCOUNT":
        raise RefusedError("400 Bad Request", "ValidationException", "the sandbox has analyzers of type ACCOUNT only")
    if name in analyzers:
        raise RefusedError("409 Conflict", "ConflictException", f"An analyzer with the name {name} exists")
    if analyzers:
        message = "The account has an analyzer for access from outside in this region"
        raise RefusedError("402 Payment Required", "ServiceQuotaExceededException", message)
    analyzers[name] = {
        "arn": arn(name, account_id, region),
        "name": name,
        "type": "ACCOUNT",
        "createdAt": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "status": "ACTIVE",
        "tags": dict(given.get("tags") or {}),
    }
    return {"arn": arn(name, account_id, region)}


def _missing(what: str) -> RefusedError:
    return RefusedError("404 Not Found", "ResourceNotFoundException", f"{what} could not be found")


def _named(received: Received, analyzers: Things) -> dict[str, Any]:
    name = unquote(received.labels.get("analyzerName", ""))
    if name not in analyzers:
        raise _missing(name)
    return analyzers[name]


def _get(received: Received, analyzers: Things, _account_id: str, _region: str) -> Mapping[str, Any]:
    return {"analyzer": _named(received, analyzers)}


def _list(_received: Received, analyzers: Things, _account_id: str, _region: str) -> Mapping[str, Any]:
    return {"analyzers": list(analyzers.values())}


def _delete(received: Received, analyzers: Things, _account_id: str, _region: str) -> Mapping[str, Any]:
    del analyzers[_named(received, analyzers)["name"]]
    return {}


def _tagged(received: Received, analyzers: Things) -> dict[str, str]:
    wanted = unquote(received.labels.get("resourceArn", ""))
    for analyzer in analyzers.values():
        if analyzer["arn"] == wanted:
            tags: dict[str, str] = analyzer["tags"]
            return tags
    raise _missing(wanted)


def _tags(received: Received, analyzers: Things, _account_id: str, _region: str) -> Mapping[str, Any]:
    return {"tags": _tagged(received, analyzers)}


def _tag(received: Received, analyzers: Things, _account_id: str, _region: str) -> Mapping[str, Any]:
    _tagged(received, analyzers).update(received.members["tags"])
    return {}


def _untag(received: Received, analyzers: Things, _account_id: str, _region: str) -> Mapping[str, Any]:
    tags = _tagged(received, analyzers)
    for key in parse_qs(received.query_string).get("tagKeys", ()):
        tags.pop(key, None)
    return {}


_OPERATIONS: Mapping[str, Operation] = {
    "CreateAnalyzer": _create,
    "DeleteAnalyzer": _delete,
    "GetAnalyzer": _get,
    "ListAnalyzers": _list,
    "ListTagsForResource": _tags,
    "TagResource": _tag,
    "UntagResource": _untag,
}
