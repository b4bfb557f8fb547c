"""Which policies each identity has, by policy name. The program attaches exactly these, and the audit compares them.

Leaves out the policy texts (``roles``, ``identities``, ``trust``, ``buckets``) and the resources that attach them.
"""

from collections.abc import Sequence
from typing import Literal

from components import arns
from components.naming import DATA_CLASSES, OWNER_TAG, RECEIPT_RULE_SET, Names
from components.policies import buckets, identities, roles, snapshots, trust
from components.policies.document import Document

#: ``federated``: the data role trusts the OIDC issuer. ``static``, the stage before: it trusts the daemon user.
Trust = Literal["federated", "static"]


def host_role(names: Names, *, puts_metrics: bool) -> dict[str, Document]:
    """Inline policies of the broker host's role. ``puts_metrics``: the stack has alarms, and the host their metrics."""
    return {
        "BrokerAssumeData": roles.assume_data_role(names.role_arn("data")),
        "BrokerSendEmail": roles.send_email(names.mail_domain, names.email_from, names.account_id, names.region),
        **({"BrokerPutMetrics": roles.put_metrics(names.metrics)} if puts_metrics else {}),
    }


def host_role_managed(ssm_managed: bool) -> list[str]:
    """ARNs of AWS managed policies on the host role: what Systems Manager's agent needs, if ``ssm_managed``.

    https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-instance-permissions.html
    """
    return ["arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"] if ssm_managed else []


def snapshot_role(names: Names, host_tag: str) -> dict[str, Document]:
    """Inline policies of the role that makes snapshots. ``host_tag`` marks the instance whose disk is copied."""
    return {
        "SnapshotHost": snapshots.of_host(
            names.region, names.account_id, host_tag=host_tag, owner_tag=OWNER_TAG, owner=names.host
        )
    }


def role(key: str, names: Names, stage: Trust) -> dict[str, Document]:
    """Inline policies of a role of ROLE_KEYS. The data role has one only in the static stage."""
    name = f"{names.role(key)}-inline"
    if key != "data":
        row = next(row for row in DATA_CLASSES if row.key == key)
        return {name: roles.data_class(row, names.bucket(key), names.account_id)}
    if stage == "static":
        return {
            name: roles.data_before_federation(names.bucket("mail"), names.mail_domain, names.account_id, names.region)
        }
    return {}


def role_trust(key: str, names: Names, stage: Trust) -> Document:
    """Who may assume a role of ROLE_KEYS. The roles of data classes always trust the issuer."""
    if key == "data" and stage == "static":
        return trust.daemon(names.account_id, names.daemon_user)
    return trust.federated(names.account_id, names.broker_host)


def daemon_user(names: Names) -> dict[str, Document]:
    """Inline policies of the user ``agentkeys-daemon``."""
    return {f"{names.daemon_user}-assume-role": identities.daemon(names.role_arn("data"))}


def broker_user_policy(names: Names) -> str:
    """Name of the SSH user's policy. It is known before the instance id that the policy text needs."""
    return f"{names.broker_user}-ec2ic"


def broker_user(names: Names, instance_id: str) -> dict[str, Document]:
    """Inline policies of the SSH user ``agentkeys-broker``."""
    return {broker_user_policy(names): identities.ssh(names.account_id, instance_id)}


def bucket(key: str, names: Names, stage: Trust, raw_mail_readers: Sequence[str]) -> Document:
    """The policy of a bucket of BUCKET_KEYS. ``raw_mail_readers`` are names of roles that may read all raw mail."""
    name = names.bucket(key)
    if key != "mail":
        row = next(row for row in DATA_CLASSES if row.key == key)
        return buckets.data_class(row, name, names.role_arn(key))
    return buckets.mail(
        name,
        account_id=names.account_id,
        receipt_rule_arn=arns.receipt_rule(names.region, names.account_id, RECEIPT_RULE_SET, names.receipt_rule),
        data_role_arn=names.role_arn("data"),
        trust=stage,
        raw_reader_arns=[arns.iam_role(names.account_id, reader) for reader in raw_mail_readers],
    )
