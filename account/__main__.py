"""What exists once per account. One stack per account, brought up before any deployment, and protected."""

import sys
from pathlib import Path

import pulumi
import pulumi_aws as aws

# This project shares components and settings with the deployments, and Pulumi starts it in its own folder.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from components.checks import preflight
from components.ci import CiRoles, CiRolesArgs
from components.singletons import Singletons
from settings import AccountSettings, load

settings = load(AccountSettings)

provider = aws.Provider("aws", region=settings.region, allowed_account_ids=[settings.account_id])
preflight.caller(provider, settings.account_id, settings.allowed_callers)
preflight.no_other_rule_set(provider, settings.region)

singletons = Singletons(
    "account",
    settings.region,
    opts=pulumi.ResourceOptions(providers=[provider], protect=settings.protect),
)
ci = CiRoles(
    "ci",
    CiRolesArgs(
        account_id=settings.account_id,
        region=settings.region,
        repository=settings.repository,
        deploy_from=settings.deploy_from,
        deploy_instance_id=settings.deploy_instance_id,
        provider=singletons.github,
    ),
    opts=pulumi.ResourceOptions(providers=[provider]),
)

pulumi.export("githubProviderArn", singletons.github.arn)
pulumi.export("ciRoleArns", ci.arns)
