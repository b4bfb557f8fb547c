"""Parses a received request: its service, operation and parameters.

Moto's own router finds the operation with botocore's service models, so the checks apply to what moto executes. Leaves
out the signature (`authentication`).
"""

import functools
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from botocore.exceptions import DataNotFoundError, UnknownServiceError
from moto.core.request import PRESERVED_HEADER_NAMES_ENVIRON_KEY, Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from moto.moto_server.werkzeug_app import UNSIGNED_ACTIONS
from werkzeug.exceptions import HTTPException

from sandbox.aws import cbor

#: Operation of a request that no service model has.
UNKNOWN = "UnknownOperation"

_BY_PARAMETER = ("query", "ec2")

#: Service by the name in its signatures, where that is another.
_SIGNED_AS = {"access-analyzer": "accessanalyzer", "monitoring": "cloudwatch"}

#: Service by the start of its paths, for services that have paths of their own.
_PATHS = {"/v2/email/": "sesv2", "/2013-04-01/": "route53", "/v20180820/": "s3control"}


@dataclass(frozen=True, kw_only=True)
class Credential:
    """The credential and scope of a signature."""

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    presigned: bool

    @property
    def scope(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


class MalformedError(ValueError):
    """The request states its operation or signature more than once, or in a form that AWS does not accept."""


@dataclass(frozen=True, kw_only=True)
class Received:
    """One request. Header names are in lower case. Query and form keep their order."""

    environ: Mapping[str, Any]
    method: str
    path: str
    query_string: str
    headers: Mapping[str, str]
    body: bytes
    credential: Credential | None = None

    #: botocore's name of the service, for example "s3control" or "sesv2".
    service: str = "s3"
    protocol: str = "rest-xml"
    operation: str = UNKNOWN

    #: Values of the labels in the path.
    labels: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def unreadable(cls, environ: Mapping[str, Any], body: bytes) -> "Received":
        """The readable part of a malformed request, which is enough to refuse it in its protocol's form."""
        content_type = str(environ.get("CONTENT_TYPE", ""))
        service = "s3"
        if "urlencoded" in content_type:
            service = "iam"
        elif content_type == cbor.CONTENT_TYPE:
            service = "cloudwatch"
        return cls(
            environ=environ,
            method=str(environ.get("REQUEST_METHOD", "GET")),
            path=str(environ.get("PATH_INFO", "/")),
            query_string=str(environ.get("QUERY_STRING", "")),
            headers={},
            body=body,
            service=service,
            protocol=_protocol(service, content_type),
        )

    @property
    def host(self) -> str:
        return self.headers.get("host", "")

    @functools.cached_property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.query_string, keep_blank_values=True))

    @functools.cached_property
    def form(self) -> dict[str, str]:
        """The parameters of a query-protocol request."""
        return {**self.query, **dict(_form(self.headers, self.body))}

    @functools.cached_property
    def members(self) -> dict[str, Any]:
        """The members of a JSON or CBOR body. Empty for other requests."""
        if self.protocol == cbor.PROTOCOL:
            return cbor.structure(self.body)
        try:
            content = json.loads(self.body) if self.body else {}
        except ValueError:
            return {}
        return content if isinstance(content, dict) else {}

    @property
    def reads(self) -> bool:
        """Whether the operation only reads, judged by the verb that starts its name."""
        if self.operation == UNKNOWN:
            return self.method in ("GET", "HEAD", "OPTIONS")
        return self.operation.startswith(("Describe", "Get", "List", "Lookup", "Head", "Simulate", "Generate"))


def receive(environ: Mapping[str, Any], body: bytes) -> Received:
    """Read a WSGI request. Raises MalformedError."""
    target = str(environ.get("RAW_URI") or environ.get("PATH_INFO", "/"))
    # A client that uses the endpoint as its proxy sends a full URL.
    parts = urlsplit(target if "://" in target.partition("?")[0] else f"//host{target}")
    spelt: Mapping[str, str] = environ.get(PRESERVED_HEADER_NAMES_ENVIRON_KEY) or {}
    headers = {
        spelt.get(key, key.removeprefix("HTTP_").replace("_", "-")).lower(): str(value)
        for key, value in environ.items()
        if key.startswith("HTTP_") or (key in ("CONTENT_TYPE", "CONTENT_LENGTH") and value)
    }
    bare = Received(
        environ=environ,
        method=str(environ.get("REQUEST_METHOD", "GET")),
        path=parts.path or "/",
        query_string=parts.query,
        headers=headers,
        body=body,
    )
    credential = _credential(bare)
    service = _service(bare, credential)
    protocol = _protocol(service, headers.get("content-type", ""))
    _check_names_operation_once(bare, protocol)
    if protocol == cbor.PROTOCOL:
        _check_structure(body)
    operation, labels = _operation(bare, service)
    return Received(
        environ=environ,
        method=bare.method,
        path=bare.path,
        query_string=bare.query_string,
        headers=headers,
        body=body,
        credential=credential,
        service=service,
        protocol=protocol,
        operation=operation,
        labels=labels,
    )


def _form(headers: Mapping[str, str], body: bytes) -> list[tuple[str, str]]:
    if "urlencoded" not in headers.get("content-type", ""):
        return []
    return parse_qsl(body.decode(errors="replace"), keep_blank_values=True)


def _credential(received: Received) -> Credential | None:
    header = received.headers.get("authorization")
    query = received.query
    if header is not None and "X-Amz-Signature" in query:
        raise MalformedError("Only one auth mechanism allowed")
    if header is not None:
        algorithm, _, rest = header.partition(" ")
        given = dict(part.strip().partition("=")[::2] for part in rest.split(","))
        fields = {"algorithm": algorithm, **given}
    elif "X-Amz-Signature" in query or "X-Amz-Credential" in query:
        fields = {
            "algorithm": query.get("X-Amz-Algorithm", ""),
            "Credential": query.get("X-Amz-Credential", ""),
            "SignedHeaders": query.get("X-Amz-SignedHeaders", ""),
            "Signature": query.get("X-Amz-Signature", ""),
        }
    elif "Signature" in query and "AWSAccessKeyId" in query:
        fields = {"algorithm": "AWS"}
    else:
        return None
    if fields["algorithm"] != "AWS4-HMAC-SHA256":
        raise MalformedError(
            "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
        )
    scope = fields.get("Credential", "").rsplit("/", 4)
    if len(scope) != 5 or scope[4] != "aws4_request" or not fields.get("SignedHeaders") or not fields.get("Signature"):
        raise MalformedError("The authorization header that you provided is not valid.")
    return Credential(
        access_key_id=scope[0],
        date=scope[1],
        region=scope[2],
        service=scope[3].lower(),
        signed_headers=tuple(fields["SignedHeaders"].lower().split(";")),
        signature=fields["Signature"],
        presigned=header is None,
    )


def _service(received: Received, credential: Credential | None) -> str:
    if credential is not None:
        signed = _SIGNED_AS.get(credential.service, credential.service)
        if signed == "s3" and (received.path.startswith("/v20180820/") or "s3-control" in received.host):
            return "s3control"
        if signed == "ses" and received.path.startswith("/v2/"):
            return "sesv2"
        return signed
    action = received.form.get("Action", "")
    if action in UNSIGNED_ACTIONS and received.method == "POST":
        return UNSIGNED_ACTIONS[action][0]
    # All services share this endpoint. A request that is clearly not for S3 is refused in its own service's form.
    if action:
        return "sts"
    if "x-amz-target" in received.headers:
        return "ssm"
    return next((service for path, service in _PATHS.items() if received.path.startswith(path)), "s3")


@functools.cache
def _protocol(service: str, content_type: str) -> str:
    """The protocol in which moto reads the request: for a service that has several, the body's type decides."""
    try:
        model = get_service_model(service)
        return determine_request_protocol(model, content_type)
    except NotImplementedError:
        return str(model.protocol)
    except (UnknownServiceError, DataNotFoundError, KeyError):
        return "json"


def _check_structure(body: bytes) -> None:
    try:
        cbor.structure(body)
    except cbor.CborError as error:
        raise MalformedError(str(error)) from error


def _check_names_operation_once(received: Received, protocol: str) -> None:
    names = [name for name, _ in _form(received.headers, received.body)]
    names += [name for name, _ in parse_qsl(received.query_string, keep_blank_values=True)]
    actions = names.count("Action")
    target = received.headers.get("x-amz-target")
    if protocol in _BY_PARAMETER:
        right = actions == 1 and target is None
        if len(set(names)) < len(names):
            # Moto reads the first one and the permissions would be those of the last one.
            raise MalformedError("The request has a parameter more than once.")
    elif protocol == "json":
        right = actions == 0
    else:
        right = actions == 0 and target is None
    if not right:
        raise MalformedError("The request names its operation not once, or not where its service looks for it.")


def _operation(received: Received, service: str) -> tuple[str, dict[str, str]]:
    try:
        request = Request({**received.environ, "wsgi.input": io.BytesIO(received.body)})
        found, labels = get_service_router(service).match(request)
    except (HTTPException, UnknownServiceError, DataNotFoundError, NotImplementedError):
        return UNKNOWN, {}
    return str(found.name), {name: str(value) for name, value in labels.items()}
