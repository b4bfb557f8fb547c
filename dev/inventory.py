"""Lists everything in the emulated account through AWS's API, so that two points in time can be compared.

Owns the list of kinds. Leaves out which stack a resource belongs to.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

#: Kinds whose names end in an id that AWS assigns.
_WITH_ID = ("instance", "address")


def listing(client: Callable[[str], Any], zone: str) -> dict[str, Any]:
    """Every resource, by kind and name. ``client`` returns a service's client. ``zone`` is the hosted zone's id."""
    found = {**_identities(client("iam")), **_buckets(client("s3"))}
    records = client("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    for record in records:
        found[f"record {record['Name']} {record['Type']}"] = record["ResourceRecords"]
    ses = client("ses")
    for rule_set in ses.list_receipt_rule_sets()["RuleSets"]:
        rules = ses.describe_receipt_rule_set(RuleSetName=rule_set["Name"])["Rules"]
        found.update({f"rule {rule_set['Name']}/{rule['Name']}": rule for rule in rules})
    for identity in client("sesv2").list_email_identities()["EmailIdentities"]:
        found[f"identity {identity['IdentityName']}"] = identity["IdentityType"]
    return {**found, **_alarms(client("cloudwatch"), client("sns"), client("route53")), **_network(client("ec2"))}


def _alarms(cloudwatch: Any, sns: Any, route53: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for alarm in cloudwatch.describe_alarms()["MetricAlarms"]:
        found[f"alarm {alarm['AlarmName']}"] = (alarm["Namespace"], alarm["MetricName"], alarm["AlarmActions"])
    for topic in sns.list_topics()["Topics"]:
        arn = topic["TopicArn"]
        subscribed = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
        found[f"topic {arn}"] = (
            json.loads(sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"]),
            sorted((item["Protocol"], item["Endpoint"]) for item in subscribed),
        )
    for check in route53.list_health_checks()["HealthChecks"]:
        found[f"health check {check['HealthCheckConfig'].get('FullyQualifiedDomainName', check['Id'])}"] = check["Id"]
    return found


def _identities(iam: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for user in iam.list_users()["Users"]:
        name = user["UserName"]
        found[f"user {name}"] = (
            user["UserId"],
            sorted(iam.list_user_policies(UserName=name)["PolicyNames"]),
            sorted(key["AccessKeyId"] for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]),
        )
    for role in iam.list_roles()["Roles"]:
        name = role["RoleName"]
        policies = {
            policy: iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
        }
        found[f"role {name}"] = (role["RoleId"], role["AssumeRolePolicyDocument"], policies)
    for profile in iam.list_instance_profiles()["InstanceProfiles"]:
        found[f"profile {profile['InstanceProfileName']}"] = profile["InstanceProfileId"]
    for provider in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]:
        arn = provider["Arn"]
        made = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
        found[f"provider {arn}"] = (made["Url"], made["ThumbprintList"])
    return found


def _buckets(s3: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for bucket in s3.list_buckets()["Buckets"]:
        name = bucket["Name"]
        objects = s3.list_object_versions(Bucket=name)
        found[f"bucket {name}"] = (
            json.loads(_if_set(s3.get_bucket_policy, Bucket=name).get("Policy", "null")),
            _if_set(s3.get_public_access_block, Bucket=name).get("PublicAccessBlockConfiguration"),
            _if_set(s3.get_bucket_lifecycle_configuration, Bucket=name).get("Rules"),
            s3.get_bucket_versioning(Bucket=name).get("Status"),
            sorted((item["Key"], item["ETag"]) for item in objects.get("Versions", [])),
        )
    return found


def _network(ec2: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for reservation in ec2.describe_instances()["Reservations"]:
        for instance in reservation["Instances"]:
            if instance["State"]["Name"] != "terminated":
                found[f"instance {_name(instance)} {instance['InstanceId']}"] = instance["State"]["Name"]
    for address in ec2.describe_addresses()["Addresses"]:
        found[f"address {_name(address)} {address['AllocationId']}"] = (
            address["PublicIp"],
            address.get("InstanceId"),
        )
    for group in ec2.describe_security_groups()["SecurityGroups"]:
        found[f"firewall {group['GroupName']}"] = (group["GroupId"], group["IpPermissions"])
    for pair in ec2.describe_key_pairs()["KeyPairs"]:
        found[f"key pair {pair['KeyName']}"] = pair["KeyPairId"]
    return found


def names(found: Mapping[str, Any]) -> Counter[str]:
    """Number of resources by kind and name, without AWS's ids. Equal for two stacks with the same settings."""
    return Counter(name.rsplit(" ", 1)[0] if name.split(" ", 1)[0] in _WITH_ID else name for name in found)


def _if_set(ask: Callable[..., dict[str, Any]], **arguments: str) -> dict[str, Any]:
    """The answer, or an empty one where S3 has an error for a setting that was never made."""
    try:
        return ask(**arguments)
    except ClientError as error:
        if not error.response["Error"]["Code"].startswith("NoSuch"):
            raise
        return {}


def _name(resource: dict[str, Any]) -> str:
    return next((tag["Value"] for tag in resource.get("Tags", []) if tag["Key"] == "Name"), "")
