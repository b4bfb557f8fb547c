"""Whether a bucket policy makes its bucket public, as Block Public Access counts it.

Owns that question alone. A policy is public when it allows everybody and no condition binds the grant to fixed values.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
"""

import ipaddress
from typing import Any

from sandbox.aws.iam.documents import Document, Statement, as_list, as_text, parsed, principals, statements

#: Keys that bind a grant, under an operator that wants a fixed value.
_BINDING = (
    "aws:sourcearn",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:sourceowner",
    "aws:sourceaccount",
    "aws:userid",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalaccount",
    "aws:principalarn",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "s3:dataaccesspointarn",
    "s3:dataaccesspointaccount",
)
_OPERATORS = ("StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike")

#: Wider ranges than these are the internet.
_WIDEST = {4: 8, 6: 32}


def is_public(document: Document) -> bool:
    """Some statement allows everybody, and nothing binds it."""
    return any(
        statement.get("Effect") == "Allow" and _for_everybody(statement) and not _bound(statement)
        for statement in statements(document)
    )


def denials(document: Document) -> dict[str, Any]:
    """The document without what it allows."""
    return {
        **parsed(document),
        "Statement": [statement for statement in statements(document) if statement.get("Effect") == "Deny"],
    }


def _for_everybody(statement: Statement) -> bool:
    return "NotPrincipal" in statement or any("*" in name for _, name in principals(statement))


def _bound(statement: Statement) -> bool:
    conditions = statement.get("Condition") or {}
    return any(
        _binds(operator, key.lower(), [as_text(value) for value in as_list(wanted)])
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def _binds(operator: str, key: str, wanted: list[str]) -> bool:
    if operator == "IpAddress" and key == "aws:sourceip":
        return all(_narrow(value) for value in wanted)
    return (
        operator in _OPERATORS
        and key in _BINDING
        and not any("*" in one or "?" in one or "${" in one for one in wanted)
    )


def _narrow(value: str) -> bool:
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return network.prefixlen >= _WIDEST[network.version]
