"""What the calls of each service need: their actions, their resources, and conditions of their own."""

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError  # type: ignore[import-untyped]

from tests.support.emulated import ACCOUNT_ID, PROTOCOLS, REGION, Somebody, policy, refused, statement, trusting

Client = Callable[..., Any]

INSTANCE = "i-0123456789abcdef0"


def ec2_arn(kind: str) -> str:
    return f"arn:aws:ec2:{REGION}:{ACCOUNT_ID}:{kind}"


def iam_arn(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT_ID}:{name}"


def ses_arn(name: str) -> str:
    return f"arn:aws:ses:{REGION}:{ACCOUNT_ID}:identity/{name}"


def topic_arn(name: str) -> str:
    return f"arn:aws:sns:{REGION}:{ACCOUNT_ID}:{name}"


def alarm_arn(name: str) -> str:
    return f"arn:aws:cloudwatch:{REGION}:{ACCOUNT_ID}:alarm:{name}"


ALARM = {
    **{"AlarmName": "{unique}", "Namespace": "n", "MetricName": "m", "Statistic": "Maximum", "Period": 60},
    **{"EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "LessThanThreshold"},
}
OF_ALARMS: list[tuple[str, dict[str, Any], str, list[str]]] = [
    ("put_metric_alarm", ALARM, "PutMetricAlarm", [alarm_arn("{unique}")]),
    ("describe_alarms", {"AlarmNames": ["a", "b"]}, "DescribeAlarms", [alarm_arn("a"), alarm_arn("b")]),
    ("describe_alarms", {}, "DescribeAlarms", ["*"]),
    ("list_tags_for_resource", {"ResourceARN": alarm_arn("a")}, "ListTagsForResource", [alarm_arn("a")]),
    ("put_metric_data", {"Namespace": "n", "MetricData": []}, "PutMetricData", ["*"]),
    ("list_metrics", {}, "ListMetrics", ["*"]),
]
DOCUMENT = f"arn:aws:ssm:{REGION}::document/AWS-RunShellScript"
EMAIL = {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}


@pytest.mark.parametrize(
    ("service", "call", "arguments", "action", "resources"),
    [
        ("iam", "get_role", {"RoleName": "r"}, "iam:GetRole", [iam_arn("role/r")]),
        (
            "iam",
            "create_user",
            {"UserName": "{unique}x", "Path": "/p/"},
            "iam:CreateUser",
            [iam_arn("user/p/{unique}x")],
        ),
        ("iam", "list_access_keys", {}, "iam:ListAccessKeys", [iam_arn("user/{unique}")]),
        ("iam", "get_policy", {"PolicyArn": iam_arn("policy/none")}, "iam:GetPolicy", [iam_arn("policy/none")]),
        ("iam", "list_roles", {}, "iam:ListRoles", ["*"]),
        (
            "iam",
            "get_instance_profile",
            {"InstanceProfileName": "n"},
            "iam:GetInstanceProfile",
            [iam_arn("instance-profile/n")],
        ),
        (
            "iam",
            "create_open_id_connect_provider",
            {"Url": "https://{unique}.org"},
            "iam:CreateOpenIDConnectProvider",
            [iam_arn("oidc-provider/{unique}.org")],
        ),
        ("ec2", "describe_instances", {}, "ec2:DescribeInstances", ["*"]),
        ("ec2", "stop_instances", {"InstanceIds": [INSTANCE]}, "ec2:StopInstances", [ec2_arn(f"instance/{INSTANCE}")]),
        (
            "ec2",
            "create_security_group",
            {"GroupName": "{unique}", "Description": "d"},
            "ec2:CreateSecurityGroup",
            ["*"],
        ),
        (
            "ec2",
            "delete_security_group",
            {"GroupId": "sg-0123456789abcdef0"},
            "ec2:DeleteSecurityGroup",
            [ec2_arn("security-group/sg-0123456789abcdef0")],
        ),
        (
            "ec2-instance-connect",
            "send_ssh_public_key",
            {"InstanceId": INSTANCE, "InstanceOSUser": "agentkey", "SSHPublicKey": "k"},
            "ec2-instance-connect:SendSSHPublicKey",
            [ec2_arn(f"instance/{INSTANCE}")],
        ),
        ("route53", "list_hosted_zones", {}, "route53:ListHostedZones", ["*"]),
        (
            "route53",
            "list_resource_record_sets",
            {"HostedZoneId": "Z0"},
            "route53:ListResourceRecordSets",
            ["arn:aws:route53:::hostedzone/Z0"],
        ),
        ("route53", "get_change", {"Id": "C0"}, "route53:GetChange", ["arn:aws:route53:::change/C0"]),
        ("ses", "list_receipt_rule_sets", {}, "ses:ListReceiptRuleSets", ["*"]),
        (
            "ses",
            "send_email",
            {"Source": "n@{unique}.org", "Destination": {"ToAddresses": ["a@b.c"]}, "Message": EMAIL},
            "ses:SendEmail",
            [ses_arn("{unique}.org")],
        ),
        (
            "sesv2",
            "get_email_identity",
            {"EmailIdentity": "n@{unique}.org"},
            "ses:GetEmailIdentity",
            [ses_arn("n@{unique}.org")],
        ),
        (
            "sesv2",
            "create_email_identity",
            {"EmailIdentity": "{unique}.org"},
            "ses:CreateEmailIdentity",
            [ses_arn("{unique}.org")],
        ),
        (
            "sesv2",
            "send_email",
            {
                "FromEmailAddress": "N <n@{unique}.org>",
                "Destination": {"ToAddresses": ["a@b.c"]},
                "Content": {"Simple": EMAIL},
            },
            "ses:SendEmail",
            [ses_arn("{unique}.org")],
        ),
        (
            "ssm",
            "send_command",
            {"DocumentName": "AWS-RunShellScript", "InstanceIds": [INSTANCE]},
            "ssm:SendCommand",
            [DOCUMENT, ec2_arn(f"instance/{INSTANCE}")],
        ),
        (
            "ssm",
            "get_command_invocation",
            {"CommandId": "0" * 36, "InstanceId": INSTANCE},
            "ssm:GetCommandInvocation",
            ["*"],
        ),
        (
            "ssm",
            "send_command",
            {"DocumentName": "AWS-RunShellScript", "Targets": [{"Key": "tag:a", "Values": ["b"]}]},
            "ssm:SendCommand",
            ["*"],
        ),
        ("s3control", "get_public_access_block", {"AccountId": ACCOUNT_ID}, "s3:GetAccountPublicAccessBlock", ["*"]),
        ("kms", "create_key", {}, "kms:CreateKey", ["*"]),
        ("sns", "create_topic", {"Name": "{unique}"}, "sns:CreateTopic", [topic_arn("{unique}")]),
        ("sns", "get_topic_attributes", {"TopicArn": topic_arn("none")}, "sns:GetTopicAttributes", [topic_arn("none")]),
        ("sns", "list_tags_for_resource", {"ResourceArn": topic_arn("n")}, "sns:ListTagsForResource", [topic_arn("n")]),
        ("sns", "list_topics", {}, "sns:ListTopics", ["*"]),
        *(
            (f"cloudwatch {protocol}", call, arguments, f"cloudwatch:{action}", resources)
            for protocol in PROTOCOLS
            for call, arguments, action, resources in OF_ALARMS
        ),
    ],
)
def test_each_call_needs_its_action_on_its_resources(
    somebody: Somebody, unique: str, service: str, call: str, arguments: Any, action: str, resources: list[str]
) -> None:
    arguments = json.loads(json.dumps(arguments).replace("{unique}", unique))
    statements = [statement(action, resource.replace("{unique}", unique)) for resource in resources]
    # With CloudWatch's name comes a protocol.
    made = somebody.client(*service.split())

    def attempt() -> str:
        try:
            getattr(made, call)(**arguments)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return ""

    denials = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")
    # Everything but one of the resources, and every resource but with another action.
    for left_out in range(len(statements)):
        resource = statements[left_out]["Resource"]
        elsewhere = statement(action, "arn:aws:s3:::elsewhere" if resource == "*" else f"{resource}-other")
        somebody.may(*statements[:left_out], *statements[left_out + 1 :], elsewhere)
        assert attempt() in denials
    somebody.may(*[{**one, "Action": f"{action}Other"} for one in statements])
    assert attempt() in denials
    somebody.may(*statements)
    assert attempt() not in denials


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [("ec2:osuser", "agentkey", True), ("ec2:osuser", "root", False)],
)
def test_the_user_of_a_pushed_key_is_a_condition(somebody: Somebody, key: str, value: str, allowed: bool) -> None:
    condition = {"StringEquals": {key: value}}
    somebody.may(statement("ec2-instance-connect:SendSSHPublicKey", ec2_arn("instance/*"), Condition=condition))
    with contextlib.nullcontext() if allowed else refused("AccessDeniedException"):
        somebody.client("ec2-instance-connect").send_ssh_public_key(
            InstanceId=INSTANCE, InstanceOSUser="agentkey", SSHPublicKey="k"
        )


def test_the_senders_address_is_a_condition(client: Client, somebody: Somebody, unique: str) -> None:
    domain = f"{unique}.org"
    condition = {"StringEquals": {"ses:FromAddress": f"noreply@{domain}"}}
    somebody.may(statement("ses:SendEmail", [ses_arn(domain), ses_arn(f"*@{domain}")], Condition=condition))
    content = {"Destination": {"ToAddresses": ["a@b.c"]}, "Content": {"Simple": EMAIL}}
    ses = somebody.client("sesv2")
    with refused("AccessDeniedException"):
        ses.send_email(FromEmailAddress=f"other@{domain}", **content)
    with refused("MessageRejected"):
        ses.send_email(FromEmailAddress=f"noreply@{domain}", **content)


def test_handing_a_role_to_a_service_needs_passrole(client: Client, somebody: Somebody, role: str) -> None:
    iam = client("iam")
    iam.create_instance_profile(InstanceProfileName=somebody.name)
    ours = somebody.client("iam")
    add = {"InstanceProfileName": somebody.name, "RoleName": somebody.name}
    may_add = statement("iam:AddRoleToInstanceProfile", iam_arn(f"instance-profile/{somebody.name}"))
    somebody.may(may_add)
    with refused("AccessDenied", f"iam:PassRole on resource: {role}"):
        ours.add_role_to_instance_profile(**add)
    somebody.may(may_add, statement("iam:PassRole", role))
    ours.add_role_to_instance_profile(**add)
    somebody.may(statement("ec2:RunInstances"))
    run = {"ImageId": "ami-0a22042026090100a", "MinCount": 1, "MaxCount": 1, "InstanceType": "t3.small"}
    ec2 = somebody.client("ec2")
    ec2.run_instances(**run)
    with refused("UnauthorizedOperation", f"iam:PassRole on resource: {role}"):
        ec2.run_instances(**run, IamInstanceProfile={"Name": somebody.name})


def test_roles_can_be_had_with_a_boundary_only(client: Client, somebody: Somebody, unique: str) -> None:
    boundary = client("iam").create_policy(PolicyName=unique, PolicyDocument=policy(statement("s3:*")))["Policy"]["Arn"]
    bounded = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    somebody.may(statement(["iam:CreateRole", "iam:PutRolePolicy"], Condition=bounded))
    iam = somebody.client("iam")
    trust = trusting({"Service": "ec2.amazonaws.com"}, "sts:AssumeRole")
    with refused("AccessDenied"):
        iam.create_role(RoleName=unique, AssumeRolePolicyDocument=trust)
    iam.create_role(RoleName=unique, AssumeRolePolicyDocument=trust, PermissionsBoundary=boundary)
    put = {"RoleName": unique, "PolicyName": "p", "PolicyDocument": policy(statement("s3:*"))}
    iam.put_role_policy(**put)
    client("iam").delete_role_permissions_boundary(RoleName=unique)
    with refused("AccessDenied"):
        iam.put_role_policy(**put)


def test_a_policy_that_may_be_attached_is_a_condition(client: Client, somebody: Somebody, role: str) -> None:
    assert role
    read_only = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    somebody.may(statement("iam:AttachRolePolicy", Condition={"ArnEquals": {"iam:PolicyARN": read_only}}))
    iam = somebody.client("iam")
    iam.attach_role_policy(RoleName=somebody.name, PolicyArn=read_only)
    with refused("AccessDenied"):
        iam.attach_role_policy(RoleName=somebody.name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
