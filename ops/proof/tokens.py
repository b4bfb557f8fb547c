"""Tokens of a live broker for the isolation proof, and two forgeries of them.

Owns the call of `POST /v1/mint-oidc-jwt` over public TLS, at the address that DNS-over-HTTPS returns, and reading the
actor from a token's claims. Nothing here prints or stores a token.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any

import urllib3

from components.naming import ACTOR_TAG
from gates import dns, issuer
from gates.wait import NotYet

#: The claim that AWS turns into session tags:
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
TAGS_CLAIM = "https://aws.amazon.com/tags"

MINT = "/v1/mint-oidc-jwt"


class NotMintedError(Exception):
    """The broker issued no token. The message says what it answered and what to do."""


def mint(
    host: str, doh_urls: Sequence[str], ca_bundle: str, *, actor: str, session: str, untagged: bool = False
) -> str:
    """A token of the broker at ``host``. Raises NotMintedError.

    A real broker reads the actor from the caller's ``session`` token. The sandbox's stand-in uses ``actor`` instead,
    and omits the actor tag if ``untagged``.
    """
    body: dict[str, Any] = {} if session else {"actor_omni": actor}
    if untagged:
        body["standin_untagged"] = True
    try:
        addresses = dns.resolve(host, doh_urls[0])
        if not addresses:
            raise NotMintedError(f"{doh_urls[0]} returns no address for {host}. Is the stack up?")
        with issuer.connection(addresses[0], host, ca_bundle) as pool:
            headers = {"Host": host, **({"Authorization": f"Bearer {session}"} if session else {})}
            answer = pool.request("POST", MINT, headers=headers, json=body)
    except (NotYet, urllib3.exceptions.HTTPError) as error:
        raise NotMintedError(f"https://{host} does not answer: {error}. Is the stack up?") from None
    if answer.status != 200:
        raise NotMintedError(_refused(host, answer.status, has_session=bool(session)))
    token = _token(answer)
    if token is None:
        raise NotMintedError(f"https://{host}{MINT} answers 200 without a token. Check the broker's version.")
    return token


def _refused(host: str, status: int, *, has_session: bool) -> str:
    if has_session:
        return (
            f"https://{host}{MINT} answers {status} to the session token. Sign in again for a new one. In the sandbox, "
            "omit --session-token-file."
        )
    return (
        f"https://{host}{MINT} answers {status} without a session token. Give the session tokens of two actors, one "
        "file each, with --session-token-file."
    )


def _token(answer: urllib3.BaseHTTPResponse) -> str | None:
    """The first value in the answer that is a JWT, whatever its field is called."""
    try:
        values = dict(answer.json()).values()
    except (ValueError, TypeError):
        return None
    return next((value for value in values if isinstance(value, str) and claims(value)), None)


def claims(token: str) -> dict[str, Any]:
    """A token's claims, unverified; empty if it is not a token."""
    try:
        _, body, _ = token.split(".")
        decoded = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (ValueError, binascii.Error):
        return {}
    return decoded if isinstance(decoded, dict) else {}


def actor_of(token: str) -> str:
    """The actor in a token's actor tag; empty without that tag."""
    tags = claims(token).get(TAGS_CLAIM)
    values = tags.get("principal_tags", {}).get(ACTOR_TAG, []) if isinstance(tags, dict) else []
    return str(values[0]) if values else ""


def forged(token: str, actor: str, other: str) -> str:
    """The token with ``other`` in place of ``actor``; its signature is no longer valid."""
    head, body, signature = token.split(".")
    text = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode().replace(actor, other)
    return ".".join([head, _encoded(text), signature])


def unsigned(token: str) -> str:
    """The token as an attacker without a key can make it: the same claims, with the algorithm ``none``."""
    head, body, _ = token.split(".")
    header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    return ".".join([_encoded(json.dumps({**header, "alg": "none"})), body, ""])


def _encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()
