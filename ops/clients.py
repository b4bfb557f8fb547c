"""AWS clients for the operator's commands, with an explicit region and retries when AWS throttles.

Owns how a client is made, and which error codes mean that something does not exist. Leaves out the check of the account
(``ops/session.py``).
"""

import ipaddress
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

#: Throttling and lost connections are retried; refusals are not.
RETRIES: Any = {"mode": "standard", "total_max_attempts": 6}


#: Parts of the error codes for a missing resource or setting. SES has its own codes, and S3 answers a HEAD request with
#: only the HTTP status.
_ABSENT = ("NoSuch", "NotFound", "404", "RuleDoesNotExist", "RuleSetDoesNotExist")


def is_absent(error: Exception) -> bool:
    """Whether ``error`` is AWS's answer that the resource or the setting does not exist."""
    return isinstance(error, ClientError) and any(word in str(error.response["Error"]["Code"]) for word in _ABSENT)


def of(session: boto3.Session, service: str, **config: Any) -> Any:
    """A client with the session's credentials and region. ``config`` is passed to botocore's Config."""
    made = session.client(service, config=Config(retries=RETRIES, **config))
    # First, because the signature covers the host.
    made.meta.events.register_first("request-created.s3-control", _without_account_in_address)
    return made


def elsewhere(ask: Callable[..., Any], service: str, own: str, region: str) -> Any:
    """A client for ``region``, made by ``ask``, whose clients are for ``own``."""
    return ask(service) if region == own else ask(service, region_name=region)


def of_nobody(region: str, service: str) -> Any:
    """A client that does not sign requests, for STS calls in which a token is the credential."""
    return of(boto3.Session(region_name=region), service, signature_version=UNSIGNED)


def of_credentials(region: str, service: str, credentials: Any) -> Any:
    """A client with temporary credentials, as STS returns them."""
    session = boto3.Session(
        region_name=region,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )
    return of(session, service)


def _without_account_in_address(request: Any, **_others: Any) -> None:
    """Removes the account id from S3 Control's host when an IP address follows: together they are no valid name."""
    host = urlsplit(request.url).hostname or ""
    account, _, rest = host.partition(".")
    try:
        ipaddress.ip_address(rest)
    except ValueError:
        return
    request.url = request.url.replace(f"//{account}.", "//", 1)
