"""A boto3 session with the operator's credentials and the stack's region, checked against the stack's account.

Leaves out permissions: AWS refuses by itself, and the commands report what it refused.
"""

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError

from ops import exits
from settings import Settings


class AccountError(click.ClickException):
    """There are no credentials, or they belong to another account. The message says whose they are and what to do."""

    exit_code = exits.NOT_RUN


def of(settings: Settings) -> boto3.Session:
    """The session for a stack's account. Raises AccountError."""
    try:
        made = boto3.Session(region_name=settings.region)
        identity = made.client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        raise AccountError(
            f"the AWS credentials cannot be used: {error}. Select a profile (AWS_PROFILE) or sign in again."
        ) from None
    if identity["Account"] != settings.account_id:
        raise AccountError(
            f"accountId: the stack is for account {settings.account_id}, but the credentials belong to "
            f"{identity['Arn']}. Select a profile of account {settings.account_id} (AWS_PROFILE)."
        )
    return made
