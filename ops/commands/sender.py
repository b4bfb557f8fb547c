"""Verifies the address that the broker sends from, with the mail that SES sends to the stack's own inbox.

Owns finding that mail among the raw mail and opening its link. Leaves out the identity itself, which the program
creates (``components/mail.py``), and the verification of the domain, which SES does through DNS.
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
from gates.dns import without_netrc
from ops import clients, options, session
from ops.stack import Stack, read

#: Seconds between two checks of the inbox.
PAUSE = 5.0
#: Seconds to wait for the mail.
PATIENCE = 120.0
#: Seconds that SES may take to answer the link.
LINK_TIMEOUT = 10.0
#: Bytes of a mail that is still read. SES's own has a few KB, and anybody may send large ones here.
LARGEST_READ = 1024 * 1024


class SenderError(click.ClickException):
    """The address could not be verified; the message says what was seen and what to do."""


def link_of(raw: bytes, address: str, account_id: str, region: str) -> str | None:
    """The link in a mail from SES that verifies ``address`` for this account; None for any other mail.

    Anybody can make SES send such a mail here for another account, and opening its link would let that account send as
    this address. So the link must name both the address and, in ``Context``, this account. Anybody can send any mail
    here, too: one that cannot be parsed has no link.
    """
    host = f"email-verification.{region}.amazonaws.com"
    for text in _texts(raw):
        for found in re.findall(rf"https://{re.escape(host)}/[^\s\"'<>]+", text):
            link = html.unescape(found)
            try:
                named = parse_qs(urlsplit(link).query)
            except ValueError:
                continue
            if named.get("Identity.IdentityName") == [address] and named.get("Context") == [account_id]:
                return link
    return None


def _texts(raw: bytes) -> Iterator[str]:
    """The text parts of a mail, decoded from quoted-printable or base64. The link is ASCII, so the charset that the
    mail claims, which may be unknown or wrong, does not matter. The parser raises errors of many types on malformed
    headers; parts after one are left out.
    """
    try:
        for part in email.message_from_bytes(raw, policy=email.policy.compat32).walk():
            if part.get_content_maintype() == "text" and isinstance(body := part.get_payload(decode=True), bytes):
                yield body.decode("ascii", "replace")
    except Exception:
        return


def open_link(link: str) -> bool:
    """Whether SES accepts the link. A link is valid for 24 hours, and its mail stays in the inbox for longer. Raises
    SenderError when nothing answers. An endpoint in place of AWS also takes the place of the link's host.

    Proxies and authorities are the environment's, as for AWS itself; credentials of a netrc file are never sent.
    """
    stand_in = os.environ.get("AWS_ENDPOINT_URL")
    parts = urlsplit(link)
    url, headers = (f"{stand_in}/?{parts.query}", {"Host": parts.netloc}) if stand_in else (link, {})
    try:
        answer = requests.get(url, headers=headers, auth=without_netrc, timeout=LINK_TIMEOUT)
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
    """Returns one sentence once the address is verified. Raises SenderError."""
    address, bucket = stack.names.email_from, stack.names.bucket("mail")
    ses, s3 = clients.of(account, "sesv2"), clients.of(account, "s3")
    if _is_verified(ses, address, stack.name):
        return f"{address} is verified already; nothing was done"
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
                say("SES no longer accepts it; the mail stays")
                continue
            s3.delete_object(Bucket=bucket, Key=key)
            if _is_verified(ses, address, stack.name):
                return f"{address} is verified"
            say("SES does not report the address as verified yet")
        if not asked:
            say(f"asking SES to send a mail to {address}")
            clients.of(account, "ses").verify_email_identity(EmailAddress=address)
            asked = True
        elif _is_verified(ses, address, stack.name):
            return f"{address} is verified"
        if time.monotonic() + pause > until:
            raise SenderError(
                f"no mail from SES for {address} in s3://{bucket}/{INBOUND_PREFIX} after {patience:.0f} s "
                f"({len(seen)} mails were read, none has its link). Check that mail arrives there: MX record of "
                f"{stack.names.mail_domain}, rule {stack.names.receipt_rule} in the active rule set "
                f"(`agentkeys audit -s {stack.name}` checks both). Then run the command again."
            )
        say(f"waiting for the mail in s3://{bucket}/{INBOUND_PREFIX}")
        time.sleep(pause)


def _is_verified(ses: Any, address: str, stack: str) -> bool:
    try:
        return bool(ses.get_email_identity(EmailIdentity=address)["VerifiedForSendingStatus"])
    except ClientError as error:
        if not clients.is_absent(error):
            raise
        raise SenderError(f"SES has no identity {address}: run `pulumi up -s {stack}` first") from None


def _mails(s3: Any, bucket: str, seen: set[str]) -> Iterator[tuple[str, bytes]]:
    """New mails, the newest first, since the link of an older one may have expired. A mail that was deleted in the
    meantime is left out.
    """
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=INBOUND_PREFIX)
    listed = [item for page in pages for item in page.get("Contents", []) if item["Key"] not in seen]
    for item in sorted(listed, key=lambda item: item["LastModified"], reverse=True):
        seen.add(item["Key"])
        if item["Size"] > LARGEST_READ:
            continue
        try:
            raw = s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
        except ClientError as error:
            if not clients.is_absent(error):
                raise
            continue
        yield item["Key"], raw


@click.command()
@options.stack("Stack whose sender is verified.")
def command(name: str) -> None:
    """Verify the address that the broker sends from, with the mail that SES sends to it.

    The mail arrives in the stack's own inbox. The command opens its link and deletes the mail. For an address that is
    verified already it makes one API call and nothing else. Exit code 1: no mail with the link arrived.
    """
    stack = read(name)
    click.echo(verify(stack, session.of(stack.settings), say=lambda line: click.echo(line, err=True)))
