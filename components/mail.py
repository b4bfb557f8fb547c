"""Mail of a stack: the SES identities that it sends from, and the receipt rule that stores incoming mail.

Leaves out the rule set and its activation, which exist once per account and region (``components/singletons.py``), the
records (``components/dns.py``) and the verification of the sender address (``ops/commands/sender.py``).
"""

import asyncio
import functools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import pulumi
import pulumi_aws as aws

from components import advice
from components.checks import credentials
from components.checks.answers import reason
from components.naming import INBOUND_PREFIX, OWNER_TAG, RECEIPT_RULE_SET, Names

#: SES scans incoming mail and marks spam and viruses.
SCANNED = True

#: SES creates three DKIM tokens for every domain identity.
DKIM_TOKENS = 3

#: How long `up` waits for a new identity that SES does not show yet, in seconds. SES publishes no limit.
UNSEEN = 60

#: How many reads in a row must find the identity, a second apart: the next read may reach a server that lacks it still.
SEEN = 2


def identity_appears(region: str) -> advice.Again:
    """Answers True as soon as SES shows an identity that the provider created and could not read.

    SES is eventually consistent (https://docs.aws.amazon.com/ses/latest/DeveloperGuide/general-issues.html), and the
    provider reads a new identity once (``internal/service/sesv2/email_identity.go`` of terraform-provider-aws 5.100.0
    and 6.47.1). The engine updates the resource then, without a change, which reads it again.
    """

    ses = functools.cache(functools.partial(credentials.client, "sesv2", region))

    async def appears(failed: pulumi.ErrorHookArgs) -> bool:
        is_identity = failed.type == "aws:sesv2/emailIdentity:EmailIdentity"
        if not is_identity or failed.failed_operation != "create" or "couldn't find resource" not in failed.errors[0]:
            return False
        identity = str((failed.new_inputs or {})["emailIdentity"])
        pulumi.log.info(f"SES does not show the new identity {identity} yet. Waiting up to {UNSEEN} s.")
        until = time.monotonic() + UNSEEN
        seen = 0
        while seen < SEEN and time.monotonic() < until:
            await asyncio.sleep(1)
            seen = seen + 1 if await asyncio.to_thread(_shows, ses, identity) else 0
        return seen == SEEN

    return appears


def _shows(ses: Callable[[], Any], identity: str) -> bool:
    try:
        ses().get_email_identity(EmailIdentity=identity)
    except Exception as error:
        pulumi.log.debug(f"SES does not show {identity}: {reason(error)}")
        return False
    return True


@dataclass(frozen=True, kw_only=True)
class MailIdentitiesArgs:
    """Arguments of ``MailIdentities``."""

    #: Physical names of the stack.
    names: Names


class MailIdentities(pulumi.ComponentResource):
    """The domain identity with Easy DKIM (runbook section 3)."""

    #: The ``DKIM_TOKENS`` tokens, in SES's order. Each is the first label of a CNAME record.
    dkim_tokens: list[pulumi.Output[str]]

    def __init__(self, name: str, args: MailIdentitiesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("agentkeys:mail:MailIdentities", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        domain = aws.sesv2.EmailIdentity(
            f"{name}-domain",
            email_identity=args.names.mail_domain,
            dkim_signing_attributes={"next_signing_key_length": "RSA_2048_BIT"},
            tags={OWNER_TAG: args.names.host},
            opts=child,
        )
        # The provider marks the attributes secret because they can hold a private key. The tokens are public DNS names.
        tokens = pulumi.Output.unsecret(domain.dkim_signing_attributes.apply(_tokens))
        self.dkim_tokens = [tokens[index] for index in range(DKIM_TOKENS)]
        self.register_outputs({})


def _tokens(attributes: Any) -> list[str]:
    """The DKIM tokens; empty strings in an `up` whose ``--target`` excludes the identity, which reports none."""
    return list(attributes.tokens or ()) or [""] * DKIM_TOKENS


@dataclass(frozen=True, kw_only=True)
class InboundMailArgs:
    """Arguments of ``InboundMail``."""

    #: Physical names of the stack.
    names: Names
    #: ``Require``: SES rejects senders that do not use STARTTLS. Default of the setting: ``Optional``.
    tls: Literal["Optional", "Require"]
    #: Policy of the mail bucket. It must be in force first: SES writes a test object when the rule is created.
    bucket_policy: aws.s3.BucketPolicy
    #: The MX record of the mail domain, without which SES receives nothing.
    mx: pulumi.Resource


class InboundMail(pulumi.ComponentResource):
    """The stack's rule in the account's rule set, then the identity of the sender address (runbook section 3)."""

    def __init__(self, name: str, args: InboundMailArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("agentkeys:mail:InboundMail", name, None, opts)
        rule = aws.ses.ReceiptRule(
            f"{name}-rule",
            name=args.names.receipt_rule,
            rule_set_name=RECEIPT_RULE_SET,
            enabled=True,
            scan_enabled=SCANNED,
            tls_policy=args.tls,
            recipients=[args.names.mail_domain],
            s3_actions=[
                {
                    "bucket_name": args.names.bucket("mail"),
                    "object_key_prefix": INBOUND_PREFIX,
                    "position": 1,
                }
            ],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[args.bucket_policy]),
        )
        # SES sends its verification link at once, to this stack's own inbox. Mail that arrives before the rule is lost.
        aws.sesv2.EmailIdentity(
            f"{name}-sender",
            email_identity=args.names.email_from,
            tags={OWNER_TAG: args.names.host},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[rule, args.mx]),
        )
        self.register_outputs({})
