"""Rows about what is neither data nor a session: sending mail, SSH, deploys, and roles that identity policies name."""

from collections.abc import Iterator, Mapping

from components import arns
from components.naming import OWNER_TAG, Names
from dev.recorder import INSTANCE_ID
from tests.unit.components.policies.truth.callers import ACCOUNT, STRANGER, Caller, everybody
from tests.unit.components.policies.truth.rows import Row, Stage, makes_snapshots


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
            if caller.role != "snapshots" or makes_snapshots(stage, stacks[caller.stack]):
                yield from snapshot_rows(caller, names, copies=caller.role == "snapshots" and mine)
    having = {stack for stack, names in stacks.items() if makes_snapshots(stage, names)}
    for caller in everybody(stacks):
        if caller.role != "snapshots" or caller.stack in having:
            yield from instance_rows(caller)
            yield from volume_rows(caller)


def snapshot_rows(caller: Caller, names: Names, *, copies: bool) -> Iterator[Row]:
    """Copies of the disk of the stack ``names``: by its own snapshot role only, and none of another stack's."""
    key = f"aws:ResourceTag/{OWNER_TAG}"
    instance = arns.instance(ACCOUNT, INSTANCE_ID, region="us-east-1")
    snapshot = "arn:aws:ec2:us-east-1::snapshot/snap-0123456789abcdef0"
    for owner, own in ((names.host, True), (f"{names.host}-old", False)):
        for arn, here in (
            (instance, True),
            (arns.instance(ACCOUNT, INSTANCE_ID, region="us-west-2"), False),
            (arns.instance(STRANGER, INSTANCE_ID, region="us-east-1"), False),
        ):
            yield _grant(caller, "ec2:CreateSnapshots", arn, copies and own and here, {key: owner})
        for arn, here in ((snapshot, True), (snapshot.replace("us-east-1", "us-west-2"), False)):
            for action in ("ec2:CreateTags", "ec2:DeleteSnapshot"):
                yield _grant(caller, action, arn, copies and own and here, {key: owner})
        for action in ("ec2:ModifySnapshotAttribute", "ec2:DeleteTags", "ec2:CreateVolume"):
            yield _grant(caller, action, snapshot, False, {key: owner})
        for action in ("ec2:TerminateInstances", "ec2:CreateTags", "ec2:CreateImage"):
            yield _grant(caller, action, instance, False, {key: owner})


def volume_rows(caller: Caller) -> Iterator[Row]:
    """What has no owner's tag: volumes, new snapshots, and snapshots of nobody."""
    copies = caller.role == "snapshots"
    volume = f"arn:aws:ec2:us-east-1:{ACCOUNT}:volume/vol-0123456789abcdef0"
    snapshot = "arn:aws:ec2:us-east-1::snapshot/snap-0123456789abcdef0"
    instance = arns.instance(ACCOUNT, INSTANCE_ID, region="us-east-1")
    yield _grant(caller, "ec2:CreateSnapshots", instance, False)
    for arn, allowed in (
        (volume, True),
        (volume.replace("us-east-1", "us-west-2"), False),
        (volume.replace(ACCOUNT, STRANGER), False),
        (snapshot, True),
        (snapshot.replace("us-east-1", "us-west-2"), False),
    ):
        yield _grant(caller, "ec2:CreateSnapshots", arn, copies and allowed)
    yield _grant(caller, "ec2:CreateTags", snapshot, copies)
    yield _grant(caller, "ec2:CreateTags", volume, False)
    yield _grant(caller, "ec2:CreateTags", "arn:aws:ec2:us-east-1::image/ami-0123456789abcdef0", False)
    yield _grant(caller, "ec2:DeleteSnapshot", snapshot, False)
    yield _grant(caller, "ec2:DeleteVolume", volume, False)


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
        ("operator", "snapshots"): ("ec2:DescribeInstances",),
        ("operator",): ("ec2:DescribeInstanceConnectEndpoints",),
        ("snapshots",): ("ec2:DescribeVolumes", "ec2:DescribeSnapshots"),
        ("deploy",): (
            *("ssm:ListCommands", "ssm:ListCommandInvocations", "ssm:GetCommandInvocation"),
            "ssm:DescribeInstanceInformation",
        ),
        (): (
            *("ec2:DescribeImages", "ssm:CancelCommand", "ssm:DescribeParameters"),
            *("ssm:ListDocuments", "ssm:GetInventory"),
        ),
    }.items():
        yield from (_grant(caller, action, "*", caller.role in reads) for action in actions)


def _grant(caller: Caller, action: str, resource: str, allowed: bool, context: Mapping[str, str] | None = None) -> Row:
    owner = STRANGER if f":{STRANGER}:" in resource else ACCOUNT
    return Row(
        caller=caller, action=action, resource=resource, context=context or {}, owner=owner, identity=allowed,
        both=allowed,
    )  # fmt: skip
