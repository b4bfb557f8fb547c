"""The account that a stack is for, as a boto3 session: the operator's credentials, the stack's region, checked once.

Leaves out who may do what: AWS refuses by itself, and the commands say what it refused.
"""

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError

from ops import exits
from settings import Settings


class AccountError(click.ClickException):
    """The credentials are none, or another account's; the message says whose they are and the way out."""

    exit_code = exits.NOT_RUN


def of(settings: Settings) -> boto3.Session:
    """Raises AccountError."""
    try:
        made = boto3.Session(region_name=settings.region)
        identity = made.client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        raise AccountError(
            f"AWS does not say who the credentials belong to: {error}. Select a profile (AWS_PROFILE) or sign in again."
        ) from None
    if identity["Account"] != settings.account_id:
        raise AccountError(
            f"accountId: the stack is for account {settings.account_id}, and the credentials belong to "
            f"{identity['Arn']}. Select the right profile (AWS_PROFILE)."
        )
    return made
