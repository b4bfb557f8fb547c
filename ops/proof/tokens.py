"""Tokens of a live broker for the isolation proof, and two forgeries of them.

Owns the actors of a run, the call of `POST /v1/mint-oidc-jwt` over public TLS, at the address that DNS-over-HTTPS
returns, and reading the actor from a token's claims. Nothing here prints or stores a token.
"""

import base64
import binascii
import json
import secrets
from collections.abc import Callable, Sequence
from typing import Any

import urllib3

from components.naming import ACTOR_LENGTH, ACTOR_TAG
from gates import dns, issuer
from gates.wait import NotYet
from ops.proof.matrix import Cast, Token
from ops.stack import AnyStack

#: The claim that AWS turns into session tags:
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
TAGS_CLAIM = "https://aws.amazon.com/tags"

MINT = "/v1/mint-oidc-jwt"

NO_UNTAGGED = (
    "the broker issues no token without the actor tag, which is correct. To run these rows, run the proof in the "
    "sandbox, whose stand-in broker issues one."
)


class NotMintedError(Exception):
    """The broker issued no token. The message says what it answered and what to do."""


def minted(
    own: AnyStack, sessions: list[str], other: AnyStack | None, other_session: str, say: Callable[[str], None]
) -> tuple[Cast, dict[Token, str], dict[Token, str]]:
    """The two actors, the tokens that the brokers issued, and for each other token the reason why there is none."""
    had: dict[Token, str] = {}
    lacking: dict[Token, str] = {}

    def ask(at: AnyStack, token: Token, actor: str, session: str, *, untagged: bool = False) -> None:
        settings = at.settings
        say(f"asking https://{at.names.broker_host} for a token ({token})")
        try:
            had[token] = mint(
                at.names.broker_host, settings.doh_urls, settings.ca_bundle,
                actor=actor, session=session, untagged=untagged,
            )  # fmt: skip
        except NotMintedError as error:
            lacking[token] = str(error)

    actors = [new_actor() for _ in "AB"]
    ask(own, "A", actors[0], sessions[0] if sessions else "")
    ask(own, "B", actors[1], sessions[1] if sessions else "")
    ask(own, "untagged", actors[0], sessions[0] if sessions else "", untagged=True)
    if other is not None:
        ask(other, "other", actors[0], other_session)
    named = {token: actor_of(had[token]) for token in ("A", "B") if token in had}
    for token, actor in named.items():
        if not actor:
            lacking[token] = f"the token has no actor tag; {MINT} must set one"
    if len(named) == 2 and named["A"] == named["B"]:
        lacking["B"] = "both session tokens belong to the same actor; give those of two actors"
    came_tagged = "untagged" in had and actor_of(had["untagged"])
    if came_tagged or (sessions and "untagged" in lacking):
        lacking["untagged"] = NO_UNTAGGED
    had = {token: minted_token for token, minted_token in had.items() if token not in lacking}
    cast = Cast(a=named.get("A") or actors[0], b=named.get("B") or actors[1], run=secrets.token_hex(8))
    forge(had, lacking, cast)
    return cast, had, lacking


def new_actor() -> str:
    """The id of an actor that nobody has."""
    return secrets.token_hex(ACTOR_LENGTH // 2)


def forge(had: dict[Token, str], lacking: dict[Token, str], cast: Cast) -> None:
    """Add the tokens that an attacker could make from A's token."""
    if "A" in had:
        had["forged"] = forged(had["A"], cast.a, cast.b)
        had["unsigned"] = unsigned(had["A"])
    else:
        lacking["forged"] = lacking["unsigned"] = lacking["A"]


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
