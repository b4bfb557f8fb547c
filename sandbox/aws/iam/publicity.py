"""Decides whether a bucket policy is public for Block Public Access.

A policy is public if it allows everybody and no condition limits the grant to fixed values.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
"""

import ipaddress
from typing import Any

from sandbox.aws.iam.documents import Document, Statement, as_list, as_text, parsed, principals, statements

#: Condition keys that limit a grant if their operator compares with a fixed value.
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

#: Shortest prefix length of an address range that is not public, by IP version.
_WIDEST = {4: 8, 6: 32}


def is_public(document: Document) -> bool:
    """Whether a statement allows everybody without a limiting condition."""
    return any(
        statement.get("Effect") == "Allow" and _for_everybody(statement) and not _bound(statement)
        for statement in statements(document)
    )


def denials(document: Document) -> dict[str, Any]:
    """The document without its Allow statements."""
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
