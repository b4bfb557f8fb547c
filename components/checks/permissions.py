"""Whether the caller may make the calls that create what the stack lacks, as IAM's policy simulator answers.

Owns the list of calls. The simulator counts the caller's own policies, its permissions boundary and the organisation's
service control policies (those without conditions):
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_testing-policies.html
While the stack has nothing, every call of a first `up` is simulated. Later, a role that may only update the stack is
enough, so the simulation is limited to what a changed program adds, for example a data class. A program that adds
nothing is not simulated, and its preview is no slower. Leaves out later additions that depend on settings, updates and
deletions, policies on resources, session policies, and calls whose result depends on condition keys that are not known
here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components import arns
from components.checks.preflight import identity_of
from components.checks.state import Own
from components.naming import BUCKET_KEYS, ROLE_KEYS, Names

#: Where requests to IAM and Route 53 are made:
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-requestedregion
GLOBAL_REGION = "us-east-1"


@dataclass(frozen=True, kw_only=True)
class Call:
    """Actions that create one resource, in the order of an `up`."""

    #: Names of IAM actions.
    actions: tuple[str, ...]
    #: ARN of the resource, ``*`` for actions without resources.
    resource: str
    #: Region that the requests go to.
    region: str
    #: Name in the state of the resource that they create. Empty if settings decide whether the stack has it.
    creates: str = ""


def calls(names: Names, zone_id: str, *, snapshots: bool, alarms: bool) -> Iterator[Call]:
    """What the first `up` of a stack calls. ``zone_id`` is empty where Route 53 does not hold the records;
    ``snapshots`` and ``alarms``: the stack has a schedule of them, and has them.
    """
    account, region = names.account_id, names.region

    def ec2(kind: str, *actions: str) -> Call:
        return Call(actions=actions, resource=f"arn:aws:ec2:{region}:{account}:{kind}", region=region)

    def iam(resource: str, *actions: str, creates: str = "") -> Call:
        return Call(actions=actions, resource=resource, region=GLOBAL_REGION, creates=creates)

    yield ec2("elastic-ip/eipalloc-00000000000000000", "ec2:AllocateAddress", "ec2:AssociateAddress")
    yield iam(arns.iam_role(account, names.host), "iam:CreateRole", "iam:PutRolePolicy", "iam:PassRole")
    profile = f"arn:aws:iam::{account}:instance-profile/{names.host}"
    yield iam(profile, "iam:CreateInstanceProfile", "iam:AddRoleToInstanceProfile")
    yield ec2(f"key-pair/{names.host}", "ec2:ImportKeyPair")
    yield ec2("security-group/sg-00000000000000000", "ec2:CreateSecurityGroup", "ec2:AuthorizeSecurityGroupIngress")
    yield ec2("instance/i-00000000000000000", "ec2:RunInstances")
    if snapshots:
        copier = arns.iam_role(account, names.snapshot_role)
        yield iam(copier, "iam:CreateRole", "iam:PutRolePolicy", "iam:PassRole", creates="snapshots-role")
        yield Call(actions=("dlm:CreateLifecyclePolicy",), resource="*", region=region, creates="snapshots-schedule")
    for key, user in (("daemon", names.daemon_user), ("broker", names.broker_user)):
        arn, made = f"arn:aws:iam::{account}:user/{user}", f"identities-{key}"
        yield iam(arn, "iam:CreateUser", "iam:PutUserPolicy", "iam:CreateAccessKey", creates=made)
    for identity in (names.mail_domain, names.email_from):
        yield Call(
            actions=("ses:CreateEmailIdentity",),
            resource=f"arn:aws:ses:{region}:{account}:identity/{identity}",
            region=region,
        )
    if zone_id:
        yield iam(f"arn:aws:route53:::hostedzone/{zone_id}", "route53:ChangeResourceRecordSets")
    yield iam(arns.oidc_provider(account, names.broker_host), "iam:CreateOpenIDConnectProvider")
    for key in ROLE_KEYS:
        yield iam(names.role_arn(key), "iam:CreateRole", "iam:PutRolePolicy", creates=f"roles-{key}")
    for key in BUCKET_KEYS:
        yield Call(
            actions=(
                *("s3:CreateBucket", "s3:PutBucketOwnershipControls", "s3:PutBucketPublicAccessBlock"),
                *("s3:PutEncryptionConfiguration", "s3:PutBucketPolicy", "s3:PutLifecycleConfiguration"),
            ),
            resource=f"arn:aws:s3:::{names.bucket(key)}",
            region=region,
            # The mail bucket's component is the inbox.
            creates="inbox-bucket" if key == "mail" else f"{key}-bucket",
        )
    yield Call(actions=("ses:CreateReceiptRule",), resource="*", region=region)
    if alarms:
        topic = arns.topic(region, account, names.alarm_topic)
        yield Call(
            actions=("sns:CreateTopic", "sns:SetTopicAttributes", "sns:Subscribe"), resource=topic, region=region
        )
        yield iam("*", "route53:CreateHealthCheck")
        alarm = arns.alarm(region, account, names.alarm("system"))
        yield Call(actions=("cloudwatch:PutMetricAlarm",), resource=alarm, region=region)


def require(
    provider: aws.Provider,
    caller_arn: str,
    names: Names,
    zone_id: str,
    own: Own,
    *,
    snapshots: bool,
    alarms: bool,
) -> None:
    """The caller may make every call that creates what the stack lacks. Raises RunError with the first one that is
    denied; a preview warns of it, since a caller that may only read can preview a stack.
    """
    every = calls(names, zone_id, snapshots=snapshots, alarms=alarms)
    needed = [call for call in every if own.is_new or (call.creates and not own.has(call.creates))]
    options = pulumi.InvokeOptions(provider=provider)
    try:
        denied = list(_denied(options, _source(options, caller_arn), needed)) if needed else []
    except Exception as error:
        # Most callers may not simulate. AWS then refuses the call itself.
        pulumi.log.debug(f"the caller's permissions were not simulated: {error}")
        return
    if not denied:
        return
    action, resource, why = denied[0]
    others = f" {len(denied) - 1} more calls are denied." if len(denied) > 1 else ""
    said = (
        f"The credentials belong to {identity_of(caller_arn)!r}, which may not call {action} on {resource}: {why}."
        f"{others} Its policies, its permissions boundary or a service control policy of the organisation deny it "
        f"(`aws iam simulate-principal-policy --policy-source-arn {caller_arn} --action-names {action} --resource-arns "
        f"'{resource}'` shows which)."
    )
    if not pulumi.runtime.is_dry_run():
        raise pulumi.RunError(f"{said} Nothing was created. Allow the call, or use other credentials.")
    pulumi.log.warn(f"{said} The next `up` needs it.")


def _source(options: pulumi.InvokeOptions, arn: str) -> str:
    """The user or role that the simulator takes; a session is not one."""
    return aws.iam.get_session_context(arn=arn, opts=options).issuer_arn if ":assumed-role/" in arn else arn


def _denied(options: pulumi.InvokeOptions, source: str, wanted: Iterable[Call]) -> Iterator[tuple[str, str, str]]:
    for call in wanted:
        contexts: list[Any] = [
            {"key": "aws:RequestedRegion", "type": "string", "values": [call.region]},
            {"key": "aws:SecureTransport", "type": "boolean", "values": ["true"]},
        ]
        found = aws.iam.get_principal_policy_simulation(
            action_names=list(call.actions),
            policy_source_arn=source,
            resource_arns=[call.resource],
            contexts=contexts,
            opts=options,
        ).results
        by_action = {result.action_name.lower(): result for result in found}
        for action in call.actions:
            result = by_action.get(action.lower())
            if result is not None and not result.allowed and not result.missing_context_keys:
                explicit = result.decision == "explicitDeny"
                yield action, call.resource, "a statement denies it" if explicit else "no statement allows it"
