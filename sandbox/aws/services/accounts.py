"""The account of a request: the one that owns the access key.

Moto serves one account id for every key, so another company's credentials would pass for the right ones.
"""

import os
from typing import Any

from moto.core.responses import BaseResponse

from sandbox.aws.iam.callers import CURRENT
from sandbox.aws.services.patching import replaces


@replaces(
    BaseResponse,
    because="moto serves every key as one account's; a key belongs to the account that made it",
    page="https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html",
)
def get_current_account(_original: Any, self: Any) -> str:  # noqa: ARG001  (the method's signature)
    return CURRENT.get().account_id or os.environ["MOTO_ACCOUNT_ID"]
