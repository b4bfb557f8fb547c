"""The form of a policy document: version, statements with unique Sids, canonical text, size within the AWS quota."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

Statement = dict[str, Any]
Document = dict[str, Any]
Condition = Mapping[str, Mapping[str, str | Sequence[str]]]

#: Size limits in characters without white space, by kind of policy:
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html, for bucket policies (20 KB)
#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html, and for topic policies (30 KB)
#: https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html
SIZE_LIMITS = {"role": 10240, "user": 2048, "trust": 2048, "bucket": 20480, "topic": 30720}


def statement(
    sid: str,
    *,
    effect: Literal["Allow", "Deny"] = "Allow",
    actions: Sequence[str],
    principal: Mapping[str, str | Sequence[str]] | Literal["*"] | None = None,
    resources: Sequence[str] = (),
    condition: Condition | None = None,
) -> Statement:
    """One statement. ``sid`` names its intent. Lists are sorted, and a list of one becomes its element."""
    made: Statement = {"Sid": sid, "Effect": effect}
    if principal is not None:
        made["Principal"] = (
            principal if isinstance(principal, str) else {kind: _listed(named) for kind, named in principal.items()}
        )
    made["Action"] = _listed(actions)
    if resources:
        made["Resource"] = _listed(resources)
    if condition is not None:
        made["Condition"] = condition
    return made


def document(*statements: Statement, kind: Literal["role", "user", "trust", "bucket", "topic"]) -> Document:
    """A document of these statements. Raises ValueError for a duplicate Sid or a text over the limit of ``kind``."""
    sids = [item["Sid"] for item in statements]
    if len(set(sids)) != len(sids):
        raise ValueError(f"Sids must be unique in a policy, got {sids}")
    made: Document = {"Version": "2012-10-17", "Statement": list(statements)}
    size = len(text(made).encode())
    if size > SIZE_LIMITS[kind]:
        raise ValueError(f"a {kind} policy of {size} bytes exceeds AWS's limit of {SIZE_LIMITS[kind]}: {sids}")
    return made


def text(made: Document) -> str:
    """Canonical JSON: equal documents have equal bytes, so an unchanged policy never shows as a change."""
    return json.dumps(made, sort_keys=True, separators=(",", ":"))


def meaning(made: Document) -> Document:
    """The document in a comparable form, without differences that AWS ignores: order, and a list of one element."""
    statements = made.get("Statement", [])
    return {
        "Version": made.get("Version"),
        "Statement": sorted(
            (_plain(item) for item in (statements if isinstance(statements, list) else [statements])),
            key=lambda item: json.dumps(item, sort_keys=True),
        ),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        plain = sorted((_plain(inner) for inner in value), key=str)
        return plain[0] if len(plain) == 1 else plain
    return str(value).lower() if isinstance(value, bool) else value


def _listed(values: str | Sequence[str]) -> str | list[str]:
    if isinstance(values, str):
        return values
    return values[0] if len(values) == 1 else sorted(values)
