"""Sending by DirectMail: the mail domain and the broker's address, in a region where DirectMail is.

Leaves out the records that verify the domain, which the SDK does not return, and received mail, which is the host's.
"""

import pulumi
import pulumi_alicloud as alicloud


def sender(name: str, domain: str, address: str, password: pulumi.Output[str], opts: pulumi.ResourceOptions) -> None:
    """Create the domain and the address. An empty ``password`` leaves SMTP off."""
    made = alicloud.directmail.Domain(f"{name}-domain", domain_name=domain, opts=opts)
    alicloud.directmail.MailAddress(
        f"{name}-address",
        account_name=address,
        sendtype="trigger",
        password=password.apply(lambda secret: secret or None),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[made])),
    )
