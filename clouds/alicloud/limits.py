"""What AliCloud has no equal for, as rows of the runbook."""

from clouds.limits import Limit

#: Where the program has been applied.
APPLIED = "nowhere: never applied to a real account. Tests run the program under Pulumi's mocks only"

NO_EQUAL = (
    Limit(
        row="Isolation of actors by session tags",
        here="the broker isolates: AssumeRoleWithOIDC takes no tags, so it must pass the session policy; a token that "
        "leaks opens a whole class",
    ),
    Limit(
        row="Bucket policies per actor",
        here="a bucket policy has no variable for an actor; it denies plain HTTP, and the role's policy is the ceiling "
        "for all actors",
    ),
    Limit(
        row="Token service with AWS's calls",
        here="AliCloud's STS has calls of its own; a broker that calls AssumeRoleWithWebIdentity does not start here",
    ),
    Limit(
        row="Identity of the host without a stored key",
        here="the host has the key of agentkeys-daemon, which may only write received mail: boto3 cannot read an ECS "
        "role's key",
    ),
    Limit(
        row="Operators' logins for one minute (EC2 Instance Connect)",
        here="operators log in with the key in the output sshPrivateKey",
    ),
    Limit(
        row="Inbound mail (SES receipt rule)",
        here="AliCloud receives no mail into a bucket; the host's SMTP receiver does, if AliCloud opens port 25",
    ),
    Limit(row="Spam, virus, SPF, DKIM and DMARC verdicts of inbound mail", here="messages carry no verdict"),
    Limit(
        row="Records that verify the sender",
        here="the SDK does not return DirectMail's ownership and DKIM records; its console shows them, and you enter "
        "them",
    ),
    Limit(
        row="Sending by the broker (SES v2)",
        here="DirectMail sends by SMTP; the broker gets server, user and password, and your release must read "
        "BROKER_SMTP_*",
    ),
    Limit(row="Refusal of objects encrypted with a key of the caller", here="not set: OSS has no condition for it"),
    Limit(row="Snapshots, alarms, audit and isolation proof", here="not created and not run"),
)
