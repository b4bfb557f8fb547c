"""Who may access the buckets: bucket policy v3 (separate list and object statements), mail, no plain HTTP.

Bucket policy v2 had all actions in one statement without a prefix condition, so any tagged session could list every
actor's keys. The tests compare a v2 document with v3 to show the difference.
"""

from collections.abc import Sequence
from typing import Literal

from components import arns
from components.naming import ACTOR_TAG, INBOUND_PREFIX, DataClass
from components.policies.document import Condition, Document, Statement, document, statement
from components.policies.roles import OWN_PREFIX

_TAGGED = {f"aws:PrincipalTag/{ACTOR_TAG}": "false"}


def data_class(row: DataClass, bucket: str, role_arn: str) -> Document:
    """The class's role may use the objects below the prefix of its session's actor tag."""
    return document(
        *_own_prefix(
            f"{row.sid}",
            bucket,
            role_arn,
            prefix=f"{OWN_PREFIX}/{row.prefix}/*",
            object_actions=["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
        ),
        _deny_plain_http(bucket),
        _deny_keys_of_the_caller(bucket),
        kind="bucket",
    )


def mail(
    bucket: str,
    *,
    account_id: str,
    receipt_rule_arn: str,
    data_role_arn: str,
    trust: Literal["federated", "static"],
    raw_reader_arns: Sequence[str],
) -> Document:
    """SES writes raw mail; the data role reads the mail that was filed below the prefix of its session's actor tag.

    The keys of raw mail name no actor, so only the roles in ``raw_reader_arns`` (setting ``rawMailReaders``) may read
    ``inbound/``. Only this stack's receipt rule may write, instead of the runbook's ``aws:Referer``:
    https://docs.aws.amazon.com/ses/latest/dg/receiving-email-permissions.html
    """
    readers: list[Statement] = []
    if trust == "static":
        readers.append(
            statement(
                "AllowDaemonRead",
                principal={"AWS": data_role_arn},
                actions=["s3:GetObject", "s3:ListBucket"],
                resources=[arns.bucket(bucket), arns.objects(bucket, "*")],
            )
        )
    else:
        readers += _own_prefix("Mail", bucket, data_role_arn, prefix=f"{OWN_PREFIX}/*", object_actions=["s3:GetObject"])
    if raw_reader_arns:
        principal = {"AWS": raw_reader_arns}
        readers += [
            statement(
                "ListRawMail",
                principal=principal,
                actions=["s3:ListBucket"],
                resources=[arns.bucket(bucket)],
                condition={"StringLike": {"s3:prefix": f"{INBOUND_PREFIX}*"}},
            ),
            statement(
                "GetRawMail",
                principal=principal,
                actions=["s3:GetObject"],
                resources=[arns.objects(bucket, f"{INBOUND_PREFIX}*")],
            ),
        ]
    return document(
        statement(
            "AllowSESWriteInbound",
            principal={"Service": "ses.amazonaws.com"},
            actions=["s3:PutObject"],
            resources=[arns.objects(bucket, f"{INBOUND_PREFIX}*")],
            condition={"StringEquals": {"aws:SourceAccount": account_id, "aws:SourceArn": receipt_rule_arn}},
        ),
        *readers,
        _deny_plain_http(bucket),
        _deny_keys_of_the_caller(bucket),
        kind="bucket",
    )


def _own_prefix(
    sid: str, bucket: str, role_arn: str, *, prefix: str, object_actions: Sequence[str]
) -> tuple[Statement, Statement]:
    list_condition: Condition = {"Null": _TAGGED, "StringLike": {"s3:prefix": prefix}}
    return (
        statement(
            f"{sid}ListV3",
            principal={"AWS": role_arn},
            actions=["s3:ListBucket"],
            resources=[arns.bucket(bucket)],
            condition=list_condition,
        ),
        statement(
            f"{sid}ObjectsV3",
            principal={"AWS": role_arn},
            actions=object_actions,
            resources=[arns.objects(bucket, prefix)],
            condition={"Null": _TAGGED},
        ),
    )


def _deny_plain_http(bucket: str) -> Statement:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html (FSBP S3.5)."""
    return statement(
        "DenyPlainHttp",
        effect="Deny",
        principal="*",
        actions=["s3:*"],
        resources=[arns.bucket(bucket), arns.objects(bucket, "*")],
        condition={"Bool": {"aws:SecureTransport": "false"}},
    )


def _deny_keys_of_the_caller(bucket: str) -> Statement:
    """Refuse objects encrypted with a key of the caller (SSE-C): a stolen session could lock the data away for good.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html
    """
    return statement(
        "DenyCustomerKeys",
        effect="Deny",
        principal="*",
        actions=["s3:PutObject"],
        resources=[arns.objects(bucket, "*")],
        condition={"Null": {"s3:x-amz-server-side-encryption-customer-algorithm": "false"}},
    )
