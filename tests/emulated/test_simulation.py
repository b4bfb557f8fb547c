"""IAM's policy simulator in the emulated account: as much of it as the program asks."""

import json

import pytest

from tests.support.emulated import ACCOUNT_ID, policy, refused, statement

ARN = "arn:aws:s3:::agentkeys-vault"


def simulate(client, arn, *actions, **context):
    entries = [
        {"ContextKeyName": key, "ContextKeyType": "string", "ContextKeyValues": [value]}
        for key, value in context.items()
    ]
    found = client("iam").simulate_principal_policy(
        PolicySourceArn=arn, ActionNames=list(actions), ResourceArns=[ARN], ContextEntries=entries
    )
    return {
        one["EvalActionName"]: (one["EvalDecision"], one["MissingContextValues"]) for one in found["EvaluationResults"]
    }


TRUST = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]})  # fmt: skip


@pytest.fixture
def bound(client):
    """A role with a boundary."""
    iam = client("iam")
    boundary = iam.create_policy(PolicyName="only-s3", PolicyDocument=policy(statement("s3:*")))["Policy"]["Arn"]
    role = iam.create_role(RoleName="bound", AssumeRolePolicyDocument=TRUST, PermissionsBoundary=boundary)["Role"][
        "Arn"
    ]
    iam.put_role_policy(
        RoleName="bound",
        PolicyName="p",
        PolicyDocument=policy(
            statement(["s3:*", "iam:*"]),
            statement("s3:DeleteBucket", effect="Deny"),
            statement("s3:PutBucketPolicy", effect="Deny",
                      Condition={"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}),
        ),
    )  # fmt: skip
    yield role
    iam.delete_role_policy(RoleName="bound", PolicyName="p")
    iam.delete_role(RoleName="bound")
    iam.delete_policy(PolicyArn=boundary)


def test_policies_boundary_and_context_decide(client, bound):
    found = simulate(
        client, bound, "s3:CreateBucket", "s3:DeleteBucket", "iam:CreateUser", "s3:PutBucketPolicy",
        **{"aws:RequestedRegion": "us-east-1"},
    )  # fmt: skip
    assert {action: decision for action, (decision, _) in found.items()} == {
        "s3:CreateBucket": "allowed", "s3:DeleteBucket": "explicitDeny", "iam:CreateUser": "implicitDeny",
        "s3:PutBucketPolicy": "explicitDeny",
    }  # fmt: skip
    assert all(missing == [] for _, missing in found.values())
    assert simulate(client, bound, "s3:PutBucketPolicy", **{"aws:RequestedRegion": "eu-west-1"}) == {
        "s3:PutBucketPolicy": ("allowed", [])
    }


def test_a_key_that_was_not_given_is_named(client, bound):
    assert simulate(client, bound, "s3:CreateBucket")["s3:CreateBucket"][1] == ["aws:RequestedRegion"]


def test_nobody_has_no_permissions(client):
    with refused("NoSuchEntity"):
        simulate(client, f"arn:aws:iam::{ACCOUNT_ID}:user/nobody", "s3:CreateBucket")


def test_a_role_may_what_its_policies_allow(client):
    iam = client("iam")
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    assert simulate(client, role, "s3:CreateBucket")["s3:CreateBucket"][0] == "implicitDeny"
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=policy(statement("s3:CreateBucket")))
    assert simulate(client, role, "s3:CreateBucket")["s3:CreateBucket"][0] == "allowed"
    iam.delete_role_policy(RoleName="r", PolicyName="p")
    iam.delete_role(RoleName="r")
