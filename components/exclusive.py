"""An identity carries the policies of this program and no other: what was attached by hand shows in
`preview --refresh` and goes with the next `up`.

Leaves out the policies themselves. AWS has no such lock; the resources compare names on every refresh.
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
    """``policies`` are the names of the inline policies, ``managed`` the ARNs of attached ones, as a rule none."""
    aws.iam.RolePoliciesExclusive(f"{name}-only-inline", role_name=role.name, policy_names=policies, opts=opts)
    aws.iam.RolePolicyAttachmentsExclusive(
        f"{name}-no-managed", role_name=role.name, policy_arns=list(managed), opts=opts
    )


def user(name: str, user: aws.iam.User, policies: Sequence[pulumi.Input[str]], opts: pulumi.ResourceOptions) -> None:
    """As ``role``, for a user."""
    aws.iam.UserPoliciesExclusive(f"{name}-only-inline", user_name=user.name, policy_names=policies, opts=opts)
    aws.iam.UserPolicyAttachmentsExclusive(f"{name}-no-managed", user_name=user.name, policy_arns=[], opts=opts)
