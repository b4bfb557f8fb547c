"""The roles of GitHub Actions' jobs: end-to-end tests, and deploys to the test host once its id is configured.

Leaves out the provider that they trust (``components/singletons.py``) and the policy texts (``components/policies``).
Both roles reach only the test stack; no policy names anything of prod.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import exclusive
from components.naming import DEPLOY_ROLE, E2E_ROLE
from components.policies import ci, trust
from components.policies.document import text
from components.policies.trust import Repository
from components.roles import SESSION_SECONDS


@dataclass(frozen=True, kw_only=True)
class CiRolesArgs:
    """Arguments of ``CiRoles``."""

    #: AWS account number, 12 digits.
    account_id: str
    #: AWS region of the test host.
    region: str
    #: The GitHub repository whose jobs may assume the roles.
    repository: Repository
    #: End of the ``sub`` claim of the jobs that may deploy: one branch (``ref:refs/heads/main``) or one environment.
    deploy_from: str
    #: EC2 instance that the deploy role runs commands on. Empty: no deploy role is created.
    deploy_instance_id: str
    #: The account's OIDC provider for GitHub; None if something else manages it.
    provider: aws.iam.OpenIdConnectProvider | None


class CiRoles(pulumi.ComponentResource):
    """The CI roles of the running deployment."""

    #: ARN of each role, by role name.
    arns: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, args: CiRolesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("agentkeys:ci:CiRoles", name, None, opts)
        self.arns = {}
        child = pulumi.ResourceOptions(parent=self)
        e2e = self._role(name, "e2e", E2E_ROLE, "AgentKeys end-to-end tests.", ["*"], args)
        exclusive.role(f"{name}-e2e", e2e, [], child)
        if args.deploy_instance_id:
            deploy = self._role(
                name, "deploy", DEPLOY_ROLE, "AgentKeys deploys to the test host.", [args.deploy_from], args
            )
            grant = aws.iam.RolePolicy(
                f"{name}-deploy-ssm",
                name="agentkeys-ci-deploy-ssm",
                role=deploy.name,
                policy=text(ci.deploy(args.region, args.account_id, args.deploy_instance_id)),
                opts=child,
            )
            exclusive.role(f"{name}-deploy", deploy, [grant.name], child)
        self.register_outputs({})

    def _role(
        self, name: str, key: str, role_name: str, description: str, what: Sequence[str], args: CiRolesArgs
    ) -> aws.iam.Role:
        role = aws.iam.Role(
            f"{name}-{key}",
            name=role_name,
            description=description,
            assume_role_policy=text(trust.github(args.account_id, args.repository, what)),
            max_session_duration=SESSION_SECONDS,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[args.provider] if args.provider else []),
        )
        self.arns[role_name] = role.arn
        return role
