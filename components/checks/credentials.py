"""AWS asked without a provider, with the credentials of the run.

Engines since 3.274 configure a provider when the program registers it, and end the run if the provider rejects the
account, so the program cannot ask that provider whose credentials it has. While a resource fails, the program has no
provider to ask either. Owns the client and the question to AWS STS. Leaves out what a check makes of the answer, and
credentials that only the provider can use.
"""

from typing import Any

import pulumi

from components.checks.answers import reason

#: The provider asks again, and with more patience.
_BRIEFLY: Any = {"connect_timeout": 5, "read_timeout": 10, "retries": {"mode": "standard", "total_max_attempts": 2}}


def client(service: str, region: str) -> Any:
    """A botocore client that gives up after seconds. Raises what botocore raises for a profile that it cannot use."""
    # Here, because the recorder replaces `account` for programs of other clouds too, which have no botocore.
    import botocore.session
    from botocore.config import Config

    return botocore.session.get_session().create_client(service, region_name=region, config=Config(**_BRIEFLY))


def account(region: str) -> str | None:
    """The account id of the credentials. None if botocore cannot use them; the provider then reports the reason."""
    try:
        return str(client("sts", region).get_caller_identity()["Account"])
    except Exception as error:
        pulumi.log.debug(f"the account of the credentials is not known yet: {reason(error)}")
        return None
