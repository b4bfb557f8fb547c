"""What Tencent Cloud has no equal for, as rows of the runbook."""

from clouds.limits import Limit

#: Where the program has been applied.
APPLIED = (
    "in the sandbox only, by Terraform's provider 1.81.20 against a front that emulates Tencent Cloud's APIs; it was "
    "never applied to a real account"
)

NO_EQUAL = (
    Limit(
        row="Isolation of actors by session tags",
        here="the broker isolates: it must pass the session policy with AssumeRole; whoever has the host's role has "
        "every class",
    ),
    Limit(
        row="Federation of the broker's tokens (OIDC provider)",
        here="not created: AssumeRoleWithWebIdentity takes neither tags nor a policy, so a token would open a whole "
        "class; the host's role assumes the roles",
    ),
    Limit(
        row="Bucket policies per actor",
        here="a bucket policy has no variable for an actor; it denies plain HTTP, and the role's policy is the ceiling "
        "for all actors",
    ),
    Limit(
        row="Token service with AWS's calls",
        here="Tencent Cloud's STS has calls of its own; a broker that calls AWS's does not start here",
    ),
    Limit(
        row="Identity of the host without a stored key",
        here="the broker uses the instance's role; to write mail the host has the key of agentkeys-daemon, since boto3 "
        "cannot read that role's key",
    ),
    Limit(
        row="Trust that names the host's role",
        here="roles trust the account, whose identities need sts:AssumeRole of their own: CAM names no roles as "
        "principals",
    ),
    Limit(
        row="Operators' logins for one minute (EC2 Instance Connect)",
        here="operators log in with the key in the output sshPrivateKey",
    ),
    Limit(
        row="Inbound mail (SES receipt rule)",
        here="Tencent Cloud receives no mail into a bucket; the host's SMTP receiver does",
    ),
    Limit(row="Spam, virus, SPF, DKIM and DMARC verdicts of inbound mail", here="messages carry no verdict"),
    Limit(
        row="Sending by the broker (SES v2)",
        here="SES sends by SMTP; the broker gets server, user and password, and your release must read BROKER_SMTP_*. "
        "You start the verification in the SES console",
    ),
    Limit(
        row="Public access block, TLS versions and encrypted system disk",
        here="the SDK has none of them: the ACL is private, the policy denies plain HTTP, objects are encrypted, the "
        "system disk is not",
    ),
    Limit(
        row="Metadata service with tokens only (IMDSv2)",
        here="CVM has none: any process on the host can read the key of the instance's role, which opens every class",
    ),
    Limit(row="Snapshots, alarms and audit", here="not created and not run"),
    Limit(
        row="Proof that the broker isolates",
        here="`agentkeys proof` takes the broker's part, so it proves the policies and nothing about your release",
    ),
)
