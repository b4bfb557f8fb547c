"""ARNs built from names that this program chooses, so that policy texts are known before any resource exists.

Leaves out ARNs that AWS assigns. Supports only the partition ``aws``, which the runbook's account is in.
"""


def iam_role(account_id: str, name: str) -> str:
    return f"arn:aws:iam::{account_id}:role/{name}"


def iam_user(account_id: str, name: str) -> str:
    return f"arn:aws:iam::{account_id}:user/{name}"


def oidc_provider(account_id: str, host: str) -> str:
    """IAM names a provider by its URL without the scheme."""
    return f"arn:aws:iam::{account_id}:oidc-provider/{host}"


def bucket(name: str) -> str:
    return f"arn:aws:s3:::{name}"


def objects(bucket_name: str, key_pattern: str) -> str:
    return f"arn:aws:s3:::{bucket_name}/{key_pattern}"


def ses_identity(region: str, account_id: str, identity: str) -> str:
    return f"arn:aws:ses:{region}:{account_id}:identity/{identity}"


def receipt_rule(region: str, account_id: str, rule_set: str, rule: str) -> str:
    return f"arn:aws:ses:{region}:{account_id}:receipt-rule-set/{rule_set}:receipt-rule/{rule}"


def instance(account_id: str, instance_id: str, *, region: str = "*") -> str:
    """An instance, in any region by default: the SSH user's policy names the instance by its id only."""
    return f"arn:aws:ec2:{region}:{account_id}:instance/{instance_id}"


def lifecycle_policy(region: str, account_id: str, policy_id: str) -> str:
    return f"arn:aws:dlm:{region}:{account_id}:policy/{policy_id}"


def volumes(region: str, account_id: str) -> str:
    """Every EBS volume."""
    return f"arn:aws:ec2:{region}:{account_id}:volume/*"


def snapshots(region: str) -> str:
    """Every EBS snapshot; its ARN has no account id."""
    return f"arn:aws:ec2:{region}::snapshot/*"


def topic(region: str, account_id: str, name: str) -> str:
    return f"arn:aws:sns:{region}:{account_id}:{name}"


def alarm(region: str, account_id: str, name: str) -> str:
    return f"arn:aws:cloudwatch:{region}:{account_id}:alarm:{name}"


def ssm_document(region: str, name: str) -> str:
    """A document that AWS publishes; its ARN has no account id."""
    return f"arn:aws:ssm:{region}::document/{name}"
