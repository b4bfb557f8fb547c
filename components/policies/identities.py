"""What the two IAM users may do, one inline policy each (runbook section 4.1 and the SSH section)."""

from components import arns
from components.policies.document import Document, document, statement
from hostsetup.users import OPERATOR

#: The login user on the host for which EC2 Instance Connect accepts ephemeral keys.
LOGIN_USER = OPERATOR


def daemon(data_role_arn: str) -> Document:
    """Assume the data role, without session tags: a caller that may set tags could choose any actor."""
    return document(
        statement("AssumeDataRole", actions=["sts:AssumeRole"], resources=[data_role_arn]),
        kind="user",
    )


def ssh(account_id: str, instance_id: str) -> Document:
    """Connect to one instance as ``LOGIN_USER`` through EC2 Instance Connect.

    The describe actions support no resource: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
    """
    return document(
        statement(
            "SendKeyToBrokerHost",
            actions=["ec2-instance-connect:SendSSHPublicKey"],
            resources=[arns.instance(account_id, instance_id)],
            condition={"StringEquals": {"ec2:osuser": LOGIN_USER}},
        ),
        statement(
            "FindBrokerHost",
            actions=["ec2:DescribeInstanceConnectEndpoints", "ec2:DescribeInstances"],
            resources=["*"],
        ),
        kind="user",
    )
