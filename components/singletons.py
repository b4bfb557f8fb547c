"""What exists once per account: the receipt rule set and its activation, GitHub's OIDC provider, account-wide settings.

Leaves out everything that a stack can own. Stacks refer to these resources by name only, so destroying a stack cannot
touch them. The project in ``account/`` creates them.
"""

import pulumi
import pulumi_aws as aws
import pulumi_command as command

from components import cli
from components.naming import ACCESS_ANALYZER, GITHUB_ISSUER, RECEIPT_RULE_SET, STS_AUDIENCE


class Singletons(pulumi.ComponentResource):
    """The active rule set ``agentkeys``, GitHub's OIDC provider, the S3 public access block, EBS encryption and, if
    asked for, an IAM Access Analyzer.
    """

    #: OIDC provider for GitHub Actions; None if something else manages it.
    github: aws.iam.OpenIdConnectProvider | None

    def __init__(
        self,
        name: str,
        region: str,
        *,
        creates_github: bool,
        analyzes_access: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("agentkeys:account:Singletons", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        rule_set = aws.ses.ReceiptRuleSet(f"{name}-rule-set", rule_set_name=RECEIPT_RULE_SET, opts=child)
        active = aws.ses.ActiveReceiptRuleSet(f"{name}-active", rule_set_name=rule_set.rule_set_name, opts=child)
        # AWS deletes a rule set together with its rules, and deactivation stops mail for all stacks. This command
        # depends on both, so a destroy runs it first, and it fails while a stack's rule is left.
        command.local.Command(
            f"{name}-no-rules-left",
            create="true",
            delete=(
                f"{cli.PLAIN}left=$(aws ses describe-receipt-rule-set --region {region}"
                f" --rule-set-name {RECEIPT_RULE_SET} --query 'Rules[].Name' --output text) || exit 1\n"
                '[ -z "$left" ] || { echo "The rule set still has the rules of running stacks: $left.'
                ' Destroy those stacks first." >&2; exit 1; }\n'
                # The next delete deactivates whichever rule set is active, not only this one.
                f"active=$(aws ses describe-active-receipt-rule-set --region {region}"
                " --query Metadata.Name --output text) || exit 1\n"
                f"case $active in {RECEIPT_RULE_SET} | None) ;;\n"
                '*) echo "Somebody has activated the rule set $active, and this would end its mail. Activate'
                f" {RECEIPT_RULE_SET} again (aws ses set-active-receipt-rule-set --region {region} --rule-set-name"
                f" {RECEIPT_RULE_SET}), or take account-active out of the state (pulumi -C account state delete"
                ' <its URN>)." >&2; exit 1 ;;\nesac'
            ),
            add_previous_output_in_env=False,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[active]),
        )
        self.github = self._github(name) if creates_github else None
        aws.s3.AccountPublicAccessBlock(
            f"{name}-public-access",
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        aws.ebs.EncryptionByDefault(f"{name}-ebs-encryption", enabled=True, opts=child)
        if analyzes_access:
            # One for access from outside is free; those for unused and internal access are paid for each resource.
            aws.accessanalyzer.Analyzer(
                f"{name}-access-analyzer",
                analyzer_name=ACCESS_ANALYZER,
                type="ACCOUNT",
                # It holds nothing but findings, which the next one makes again.
                opts=pulumi.ResourceOptions(parent=self, protect=False),
            )
        self.register_outputs({})

    def _github(self, name: str) -> aws.iam.OpenIdConnectProvider:
        return aws.iam.OpenIdConnectProvider(
            f"{name}-github",
            url=f"https://{GITHUB_ISSUER}",
            client_id_lists=[STS_AUDIENCE],
            opts=pulumi.ResourceOptions(
                parent=self,
                # IAM fetches the thumbprint itself when none is given, and no longer uses it for GitHub.
                ignore_changes=["thumbprintLists"],
            ),
        )
