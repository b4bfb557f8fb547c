"""What a request needs, in the form that the tables in `actions` state it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.aws.iam.documents import Document
from sandbox.aws.iam.patterns import Values

#: The resource of an action that AWS authorizes without one.
EVERYTHING = "*"


@dataclass(frozen=True, kw_only=True)
class Access:
    """One IAM action on one resource. A request is allowed if all of its accesses are."""

    action: str
    """IAM action, for example ``s3:GetObject``."""
    resource: str | None
    """ARN, EVERYTHING, or None for a resource that is not modelled."""
    account_id: str
    """Account that owns the resource."""
    policy: Document | None = None
    """The resource's own policy."""
    policy_decides: bool = False
    """Whether that policy must allow the access, as a role's trust policy must."""
    keys: Mapping[str, Values] = field(default_factory=dict)
    """Condition keys in addition to those of every request."""
