"""What Google Cloud has no equal for. The program's output and docs/clouds/gcp.md show the rows."""

from clouds.limits import Limit

#: Where the program has been applied.
APPLIED = (
    "in the sandbox only, by Terraform's provider 3.60.0 against a front that emulates Google's APIs; it was never "
    "applied to a real account"
)

NO_EQUAL = (
    Limit(
        row="Session tags in policies",
        here="conditions cannot contain a token's attribute: an actor has managed folders of its own, which `agentkeys "
        "enrol` creates and binds before its first session",
    ),
    Limit(
        row="A role for each data class",
        here="one federated identity reaches the actor's folders in every bucket of a data class",
    ),
    Limit(
        row="Operators' logins for one minute (EC2 Instance Connect)",
        here="operators log in with the login user's key; OS Login is off",
    ),
    Limit(row="Spam, virus, SPF, DKIM and DMARC verdicts of inbound mail", here="messages carry no verdict"),
    Limit(
        row="DKIM signatures and reputation of outgoing mail (SES)",
        here="a relay of your own sends, and its records are yours; Google blocks port 25 outwards",
    ),
    Limit(row="Alarms, snapshots, CI's roles and the account's project", here="not created"),
    Limit(row="Audit of the live policies", here="not run; `agentkeys proof` tries them"),
)
