"""IAM Access Analyzer: the analyzer itself, without findings. Moto does not have the service.

An account has at most one analyzer of its type and region here, as one for access from outside that is free of charge.
Analyzers are kept in EC2's backend, which the account saves. Leaves out findings, archive rules, other types, and the
service-linked role, which AWS creates with the first analyzer.
https://docs.aws.amazon.com/access-analyzer/latest/APIReference/Welcome.html
"""

import datetime
import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, unquote

from moto.ec2.models import ec2_backends

from sandbox.aws.iam.received import Received
from sandbox.aws.iam.refusals import Response

SERVICE = "accessanalyzer"

#: https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_CreateAnalyzer.html
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,254}")


class AnalyzerError(Exception):
    """The service refuses a request. Arguments: HTTP status, code, message."""


def arn(name: str, account_id: str, region: str) -> str:
    """The ARN of an analyzer."""
    return f"arn:aws:access-analyzer:{region}:{account_id}:analyzer/{name}"


def answer(received: Received, account_id: str) -> Response:
    """Answer a request that the account has let in."""
    region = received.credential.region if received.credential else ""
    backend = ec2_backends[account_id][region]
    if not hasattr(backend, "analyzers"):
        backend.analyzers = {}  # type: ignore[attr-defined]
    analyzers: dict[str, dict[str, Any]] = backend.analyzers  # type: ignore[attr-defined]
    try:
        operation = _OPERATIONS[received.operation]
    except KeyError:
        return _answer("501 Not Implemented", "NotImplemented", f"the sandbox has no {received.operation}")
    try:
        content = operation(received, analyzers, lambda name: arn(name, account_id, region))
    except AnalyzerError as error:
        return _answer(*error.args)
    return "200 OK", [("Content-Type", "application/json")], json.dumps(content).encode()


def _answer(status: str, code: str, message: str) -> Response:
    content = json.dumps({"message": message}).encode()
    return status, [("Content-Type", "application/json"), ("X-Amzn-ErrorType", code)], content


Analyzers = dict[str, dict[str, Any]]


def _create(received: Received, analyzers: Analyzers, arn_of: Callable[[str], str]) -> Mapping[str, Any]:
    given = received.members
    name = str(given.get("analyzerName"))
    if not _NAME.fullmatch(name):
        raise AnalyzerError("400 Bad Request", "ValidationException", f"{name} is no name of an analyzer")
    if given.get("type") != "ACCOUNT":
        raise AnalyzerError("400 Bad Request", "ValidationException", "the sandbox has analyzers of type ACCOUNT only")
    if name in analyzers:
        raise AnalyzerError("409 Conflict", "ConflictException", f"An analyzer with the name {name} exists")
    if analyzers:
        message = "The account has an analyzer for access from outside in this region"
        raise AnalyzerError("402 Payment Required", "ServiceQuotaExceededException", message)
    analyzers[name] = {
        "arn": arn_of(name),
        "name": name,
        "type": "ACCOUNT",
        "createdAt": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "status": "ACTIVE",
        "tags": dict(given.get("tags") or {}),
    }
    return {"arn": arn_of(name)}


def _missing(what: str) -> AnalyzerError:
    return AnalyzerError("404 Not Found", "ResourceNotFoundException", f"{what} could not be found")


def _named(received: Received, analyzers: Analyzers) -> dict[str, Any]:
    name = unquote(received.labels.get("analyzerName", ""))
    if name not in analyzers:
        raise _missing(name)
    return analyzers[name]


def _get(received: Received, analyzers: Analyzers, _arn_of: Callable[[str], str]) -> Mapping[str, Any]:
    return {"analyzer": _named(received, analyzers)}


def _list(_received: Received, analyzers: Analyzers, _arn_of: Callable[[str], str]) -> Mapping[str, Any]:
    return {"analyzers": list(analyzers.values())}


def _delete(received: Received, analyzers: Analyzers, _arn_of: Callable[[str], str]) -> Mapping[str, Any]:
    del analyzers[_named(received, analyzers)["name"]]
    return {}


def _tagged(received: Received, analyzers: Analyzers) -> dict[str, str]:
    wanted = unquote(received.labels.get("resourceArn", ""))
    for analyzer in analyzers.values():
        if analyzer["arn"] == wanted:
            tags: dict[str, str] = analyzer["tags"]
            return tags
    raise _missing(wanted)


def _tags(received: Received, analyzers: Analyzers, _arn_of: Callable[[str], str]) -> Mapping[str, Any]:
    return {"tags": _tagged(received, analyzers)}


def _tag(received: Received, analyzers: Analyzers, _arn_of: Callable[[str], str]) -> Mapping[str, Any]:
    _tagged(received, analyzers).update(received.members["tags"])
    return {}


def _untag(received: Received, analyzers: Analyzers, _arn_of: Callable[[str], str]) -> Mapping[str, Any]:
    tags = _tagged(received, analyzers)
    for key in parse_qs(received.query_string).get("tagKeys", ()):
        tags.pop(key, None)
    return {}


_OPERATIONS: Mapping[str, Callable[[Received, Analyzers, Callable[[str], str]], Mapping[str, Any]]] = {
    "CreateAnalyzer": _create,
    "DeleteAnalyzer": _delete,
    "GetAnalyzer": _get,
    "ListAnalyzers": _list,
    "ListTagsForResource": _tags,
    "TagResource": _tag,
    "UntagResource": _untag,
}
