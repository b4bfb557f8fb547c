"""An account as the runbook's commands and its scripts leave it, one function for each step, by boto3.

The shapes are the running deployment's, faults and all: static trust of the data role, broad grants, the mail policy by
``aws:Referer``, bucket policies v2, an attached AmazonS3FullAccess, a machine made by hand. What an adoption must take
over without losing anything.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.naming import ACTOR_TAG, DATA_CLASSES, E2E_ROLE, DataClass, Names

#: Gives a client of a service.
Clients = Callable[[str], Any]

TTL = 300

_TEXT = (Path(__file__).parents[2] / "docs" / "runbook.md").read_text()
_SECTION = _TEXT.partition("## Adopt a running account")[2].partition("\n## ")[0]

#: What an `up` changes on what it has taken over: the runbook's table says why.
HARDENING = {
    name for cell in re.findall(r"^\| (`.+`) \|", _SECTION, re.MULTILINE) for name in re.findall(r"`([\w-]+)`", cell)
}

#: If a destroy may delete objects, these change too, only in the state.
EMPTIED_ON_DESTROY = {"vault-bucket", "memory-bucket", "inbox-bucket"}

#: Also, where ``caBundle`` is set.
OF_A_PRIVATE_AUTHORITY = {"federation-provider"}


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What was made by hand; ``address`` is the elastic IP, or the auto-assigned one of a machine without."""

    instance_id: str
    address: str
    allocation_id: str | None
    group_id: str
    key_pair: str
    private_key: str


def build(clients: Clients, names: Names, zone_id: str, *, elastic: bool = True) -> Machine:
    """Everything, in the order of the runbook."""
    machine = launch(clients, names, elastic=elastic)
    mail_identity(clients, names)
    mail_records(clients, names, zone_id)
    address_records(clients, names, zone_id, machine.address)
    mail_bucket(clients, names)
    daemon_user(clients, names)
    data_role(clients, names)
    mail_policy(clients, names)
    receipt_rule(clients, names)
    for row in DATA_CLASSES:
        data_bucket(clients, names, row)
        data_class_role(clients, names, row)
        bucket_policy_v2(clients, names, row)
    host_role(clients, names, machine.instance_id)
    broker_user(clients, names, machine.instance_id)
    sender_identity(clients, names)
    return machine


def launch(clients: Clients, names: Names, *, elastic: bool) -> Machine:
    """Quick start 1: a machine from the console, its firewall, its key; names are whatever a person typed."""
    ec2 = clients("ec2")
    key = ec2.create_key_pair(KeyName=f"my-broker{names.suffix}", KeyType="ed25519")
    group = ec2.create_security_group(GroupName=f"launch-wizard-7{names.suffix}", Description="by hand")["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
            for port in (22, 80, 443)
        ],
    )
    x86 = [{"Name": "architecture", "Values": ["x86_64"]}]
    image = ec2.describe_images(Owners=["099720109477"], Filters=x86)["Images"][0]["ImageId"]
    (instance,) = ec2.run_instances(
        ImageId=image,
        InstanceType="t3.small",
        MinCount=1,
        MaxCount=1,
        KeyName=key["KeyName"],
        SecurityGroupIds=[group],
        # The console's default of its time.
        MetadataOptions={"HttpTokens": "optional", "HttpEndpoint": "enabled"},
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": f"broker{names.suffix}"}]}],
    )["Instances"]
    instance_id, allocation_id, address = instance["InstanceId"], None, instance.get("PublicIpAddress", "")
    if elastic:
        made = ec2.allocate_address(Domain="vpc")
        allocation_id, address = made["AllocationId"], made["PublicIp"]
        ec2.associate_address(AllocationId=allocation_id, InstanceId=instance_id)
        ec2.create_tags(Resources=[allocation_id], Tags=[{"Key": "Name", "Value": names.elastic_ip}])
    return Machine(
        instance_id=instance_id,
        address=address,
        allocation_id=allocation_id,
        group_id=group,
        key_pair=key["KeyName"],
        private_key=key["KeyMaterial"],
    )


def mail_identity(clients: Clients, names: Names) -> None:
    """Section 3."""
    clients("sesv2").create_email_identity(
        EmailIdentity=names.mail_domain, DkimSigningAttributes={"NextSigningKeyLength": "RSA_2048_BIT"}
    )


def mail_records(clients: Clients, names: Names, zone_id: str) -> None:
    """Section 3: three DKIM names, MX, SPF and DMARC in one change."""
    domain = names.mail_domain
    tokens = clients("sesv2").get_email_identity(EmailIdentity=domain)["DkimAttributes"]["Tokens"]
    _upsert(
        clients,
        zone_id,
        *((f"{token}._domainkey.{domain}", "CNAME", f"{token}.dkim.amazonses.com") for token in tokens),
        (domain, "MX", f"10 inbound-smtp.{names.region}.amazonaws.com"),
        (domain, "TXT", '"v=spf1 include:amazonses.com -all"'),
        (f"_dmarc.{domain}", "TXT", f'"v=DMARC1; p=quarantine; rua=mailto:dmarc@{domain}"'),
    )


def address_records(clients: Clients, names: Names, zone_id: str, address: str) -> None:
    """Section 2: the broker's and the workers' A records."""
    _upsert(clients, zone_id, *((host, "A", address) for host in names.public_hosts.values()))


def mail_bucket(clients: Clients, names: Names) -> None:
    """Section 3."""
    s3, bucket = clients("s3"), names.bucket("mail")
    s3.create_bucket(Bucket=bucket)
    _block_public_access(s3, bucket)
    s3.put_bucket_lifecycle_configuration(
        Bucket=bucket,
        LifecycleConfiguration={
            "Rules": [
                {
                    "ID": "inbound-30d-ttl",
                    "Status": "Enabled",
                    "Filter": {"Prefix": "inbound/"},
                    "Expiration": {"Days": 30},
                }
            ]
        },
    )


def daemon_user(clients: Clients, names: Names) -> None:
    """Section 4.1, with the key that the broker used before it federated."""
    iam, user = clients("iam"), names.daemon_user
    iam.create_user(UserName=user)
    iam.create_access_key(UserName=user)
    iam.put_user_policy(
        UserName=user,
        PolicyName=f"{user}-assume-role",
        PolicyDocument=_document({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": names.role_arn("data")}),
    )


def data_role(clients: Clients, names: Names) -> None:
    """Section 4.2, the static stage with its broad grant."""
    iam, role, bucket = clients("iam"), names.role("data"), names.bucket("mail")
    daemon = f"arn:aws:iam::{names.account_id}:user/{names.daemon_user}"
    iam.create_role(
        RoleName=role,
        Description="AgentKeys data role",
        AssumeRolePolicyDocument=_document(
            {"Effect": "Allow", "Principal": {"AWS": daemon}, "Action": "sts:AssumeRole"}
        ),
    )
    iam.put_role_policy(
        RoleName=role,
        PolicyName=f"{role}-inline",
        PolicyDocument=_document(
            {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}"},
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"},
            {
                "Effect": "Allow",
                "Action": ["ses:SendEmail", "ses:GetEmailIdentity"],
                "Resource": _identities(names),
            },
        ),
    )


def mail_policy(clients: Clients, names: Names) -> None:
    """Section 5: SES by ``aws:Referer``, the whole bucket for the data role."""
    bucket = names.bucket("mail")
    clients("s3").put_bucket_policy(
        Bucket=bucket,
        Policy=_document(
            {
                "Sid": "AllowSESWriteInbound",
                "Effect": "Allow",
                "Principal": {"Service": "ses.amazonaws.com"},
                "Action": "s3:PutObject",
                "Resource": f"arn:aws:s3:::{bucket}/*",
                "Condition": {"StringEquals": {"aws:Referer": names.account_id}},
            },
            {
                "Sid": "AllowDaemonRead",
                "Effect": "Allow",
                "Principal": {"AWS": names.role_arn("data")},
                "Action": ["s3:GetObject", "s3:ListBucket"],
                "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
            },
        ),
    )


def receipt_rule(clients: Clients, names: Names) -> None:
    """Section 3: the rule set is made where it is missing, and activated."""
    ses = clients("ses")
    known = {item["Name"] for item in ses.list_receipt_rule_sets()["RuleSets"]}
    if "agentkeys" not in known:
        ses.create_receipt_rule_set(RuleSetName="agentkeys")
    ses.create_receipt_rule(
        RuleSetName="agentkeys",
        Rule={
            "Name": names.receipt_rule,
            "Enabled": True,
            "ScanEnabled": True,
            "TlsPolicy": "Optional",
            "Recipients": [names.mail_domain],
            "Actions": [{"S3Action": {"BucketName": names.bucket("mail"), "ObjectKeyPrefix": "inbound/"}}],
        },
    )
    ses.set_active_receipt_rule_set(RuleSetName="agentkeys")


def data_bucket(clients: Clients, names: Names, row: DataClass) -> None:
    """Section 4.3, by the scripts: block of public access and encryption."""
    s3, bucket = clients("s3"), names.bucket(row.key)
    s3.create_bucket(Bucket=bucket)
    _block_public_access(s3, bucket)
    s3.put_bucket_encryption(
        Bucket=bucket,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        },
    )


def data_class_role(clients: Clients, names: Names, row: DataClass) -> None:
    """Section 4.3 and 9.3: federated from the start, in the form without the bounds on the tag."""
    iam, role, bucket = clients("iam"), names.role(row.key), names.bucket(row.key)
    own = f"bots/${{aws:PrincipalTag/{ACTOR_TAG}}}/{row.prefix}/*"
    iam.create_role(
        RoleName=role,
        Description=f"AgentKeys {row.key} role",
        AssumeRolePolicyDocument=_document(
            {
                "Effect": "Allow",
                "Principal": {"Federated": f"arn:aws:iam::{names.account_id}:oidc-provider/{names.broker_host}"},
                "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
                "Condition": {
                    "StringEquals": {f"{names.broker_host}:aud": "sts.amazonaws.com"},
                    "Null": {f"aws:RequestTag/{ACTOR_TAG}": "false"},
                },
            }
        ),
    )
    iam.put_role_policy(
        RoleName=role,
        PolicyName=f"{role}-inline",
        PolicyDocument=_document(
            {
                "Sid": f"{row.sid}ListOwnPrefix",
                "Effect": "Allow",
                "Action": "s3:ListBucket",
                "Resource": f"arn:aws:s3:::{bucket}",
                "Condition": {"StringLike": {"s3:prefix": own}},
            },
            {
                "Sid": f"{row.sid}GetOwnObjects",
                "Effect": "Allow",
                "Action": "s3:GetObject",
                "Resource": f"arn:aws:s3:::{bucket}/{own}",
            },
            {
                "Sid": f"{row.sid}PutAndDeleteOwnObjects",
                "Effect": "Allow",
                "Action": ["s3:PutObject", "s3:DeleteObject"],
                "Resource": f"arn:aws:s3:::{bucket}/{own}",
            },
        ),
    )


def bucket_policy_v2(clients: Clients, names: Names, row: DataClass) -> None:
    """The form before the split: all actions in one statement, and every tagged session lists the whole bucket."""
    bucket = names.bucket(row.key)
    clients("s3").put_bucket_policy(
        Bucket=bucket,
        Policy=_document(
            {
                "Sid": f"{row.sid}V2",
                "Effect": "Allow",
                "Principal": {"AWS": names.role_arn(row.key)},
                "Action": ["s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
                "Resource": [
                    f"arn:aws:s3:::{bucket}",
                    f"arn:aws:s3:::{bucket}/bots/${{aws:PrincipalTag/{ACTOR_TAG}}}/{row.prefix}/*",
                ],
                "Condition": {"Null": {f"aws:PrincipalTag/{ACTOR_TAG}": "false"}},
            }
        ),
    )


def host_role(clients: Clients, names: Names, instance_id: str) -> None:
    """Section 6, and what section 7 strips: a managed policy for all of S3."""
    iam, role = clients("iam"), names.host
    iam.create_role(
        RoleName=role,
        AssumeRolePolicyDocument=_document(
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ),
    )
    for policy, statement in {
        "BrokerAssumeData": {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": names.role_arn("data")},
        "BrokerSendEmail": {
            "Effect": "Allow",
            "Action": ["ses:SendEmail", "ses:GetEmailIdentity"],
            "Resource": _identities(names),
        },
    }.items():
        iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=_document(statement))
    iam.attach_role_policy(RoleName=role, PolicyArn="arn:aws:iam::aws:policy/AmazonS3FullAccess")
    iam.create_instance_profile(InstanceProfileName=role)
    iam.add_role_to_instance_profile(InstanceProfileName=role, RoleName=role)
    clients("ec2").associate_iam_instance_profile(InstanceId=instance_id, IamInstanceProfile={"Name": role})


def broker_user(clients: Clients, names: Names, instance_id: str) -> None:
    """The SSH section: Instance Connect to one instance, and a key for it."""
    iam, user = clients("iam"), names.broker_user
    iam.create_user(UserName=user)
    iam.put_user_policy(
        UserName=user,
        PolicyName=f"{user}-ec2ic",
        PolicyDocument=_document(
            {
                "Effect": "Allow",
                "Action": "ec2-instance-connect:SendSSHPublicKey",
                "Resource": f"arn:aws:ec2:*:{names.account_id}:instance/{instance_id}",
                "Condition": {"StringEquals": {"ec2:osuser": "agentkey"}},
            },
            {
                "Effect": "Allow",
                "Action": ["ec2:DescribeInstances", "ec2:DescribeInstanceConnectEndpoints"],
                "Resource": "*",
            },
        ),
    )
    iam.create_access_key(UserName=user)


def sender_identity(clients: Clients, names: Names) -> None:
    """``ses-verify-sender.sh``: the address beside the domain."""
    clients("sesv2").create_email_identity(EmailIdentity=names.email_from)


def issuer(clients: Clients, names: Names, thumbprint: str) -> None:
    """Section 9.2, once the broker answers: the leaf's thumbprint, as the runbook takes it."""
    clients("iam").create_open_id_connect_provider(
        Url=names.issuer, ClientIDList=["sts.amazonaws.com"], ThumbprintList=[thumbprint]
    )


def e2e_role(clients: Clients, names: Names) -> None:
    """No section: somebody has made it by hand, and test's inbox names it (``rawMailReaders``)."""
    clients("iam").create_role(
        RoleName=E2E_ROLE,
        AssumeRolePolicyDocument=_document(
            {"Effect": "Allow", "Principal": {"AWS": names.account_id}, "Action": "sts:AssumeRole"}
        ),
    )


def _identities(names: Names) -> list[str]:
    prefix = f"arn:aws:ses:{names.region}:{names.account_id}:identity"
    return [f"{prefix}/{names.mail_domain}", f"{prefix}/*@{names.mail_domain}"]


def _block_public_access(s3: Any, bucket: str) -> None:
    flags = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=dict.fromkeys(flags, True))


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def _upsert(clients: Clients, zone_id: str, *records: tuple[str, str, str]) -> None:
    clients("route53").change_resource_record_sets(
        HostedZoneId=zone_id,
        ChangeBatch={
            "Changes": [
                {
                    "Action": "UPSERT",
                    "ResourceRecordSet": {
                        "Name": name,
                        "Type": kind,
                        "TTL": TTL,
                        "ResourceRecords": [{"Value": value}],
                    },
                }
                for name, kind, value in records
            ]
        },
    )
