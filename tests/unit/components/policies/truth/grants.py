"""Rows about what is neither data nor a session: sending mail, SSH, deploys, and roles that identity policies name."""

from collections.abc import Iterator, Mapping

from components import arns
from components.naming import Names
from dev.recorder import INSTANCE_ID
from tests.unit.components.policies.truth.callers import ACCOUNT, STRANGER, Caller, everybody
from tests.unit.components.policies.truth.rows import Row, Stage


def grant_rows(stage: Stage, stacks: Mapping[str, Names]) -> Iterator[Row]:
    """Mail, SSH and deploys: actions on resources without a policy of their own."""
    for stack, names in stacks.items():
        for caller in everybody(stacks):
            mine = caller.stack == stack
            sends = mine and (caller.role == "host" or (caller.role == "data" and stage == "static"))
            for identity in (names.mail_domain, names.email_from, f"other@{names.mail_domain}"):
                arn = arns.ses_identity("us-east-1", ACCOUNT, identity)
                others = (theirs.email_from for theirs in stacks.values() if theirs is not names)
                for sender in (
                    names.email_from,
                    f"other@{names.mail_domain}",
                    f"{names.email_from}.example.com",
                    *others,
                ):
                    allowed = sends and (caller.role == "data" or sender == names.email_from)
                    yield _grant(caller, "ses:SendEmail", arn, allowed, {"ses:FromAddress": sender})
                yield _grant(caller, "ses:SendRawEmail", arn, False, {"ses:FromAddress": names.email_from})
                yield _grant(caller, "ses:GetEmailIdentity", arn, sends)
                yield _grant(caller, "ses:GetEmailIdentityPolicies", arn, False)
                yield _grant(caller, "ses:DeleteEmailIdentity", arn, False)
            for place in (
                arns.ses_identity("us-east-1", ACCOUNT, "litentry.org"),
                arns.ses_identity("us-east-1", ACCOUNT, f"{names.mail_domain}.example.com"),
                arns.ses_identity("us-east-1", ACCOUNT, f"{names.email_from}.example.com"),
                arns.ses_identity("us-east-1", STRANGER, names.mail_domain),
                arns.ses_identity("us-east-1", STRANGER, names.email_from),
                arns.ses_identity("us-west-2", ACCOUNT, names.mail_domain),
                arns.ses_identity("us-west-2", ACCOUNT, names.email_from),
                f"arn:aws:ses:us-east-1:{ACCOUNT}:configuration-set/{names.mail_domain}",
            ):
                yield _grant(caller, "ses:SendEmail", place, False, {"ses:FromAddress": names.email_from})
                if ":identity/" in place:
                    yield _grant(caller, "ses:GetEmailIdentity", place, False)
            for role_arn in (f"{names.role_arn('data')}-old", arns.iam_role(STRANGER, names.role("data"))):
                yield _grant(caller, "sts:AssumeRole", role_arn, False)
    for caller in everybody(stacks):
        yield from instance_rows(caller)


def instance_rows(caller: Caller) -> Iterator[Row]:
    """The SSH user's and the deploy role's. Both stacks' hosts have one id under mocks, so a third stands for both."""
    connect = "ec2-instance-connect:SendSSHPublicKey"
    for region, instance, user in (
        ("us-east-1", INSTANCE_ID, "agentkey"),
        ("us-west-2", INSTANCE_ID, "agentkey"),
        ("us-east-1", INSTANCE_ID, "root"),
        ("us-east-1", INSTANCE_ID, "agentkey-old"),
        ("us-east-1", "i-0fedcba9876543210", "agentkey"),
        ("us-east-1", f"{INSTANCE_ID}0", "agentkey"),
    ):
        arn = arns.instance(ACCOUNT, instance, region=region)
        allowed = caller.role == "operator" and (instance, user) == (INSTANCE_ID, "agentkey")
        yield _grant(caller, connect, arn, allowed, {"ec2:osuser": user})
        sends = caller.role == "deploy" and (region, instance) == ("us-east-1", INSTANCE_ID)
        yield _grant(caller, "ssm:SendCommand", arn, sends)
    stranger = arns.instance(STRANGER, INSTANCE_ID, region="us-east-1")
    yield _grant(caller, connect, stranger, False, {"ec2:osuser": "agentkey"})
    yield _grant(caller, "ssm:SendCommand", stranger, False)
    here = arns.instance(ACCOUNT, INSTANCE_ID, region="us-east-1")
    yield _grant(caller, "ssm:StartSession", here, False)
    yield _grant(caller, "ec2:TerminateInstances", here, False)
    yield _grant(caller, "ec2-instance-connect:SendSerialConsoleSSHPublicKey", here, False, {"ec2:osuser": "agentkey"})
    for region, document in (
        ("us-east-1", "AWS-RunShellScript"),
        ("us-west-2", "AWS-RunShellScript"),
        ("us-east-1", "AWS-RunPowerShellScript"),
        ("us-east-1", "AWS-RunShellScript-old"),
    ):
        allowed = caller.role == "deploy" and (region, document) == ("us-east-1", "AWS-RunShellScript")
        yield _grant(caller, "ssm:SendCommand", arns.ssm_document(region, document), allowed)
    yield _grant(caller, "ssm:SendCommand", f"arn:aws:ssm:us-east-1:{ACCOUNT}:document/AWS-RunShellScript", False)
    for reads, actions in {
        "operator": ("ec2:DescribeInstances", "ec2:DescribeInstanceConnectEndpoints"),
        "deploy": (
            *("ssm:ListCommands", "ssm:ListCommandInvocations", "ssm:GetCommandInvocation"),
            "ssm:DescribeInstanceInformation",
        ),
        "nobody": (
            *("ec2:DescribeVolumes", "ssm:CancelCommand", "ssm:DescribeParameters"),
            *("ssm:ListDocuments", "ssm:GetInventory"),
        ),
    }.items():
        yield from (_grant(caller, action, "*", caller.role == reads) for action in actions)


def _grant(caller: Caller, action: str, resource: str, allowed: bool, context: Mapping[str, str] | None = None) -> Row:
    owner = STRANGER if f":{STRANGER}:" in resource else ACCOUNT
    return Row(
        caller=caller, action=action, resource=resource, context=context or {}, owner=owner, identity=allowed,
        both=allowed,
    )  # fmt: skip
