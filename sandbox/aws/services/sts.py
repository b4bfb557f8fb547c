"""STS: the checks of AssumeRoleWithWebIdentity, and what a session keeps from the request that created it.

A session keeps its tags, passed or inherited through a chain of roles, and its session policies. Leaves out whether
AssumeRole is allowed and what a session may do (sandbox/aws/iam).
"""

import http.client
import io
import json
import logging
import re
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

import jwt
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.iam.models import OpenIDConnectProvider, Role, iam_backends
from moto.sts.models import AssumedRole
from moto.sts.responses import TokenResponse
from werkzeug.exceptions import HTTPException

from sandbox.aws import records
from sandbox.aws.iam.callers import CURRENT, policy_text, role_by_arn
from sandbox.aws.iam.documents import parsed
from sandbox.aws.iam.evaluation import Principal, Request, allows
from sandbox.aws.iam.patterns import Values
from sandbox.aws.services.context import current
from sandbox.aws.services.patching import replaces

log = logging.getLogger(__name__)

TAGS_CLAIM = "https://aws.amazon.com/tags"

#: Time limit for fetching both documents of an identity provider, in seconds.
FETCH_SECONDS = 5.0
_LARGEST_ANSWER = 1 << 20

_ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512")
_TAG_KEY = re.compile(r"[\w\s.:/=+@-]{1,128}")


class InvalidIdentityTokenError(ServiceException):
    """The token is invalid."""

    code = "InvalidIdentityToken"


class ExpiredTokenError(ServiceException):
    """The token is expired."""

    code = "ExpiredTokenException"


class IdpCommunicationError(ServiceException):
    """The issuer's documents could not be fetched."""

    code = "IDPCommunicationError"


@dataclass(frozen=True, kw_only=True)
class _Session:
    issuer: str
    subject: str
    audience: str
    tags: Mapping[str, str]
    transitive: tuple[str, ...]


@replaces(
    TokenResponse,
    because="moto accepts any token for any role, whether the role exists or not",
    page="https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html",
)
def assume_role_with_web_identity(_original: Any, self: Any) -> ActionResult:
    role_arn = self._get_param("RoleArn")
    session_name = self._get_param("RoleSessionName")
    seconds = self._get_int_param("DurationSeconds", 3600)
    token = self._get_param("WebIdentityToken")
    unverified = _unverified(token)
    role, provider = _role(role_arn), _provider(role_arn, str(unverified.get("iss", "")))
    session = _verified(token, unverified, provider)
    if not _trusts(role, provider, session):
        raise AccessDeniedError("Not authorized to perform sts:AssumeRoleWithWebIdentity")
    check_duration(role, seconds)
    assumed = self.backend.assume_role_with_web_identity(
        region_name=self.region,
        role_session_name=session_name,
        role_arn=role_arn,
        policy=self._get_param("Policy"),
        duration=seconds,
        external_id=None,
    )
    bind(self, assumed, role, tags=session.tags, transitive=session.transitive)
    assumed.federated_provider = provider.arn
    return ActionResult(
        {
            "Credentials": assumed,
            "AssumedRoleUser": {"AssumedRoleId": assumed.user_id, "Arn": assumed.arn},
            "SubjectFromWebIdentityToken": session.subject,
            "Audience": session.audience,
            "Provider": provider.arn,
            "PackedPolicySize": 6,
        }
    )


def _unverified(token: str) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError as error:
        raise InvalidIdentityTokenError(
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
        ) from error
    for claim in ("iss", "sub", "aud", "exp", "iat"):
        if claim not in claims:
            raise InvalidIdentityTokenError(f"Missing a required claim: {claim}")
    return claims


def _role(arn: str) -> Role:
    role: Role | None = role_by_arn(arn)
    if role is None:
        # Callers cannot distinguish a missing role from one that does not trust them.
        raise AccessDeniedError("Not authorized to perform sts:AssumeRoleWithWebIdentity")
    return role


def _provider(role_arn: str, issuer: str) -> OpenIDConnectProvider:
    account_id = role_arn.split(":")[4]
    arn = f"arn:aws:iam::{account_id}:oidc-provider/{issuer.removeprefix('https://')}"
    provider = iam_backends[account_id]["aws"].open_id_providers.get(arn)
    if provider is None or not issuer.startswith("https://"):
        raise InvalidIdentityTokenError(f"No OpenIDConnect provider found in your account for {issuer}")
    return provider


def _verified(token: str, unverified: Mapping[str, Any], provider: OpenIDConnectProvider) -> _Session:
    issuer = str(unverified["iss"])
    key = _signing_key(issuer, jwt.get_unverified_header(token).get("kid"))
    try:
        claims = jwt.decode(token, key, algorithms=list(_ALGORITHMS), options={"verify_aud": False})
    except jwt.ExpiredSignatureError as error:
        now, expiry = int(time.time()), unverified["exp"]
        raise ExpiredTokenError(
            f"Token expired: current date/time {now} must be before the expiration date/time {expiry}"
        ) from error
    except jwt.InvalidTokenError as error:
        raise InvalidIdentityTokenError(f"The web identity token could not be validated: {error}") from error
    audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    accepted = [audience for audience in audiences if audience in provider.client_id_list]
    if not accepted:
        raise InvalidIdentityTokenError("Incorrect token audience")
    tags, transitive = _tags(claims)
    return _Session(
        issuer=issuer, subject=str(claims["sub"]), audience=str(accepted[0]), tags=tags, transitive=transitive
    )


def _tags(claims: Mapping[str, Any]) -> tuple[dict[str, str], tuple[str, ...]]:
    claim = claims.get(TAGS_CLAIM)
    if claim is None:
        return {}, ()
    listed = claim.get("principal_tags") if isinstance(claim, dict) else None
    if not isinstance(listed, dict) or not all(
        isinstance(values, list) and len(values) == 1 and isinstance(values[0], str) and len(values[0]) <= 256
        for values in listed.values()
    ):
        raise InvalidIdentityTokenError(f"The claim {TAGS_CLAIM} must have principal_tags with one value for each key")
    if not all(_TAG_KEY.fullmatch(key) for key in listed) or len({key.lower() for key in listed}) != len(listed):
        raise InvalidIdentityTokenError(f"The claim {TAGS_CLAIM} has a tag key that is not allowed or that repeats")
    transitive = tuple(str(key) for key in claim.get("transitive_tag_keys") or ())
    if not set(transitive) <= set(listed):
        raise InvalidIdentityTokenError("The specified transitive tag key must be included in the requested tags.")
    return {key: values[0] for key, values in listed.items()}, transitive


def _trusts(role: Role, provider: OpenIDConnectProvider, session: _Session) -> bool:
    context: dict[str, Values] = {
        f"{provider.url}:aud": (session.audience,),
        f"{provider.url}:sub": (session.subject,),
        "aws:FederatedProvider": (provider.arn,),
    }
    if session.tags:
        context["aws:TagKeys"] = tuple(session.tags)
        context["sts:TransitiveTagKeys"] = session.transitive
        context.update({f"aws:RequestTag/{key}": (value,) for key, value in session.tags.items()})
    asking = Principal(kind="Federated", names=frozenset({provider.arn}))
    actions = ["sts:AssumeRoleWithWebIdentity", *(["sts:TagSession"] if session.tags else [])]
    return all(
        allows(
            role.assume_role_policy_document,
            Request(action=action, principal=asking, context=context),
        )
        for action in actions
    )


def _signing_key(issuer: str, key_id: str | None) -> jwt.PyJWK:
    deadline = time.monotonic() + FETCH_SECONDS
    # The issuer is a host of this sandbox and may be waiting for the account.
    with current().request_lock.let_go():
        configuration = fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration", deadline)
        if configuration.get("issuer") != issuer:
            raise InvalidIdentityTokenError(
                f"The issuer in the provider's configuration ({configuration.get('issuer')}) is not {issuer}"
            )
        document = fetch(str(configuration.get("jwks_uri", "")), deadline)
    try:
        keys = jwt.PyJWKSet.from_dict(document).keys
    except (jwt.PyJWTError, AttributeError, TypeError) as error:
        raise InvalidIdentityTokenError(f"The provider's key set cannot be used: {error}") from error
    for key in keys:
        if key.key_id == key_id:
            return key
    raise InvalidIdentityTokenError(
        "Couldn't retrieve verification key from your identity provider: its key set has no key with the token's key id"
    )


def fetch(url: str, deadline: float) -> dict[str, Any]:
    """A JSON document of an issuer that is a host of this sandbox. Raises IdpCommunicationError."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "https":
        raise IdpCommunicationError(f"{url!r} is not an https address")
    context = current()
    try:
        found = records.addresses(context.account_id, host)
        if not found:
            raise IdpCommunicationError(f"{host} has no A record in the account's public zones")
        # Hosts of the sandbox have elastic addresses in 127.0.0.0/8. No other address is contacted.
        if not found[0].startswith("127."):
            raise IdpCommunicationError(f"{host} points to {found[0]}, which is not an address of this sandbox")
        trust = ssl.create_default_context(cafile=str(context.issuer_ca))
        port = parts.port or context.issuer_port
        status, body = _get(trust, found[0], port, host, parts.path or "/", deadline)
    except (OSError, http.client.HTTPException) as error:
        raise IdpCommunicationError(f"{url} could not be fetched: {error or type(error).__name__}") from error
    if status != 200:
        raise IdpCommunicationError(f"{url} answered {status}")
    try:
        document = json.loads(body)
    except ValueError as error:
        raise InvalidIdentityTokenError(f"{url} did not answer with JSON") from error
    if not isinstance(document, dict):
        raise InvalidIdentityTokenError(f"{url} did not answer with a JSON object")
    return document


class _Answer:
    """The part of a socket that http.client.HTTPResponse uses."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._content)


def _get(trust: ssl.SSLContext, address: str, port: int, host: str, path: str, deadline: float) -> tuple[int, bytes]:
    with (
        socket.create_connection((address, port), timeout=_left(deadline)) as plain,
        trust.wrap_socket(plain, server_hostname=host) as connection,
    ):
        request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: application/json\r\nConnection: close\r\n\r\n"
        connection.sendall(request.encode())
        content = b""
        while len(content) <= _LARGEST_ANSWER:
            # Set before each read, so that a server that sends slowly cannot exceed the limit.
            connection.settimeout(_left(deadline))
            chunk = connection.recv(65536)
            if not chunk:
                break
            content += chunk
    response = http.client.HTTPResponse(_Answer(content))  # type: ignore[arg-type]
    response.begin()
    return response.status, response.read()


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError(f"no answer within {FETCH_SECONDS:g} s")
    return left


#: Longest session of a role that another role's session assumes, in seconds.
_LONGEST_CHAINED = 3600

_SHORTEST = 900


class AccessDeniedError(HTTPException):
    """The role does not exist or does not trust the caller.

    It sets the status itself: moto answers 400 for an error that the service's model lacks, and STS answers 403.
    """

    code = 403

    def __init__(self, message: str) -> None:
        error = f"<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>{escape(message)}</Message></Error>"
        super().__init__(f"<ErrorResponse>{error}</ErrorResponse>")

    def get_headers(self, *_: Any, **__: Any) -> list[tuple[str, str]]:
        return [("Content-Type", "text/xml")]


class StsValidationError(ServiceException):
    """A parameter is out of range."""

    code = "ValidationError"


class MalformedPolicyDocumentError(ServiceException):
    """The session's policy is not a policy document."""

    code = "MalformedPolicyDocument"


class InvalidParameterValueError(ServiceException):
    """A parameter conflicts with what the session inherits."""

    code = "InvalidParameterValue"


def check_duration(role: Any, seconds: int, *, chained: bool = False) -> None:
    """Check the duration of a session. Raises StsValidationError if it is too long or too short for the role."""
    if chained and seconds > _LONGEST_CHAINED:
        raise StsValidationError(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
        )
    if seconds > int(role.max_session_duration or 3600):
        raise StsValidationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
    if seconds < _SHORTEST:
        raise StsValidationError(
            f"1 validation error detected: Value '{seconds}' at 'durationSeconds' failed to satisfy constraint: "
            "Member must have value greater than or equal to 900"
        )


def bind(
    response: Any, assumed: AssumedRole, role: Any, *, tags: Mapping[str, str], transitive: tuple[str, ...]
) -> None:
    """Store on the session what the checks of its requests read later."""
    # A role that was deleted and created again is a different role with the same name.
    assumed.role_id = role.id  # type: ignore[attr-defined]
    assumed.session_tags = dict(tags)  # type: ignore[attr-defined]
    assumed.transitive_tag_keys = tuple(transitive)  # type: ignore[attr-defined]
    assumed.session_policies = tuple(_session_policies(response, role.account_id))  # type: ignore[attr-defined]


@replaces(
    TokenResponse,
    because="moto ignores tags, transitive tags, session policies and the role's maximum session duration",
    page="https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html",
)
def assume_role(original: Any, self: Any) -> ActionResult:
    caller = CURRENT.get()
    role = role_by_arn(self._get_param("RoleArn"))
    check_duration(role, self._get_int_param("DurationSeconds", 3600), chained=caller.assumed is not None)
    passed = {tag["Key"]: tag.get("Value", "") for tag in self._get_param("Tags") or []}
    inherited = _inherited(caller.assumed)
    conflicts = {key.lower() for key in passed} & {key.lower() for key in inherited}
    if conflicts:
        raise InvalidParameterValueError(
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from "
            "the calling session."
        )
    wanted = tuple(self._get_param("TransitiveTagKeys") or ())
    if not set(wanted) <= set(passed):
        raise InvalidParameterValueError("The specified transitive tag key must be included in the requested tags.")
    result: ActionResult = original(self)
    content: Any = result.result
    assumed = content["Credentials"]
    bind(self, assumed, role, tags={**inherited, **passed}, transitive=(*inherited, *wanted))
    return result


def _inherited(calling: AssumedRole | None) -> dict[str, str]:
    tags: Mapping[str, str] = getattr(calling, "session_tags", {})
    return {key: tags[key] for key in getattr(calling, "transitive_tag_keys", ()) if key in tags}


def _session_policies(response: Any, account_id: str) -> Iterator[str]:
    if document := response._get_param("Policy"):
        try:
            parsed(document)
        except ValueError as error:
            raise MalformedPolicyDocumentError("This policy contains invalid Json") from error
        yield document
    for listed in response._get_param("PolicyArns") or []:
        text = policy_text(account_id, listed["arn"])
        if text is None:
            raise StsValidationError(f"The policy {listed['arn']} does not exist or is not attachable.")
        yield text
