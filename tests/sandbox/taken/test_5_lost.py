"""A sample of `make chaos`: seven lost answers and four other faults in an `up`, a kill in one that changes.

After each failed run one command recovers and the same run goes through. The host is left out: it costs minutes.
"""

import re

import pytest

from dev import inventory
from dev.chaos import CHANGE, LIGHT, UP, ChaosLab
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

#: How a service says that a name is taken; which of the seven ends the run first differs from run to run.
TAKEN = re.compile(r"already ?exist|alreadyowned|duplicate", re.IGNORECASE)

#: Calls that the provider tries again by itself, by kind.
TRIED_AGAIN = (
    Fault(service="iam", operation="CreateInstanceProfile", kind="error"),
    Fault(service="iam", operation="PutRolePolicy", kind="throttled", seconds=4),
    Fault(service="iam", operation="CreateRole", kind="reset"),
    Fault(service="s3", operation="PutPublicAccessBlock", kind="hang", seconds=4),
)


#: Neither a host to boot nor more than two waits of a quarter of a minute for Route 53.
WITHOUT = (*LIGHT, "--exclude", "**::host-instance", "--exclude", "**::dns-d*")


@pytest.fixture(scope="module")
def lost(ground):
    """The stack test, and what is there beside it."""
    ground.engine.up(rehearsal.ACCOUNT)
    found = ChaosLab("test", rehearsal.say)
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
    failed = lost.run((*UP, *WITHOUT))
    assert failed.code != 0
    assert TAKEN.search(failed.said), failed.said
    assert "Traceback" not in failed.said
    # A run stops at its first failure, so the rest of the plan strikes the next ones.
    for _ in range(4):
        lost.recover()
        ended = lost.run((*UP, *WITHOUT))
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


def test_an_engine_that_is_killed_after_it_made_a_key_leaves_none_that_nobody_knows(lost):
    made = Fault(service="iam", operation="CreateAccessKey", kind="kill-engine-after")
    faults.write(lost.plan, [made])
    ended = lost.run((*UP, *WITHOUT, *CHANGE))
    assert struck(lost) == {(made.service, made.operation, made.kind)}, ended.said
    lost.plan.unlink()
    lost.recover()
    ended = lost.run((*UP, *WITHOUT, *CHANGE))
    assert ended.code == 0, ended.said
    after = lost.listing()
    assert doubled(after) == {}
    state = lost.engine.state(lost.project)["resources"]
    keys = {item["id"] for item in state if item["type"] == "aws:iam/accessKey:AccessKey"}
    users = {name: content for name, content in after.items() if name.startswith("user ") and name.endswith("-test")}
    assert {key for content in users.values() for key in content[2]} == keys
    assert len(keys) == 2
