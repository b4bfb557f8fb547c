"""Probes of IAM: quotas, documents that it rejects, ids, and the policy simulator."""

import json
from typing import Any

from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from sandbox.aws.probes.ground import Ground, observe, policy, statement, trusting
from sandbox.aws.probes.rows import Answers, probe

_ELEMENTS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements"


def _sized(size: int) -> str:
    """A policy of so many characters without white space."""
    bare = len("".join(policy(statement("s3:GetObject", "arn:aws:s3:::")).split()))
    return policy(statement("s3:GetObject", "arn:aws:s3:::" + "x" * (size - bare)))


@probe("IAMBackend.put_role_policy", calls="iam PutRolePolicy", makes=("a role",))
def role_policies_have_a_quota(ground: Ground) -> Answers:
    """A role's inline policies have at most 10,240 characters in total."""
    role, call = ground.role(), ground.client("iam").put_role_policy
    ground.undo("iam", "delete_role_policy", RoleName=role, PolicyName="p")
    return {
        "10241": observe(call, RoleName=role, PolicyName="p", PolicyDocument=_sized(10241)),
        "10240": observe(call, RoleName=role, PolicyName="p", PolicyDocument=_sized(10240)),
    }


@probe("IAMBackend.put_user_policy", calls="iam PutUserPolicy", makes=("a user",))
def user_policies_have_a_quota(ground: Ground) -> Answers:
    """A user's inline policies have at most 2,048 characters in total."""
    user, call = ground.user(), ground.client("iam").put_user_policy
    ground.undo("iam", "delete_user_policy", UserName=user, PolicyName="p")
    return {
        "2049": observe(call, UserName=user, PolicyName="p", PolicyDocument=_sized(2049)),
        "2048": observe(call, UserName=user, PolicyName="p", PolicyDocument=_sized(2048)),
    }


@probe("IAMBackend.put_group_policy", calls="iam PutGroupPolicy", makes=("a group",))
def group_policies_have_a_quota(ground: Ground) -> Answers:
    """A group's inline policies have at most 5,120 characters in total."""
    group, iam = ground.name(), ground.client("iam")
    ground.undo("iam", "delete_group", GroupName=group)
    iam.create_group(GroupName=group)
    ground.undo("iam", "delete_group_policy", GroupName=group, PolicyName="p")
    return {
        "5121": observe(iam.put_group_policy, GroupName=group, PolicyName="p", PolicyDocument=_sized(5121)),
        "5120": observe(iam.put_group_policy, GroupName=group, PolicyName="p", PolicyDocument=_sized(5120)),
    }


@probe("IAMBackend.create_policy", calls="iam CreatePolicy", makes=("a managed policy, attached to nobody",))
def managed_policies_have_a_quota(ground: Ground) -> Answers:
    """A managed policy has at most 6,144 characters."""
    name, call = ground.name(), ground.client("iam").create_policy
    ground.undo("iam", "delete_policy", PolicyArn=ground.account_arn(f"policy/{name}"))
    return {
        "6145": observe(call, PolicyName=name, PolicyDocument=_sized(6145)),
        "6144": observe(call, PolicyName=name, PolicyDocument=_sized(6144)),
    }


@probe(
    "IAMBackend.create_policy_version",
    calls="iam CreatePolicyVersion",
    makes=("a managed policy, attached to nobody",),
)
def policy_versions_have_a_quota(ground: Ground) -> Answers:
    """Each version of a managed policy has at most 6,144 characters."""
    name, iam = ground.name(), ground.client("iam")
    arn = ground.account_arn(f"policy/{name}")
    ground.undo("iam", "delete_policy", PolicyArn=arn)
    iam.create_policy(PolicyName=name, PolicyDocument=policy(statement("s3:GetObject")))
    ground.undo("iam", "delete_policy_version", PolicyArn=arn, VersionId="v2")
    call = iam.create_policy_version
    return {
        "6145": observe(call, PolicyArn=arn, PolicyDocument=_sized(6145)),
        "6144": observe(call, PolicyArn=arn, PolicyDocument=_sized(6144)),
    }


@probe("IAMBackend.create_user", calls="iam CreateUser", makes=("a user",))
def user_ids_have_a_prefix(ground: Ground) -> Answers:
    """A user's unique id starts with AIDA."""
    return {"starts with": ground.client("iam").get_user(UserName=ground.user())["User"]["UserId"][:4]}


@probe("IAMBackend.delete_user", calls="iam DeleteUser", makes=("a user with an access key",))
def user_with_a_key_is_not_deleted(ground: Ground) -> Answers:
    """A user is deleted only without access keys."""
    user = ground.user()
    ground.key(user)
    return {"delete": observe(ground.client("iam").delete_user, UserName=user)}


@probe(
    "IAMBackend.delete_role",
    calls="iam DeleteRole, s3 GetBucketPolicy",
    makes=("a bucket", "a role"),
)
def deleted_role_leaves_its_id_in_policies(ground: Ground) -> Answers:
    """A deleted role's ARN in a bucket policy becomes the role's unique id."""
    bucket, role, s3 = ground.bucket(), ground.role(), ground.client("s3")
    arn = ground.account_arn(f"role/{role}")
    document = policy(statement("s3:GetObject", f"arn:aws:s3:::{bucket}/*", Principal={"AWS": arn}))
    ground.settled(s3.put_bucket_policy, "MalformedPolicy", Bucket=bucket, Policy=document)
    ground.client("iam").delete_role(RoleName=role)

    def principal() -> str:
        written = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
        return str(written["Statement"][0]["Principal"]["AWS"])

    ground.eventually(lambda: principal() != arn)
    return {"principal": principal()}


_GITHUB = "token.actions.githubusercontent.com"


def _github(ground: Ground, **elements: Any) -> str:
    provider = {"Federated": ground.account_arn(f"oidc-provider/{_GITHUB}")}
    return trusting(provider, "sts:AssumeRoleWithWebIdentity", **elements)


def _trusts(ground: Ground) -> dict[str, str]:
    """Trust policies that IAM rejects."""
    return {
        "GitHub without a subject": _github(ground),
        "GitHub with any subject": _github(ground, Condition={"StringLike": {f"{_GITHUB}:sub": "*"}}),
        "unknown role": trusting({"AWS": ground.account_arn(f"role/{ground.prefix}-none")}, "sts:AssumeRole"),
        "no principal": policy(statement("sts:AssumeRole")),
        "no JSON": "trust",
    }


@probe("IAMBackend.create_role", "iam.documents", calls="iam CreateRole")
def roles_with_a_wrong_trust_are_not_created(ground: Ground) -> Answers:
    """A role is not created with a malformed trust, an unknown principal, or a trust in all of GitHub."""
    call, name = ground.client("iam").create_role, ground.name()
    ground.undo("iam", "delete_role", RoleName=name)
    return {
        what: observe(call, RoleName=name, AssumeRolePolicyDocument=document)
        for what, document in _trusts(ground).items()
    }


@probe("IAMBackend.update_assume_role_policy", calls="iam UpdateAssumeRolePolicy", makes=("a role",))
def trusts_are_checked_on_update(ground: Ground) -> Answers:
    """A role's trust is checked again when it changes."""
    call, role = ground.client("iam").update_assume_role_policy, ground.role()
    return {what: observe(call, RoleName=role, PolicyDocument=document) for what, document in _trusts(ground).items()}


@probe(
    "OpenIDConnectProvider._validate",
    "IAMBackend.update_open_id_connect_provider_thumbprint",
    calls="iam CreateOpenIDConnectProvider, UpdateOpenIDConnectProviderThumbprint",
    makes=("an OIDC provider that no role trusts",),
)
def thumbprints_have_40_characters(ground: Ground) -> Answers:
    """A provider's thumbprint has exactly 40 characters."""
    iam, host = ground.client("iam"), f"{ground.name()}.{ground.domain}"
    arn = ground.account_arn(f"oidc-provider/{host}")
    ground.undo("iam", "delete_open_id_connect_provider", OpenIDConnectProviderArn=arn)

    def create(thumbprint: str) -> dict[str, Any]:
        call = iam.create_open_id_connect_provider
        return observe(call, Url=f"https://{host}", ClientIDList=["x"], ThumbprintList=[thumbprint])

    update = iam.update_open_id_connect_provider_thumbprint
    return {
        "create with 39": create("a" * 39),
        "create with 40": create("a" * 40),
        "update with 1": observe(update, OpenIDConnectProviderArn=arn, ThumbprintList=["a"]),
    }


def _simulated(ground: Ground, document: str, cases: dict[str, dict[str, Any]]) -> Answers:
    """The simulator's decision by case, for a user with one policy."""
    user, iam = ground.user(), ground.client("iam")
    ground.undo("iam", "delete_user_policy", UserName=user, PolicyName="p")
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=document)
    arn, call = ground.account_arn(f"user/{user}"), iam.simulate_principal_policy

    def decided(case: dict[str, Any]) -> Any:
        try:
            answer = ground.settled(call, "NoSuchEntity", PolicySourceArn=arn, **case)
        except ClientError as error:
            return error.response["Error"]["Code"]
        except ResponseParserError:
            return "unreadable"
        return [result["EvalDecision"] for result in answer["EvaluationResults"]]

    # If this never comes, the cases show it.
    ground.eventually(lambda: decided({"ActionNames": ["iam:GetUser"]}) == ["allowed"])
    return {name: decided(case) for name, case in cases.items()}


def _context(**values: str) -> list[dict[str, Any]]:
    return [
        {"ContextKeyName": key.replace("__", ":").replace("_", "/"), "ContextKeyType": "string",
         "ContextKeyValues": [value]}
        for key, value in values.items()
    ]  # fmt: skip


#: Allows every case's marker, so that a run can wait until IAM knows the policy.
_KNOWN = statement("iam:GetUser")


@probe(
    "IamResponse.simulate_principal_policy",
    "iam.evaluation",
    calls="iam SimulatePrincipalPolicy",
    makes=("a user without keys",),
)
def explicit_deny_wins(ground: Ground) -> Answers:
    """An explicit Deny wins, and what no statement allows is denied implicitly."""
    document = policy(_KNOWN, statement("s3:*"), statement("s3:DeleteBucket", effect="Deny"))
    return _simulated(
        ground,
        document,
        {
            "allowed": {"ActionNames": ["s3:GetObject"], "ResourceArns": ["arn:aws:s3:::b/k"]},
            "denied": {"ActionNames": ["s3:DeleteBucket"], "ResourceArns": ["arn:aws:s3:::b"]},
            "not named": {"ActionNames": ["ec2:RunInstances"]},
            "both": {"ActionNames": ["s3:DeleteBucket", "s3:ListBucket"], "ResourceArns": ["arn:aws:s3:::b"]},
        },
    )


@probe(
    "iam.patterns",
    calls="iam SimulatePrincipalPolicy",
    page=f"{_ELEMENTS}_resource.html",
    makes=("a user without keys",),
)
def wildcards_of_a_resource(ground: Ground) -> Answers:
    """In a resource, * matches any characters and ? exactly one. Case counts in resources, not in actions."""
    document = policy(_KNOWN, statement("S3:getobject", ["arn:aws:s3:::b/a*c", "arn:aws:s3:::b/?"]))

    def read(key: str) -> dict[str, Any]:
        return {"ActionNames": ["s3:GetObject"], "ResourceArns": [f"arn:aws:s3:::b/{key}"]}

    keys = ("abc", "a/b/c", "ac", "abcd", "x", "xy", "ABC")
    return _simulated(ground, document, {key: read(key) for key in keys})


@probe(
    "iam.conditions",
    "iam.keys",
    calls="iam SimulatePrincipalPolicy",
    page=f"{_ELEMENTS}_condition_operators.html",
    makes=("a user without keys",),
)
def conditions_without_their_key(ground: Ground) -> Answers:
    """Without its key in the request, a positive operator does not match, a negated one and one with IfExists do."""
    rows = {
        "s3:GetObject": {"StringEquals": {"aws:PrincipalTag/team": "a"}},
        "s3:PutObject": {"StringNotEquals": {"aws:PrincipalTag/team": "a"}},
        "s3:DeleteObject": {"StringEqualsIfExists": {"aws:PrincipalTag/team": "a"}},
        "s3:GetObjectAcl": {"Null": {"aws:PrincipalTag/team": "false"}},
        "s3:GetObjectTagging": {"StringLike": {"aws:PrincipalTag/team": ["x", "a*"]}},
    }
    document = policy(_KNOWN, *(statement(action, Condition=condition) for action, condition in rows.items()))
    cases: dict[str, dict[str, Any]] = {}
    for action in rows:
        bare: dict[str, Any] = {"ActionNames": [action], "ResourceArns": ["arn:aws:s3:::b/k"]}
        cases[f"{action} without"] = bare
        cases[f"{action} with a"] = {**bare, "ContextEntries": _context(aws__PrincipalTag_team="a")}
        cases[f"{action} with b"] = {**bare, "ContextEntries": _context(aws__PrincipalTag_team="b")}
    return _simulated(ground, document, cases)


@probe(
    "iam.patterns",
    calls="iam SimulatePrincipalPolicy",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html",
    makes=("a user without keys",),
)
def variables_are_literal(ground: Ground) -> Answers:
    """The value of a variable has no wildcards, and a variable without a value matches nothing."""
    document = policy(_KNOWN, statement("s3:GetObject", "arn:aws:s3:::b/${aws:PrincipalTag/omni}/*"))

    def read(key: str, **tags: str) -> dict[str, Any]:
        case: dict[str, Any] = {"ActionNames": ["s3:GetObject"], "ResourceArns": [f"arn:aws:s3:::b/{key}"]}
        return {**case, "ContextEntries": _context(**tags)} if tags else case

    return _simulated(
        ground,
        document,
        {
            "own prefix": read("x/k", aws__PrincipalTag_omni="x"),
            "another prefix": read("y/k", aws__PrincipalTag_omni="x"),
            "a star": read("y/k", aws__PrincipalTag_omni="*"),
            "without the tag": read("x/k"),
        },
    )


@probe(
    "IAMBackend.remove_role_from_instance_profile",
    calls="iam RemoveRoleFromInstanceProfile",
    makes=("a role", "an instance profile"),
)
def a_role_that_a_profile_does_not_have_cannot_be_removed(ground: Ground) -> Answers:
    """A role leaves an instance profile once."""
    role, iam, name = ground.role(), ground.client("iam"), ground.name()
    iam.create_instance_profile(InstanceProfileName=name)
    ground.undo("iam", "delete_instance_profile", InstanceProfileName=name)
    return {"removed": observe(iam.remove_role_from_instance_profile, InstanceProfileName=name, RoleName=role)}
