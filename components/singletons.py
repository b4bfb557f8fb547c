"""What an account has once: the receipt rule set and its activation, GitHub's OIDC provider, account-wide guards.

Leaves out everything that a stack could own alone. Stacks know these by name, so tearing one down cannot touch them:
they are not in its graph. The project in ``account/`` makes them.
"""

import pulumi
import pulumi_aws as aws
import pulumi_command as command

from components.naming import GITHUB_ISSUER, RECEIPT_RULE_SET, STS_AUDIENCE


class Singletons(pulumi.ComponentResource):
    """Rule set ``agentkeys``, active; provider for GitHub Actions; S3 public access blocked; EBS encrypted."""

    github: aws.iam.OpenIdConnectProvider

    def __init__(self, name: str, region: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("agentkeys:account:Singletons", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        rule_set = aws.ses.ReceiptRuleSet(f"{name}-rule-set", rule_set_name=RECEIPT_RULE_SET, opts=child)
        active = aws.ses.ActiveReceiptRuleSet(f"{name}-active", rule_set_name=rule_set.rule_set_name, opts=child)
        # AWS deletes a rule set together with the rules in it, and deactivation stops everybody's mail. Being last in
        # line, this goes first on destroy and refuses while a stack's rule is left.
        command.local.Command(
            f"{name}-no-rules-left",
            create="true",
            delete=(
                f"left=$(aws ses describe-receipt-rule-set --region {region} --rule-set-name {RECEIPT_RULE_SET}"
                " --query 'Rules[].Name' --output text) || exit 1\n"
                '[ -z "$left" ] || { echo "The rule set still has the rules of running stacks: $left.'
                ' Destroy those stacks first." >&2; exit 1; }\n'
                # What goes next is not this set's activation but whichever is active.
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
        self.github = aws.iam.OpenIdConnectProvider(
            f"{name}-github",
            url=f"https://{GITHUB_ISSUER}",
            client_id_lists=[STS_AUDIENCE],
            opts=pulumi.ResourceOptions(
                parent=self,
                # IAM fetches a thumbprint by itself when none is given, and no longer looks at it for GitHub.
                ignore_changes=["thumbprintLists"],
            ),
        )
        aws.s3.AccountPublicAccessBlock(
            f"{name}-public-access",
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        aws.ebs.EncryptionByDefault(f"{name}-ebs-encryption", enabled=True, opts=child)
        self.register_outputs({})
