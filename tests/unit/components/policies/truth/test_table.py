"""Who may do what, decided by an independent evaluator over the documents that the programs register."""

from types import SimpleNamespace

import pytest

from components.naming import ACTOR_TAG, DATA_CLASSES
from components.policies.document import document, statement
from dev.recorder import Registered
from tests.unit.components.policies.truth.attachments import read
from tests.unit.components.policies.truth.callers import ACCOUNT, A, sessions
from tests.unit.components.policies.truth.conftest import STACKS
from tests.unit.components.policies.truth.evaluator import EvaluatorError, Request, evaluate
from tests.unit.components.policies.truth.objects import HTTPS, LIST


def wrong(verdicts, *, allowed):
    """Rows of one expected decision that were decided otherwise, as a person reads them."""
    return [
        f"{item.row} - {item.layer} says {'allowed' if decided else 'denied'}"
        for verdict in verdicts
        for item, decided in zip(verdict.world.asked, verdict.answers.decisions, strict=True)
        if item.expected is allowed and decided is not allowed
    ]


def told(found):
    return "\n".join([f"{len(found)} rows are decided otherwise", *found[:20]])


def test_what_is_promised_is_allowed(verdicts):
    found = wrong(verdicts, allowed=True)
    assert not found, told(found)


def test_everything_else_is_refused_while_what_is_promised_is_allowed(verdicts):
    assert wrong(verdicts, allowed=True) == [], "a refusal proves nothing while nothing works"
    found = wrong(verdicts, allowed=False)
    assert not found, told(found)


def test_every_document_of_the_programs_is_asked_for_something_it_allows(worlds):
    for world in worlds:
        for name in world.own:
            alone = [item for item in world.asked if name in item.documents and item.layer != "both"]
            assert any(item.expected for item in alone), name
            assert not all(item.expected for item in alone), name


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("row", DATA_CLASSES, ids=[row.key for row in DATA_CLASSES])
def test_a_tagged_session_lists_the_whole_bucket_under_v2_and_not_under_v3(stack, row, worlds):
    names = STACKS[stack]
    bucket, role = f"arn:aws:s3:::{names.bucket(row.key)}", names.role_arn(row.key)
    v2 = document(
        statement(
            "OneStatementForAll",
            principal={"AWS": role},
            actions=["s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
            resources=[bucket, f"{bucket}/bots/${{aws:PrincipalTag/{ACTOR_TAG}}}/{row.prefix}/*"],
            condition={"Null": {f"aws:PrincipalTag/{ACTOR_TAG}": "false"}},
        ),
        kind="bucket",
    )
    v3 = worlds[0].account.documents[worlds[0].account.policy[bucket]]
    tagged = next(caller for caller in sessions(stack, names, row.key) if caller.tag == A)

    def listing(prefix, policy):
        context = {**tagged.context, **HTTPS, **({} if prefix is None else {"s3:prefix": prefix})}
        return Request(
            principal=tagged.principal, action=LIST, resource=bucket, account=ACCOUNT, context=context, policy=policy
        )

    own = f"bots/{A}/{row.prefix}/"
    asked = [listing(prefix, policy) for policy in ("v2", "v3") for prefix in (own, None, "", "bots/")]
    decided = evaluate({"v2": ("resource", v2), "v3": v3}, asked, [False] * len(asked), []).decisions
    assert decided == [True, True, True, True, True, False, False, False]


@pytest.mark.parametrize(
    ("kind", "inputs", "told"),
    [
        ("aws:iam/policy:Policy", {"policy": "{}"}, "unknown document"),
        ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", {"policyArn": "a", "role": "r"}, "not read here"),
        ("aws:iam/role:Role", {"name": "r", "assumeRolePolicy": "{}", "managedPolicyArns": ["a"]}, "not read here"),
    ],
)
def test_a_policy_that_the_rows_cannot_ask_about_is_an_error(kind, inputs, told):
    program = SimpleNamespace(custom=[Registered(kind, "name", "", inputs, None)], of=lambda _: [])
    with pytest.raises(AssertionError, match=told):
        read(ACCOUNT, {"prod": program})


def a_request(**changed):
    plain = {"principal": "arn:aws:iam::429071895007:user/u", "action": LIST, "resource": "arn:aws:s3:::bucket"}
    return Request(**{**plain, "account": ACCOUNT, "context": {}, "identity": ("p",), **changed})


GRANT = document(statement("List", actions=[LIST], resources=["arn:aws:s3:::bucket"]), kind="role")


def test_a_request_that_aws_would_not_send_is_an_error_and_no_refusal():
    with pytest.raises(EvaluatorError, match="AWS sends no s3:prefix"):
        evaluate(
            {"p": ("identity", GRANT)},
            [a_request(action="s3:GetObject", resource="arn:aws:s3:::bucket/key", context={"s3:prefix": "x"})],
            [False],
            [],
        )
    with pytest.raises(EvaluatorError, match="not decided"):
        evaluate({"p": ("identity", GRANT)}, [a_request(action="s3:NoSuchAction")], [False], [])


def test_a_document_that_aws_would_not_take_is_an_error():
    broken = {**GRANT, "Statement": [{**GRANT["Statement"][0], "Efect": "Allow"}]}
    with pytest.raises(EvaluatorError, match="p is not a valid identity policy"):
        evaluate({"p": ("identity", broken)}, [a_request()], [True], [])
