"""What the roles may do by their own policies (runbook sections 4, 6 and 9.4).

Each layer limits access on its own. Within one account an action is allowed if either the identity policy or the bucket
policy allows it, so neither may rely on the other.
"""

from components import arns
from components.naming import ACTOR_TAG, DataClass
from components.policies.document import Document, document, statement

#: IAM replaces the variable with the session's actor tag; a session without the tag matches nothing.
OWN_PREFIX = f"bots/${{aws:PrincipalTag/{ACTOR_TAG}}}"


def data_class(row: DataClass, bucket: str, account_id: str) -> Document:
    """Access to the actor's prefix of the class's bucket, only while the bucket belongs to this account."""
    ours = {"aws:ResourceAccount": account_id}
    return document(
        statement(
            f"{row.sid}ListOwnPrefix",
            actions=["s3:ListBucket"],
            resources=[arns.bucket(bucket)],
            condition={"StringEquals": ours, "StringLike": {"s3:prefix": f"{OWN_PREFIX}/{row.prefix}/*"}},
        ),
        statement(
            f"{row.sid}GetOwnObjects",
            actions=["s3:GetObject"],
            resources=[arns.objects(bucket, f"{OWN_PREFIX}/{row.prefix}/*")],
            condition={"StringEquals": ours},
        ),
        statement(
            f"{row.sid}PutAndDeleteOwnObjects",
            actions=["s3:DeleteObject", "s3:PutObject"],
            resources=[arns.objects(bucket, f"{OWN_PREFIX}/{row.prefix}/*")],
            condition={"StringEquals": ours},
        ),
        kind="role",
    )


def data_before_federation(mail_bucket: str, mail_domain: str, account_id: str, region: str) -> Document:
    """The data role's broad policy with ``trust: static`` (section 4.2); ``federated`` removes it (section 9.4)."""
    ours = {"aws:ResourceAccount": account_id}
    return document(
        statement(
            "ListMail",
            actions=["s3:ListBucket"],
            resources=[arns.bucket(mail_bucket)],
            condition={"StringEquals": ours},
        ),
        statement(
            "GetMail",
            actions=["s3:GetObject"],
            resources=[arns.objects(mail_bucket, "*")],
            condition={"StringEquals": ours},
        ),
        statement(
            "SendFromMailDomain",
            actions=["ses:GetEmailIdentity", "ses:SendEmail"],
            resources=_sending_identities(mail_domain, account_id, region),
        ),
        kind="role",
    )


def assume_data_role(data_role_arn: str) -> Document:
    """The host role's ``BrokerAssumeData`` (section 6)."""
    return document(
        statement("AssumeDataRole", actions=["sts:AssumeRole"], resources=[data_role_arn]),
        kind="role",
    )


def send_email(mail_domain: str, email_from: str, account_id: str, region: str) -> Document:
    """The host role's ``BrokerSendEmail`` (section 6.1): send as one address only.

    GetEmailIdentity does not support the sender condition; without it the broker never becomes ready.
    """
    identities = _sending_identities(mail_domain, account_id, region)
    return document(
        statement("ReadSendingIdentities", actions=["ses:GetEmailIdentity"], resources=identities),
        statement(
            "SendAsTheBroker",
            actions=["ses:SendEmail"],
            resources=identities,
            condition={"StringEquals": {"ses:FromAddress": email_from}},
        ),
        kind="role",
    )


def put_metrics(namespace: str) -> Document:
    """The host role's ``BrokerPutMetrics``, if the stack has alarms: write metrics of one namespace.

    PutMetricData supports no resource; the namespace is a condition key:
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
    """
    return document(
        statement(
            "PutOwnMetrics",
            actions=["cloudwatch:PutMetricData"],
            resources=["*"],
            condition={"StringEquals": {"cloudwatch:namespace": namespace}},
        ),
        kind="role",
    )


def _sending_identities(mail_domain: str, account_id: str, region: str) -> list[str]:
    return [
        arns.ses_identity(region, account_id, mail_domain),
        arns.ses_identity(region, account_id, f"*@{mail_domain}"),
    ]
