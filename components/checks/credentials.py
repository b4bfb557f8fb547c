"""Whose credentials the run has, asked before there is a provider.

Engines since 3.274 configure a provider when the program registers it, and end the run if the provider rejects the
account, so the program cannot ask that provider. Owns the question to AWS STS. Leaves out what a check makes of the
answer, and credentials that only the provider can use.
"""

from typing import Any

import pulumi

from components.checks.answers import reason

#: The provider asks again, and with more patience.
_BRIEFLY: Any = {"connect_timeout": 5, "read_timeout": 10, "retries": {"mode": "standard", "total_max_attempts": 2}}


def account(region: str) -> str | None:
    """The account id of the credentials. None if botocore cannot use them; the provider then reports the reason."""
    # Here, because the recorder replaces this function for programs of other clouds too, which have no botocore.
    import botocore.session
    from botocore.config import Config

    try:
        sts = botocore.session.get_session().create_client("sts", region_name=region, config=Config(**_BRIEFLY))
        return str(sts.get_caller_identity()["Account"])
    except Exception as error:
        pulumi.log.debug(f"the account of the credentials is not known yet: {reason(error)}")
        return None
