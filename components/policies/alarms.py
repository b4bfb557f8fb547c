"""Who may write to the topic of a stack's alarms: CloudWatch, for the alarms of this stack only."""

from collections.abc import Sequence

from components.policies.document import Document, document, statement


def topic(topic_arn: str, account_id: str, alarm_arns: Sequence[str]) -> Document:
    """The topic's own policy. It replaces SNS's default, which lets every user and role of the account publish.

    An alarm is named by its whole ARN, since a pattern of prod's names would match those of a stack with a suffix:
    https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
    """
    return document(
        statement(
            "PublishOwnAlarms",
            principal={"Service": "cloudwatch.amazonaws.com"},
            actions=["sns:Publish"],
            resources=[topic_arn],
            condition={
                "StringEquals": {"aws:SourceAccount": account_id},
                "ArnEquals": {"aws:SourceArn": sorted(alarm_arns)},
            },
        ),
        statement(
            "DenyPlainHttp",
            effect="Deny",
            principal="*",
            actions=["sns:Publish"],
            resources=[topic_arn],
            condition={"Bool": {"aws:SecureTransport": "false"}},
        ),
        kind="topic",
    )
