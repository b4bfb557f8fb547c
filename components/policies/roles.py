"""What the roles may do by themselves. Each layer scopes on its own: inside one account IAM adds identity and bucket
policies up, so neither may lean on the other (runbook sections 4, 6 and 9.4).
"""

from components import arns
from components.naming import ACTOR_TAG, DataClass
from components.policies.document import Document, document, statement

#: Replaced by IAM with the session's own tag; a session without it matches nothing.
OWN_PREFIX = f"bots/${{aws:PrincipalTag/{ACTOR_TAG}}}"


def data_class(row: DataClass, bucket: str, account_id: str) -> Document:
    """Own prefix of the class's bucket; ``aws:ResourceAccount`` keeps a bucket of that name elsewhere out of reach."""
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
    """The data role's broad grant of the static stage (section 4.2); federation removes it (section 9.4)."""
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
    """The host role's ``BrokerSendEmail`` (section 6.1), as one sender only. Without GetEmailIdentity, which knows no
    sender, the broker never gets ready.
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


def _sending_identities(mail_domain: str, account_id: str, region: str) -> list[str]:
    return [
        arns.ses_identity(region, account_id, mail_domain),
        arns.ses_identity(region, account_id, f"*@{mail_domain}"),
    ]
