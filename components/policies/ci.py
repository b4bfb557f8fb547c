"""What GitHub Actions may do in the account: the deploy role's grants on the test host.

Leaves out the e2e role's: it has none of its own. Its sessions on data come from the test broker's tokens, as every
agent's do, and the test stack's mail bucket names it as a reader of raw mail (setting ``rawMailReaders``).
"""

from components import arns
from components.policies.document import Document, document, statement

#: AWS's own document for a shell command: https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-command-ssm-plugin-reference.html
SHELL_DOCUMENT = "AWS-RunShellScript"


def deploy(region: str, account_id: str, instance_id: str) -> Document:
    """A shell command on one instance, which is root there, and the reading of its outcome.

    The reads know no resource: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html
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
