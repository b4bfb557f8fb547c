"""A sample of `make chaos`: seven lost answers, and faults that the provider's retries absorb, in one `up`.

After each failed run one command recovers and the same run goes through. The host is left out: it costs minutes.
"""

import pytest

from dev import inventory
from dev.chaos import Ground
from sandbox import rehearsal
from sandbox.aws import faults
from sandbox.aws.faults import Fault

#: Calls whose lost answer once left a stack that no command could bring up.
LOST = (
    ("ec2", "CreateSecurityGroup", ""),
    ("ec2", "AllocateAddress", ""),
    ("ec2", "ImportKeyPair", ""),
    ("iam", "CreateUser", ""),
    ("sesv2", "CreateEmailIdentity", ""),
    ("s3", "CreateBucket", ""),
    ("route53", "ChangeResourceRecordSets", "<Type>MX</Type>"),
)

#: Calls that the provider tries again by itself, by kind.
TRIED_AGAIN = (
    Fault(service="iam", operation="CreateInstanceProfile", kind="error"),
    Fault(service="iam", operation="PutRolePolicy", kind="throttled", seconds=4),
    Fault(service="iam", operation="CreateRole", kind="reset"),
    Fault(service="s3", operation="PutPublicAccessBlock", kind="hang", seconds=4),
)


@pytest.fixture(scope="module")
def lost(ground):
    """The stack test, and what is there beside it."""
    ground.engine.up(rehearsal.ACCOUNT)
    found = Ground("test", rehearsal.say)
    found.down()
    found.before = found.listing()
    yield found
    found.plan.unlink(missing_ok=True)
    found.down()


def struck(lost):
    return {(line["service"], line["operation"], line["kind"]) for line in faults.struck(lost.plan)}


def doubled(listing):
    return {name: count for name, count in inventory.names(listing).items() if count > 1}


def test_an_up_that_loses_seven_answers_goes_through_after_one_command(lost):
    planned = [
        Fault(service=service, operation=name, kind="answer-lost", containing=text) for service, name, text in LOST
    ]
    faults.write(lost.plan, [*planned, *TRIED_AGAIN])
    failed = lost.run("up", light=True)
    assert failed.code != 0
    assert "already exists" in failed.said
    assert "Traceback" not in failed.said
    # A run stops at its first failure, so the rest of the plan strikes the next ones.
    for _ in range(4):
        lost.recover()
        ended = lost.run("up", light=True)
        if ended.code == 0:
            break
    assert ended.code == 0, ended.said
    assert struck(lost) == {(fault.service, fault.operation, fault.kind) for fault in (*planned, *TRIED_AGAIN)}
    lost.plan.unlink()
    lost.recover()
    after = lost.listing()
    assert doubled(after) == {}
    assert {name: after.get(name) for name in lost.before} == lost.before
    known = {str(item.get("id")) for item in lost.engine.state(lost.project)["resources"]}
    assert {
        name.rsplit(" ", 1)[1] for name in after.keys() - lost.before.keys() if name.startswith("address ")
    } <= known
