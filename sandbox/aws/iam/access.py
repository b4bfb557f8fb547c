"""The form in which services say what a request needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.aws.iam.documents import Document
from sandbox.aws.iam.patterns import Values

#: The resource of an action that AWS authorises on no resource.
EVERYTHING = "*"


@dataclass(frozen=True, kw_only=True)
class Access:
    """One IAM action on one resource; a request is allowed when all of its accesses are.

    `resource` is an ARN, EVERYTHING, or None for one that is not modelled. `account_id` owns it.
    """

    action: str
    resource: str | None
    account_id: str

    #: The resource's own policy, and whether nothing goes without it (a role's trust policy).
    policy: Document | None = None
    policy_decides: bool = False

    #: Condition keys beside those of every request.
    keys: Mapping[str, Values] = field(default_factory=dict)
