"""What the services share that moto does not have: the answer to a request, and where their things are kept.

All of them speak rest-json. Their things are in EC2's backend of the region, which the account saves.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from moto.ec2.models import ec2_backends

from sandbox.aws.iam.received import Received
from sandbox.aws.iam.refusals import Response, json_error

#: Things by identifier, as the service shows them.
Things = dict[str, dict[str, Any]]

#: Takes the request, the service's things, the account's id and the region. Raises RefusedError.
Operation = Callable[[Received, Things, str, str], Mapping[str, Any]]


class RefusedError(Exception):
    """The service refuses a request. Arguments: HTTP status, code, message."""


def kept(name: str, account_id: str, region: str) -> Things:
    """A service's things in a region."""
    backend = ec2_backends[account_id][region]
    if not hasattr(backend, name):
        setattr(backend, name, {})
    things: Things = getattr(backend, name)
    return things


def answer(received: Received, account_id: str, name: str, operations: Mapping[str, Operation]) -> Response:
    """Answer a request that the account has let in. ``name`` is that of the service's things."""
    region = received.credential.region if received.credential else ""
    try:
        content = operations[received.operation](received, kept(name, account_id, region), account_id, region)
    except KeyError:
        return json_error("501 Not Implemented", "NotImplemented", f"the sandbox has no {received.operation}")
    except RefusedError as error:
        return json_error(*error.args)
    return "200 OK", [("Content-Type", "application/json")], json.dumps(content).encode()
