"""Exclusive policies: an identity has the policies of this program and no others.

A policy that was attached by hand shows in `pulumi preview --refresh`, and the next `pulumi up` removes it. Leaves out
the policies themselves. AWS has no such lock: these resources compare policy names on every refresh.
"""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws


def role(
    name: str,
    role: aws.iam.Role,
    policies: Sequence[pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
    *,
    managed: Sequence[pulumi.Input[str]] = (),
) -> None:
    """Limit a role to ``policies``, the names of its inline policies, and ``managed``, the ARNs of attached ones."""
    aws.iam.RolePoliciesExclusive(f"{name}-only-inline", role_name=role.name, policy_names=policies, opts=opts)
    aws.iam.RolePolicyAttachmentsExclusive(
        f"{name}-no-managed", role_name=role.name, policy_arns=list(managed), opts=opts
    )


def user(name: str, user: aws.iam.User, policies: Sequence[pulumi.Input[str]], opts: pulumi.ResourceOptions) -> None:
    """Limit a user to ``policies``, the names of its inline policies. A user has no attached policies."""
    aws.iam.UserPoliciesExclusive(f"{name}-only-inline", user_name=user.name, policy_names=policies, opts=opts)
    aws.iam.UserPolicyAttachmentsExclusive(f"{name}-no-managed", user_name=user.name, policy_arns=[], opts=opts)
