"""AWS clients of the operator's commands: region always explicit, patience with throttling, no surprise about whose.

Owns how a client is made and that the caller's credentials are of the stack's account. Leaves out what is asked.
"""

import ipaddress
from typing import Any
from urllib.parse import urlsplit

import boto3  # type: ignore[import-untyped]
from botocore import UNSIGNED  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

from ops.stack import Stack, StackError

#: A refusal is an answer and is never tried again; throttling and lost connections are, this often.
RETRIES: Any = {"mode": "standard", "total_max_attempts": 6}


def of_caller(service: str, region: str) -> Any:
    """A client with the surroundings' own credentials."""
    return _client(boto3.Session(region_name=region), service)


def of_nobody(service: str, region: str) -> Any:
    """A client that signs nothing, for STS calls in which a token is the credential."""
    return _client(boto3.Session(region_name=region), service, signature_version=UNSIGNED)


def of_session(service: str, region: str, credentials: Any) -> Any:
    """A client with what STS gave for a token."""
    session = boto3.Session(
        region_name=region,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )
    return _client(session, service)


def require_account(stack: Stack) -> None:
    """The caller's credentials are of the stack's account. Raises StackError."""
    try:
        account = of_caller("sts", stack.settings.region).get_caller_identity()["Account"]
    except (ClientError, BotoCoreError) as error:
        raise StackError(
            f"AWS was asked who the credentials belong to: {error}. Select a profile (AWS_PROFILE)."
        ) from None
    if account != stack.settings.account_id:
        raise StackError(
            f"stack {stack.name!r} is in account {stack.settings.account_id}, the credentials belong to {account}. "
            "Nothing was done. Select the right profile (AWS_PROFILE)."
        )


def _client(session: boto3.Session, service: str, **config: Any) -> Any:
    made = session.client(service, config=Config(retries=RETRIES, **config))
    made.meta.events.register("request-created.s3-control", _without_account_in_address)
    return made


def _without_account_in_address(request: Any, **_others: Any) -> None:
    """S3 Control's host begins with the account's id; in front of an IP address it is no name."""
    host = urlsplit(request.url).hostname or ""
    account, _, rest = host.partition(".")
    try:
        ipaddress.ip_address(rest)
    except ValueError:
        return
    request.url = request.url.replace(f"//{account}.", "//", 1)
