"""The broker as an OIDC issuer: what AWS STS reads from it, over public TLS at the resolved address."""

import hashlib
import re
import ssl
import subprocess
from collections.abc import Sequence
from typing import Any

import requests
import urllib3

from gates.dns import resolve
from gates.wait import LOOK_TIMEOUT, NotYet

#: STS fetches discovery and keys itself and gives up after five seconds.
ISSUER_TIMEOUT = 5.0

#: Where STS reaches an issuer; AWS accepts no other port in an issuer's URL.
PORT = 443


def issuer(host: str, doh_urls: Sequence[str], ca_bundle: str) -> str:
    """The broker is an OIDC issuer that STS can use; gives the thumbprint of the top of its served chain.

    Checks, over public TLS at the resolved address: discovery names this issuer and a key set, the key set has an ES256
    key, health is 200 (runbook section 9.1). Raises NotYet.
    """
    addresses = resolve(host, doh_urls[0])
    if not addresses:
        raise NotYet(f"{doh_urls[0]} gives no address for {host}")
    with connection(addresses[0], host, ca_bundle) as pool:
        discovery = _json(pool, host, "/.well-known/openid-configuration")
        if discovery.get("issuer") != f"https://{host}":
            raise NotYet(f"discovery of {host} names the issuer {discovery.get('issuer')!r}, not 'https://{host}'")
        keys_path = str(discovery.get("jwks_uri", "")).removeprefix(f"https://{host}")
        if not keys_path.startswith("/"):
            raise NotYet(f"discovery of {host} has jwks_uri {discovery.get('jwks_uri')!r}, which is not on {host}")
        keys = _json(pool, host, keys_path).get("keys", [])
        if not any(key.get("kty") == "EC" and key.get("crv") == "P-256" for key in keys):
            raise NotYet(f"the key set of {host} has {len(keys)} keys and no ES256 key among them")
        _get(pool, host, "/healthz")
    return thumbprint(addresses[0], host)


def connection(address: str, host: str, ca_bundle: str) -> urllib3.HTTPSConnectionPool:
    """To a host's public port at a resolved address, its certificate checked for the host's name."""
    return urllib3.HTTPSConnectionPool(
        address,
        PORT,
        server_hostname=host,
        assert_hostname=host,
        ca_certs=ca_bundle or requests.utils.DEFAULT_CA_BUNDLE_PATH,
        timeout=ISSUER_TIMEOUT,
        retries=False,
    )


def thumbprint(address: str, host: str) -> str:
    """SHA-1 of the last certificate of the served chain, 40 lower-case hex digits, as IAM wants it:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc_verify-thumbprint.html
    """
    try:
        shown = subprocess.run(
            ["openssl", "s_client", "-showcerts", "-servername", host, "-connect", f"{address}:{PORT}"],
            input="",
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            timeout=LOOK_TIMEOUT * 2,
        )
    except subprocess.TimeoutExpired:
        raise NotYet(f"{host} does not finish a TLS handshake at {address}") from None
    chain = re.findall(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", shown.stdout, re.DOTALL)
    if len(chain) < 2:
        raise NotYet(f"{host} serves {len(chain)} certificates; a chain with its issuing authority is needed")
    # IAM defines the thumbprint as a SHA-1; nothing is authenticated by it here.
    return hashlib.sha1(ssl.PEM_cert_to_DER_cert(chain[-1]), usedforsecurity=False).hexdigest()


def _json(pool: urllib3.HTTPSConnectionPool, host: str, path: str) -> dict[str, Any]:
    try:
        return dict(_get(pool, host, path).json())
    except (ValueError, TypeError) as error:
        raise NotYet(f"https://{host}{path} is not a JSON object: {error}") from error


def _get(pool: urllib3.HTTPSConnectionPool, host: str, path: str) -> urllib3.BaseHTTPResponse:
    try:
        answer = pool.request("GET", path, headers={"Host": host})
    except urllib3.exceptions.HTTPError as error:
        raise NotYet(f"https://{host}{path} does not answer: {error}") from error
    if answer.status != 200:
        raise NotYet(f"https://{host}{path} answers {answer.status}")
    return answer
