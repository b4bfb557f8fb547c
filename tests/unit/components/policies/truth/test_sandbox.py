"""The sandbox's account decides every row of the table and every detectable mutant as iam-simulate does."""

from sandbox.aws.iam import evaluation
from tests.unit.components.policies.truth.conftest import Verdict
from tests.unit.components.policies.truth.evaluator import Request
from tests.unit.components.policies.truth.rows import OWN_DOCUMENTS


def principal(name: str | None) -> evaluation.Principal:
    if name is None:
        return evaluation.ANONYMOUS
    if not name.startswith("arn:"):
        return evaluation.Principal(kind="Service", names=frozenset({name}))
    account_id, kind = name.split(":")[4], name.split(":")[5].partition("/")[0]
    if kind == "oidc-provider":
        return evaluation.Principal(kind="Federated", names=frozenset({name}))
    if kind == "assumed-role":
        role = f"arn:aws:iam::{account_id}:role/{name.split('/')[1]}"
        return evaluation.Principal(account_id=account_id, names=frozenset({role}), session=name)
    return evaluation.Principal(account_id=account_id, names=frozenset({name}))


def decided(request: Request, documents) -> bool:
    asking = principal(request.principal)
    context = {
        "aws:ResourceAccount": request.account,
        **({"aws:PrincipalAccount": asking.account_id} if asking.account_id else {}),
        **request.context,
    }
    kind, policy = documents[request.policy] if request.policy else ("", None)
    return evaluation.decide(
        evaluation.Request(
            action=request.action,
            principal=asking,
            resource=request.resource,
            resource_account=request.account,
            context={key: (value,) if isinstance(value, str) else tuple(value) for key, value in context.items()},
        ),
        evaluation.Policies(
            identity=tuple(documents[name][1] for name in request.identity),
            resource=policy,
            resource_decides=kind == "trust",
        ),
    ).allowed


def test_the_sandbox_decides_every_row_as_the_independent_evaluator_does(verdicts: list[Verdict]) -> None:
    for verdict in verdicts:
        documents = {**verdict.world.account.documents, **OWN_DOCUMENTS}
        found = [
            f"{item.row} - {item.layer}: {decision}, and {not decision} in the sandbox"
            for item, decision in zip(verdict.world.asked, verdict.answers.decisions, strict=True)
            if decided(item.request, documents) != decision
        ]
        assert not found, "\n".join([f"{len(found)} rows", *found[:20]])


def test_the_sandbox_sees_every_mutant_that_the_independent_evaluator_sees(verdicts: list[Verdict]) -> None:
    for verdict in verdicts:
        documents = {**verdict.world.account.documents, **OWN_DOCUMENTS}
        found = []
        for (name, mutant), index in zip(verdict.mutants, verdict.answers.differs, strict=True):
            if index is None:
                continue
            item = verdict.world.asked[index]
            if decided(item.request, {**documents, name: (documents[name][0], mutant.document)}) == item.expected:
                found.append(f"{name}: {mutant}: {item.row} - {item.layer}")
        assert not found, "\n".join([f"{len(found)} mutants", *found[:20]])
