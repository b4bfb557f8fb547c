"""Verifies the address that the broker sends from, out of the stack's own inbox.

Owns finding SES's mail among the raw mail, taking its link and opening it. Leaves out the identity itself, which the
program makes (``components/mail.py``), and the domain's verification, which follows DNS.
"""

import email
import email.policy
import html
import os
import re
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import click
import requests
from botocore.exceptions import ClientError

from components.naming import INBOUND_PREFIX
from ops import clients, options
from ops.account import session
from ops.stack import Stack, read

#: Seconds between two looks into the inbox, and until the mail is given up.
PAUSE = 5.0
PATIENCE = 120.0
#: Seconds that SES may take to answer the link.
LINK_TIMEOUT = 10.0


class SenderError(click.ClickException):
    """The address could not be verified; the message says what was seen and the way out."""


def link_of(raw: bytes, address: str, account_id: str, region: str) -> str | None:
    """The link in a mail of SES that verifies ``address`` for this account; None for any other mail.

    Anyone may have SES send such a mail here for an account of his own, and whoever opens its link lets that account
    send as this address. So the link must name both the address and, in ``Context``, this account.
    """
    host = f"email-verification.{region}.amazonaws.com"
    for part in email.message_from_bytes(raw, policy=email.policy.default).walk():
        if part.get_content_maintype() != "text":
            continue
        # The parser undoes quoted-printable, in which the link is cut into several lines.
        for found in re.findall(rf"https://{re.escape(host)}/[^\s\"'<>]+", part.get_content()):
            link = html.unescape(found)
            named = parse_qs(urlsplit(link).query)
            if named.get("Identity.IdentityName") == [address] and named.get("Context") == [account_id]:
                return link
    return None


def open_link(link: str) -> bool:
    """Whether SES takes it: a link lives for 24 hours, and its mail stays in the inbox for longer. Raises SenderError
    when nobody answers. An endpoint that stands for AWS stands for the link's host too.
    """
    stand_in = os.environ.get("AWS_ENDPOINT_URL")
    parts = urlsplit(link)
    try:
        if stand_in:
            answer = requests.get(f"{stand_in}/?{parts.query}", headers={"Host": parts.netloc}, timeout=LINK_TIMEOUT)
        else:
            answer = requests.get(link, timeout=LINK_TIMEOUT)
    except requests.RequestException as error:
        raise SenderError(f"{parts.netloc} does not answer: {type(error).__name__}. Run the command again.") from None
    return answer.ok


def verify(
    stack: Stack,
    account: boto3.Session,
    *,
    say: Callable[[str], None],
    patience: float = PATIENCE,
    pause: float = PAUSE,
) -> str:
    """One sentence about the address, which is verified then. Raises SenderError."""
    address, bucket = stack.names.email_from, stack.names.bucket("mail")
    ses, s3 = clients.of(account, "sesv2"), clients.of(account, "s3")
    if _is_verified(ses, address, stack.name):
        return f"{address} is verified; nothing was done"
    seen: set[str] = set()
    until = time.monotonic() + patience
    asked = False
    while True:
        for key, raw in _mails(s3, bucket, seen):
            link = link_of(raw, address, stack.settings.account_id, stack.settings.region)
            if link is None:
                continue
            say(f"opening the link of {key}")
            if not open_link(link):
                say("SES does not take it any more; the mail stays")
                continue
            s3.delete_object(Bucket=bucket, Key=key)
            if _is_verified(ses, address, stack.name):
                return f"{address} is verified"
            say("SES does not say so yet")
        if not asked:
            say(f"asking SES for a mail to {address}")
            clients.of(account, "ses").verify_email_identity(EmailAddress=address)
            asked = True
        elif _is_verified(ses, address, stack.name):
            return f"{address} is verified"
        if time.monotonic() + pause > until:
            raise SenderError(
                f"no mail of SES for {address} in s3://{bucket}/{INBOUND_PREFIX} after {patience:.0f} s "
                f"({len(seen)} mails were read, none has its link). See that mail arrives there: MX record of "
                f"{stack.names.mail_domain}, rule {stack.names.receipt_rule} in the active rule set "
                "(`agentkeys audit` looks). Then run the command again."
            )
        say(f"waiting for the mail in s3://{bucket}/{INBOUND_PREFIX}")
        time.sleep(pause)


def _is_verified(ses: Any, address: str, stack: str) -> bool:
    try:
        return bool(ses.get_email_identity(EmailIdentity=address)["VerifiedForSendingStatus"])
    except ClientError as error:
        if not clients.is_absent(error):
            raise
        raise SenderError(f"SES does not know {address}: run `pulumi up -s {stack}` first") from None


def _mails(s3: Any, bucket: str, seen: set[str]) -> Iterator[tuple[str, bytes]]:
    """What was not seen yet, the newest first; an older mail's link may be worn out."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=INBOUND_PREFIX)
    listed = [item for page in pages for item in page.get("Contents", []) if item["Key"] not in seen]
    for item in sorted(listed, key=lambda item: item["LastModified"], reverse=True):
        seen.add(item["Key"])
        yield item["Key"], s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()


@click.command()
@options.stack("Stack whose sender is verified.")
def command(name: str) -> None:
    """Verify the address that the broker sends from, by the mail that SES sends to it.

    The mail arrives in the stack's own inbox. Its link is opened and the mail is deleted; nothing is done for an
    address that is verified. Ends with 1 when no mail with its link came.
    """
    stack = read(name)
    click.echo(verify(stack, session(stack.settings), say=lambda line: click.echo(line, err=True)))
