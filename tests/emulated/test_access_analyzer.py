"""IAM Access Analyzer in the emulated account."""

from typing import Any

import pytest

from tests.support.emulated import ACCOUNT_ID, REGION, Somebody, refused, statement

ARN = f"arn:aws:access-analyzer:{REGION}:{ACCOUNT_ID}:analyzer/one"


@pytest.fixture
def analyzers(client: Any) -> Any:
    found = client("accessanalyzer")
    yield found
    for analyzer in found.list_analyzers()["analyzers"]:
        found.delete_analyzer(analyzerName=analyzer["name"])


def test_an_analyzer_is_created_read_tagged_and_deleted(analyzers: Any) -> None:
    assert analyzers.create_analyzer(analyzerName="one", type="ACCOUNT", tags={"a": "b"})["arn"] == ARN
    found = analyzers.get_analyzer(analyzerName="one")["analyzer"]
    assert (found["name"], found["type"], found["status"], found["tags"]) == ("one", "ACCOUNT", "ACTIVE", {"a": "b"})
    analyzers.tag_resource(resourceArn=ARN, tags={"c": "d"})
    analyzers.untag_resource(resourceArn=ARN, tagKeys=["a"])
    assert analyzers.list_tags_for_resource(resourceArn=ARN)["tags"] == {"c": "d"}
    analyzers.delete_analyzer(analyzerName="one")
    with refused("ResourceNotFoundException"):
        analyzers.get_analyzer(analyzerName="one")


def test_an_account_has_one_in_a_region(analyzers: Any) -> None:
    analyzers.create_analyzer(analyzerName="one", type="ACCOUNT")
    with refused("ConflictException"):
        analyzers.create_analyzer(analyzerName="one", type="ACCOUNT")
    with refused("ServiceQuotaExceededException"):
        analyzers.create_analyzer(analyzerName="two", type="ACCOUNT")
    with refused("ValidationException"):
        analyzers.create_analyzer(analyzerName="1", type="ACCOUNT")


def test_a_call_needs_its_permission_for_that_analyzer(analyzers: Any, somebody: Somebody) -> None:
    somebody.may(statement("access-analyzer:CreateAnalyzer", ARN))
    theirs = somebody.client("accessanalyzer")
    with refused("AccessDeniedException"):
        theirs.create_analyzer(analyzerName="two", type="ACCOUNT")
    theirs.create_analyzer(analyzerName="one", type="ACCOUNT")
    with refused("AccessDeniedException"):
        theirs.delete_analyzer(analyzerName="one")
