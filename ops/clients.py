"""AWS clients of the operator's commands: region always explicit, patience with throttling.

Owns how a client is made, and which answers say that something is not there. Leaves out whose account it is
(``ops/session.py``) and what is asked.
"""

import ipaddress
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

#: A refusal is an answer and is never tried again; throttling and lost connections are, this often.
RETRIES: Any = {"mode": "standard", "total_max_attempts": 6}


#: Pieces of AWS's codes for a thing or a setting that is not there. SES has words of its own, and S3 answers a HEAD
#: without a body with the HTTP status alone.
_ABSENT = ("NoSuch", "NotFound", "404", "RuleDoesNotExist", "RuleSetDoesNotExist")


def is_absent(error: Exception) -> bool:
    """AWS has answered that there is no such thing, which is an answer like any other."""
    return isinstance(error, ClientError) and any(word in str(error.response["Error"]["Code"]) for word in _ABSENT)


def of(session: boto3.Session, service: str, **config: Any) -> Any:
    """A client with the session's own credentials and region; ``config`` is botocore's."""
    made = session.client(service, config=Config(retries=RETRIES, **config))
    # Before the signature is made: it covers the host.
    made.meta.events.register_first("request-created.s3-control", _without_account_in_address)
    return made


def of_nobody(region: str, service: str) -> Any:
    """A client that signs nothing, for STS calls in which a token is the credential."""
    return of(boto3.Session(region_name=region), service, signature_version=UNSIGNED)


def of_credentials(region: str, service: str, credentials: Any) -> Any:
    """A client with what STS gave for a token."""
    session = boto3.Session(
        region_name=region,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )
    return of(session, service)


def _without_account_in_address(request: Any, **_others: Any) -> None:
    """S3 Control's host begins with the account's id; in front of an IP address it is no name."""
    host = urlsplit(request.url).hostname or ""
    account, _, rest = host.partition(".")
    try:
        ipaddress.ip_address(rest)
    except ValueError:
        return
    request.url = request.url.replace(f"//{account}.", "//", 1)
