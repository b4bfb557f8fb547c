"""Creates what all stacks of an AWS account share. Bring its one stack up before any deployment; it is protected."""

import sys
from pathlib import Path

# Pulumi runs this program in its own folder; components and settings are in the folder above.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from components import advice

advice.when_interrupted("--folder", "account")

import pulumi
import pulumi_aws as aws

from components import arns
from components.checks import preflight
from components.checks.state import own
from components.ci import CiRoles, CiRolesArgs
from components.naming import GITHUB_ISSUER
from components.singletons import Singletons
from settings import AccountSettings, load

advice.when_failed("--folder", "account")
settings = load(AccountSettings)

preflight.account(settings.account_id, settings.region)
provider = aws.Provider("aws", region=settings.region, allowed_account_ids=[settings.account_id])
preflight.caller(provider, settings.allowed_callers)
preflight.no_other_rule_set(provider, settings.region)
preflight.github_provider(provider, settings.account_id, settings.github_provider, own())

singletons = Singletons(
    "account",
    settings.region,
    creates_github=settings.github_provider == "create",
    analyzes_access=settings.access_analyzer,
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

provider_arn = singletons.github.arn if singletons.github else arns.oidc_provider(settings.account_id, GITHUB_ISSUER)
pulumi.export("githubProviderArn", provider_arn)
pulumi.export("ciRoleArns", ci.arns)
