"""The form of a policy document: AWS's size limits, and which differences between two documents mean nothing."""

import pytest

from components.policies.document import document, meaning, statement, text


@pytest.mark.parametrize(
    ("kind", "limit"), [("role", 10240), ("user", 2048), ("trust", 2048), ("bucket", 20480), ("topic", 30720)]
)
def test_a_document_may_have_as_many_bytes_as_aws_accepts_and_no_more(kind, limit):
    def of(length):
        return document(statement("A", actions=["s3:GetObject"], resources=["r" * length]), kind=kind)

    fits = limit - len(text(of(1))) + 1
    assert len(text(of(fits))) == limit
    with pytest.raises(ValueError, match=f"a {kind} policy of {limit + 1} bytes exceeds AWS's limit of {limit}"):
        of(fits + 1)


ONE = {"Sid": "A", "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "x"}
TWO = {"Sid": "B", "Effect": "Deny", "Action": "s3:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}


def meant(*statements):
    return meaning({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.mark.parametrize(
    "same",
    [
        (TWO, ONE),
        ({**ONE, "Action": ["s3:PutObject", "s3:GetObject"]}, TWO),
        ({**ONE, "Resource": ["x"]}, {**TWO, "Action": ["s3:*"]}),
        (ONE, {**TWO, "Condition": {"Bool": {"aws:SecureTransport": False}}}),
        (ONE, {**TWO, "Condition": {"Bool": {"aws:SecureTransport": ["false"]}}}),
    ],
    ids=["statements in another order", "a list in another order", "a list of one", "a boolean", "a list of one text"],
)
def test_what_aws_ignores_is_no_difference(same):
    assert meant(*same) == meant(ONE, TWO)


@pytest.mark.parametrize(
    "other",
    [
        (ONE,),
        (ONE, TWO, TWO),
        ({**ONE, "Action": "s3:GetObject"}, TWO),
        ({**ONE, "Action": ["s3:GetObject"]}, TWO),
        ({**ONE, "Effect": "Deny"}, TWO),
        (ONE, {**TWO, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}),
        (ONE, {**TWO, "Condition": {"Bool": {"aws:SecureTransport": True}}}),
        (ONE, {key: value for key, value in TWO.items() if key != "Condition"}),
    ],
)
def test_what_aws_decides_by_is_one(other):
    assert meant(*other) != meant(ONE, TWO)


def test_a_statement_alone_is_a_list_of_one_and_a_version_counts():
    assert meaning({"Version": "2012-10-17", "Statement": ONE}) == meant(ONE)
    assert meaning({"Version": "2008-10-17", "Statement": [ONE]}) != meant(ONE)
    assert meaning({}) == {"Version": None, "Statement": []}
