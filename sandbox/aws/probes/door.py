"""Probes of who is let in: signatures that are refused, and what a refusal says the caller would have needed."""

import re
from typing import Any

from sandbox.aws.probes.ground import Ground, observe, trusting
from sandbox.aws.probes.rows import Answers, probe

_SIGNING = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html"
_ERRORS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html"
_AUTHORIZATION = "https://docs.aws.amazon.com/service-authorization/latest/reference"

#: One reading call of each service. None of them names a resource that exists.
_READS: dict[str, tuple[str, dict[str, Any]]] = {
    "ec2": ("describe_addresses", {}),
    "iam": ("list_roles", {}),
    "route53": ("list_hosted_zones", {}),
    "s3": ("list_buckets", {}),
    "ses": ("list_identities", {}),
    "sesv2": ("list_email_identities", {}),
    "ssm": ("get_parameter", {"Name": "agentkeys-probe-none"}),
    "sts": ("get_caller_identity", {}),
}

_UNKNOWN = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "x" * 40}

_UNKNOWN_CODES = {"InvalidClientTokenId", "InvalidAccessKeyId", "AuthFailure", "UnrecognizedClientException"}


def _read_all(ground: Ground, keys: dict[str, str] | None, *, signed: bool = True) -> Answers:
    return {
        service: observe(getattr(ground.client(service, keys, signed=signed), operation), **arguments)
        for service, (operation, arguments) in _READS.items()
    }


@probe("iam.authentication", "iam.refusals", calls="one reading call of each service", page=_SIGNING)
def unknown_keys_are_refused(ground: Ground) -> Answers:
    """An unknown access key is refused with each service's own code."""
    return _read_all(ground, _UNKNOWN)


@probe(
    "iam.authentication", calls="one reading call of each service", page=_SIGNING, makes=("a user with an access key",)
)
def wrong_signatures_are_refused(ground: Ground) -> Answers:
    """A signature with another secret is refused with each service's own code."""
    keys = ground.key(ground.user())
    # Until a service knows the key, it calls it unknown.
    ground.eventually(lambda: not {seen.get("error") for seen in _read_all(ground, keys).values()} & _UNKNOWN_CODES)
    return _read_all(ground, {**keys, "aws_secret_access_key": "x" * 40})


@probe("iam.door", calls="one reading call of each service", page=_SIGNING)
def requests_need_a_signature(ground: Ground) -> Answers:
    """A request without a signature is refused with each service's own code."""
    return _read_all(ground, None, signed=False)


@probe(
    "iam.callers",
    calls="sts AssumeRole, GetCallerIdentity",
    page="https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html",
    makes=("a role without permissions", "a user with an access key"),
)
def callers_are_named(ground: Ground) -> Answers:
    """GetCallerIdentity names user and session; a session's id is the role's with the session's name."""
    user = ground.user()
    keys = ground.key(user)
    role = ground.role(trusting({"AWS": ground.caller()}, "sts:AssumeRole"))
    shown = ("Account", "Arn", "UserId")
    sts = ground.client("sts", keys)
    ground.settled(sts.get_caller_identity, "InvalidClientTokenId")
    session = ground.client("sts", ground.session(role))
    return {
        "user": observe(sts.get_caller_identity, *shown),
        "session": observe(session.get_caller_identity, *shown),
    }


#: What a refusal names: the action and the resource.
_NAMED = re.compile(r"not authorized to perform: (?P<action>\S+)(?: on resource: \"?(?P<resource>[^\s\"]+))?")


def _denied(ground: Ground, service: str, calls: dict[str, dict[str, Any]]) -> Answers:
    """Code of the refusal, and the action and resource that it names, by operation, for a session without policies."""
    role = ground.role(trusting({"AWS": ground.caller()}, "sts:AssumeRole"))
    client = ground.client(service, ground.session(role))
    answers: Answers = {}
    for operation, arguments in calls.items():
        seen = observe(getattr(client, operation), **arguments)
        named = _NAMED.search(seen.get("message", ""))
        answers[operation] = {
            **seen,
            "action": named["action"] if named else None,
            "resource": named["resource"] if named else None,
        }
    return answers


_SESSION = ("a role without permissions",)


@probe(
    "iam.actions.s3",
    calls="s3 calls of a session without permissions",
    page=f"{_AUTHORIZATION}/list_amazons3.html",
    makes=("a bucket", "an empty object in it", *_SESSION),
)
def permissions_of_s3(ground: Ground) -> Answers:
    """A refusal of S3 names the action, which differs from the operation's name, and bucket or object."""
    bucket = ground.bucket()
    ground.put(bucket, "k")
    where = {"Bucket": bucket}
    return _denied(
        ground,
        "s3",
        {
            "list_buckets": {},
            "list_objects_v2": where,
            "list_object_versions": where,
            "get_bucket_policy": where,
            "get_bucket_encryption": where,
            "get_public_access_block": where,
            "get_bucket_lifecycle_configuration": where,
            "get_object": {**where, "Key": "k"},
            "get_object_tagging": {**where, "Key": "k"},
        },
    )


@probe(
    "iam.actions.iam",
    calls="iam calls of a session without permissions",
    page=f"{_AUTHORIZATION}/list_awsidentityandaccessmanagementiam.html",
    makes=_SESSION,
)
def permissions_of_iam(ground: Ground) -> Answers:
    """A refusal of IAM names the action and the ARN of the role, user or provider."""
    name = f"{ground.prefix}-none"
    return _denied(
        ground,
        "iam",
        {
            "get_role": {"RoleName": name},
            "get_user": {"UserName": name},
            "list_roles": {},
            "list_access_keys": {"UserName": name},
            "get_role_policy": {"RoleName": name, "PolicyName": "p"},
            "get_open_id_connect_provider": {
                "OpenIDConnectProviderArn": ground.account_arn("oidc-provider/probe.invalid")
            },
        },
    )


@probe(
    "iam.actions.ec2",
    calls="ec2 calls of a session without permissions",
    page=f"{_AUTHORIZATION}/list_amazonec2.html",
    makes=_SESSION,
)
def permissions_of_ec2(ground: Ground) -> Answers:
    """EC2 refuses a caller without permission with UnauthorizedOperation."""
    calls: dict[str, dict[str, Any]] = {
        "describe_instances": {},
        "describe_addresses": {},
        "describe_security_groups": {},
        "describe_volumes": {},
    }
    return _denied(ground, "ec2", calls)


@probe(
    "iam.actions.route53",
    calls="route53 calls of a session without permissions",
    page=f"{_AUTHORIZATION}/list_amazonroute53.html",
    makes=_SESSION,
)
def permissions_of_route53(ground: Ground) -> Answers:
    """A refusal of Route 53 names the action and the zone's ARN."""
    return _denied(
        ground,
        "route53",
        {
            "list_hosted_zones": {},
            "get_hosted_zone": {"Id": "Z0PROBENONE0000000001"},
            "list_resource_record_sets": {"HostedZoneId": "Z0PROBENONE0000000001"},
        },
    )


@probe(
    "iam.actions.ses",
    calls="sesv2 calls of a session without permissions",
    page=f"{_AUTHORIZATION}/list_amazonsimpleemailservicev2.html",
    makes=_SESSION,
)
def permissions_of_ses(ground: Ground) -> Answers:
    """A refusal of SES names the action and the identity's ARN."""
    return _denied(
        ground,
        "sesv2",
        {"list_email_identities": {}, "get_email_identity": {"EmailIdentity": f"none.{ground.domain}"}},
    )


@probe(
    "iam.actions.ssm",
    calls="ssm calls of a session without permissions",
    page=f"{_AUTHORIZATION}/list_awssystemsmanager.html",
    makes=_SESSION,
)
def permissions_of_ssm(ground: Ground) -> Answers:
    """A refusal of Systems Manager names the action and the parameter's ARN."""
    calls: dict[str, dict[str, Any]] = {"get_parameter": {"Name": "agentkeys-probe-none"}, "describe_parameters": {}}
    return _denied(ground, "ssm", calls)


@probe(
    "iam.actions.alarms",
    calls="sns and cloudwatch calls of a session without permissions",
    page=f"{_AUTHORIZATION}/list_amazoncloudwatch.html",
    makes=_SESSION,
)
def permissions_of_alarms(ground: Ground) -> Answers:
    """A refusal of SNS and CloudWatch names the action and the ARN of the topic or the alarm."""
    topic = f"arn:aws:sns:{ground.region}:{ground.account_id}:agentkeys-probe-none"
    topics: dict[str, dict[str, Any]] = {"get_topic_attributes": {"TopicArn": topic}, "list_topics": {}}
    alarms: dict[str, dict[str, Any]] = {
        "describe_alarms": {"AlarmNames": ["agentkeys-probe-none"]},
        "put_metric_data": {"Namespace": "agentkeys-probe", "MetricData": [{"MetricName": "probe", "Value": 1}]},
    }
    return {
        **{f"sns {call}": seen for call, seen in _denied(ground, "sns", topics).items()},
        **{f"cloudwatch {call}": seen for call, seen in _denied(ground, "cloudwatch", alarms).items()},
    }


@probe(
    "iam.actions.sts",
    calls="sts calls of a session without permissions",
    page=f"{_AUTHORIZATION}/list_awssecuritytokenservice.html",
    makes=_SESSION,
)
def permissions_of_sts(ground: Ground) -> Answers:
    """STS refuses a role that does not exist like one that the caller may not assume."""
    calls: dict[str, dict[str, Any]] = {
        "assume_role": {"RoleArn": ground.account_arn(f"role/{ground.prefix}-none"), "RoleSessionName": "probe"},
    }
    return _denied(ground, "sts", calls)
