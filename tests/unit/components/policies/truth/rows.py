"""A row of the table: one question, and the decision that each layer of policies must come to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from components.naming import Names
from tests.unit.components.policies.truth.attachments import Attachments
from tests.unit.components.policies.truth.callers import ACCOUNT, A, B, Caller
from tests.unit.components.policies.truth.evaluator import Request

#: The stage of a stack's federation (setting ``trust``).
Stage = Literal["federated", "static"]


def makes_snapshots(stage: Stage, names: Names) -> bool:
    """Whether the stack has snapshots of its disk: prod by its file, and before federation both."""
    return stage == "static" or not names.suffix


@dataclass(frozen=True, kw_only=True)
class Row:
    """One question with three decisions: by the caller's policies, by the resource's policy, and by both.

    ``owner`` is the account that owns the resource. A resource of another account allows everybody.
    """

    caller: Caller
    action: str
    resource: str
    context: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    owner: str = ACCOUNT
    identity: bool = False
    policy: bool = False
    both: bool = False

    def __str__(self) -> str:
        what = f"{self.caller.label}: {self.action} on {self.resource} {dict(self.context)}"
        return what.replace(A, "<A>").replace(B, "<B>")

    def requests(self, account: Attachments) -> Iterator[tuple[str, Request, bool]]:
        """Layer, question and expected answer. A layer that has no document is not asked: it refuses."""
        own = account.identity.get(self.caller.arn, ())
        if self.caller.unlimited:
            own = (UNLIMITED,)
        policy_of = self.resource.split("/")[0] if ":s3:::" in self.resource else self.resource
        policy = OPEN_TO_ALL if self.owner != ACCOUNT else account.policy.get(policy_of)
        asked = Request(
            principal=self.caller.principal,
            action=self.action,
            resource=self.resource,
            account=self.owner,
            context={**self.caller.context, **self.context},
            issuer=self.caller.issuer,
        )
        if own:
            yield "identity alone", replace(asked, identity=own), self.identity
        if policy:
            yield "resource alone", replace(asked, policy=policy), self.policy
        if own and policy:
            yield "both", replace(asked, identity=own, policy=policy), self.both
        else:
            assert self.both == (self.identity if own else self.policy), f"one layer decides alone: {self}"
        assert own or not self.identity, f"has no policy of its own: {self}"
        assert policy or not self.policy, f"the resource has no policy: {self}"


#: Documents of these rows that are not the program's.
UNLIMITED, OPEN_TO_ALL = "rows/unlimited", "rows/open-to-all"
OWN_DOCUMENTS = {
    UNLIMITED: (
        "identity",
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
    ),
    OPEN_TO_ALL: (
        "resource",
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
        },
    ),
}
