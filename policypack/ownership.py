"""Rules about ownership: names of one stack in another, and resources that must not be lost."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from components.naming import DATA_CLASSES, Names
from hostsetup.services import SERVICES
from policypack.buckets import BUCKET
from policypack.facts import Facts
from policypack.planned import Resource, ResourceRule

#: This program's names in a text: buckets, roles, users, rules and what is named after them.
_OURS = re.compile(r"(?<![\w.-])agentkeys-[a-z0-9-]*[a-z0-9]")

SSH_KEY = "tls:index/privateKey:PrivateKey"

#: Types of resources that cannot be restored once deleted. A sender address can be; the identity of its domain cannot.
KEPT = (
    BUCKET,
    "aws:ec2/eip:Eip",
    "aws:ec2/instance:Instance",
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
    "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock",
    "aws:ses/activeReceiptRuleSet:ActiveReceiptRuleSet",
    "aws:ses/receiptRuleSet:ReceiptRuleSet",
    "aws:sesv2/emailIdentity:EmailIdentity",
    SSH_KEY,
)


def names_of(names: Names) -> set[str]:
    """Every physical name of a stack that no other stack may use, including each property of ``Names``."""
    keys = [row.key for row in DATA_CLASSES]
    found: list[Any] = [getattr(names, key) for key, member in vars(Names).items() if isinstance(member, property)]
    found += [names.bucket(key) for key in ("mail", *keys)] + [names.role(key) for key in ("data", *keys)]
    found += [names.broker_host, names.mail_domain, names.email_from]
    return set(_texts(found))


def _foreign(resource: Resource, facts: Facts) -> Iterator[str]:
    if facts.names is None or resource.type.startswith(("pulumi:", "tls:")):
        return
    own = names_of(facts.names) | set(facts.raw_mail_readers)
    theirs = set().union(*(names_of(other) for other in facts.others)) - own
    # On a host, the units of every stack have the same names.
    on_host = resource.type.startswith("command:")
    if on_host:
        theirs -= {service.unit for service in SERVICES}
    text = "\n".join(_texts(resource.props))
    for name in sorted(theirs):
        if re.search(rf"(?<![A-Za-z0-9-]){re.escape(name)}(?![A-Za-z0-9-])", text):
            yield f"names {name!r}, which belongs to another stack"
    if on_host:
        return
    for name in sorted(set(_OURS.findall(text)) - own - theirs):
        if not _ends(facts.names.suffix).search(name):
            yield f"names {name!r}, which does not have this stack's suffix {facts.names.suffix!r}"
    for suffix in facts.others_suffixes:
        found = {match[0] for match in re.finditer(rf"[\w.-]*{_ends(suffix).pattern}[\w.-]*", text)}
        for name in sorted(found - own - theirs):
            yield f"names {name!r}, which has another stack's suffix {suffix!r}"


def _ends(suffix: str) -> re.Pattern[str]:
    """The suffix at the end of a word in a name. An empty suffix matches everywhere."""
    return re.compile(rf"{re.escape(suffix)}(?![A-Za-z0-9])" if suffix else "")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def _unprotected(resource: Resource, facts: Facts) -> Iterator[str]:
    if not facts.protect or resource.type not in KEPT:
        return
    if resource.type.endswith(":EmailIdentity") and "@" in str(resource.get("emailIdentity")):
        return
    # Either of two keys for the same host may be deleted.
    if resource.type == SSH_KEY and len(facts.ssh_key_epochs) > 1:
        return
    if not resource.protect:
        yield "is not protected, and the stack's setting protect is true"
    if resource.type == BUCKET and resource.get("forceDestroy") is True:
        yield "would be emptied by destroy, and the stack's setting protect is true"


RULES = (
    ResourceRule(
        name="names-of-own-stack",
        forbids="A name of another stack, or one of ours without this stack's suffix",
        fix="Take the name from components/naming.py.",
        check=_foreign,
    ),
    ResourceRule(
        name="kept-is-protected",
        forbids="With protect: true, something that cannot be had again and is not protected, or a bucket that destroy "
        "would empty",
        fix="Pass protect=settings.protect on. To give it up, set protect to false and run up first.",
        check=_unprotected,
    ),
)
