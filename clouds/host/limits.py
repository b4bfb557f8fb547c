"""What this cloud has no equal for, as rows of the runbook. The program's output and docs/clouds/host.md show them."""

import pulumi

from clouds.limits import Limit

#: Where the program has been applied.
APPLIED = "in the sandbox only: hosts with Debian 11, 12 and 13, and AWS's emulator as the object store"

NO_EQUAL = (
    Limit(
        row="Buckets, bucket policies, roles and their trust",
        here="not created: whoever runs the object store creates them, and isolates actors there",
    ),
    Limit(
        row="Identity of the host without a stored key",
        here="the host has an access key for the mail bucket, unless its cloud gives it an identity",
    ),
    Limit(row="Firewall", here="not created: open ports 22, 80 and 443, and 25 for mail, yourself"),
    Limit(
        row="Operators' logins for one minute (EC2 Instance Connect)", here="operators log in with the login user's key"
    ),
    Limit(row="Spam, virus, SPF, DKIM and DMARC verdicts of inbound mail", here="messages carry no verdict"),
    Limit(
        row="DKIM signatures and reputation of outgoing mail (SES)",
        here="a relay of your own sends, and its records are yours",
    ),
    Limit(
        row="Audit and isolation proof against the live policies",
        here="not run: the store's policies are not this program's",
    ),
)


def warn(store_endpoint: str) -> None:
    """Warn, in every preview and `up`, of a store whose requests are not encrypted."""
    if store_endpoint.startswith("http://"):
        pulumi.log.warn(
            f"storeEndpoint: {store_endpoint!r} is not encrypted, and mail is written to it as it came. Use https, "
            "except inside a network that nobody else reads."
        )
