"""Whose request it is: the account that owns the access key.

Owns telling accounts apart. Leaves out authorisation. Moto, told one account id, takes every key for that account's, so
an operator's credential of another company would pass for the right one.
"""

import os
from typing import Any

from moto.core.errors import COMMON_ERROR_CODES
from moto.core.exceptions import ServiceException
from moto.core.responses import BaseResponse
from moto.iam.models import iam_backends
from moto.sts.models import STSBackend

from sandbox.account.extensions.patching import replaces

# Errors that every service may give and that moto would warn about, as they are in no service's model.
COMMON_ERROR_CODES.extend(("AccessDenied", "InvalidClientTokenId"))


class InvalidClientTokenIdError(ServiceException):
    """No account served here has the access key."""

    code = "InvalidClientTokenId"
    message = "The security token included in the request is invalid."


def _owner(access_key_id: str) -> str | None:
    for account_id, partitions in list(iam_backends.items()):
        if access_key_id in partitions["aws"].access_keys:
            return account_id
    return None


@replaces(BaseResponse, because="a key of another account must act in that account")
def get_current_account(_original: Any, self: Any) -> str:
    return _owner(self.get_access_key()) or os.environ["MOTO_ACCOUNT_ID"]


@replaces(STSBackend, because="an unknown or inactive key is refused, not taken for a user named moto")
def get_caller_identity(original: Any, self: Any, access_key_id: str, region: str) -> Any:
    owner = _owner(access_key_id)
    known = owner is not None and iam_backends[owner]["aws"].access_keys[access_key_id].status == "Active"
    if not known:
        raise InvalidClientTokenIdError
    return original(self, access_key_id, region)
