"""Sending by SES: the mail domain with its DKIM record, and the broker's address, in a region where SES is.

Leaves out received mail, which is the host's.
"""

from collections.abc import Sequence
from typing import Any

import pulumi
import tencentcloud_iac_pulumi as tencentcloud

from components.dns import Wanted

_DKIM = "._domainkey."


def sender(name: str, domain: str, address: str, password: pulumi.Output[str], opts: pulumi.ResourceOptions) -> Wanted:
    """Create domain and address, and return the domain's DKIM record. An empty ``password`` leaves SMTP off."""
    made = tencentcloud.ses.Domain(f"{name}-domain", email_identity=domain, opts=opts)
    tencentcloud.ses.EmailAddress(
        f"{name}-address",
        email_address=address,
        # The SDK's type lacks the None that an output may have.
        smtp_password=password.apply(lambda secret: secret or None),  # type: ignore[arg-type, return-value]
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[made])),
    )
    dkim = made.attributes.apply(_dkim)
    return Wanted(key="dkim", kind="TXT", name=dkim.apply(lambda one: one[0]), value=dkim.apply(lambda one: one[1]))


def _dkim(attributes: Sequence[Any] | None) -> tuple[str, str]:
    """Name and value of the DKIM record, of those that SES asks for. Raises RunError without one."""
    wanted = {one.send_domain: one.expected_value for one in attributes or ()}
    for name, value in wanted.items():
        if _DKIM in name:
            return name, value
    raise pulumi.RunError(
        f"SES asks for no DKIM record, only for {', '.join(wanted) or 'nothing'}. Compare with its console, and set "
        "sending to none until this program knows the new form."
    )
