"""Access tokens: the operator's, a host's from its metadata server, and an exchanged token of an issuer (RFC 8693)."""

import secrets
import time
from typing import Any
from urllib.parse import parse_qs

import jwt

from sandbox.fronts.calls import Answer, Call
from sandbox.gcp.calls import ANYONE, ApiError, Caller, decoded
from sandbox.gcp.iam import mapped
from sandbox.gcp.project import Project

#: Seconds that a token is good for.
LIFETIME = 3600

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_TOKEN_TYPES = ("urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:id_token")

#: https://docs.cloud.google.com/iam/docs/workload-identity-federation-with-other-providers
_ALGORITHMS = ["RS256", "ES256"]


def operator_credentials(project: Project) -> dict[str, str]:
    """Application default credentials of the operator, as `gcloud auth application-default login` leaves them."""
    kept = project.table("operator")
    if not kept:
        kept["refresh_token"] = secrets.token_hex(32)
        project.save()
    return {
        "type": "authorized_user",
        "client_id": "sandbox",
        "client_secret": "sandbox",
        "refresh_token": kept["refresh_token"],
    }


def refresh(project: Project, call: Call) -> Answer:
    """oauth2.googleapis.com/token for the operator."""
    form = {key: value[0] for key, value in parse_qs(call.body.decode()).items()}
    wanted = project.table("operator").get("refresh_token")
    if form.get("grant_type") != "refresh_token" or not wanted or form.get("refresh_token") != wanted:
        return Answer(status=400, body={"error": "invalid_grant", "error_description": "Bad Request"})
    owner = project.identity.owner
    return Answer(
        body=_issue(project, Caller(members=frozenset({f"user:{owner}", "allAuthenticatedUsers"}), name=owner))
    )


def of_host(project: Project, source: str) -> Answer:
    """The metadata server's token for the host that asks. Raises ApiError."""
    name = project.world.host_at(source)
    instance = next((one for one in project.table("instances").values() if one["name"] == name), None)
    accounts = instance.get("serviceAccounts") if instance else None
    if not accounts:
        raise ApiError(404, "no service account")
    email = accounts[0]["email"]
    members = frozenset({f"serviceAccount:{email}", "allAuthenticatedUsers"})
    return Answer(body=_issue(project, Caller(members=members, name=email)), headers={"Metadata-Flavor": "Google"})


def exchange(project: Project, call: Call) -> Answer:
    """sts.googleapis.com/v1/token: an issuer's token for one of a federated identity."""
    try:
        form = (
            decoded(call)
            if call.body.lstrip().startswith(b"{")
            else {key: value[0] for key, value in parse_qs(call.body.decode()).items()}
        )
        return Answer(body=_exchanged(project, form))
    except ApiError as error:
        code = (
            error.reason
            if error.reason in ("invalid_grant", "invalid_target", "unauthorized_client")
            else "invalid_request"
        )
        return Answer(status=error.status, body={"error": code, "error_description": error.message})


def _exchanged(project: Project, form: dict[str, str]) -> dict[str, Any]:
    grant, kind = (
        form.get("grant_type") or form.get("grantType"),
        form.get("subject_token_type") or form.get("subjectTokenType"),
    )
    token = form.get("subject_token") or form.get("subjectToken") or ""
    if grant != EXCHANGE or kind not in _TOKEN_TYPES or not token:
        raise ApiError(
            400, "grant_type, subject_token_type or subject_token is missing or not supported", "invalid_request"
        )
    path = form.get("audience", "").removeprefix("//iam.googleapis.com/")
    provider = project.table("providers").get(path)
    pool = path.partition("/providers/")[0]
    if provider is None or provider.get("state") != "ACTIVE" or project.table("pools")[pool]["state"] != "ACTIVE":
        raise ApiError(
            400, f'The target service indicated by the "audience" parameters is invalid: {path}', "invalid_target"
        )
    attributes = mapped(provider, _verified(project, provider, token))
    subject = attributes["google.subject"]
    root = f"//iam.googleapis.com/{pool}"
    members = {
        f"principal:{root}/subject/{subject}",
        f"principalSet:{root}/*",
        "allAuthenticatedUsers",
        *(f"principalSet:{root}/{name}/{value}" for name, value in attributes.items() if name.startswith("attribute.")),
    }
    issued = _issue(project, Caller(members=frozenset(members), name=subject))
    return {**issued, "issued_token_type": "urn:ietf:params:oauth:token-type:access_token"}


def _verified(project: Project, provider: dict[str, Any], token: str) -> dict[str, Any]:
    """The claims of a token whose signature the issuer's served keys verify. Raises ApiError."""
    issuer = provider["oidc"]["issuerUri"]
    try:
        if jwt.decode(token, options={"verify_signature": False}).get("iss") != issuer:
            raise ApiError(400, f"The issuer in ID Token does not match the expected {issuer}.", "invalid_grant")
        # The issuer is a host of this sandbox.
        configuration = project.world.fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if configuration.get("issuer") != issuer:
            raise ApiError(400, f"The issuer's configuration names {configuration.get('issuer')}.", "invalid_grant")
        keys = jwt.PyJWKSet.from_dict(project.world.fetch(configuration["jwks_uri"])).keys
        key_id = jwt.get_unverified_header(token).get("kid")
        key = next((key for key in keys if key.key_id == key_id), None)
        if key is None:
            raise ApiError(400, "Unable to find a key of the token's key id.", "invalid_grant")
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=_ALGORITHMS,
            audience=provider["oidc"].get("allowedAudiences"),
            issuer=issuer,
            options={"require": ["exp", "iat", "sub", "aud"]},
        )
    except (jwt.PyJWTError, OSError, KeyError, TypeError) as error:
        raise ApiError(400, f"The ID Token could not be verified: {error}", "invalid_grant") from None
    return claims


def caller(project: Project, call: Call) -> Caller:
    """Who the request's token stands for. Raises ApiError for one that is not good."""
    kind, _, token = call.headers.get("authorization", "").partition(" ")
    if not kind:
        return ANYONE
    found = project.table("tokens").get(token)
    if kind.lower() != "bearer" or found is None or found["until"] < time.time():
        raise ApiError(401, "Invalid Credentials")
    return Caller(members=frozenset([*found["members"], "allUsers"]), name=found["name"])


def _issue(project: Project, holder: Caller) -> dict[str, Any]:
    tokens, token = project.table("tokens"), f"ya29.{secrets.token_urlsafe(32)}"
    for old in [old for old, kept in tokens.items() if kept["until"] < time.time()]:
        del tokens[old]
    tokens[token] = {"members": sorted(holder.members), "name": holder.name, "until": time.time() + LIFETIME}
    project.save()
    return {"access_token": token, "expires_in": LIFETIME, "token_type": "Bearer"}
