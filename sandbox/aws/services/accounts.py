"""Whose request it is: the account that owns the access key.

Owns telling accounts apart. Leaves out whether the request may be made (authorization). Moto, told one account id,
takes every key for that account's, so an operator's credential of another company would pass for the right one.
"""

import os
from typing import Any

from moto.core.responses import BaseResponse

from sandbox.aws.iam.callers import CURRENT
from sandbox.aws.services.patching import replaces


@replaces(BaseResponse, because="a key of another account must act in that account")
def get_current_account(_original: Any, self: Any) -> str:  # noqa: ARG001  (the method's own signature)
    return CURRENT.get().account_id or os.environ["MOTO_ACCOUNT_ID"]
