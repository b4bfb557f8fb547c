"""A boundary or an organisation's policy that denies a call of the first `up`, named before anything is created."""

import pulumi
import pytest

from dev.recorder import run

SIMULATION = "aws:iam/getPrincipalPolicySimulation:getPrincipalPolicySimulation"
SESSION = "aws:iam/getSessionContext:getSessionContext"
CALLER = "aws:index/getCallerIdentity:getCallerIdentity"
STATE = "pulumi:pulumi:readStackResourceOutputs"
ROLE = "arn:aws:iam::429071895007:role/path/agentkeys-broker-host"


def denying(*denied, decision="explicitDeny", missing=(), asked=None):
    """A simulator that denies these actions."""

    def simulate(given):
        if asked is not None:
            asked.append(given)
        results = [
            {"actionName": action, "allowed": action not in denied,
             "decision": decision if action in denied else "allowed", "missingContextKeys": list(missing)}
            for action in given["actionNames"]
        ]  # fmt: skip
        return {"allAllowed": not denied, "results": results}

    return {SIMULATION: simulate}


@pytest.fixture
def warnings(monkeypatch):
    said = []
    monkeypatch.setattr(pulumi.log, "warn", said.append)
    return said


@pytest.mark.parametrize(
    ("decision", "why"), [("explicitDeny", "a statement denies it"), ("implicitDeny", "no statement allows it")]
)
def test_the_first_denied_call_of_the_ups_order_is_named(release, warnings, decision, why):
    lookups = denying("s3:PutBucketPolicy", "iam:CreateUser", decision=decision)
    with pytest.raises(pulumi.RunError) as refused:
        run("test", changed=release, lookups=lookups)
    said = str(refused.value)
    assert (
        "'user/agentkeys-admin', which may not call iam:CreateUser on arn:aws:iam::429071895007:user/agentkeys-" in said
    )
    for part in (f"{why}. 4 more calls are denied", "permissions boundary", "Nothing was created."):
        assert part in said
    run("test", changed=release, lookups=lookups, preview=True)
    assert ["iam:CreateUser" in line for line in warnings] == [True]


@pytest.mark.parametrize(
    "lookups",
    [
        {SIMULATION: "AccessDenied: not authorized to perform: iam:SimulatePrincipalPolicy"},
        denying("iam:CreateUser", missing=["aws:MultiFactorAuthPresent"]),
        denying(),
        {**denying("ec2:RunInstances"), STATE: {"outputs": {"urn:pulumi:test::p::aws:s3/bucket:Bucket::vault": {}}}},
        {**denying("iam:CreateUser"), STATE: "no answer"},
    ],
    ids=["may not simulate", "depends on unknown keys", "allowed", "not the first up", "unknown state"],
)
def test_what_is_not_known_to_be_denied_is_left_to_aws(release, lookups, warnings):
    run("test", changed=release, lookups=lookups)
    assert warnings == []


def test_a_session_is_simulated_as_its_role_and_global_services_in_their_region(release):
    asked = []
    session = "arn:aws:sts::429071895007:assumed-role/agentkeys-broker-host/me"
    lookups = {
        **denying(asked=asked),
        SESSION: {"issuerArn": ROLE},
        CALLER: {"accountId": "429071895007", "arn": session, "userId": "A:me"},
    }
    run("test", changed={**release, "region": "eu-west-1"}, lookups=lookups)
    assert {one["policySourceArn"] for one in asked} == {ROLE}
    regions = {
        action.split(":")[0]: next(c["values"] for c in one["contexts"] if c["key"] == "aws:RequestedRegion")
        for one in asked for action in one["actionNames"]
    }  # fmt: skip
    assert regions == {"iam": ["us-east-1"], "route53": ["us-east-1"], "ec2": ["eu-west-1"], "ses": ["eu-west-1"],
                       "s3": ["eu-west-1"]}  # fmt: skip


def test_a_zone_that_is_kept_elsewhere_needs_no_permission(release):
    asked = []
    run("test", changed={**release, "dns": "manual"}, lookups=denying(asked=asked))
    assert not any("route53" in action for one in asked for action in one["actionNames"])


def a_state(programs, *without):
    """A state with what the program registers, without these resources."""
    names = {item.name for item in programs["test"].custom} - set(without)
    return {STATE: {"outputs": {f"urn:pulumi:test::agentkeys-cloud::aws:x/y:Z::{name}": {} for name in names}}}


def test_a_later_up_asks_for_what_the_program_adds(release, programs, warnings):
    asked = []
    lookups = {**denying("s3:CreateBucket", asked=asked), **a_state(programs, "vault-bucket", "roles-vault")}
    with pytest.raises(pulumi.RunError, match="may not call s3:CreateBucket on arn:aws:s3:::agentkeys-vault-"):
        run("test", changed=release, lookups=lookups)
    assert [one["actionNames"][0] for one in asked] == ["iam:CreateRole", "s3:CreateBucket"]
    run("test", changed=release, lookups=lookups, preview=True)
    assert ["The next `up` needs it" in line for line in warnings] == [True]


def test_a_later_up_that_adds_nothing_asks_nothing(release, programs):
    """Every name in the calls is one of the program's, or each later preview would simulate it."""
    asked = []
    run("test", changed=release, lookups={**denying(asked=asked), **a_state(programs)})
    assert asked == []


def test_a_schedule_of_snapshots_is_asked_for_where_a_stack_has_one(release):
    with pytest.raises(pulumi.RunError, match=r"may not call dlm:CreateLifecyclePolicy on \*"):
        run("prod", changed=release, lookups=denying("dlm:CreateLifecyclePolicy"))
    assert run("test", changed=release, lookups=denying("dlm:CreateLifecyclePolicy"))
