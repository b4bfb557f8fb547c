"""What GitHub Actions may do in the account: the deploy role's permissions on the test host.

The e2e role has no policy of its own. Like every agent, its jobs get data sessions with tokens of the test broker, and
the test stack's mail bucket names it as a reader of raw mail (setting ``rawMailReaders``).
"""

from components import arns
from components.policies.document import Document, document, statement

#: AWS's document for a shell command: https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-command-ssm-plugin-reference.html
SHELL_DOCUMENT = "AWS-RunShellScript"


def deploy(region: str, account_id: str, instance_id: str) -> Document:
    """Run shell commands as root on one instance and read their results.

    The read actions support no resource: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html
    """
    return document(
        statement(
            "SendShellCommandToTestBrokerOnly",
            actions=["ssm:SendCommand"],
            resources=[
                arns.ssm_document(region, SHELL_DOCUMENT),
                arns.instance(account_id, instance_id, region=region),
            ],
        ),
        statement(
            "PollCommandStatus",
            actions=["ssm:GetCommandInvocation", "ssm:ListCommandInvocations", "ssm:ListCommands"],
            resources=["*"],
        ),
        statement(
            "DescribeTestBrokerInstanceOnly",
            actions=["ssm:DescribeInstanceInformation"],
            resources=["*"],
        ),
        kind="role",
    )
