"""Isolation of the two stacks proven by their own sessions, and every weakening made by hand seen and undone.

``WEAKENINGS`` is the list: what is done to the deployed test stack out of band, and whether the proof, the audit or
both must see it. All are made at once, on different resources, so that one look tells them apart: every wrong row must
be explained by a weakening, and every weakening by a row of its own.
"""

import copy
import dataclasses
import json
import re
import signal
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest

from components.naming import ACTOR_TAG
from sandbox import layout, rehearsal, supervisor

S3_FULL = "arn:aws:iam::aws:policy/AmazonS3FullAccess"
ACCOUNT_ID = "429071895007"
VAULT, MEMORY, MAIL = (f"agentkeys-{key}-test-{ACCOUNT_ID}" for key in ("vault", "memory", "mail"))
#: The port of the broker process, which only nginx may reach.
INSIDE = 8091


@pytest.fixture(scope="module", autouse=True)
def both(ground):
    ground.bring_up("prod", "test")


def ops(ground, *arguments, code):
    """An operator's command, as typed; what it found, by its JSON."""
    done = subprocess.run(
        ["venv/bin/python", "-m", "ops", *arguments, "--json"],
        cwd=layout.CHECKOUT, env=ground.engine.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    for secret in ("eyJ", "BEGIN ", "SessionToken"):
        assert secret not in done.stdout + done.stderr
    return json.loads(done.stdout)


def wrong(found):
    return [line for line in found["lines"] if line["verdict"] == "wrong"]


@pytest.mark.parametrize(("stack", "other"), [("test", "prod"), ("prod", "test")])
def test_proof_and_audit_pass_for_both_stacks_and_leave_nothing(ground, stack, other):
    before = ground.listing()
    found = ops(ground, "proof", "-s", stack, "--against", other, code=0)
    assert found["summary"] == {"ok": len(found["lines"]), "warning": 0, "wrong": 0, "not run": 0}
    assert len(found["lines"]) > 200
    assert found["stays"] == []
    assert ground.listing() == before


def test_a_proof_that_is_ended_takes_its_objects_away_and_shows_what_it_saw(ground):
    before = ground.listing()
    running = subprocess.Popen(
        ["venv/bin/python", "-m", "ops", "proof", "-s", "test"],
        cwd=layout.CHECKOUT, env=ground.engine.environment, text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    s3, until = ground.client("s3"), time.monotonic() + 120
    while running.poll() is None and time.monotonic() < until:
        if any("isolation-proof" in item["Key"] for item in s3.list_objects_v2(Bucket=VAULT).get("Contents", [])):
            break
    running.send_signal(signal.SIGTERM)
    _, said = running.communicate(timeout=120)
    assert running.returncode == 128 + signal.SIGTERM, said
    assert "ended by SIGTERM" in said
    assert "(interrupted)" in said
    assert ground.listing() == before


@dataclasses.dataclass(frozen=True)
class Weakening:
    """``made`` does it; the two texts are part of a wrong line of the proof and of the audit, empty where it cannot see
    it. ``explains`` are the wrong lines of the proof that come of it.
    """

    what: str
    made: Callable[[Any], object]
    proof: Callable[[dict[str, str]], bool] | None
    audit: tuple[str, str]


def trust(ground, key, change):
    iam, name = ground.client("iam"), f"agentkeys-{key}-role-test"
    document = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    changed = change(copy.deepcopy(document["Statement"][0]))
    iam.update_assume_role_policy(
        RoleName=name, PolicyDocument=json.dumps({**document, "Statement": [*changed]})
    )  # fmt: skip


def untied(statement):
    """The form before the bounds: any token of the issuer, tagged or not."""
    del statement["Condition"]["Null"], statement["Condition"]["StringLike"]
    del statement["Condition"]["ForAllValues:StringEquals"]
    return [statement]


def the_others_too(statement):
    """Prod's broker beside test's own."""
    other = json.loads(json.dumps(statement).replace("test-broker.", "broker."))
    return [statement, {**other, "Sid": "Prod"}]


def bucket_policy(ground, bucket, change):
    s3 = ground.client("s3")
    document = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    changed = [part for statement in document["Statement"] for part in change(statement)]
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({**document, "Statement": changed}))


def v2(statement):
    """One statement for everything, listing without a prefix (runbook before the split)."""
    if statement["Sid"] == "VaultListV3":
        return [{**statement, "Condition": {"Null": statement["Condition"]["Null"]}}]
    return [statement]


def without_null(statement):
    if statement["Effect"] == "Deny":
        return [statement]
    kept = {operator: keys for operator, keys in statement["Condition"].items() if operator != "Null"}
    return [
        {key: value for key, value in statement.items() if key != "Condition"} | ({"Condition": kept} if kept else {})
    ]


def to_anybody(statement):
    return [{**statement, "Principal": "*"}] if statement["Sid"].startswith("Mail") else [statement]


def public_access(ground):
    ground.client("s3").delete_public_access_block(Bucket=MAIL)


def account_public_access(ground):
    control = ground.client("s3control")
    control.meta.events.register_first("request-created.s3-control", _without_account)
    control.delete_public_access_block(AccountId=ACCOUNT_ID)


def _without_account(request, **_):
    request.url = request.url.replace(f"//{ACCOUNT_ID}.", "//")


def firewall(ground):
    ec2 = ground.client("ec2")
    found = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["agentkeys-broker-host-test"]}])
    ec2.authorize_security_group_ingress(
        GroupId=found["SecurityGroups"][0]["GroupId"], IpProtocol="tcp", FromPort=INSIDE, ToPort=INSIDE,
        CidrIp="0.0.0.0/0",
    )  # fmt: skip


def receipt_rule(ground):
    ses = ground.client("ses")
    rule = ses.describe_receipt_rule(RuleSetName="agentkeys", RuleName="agentkeys-inbound-test")["Rule"]
    rule["Enabled"] = False
    ses.update_receipt_rule(RuleSetName="agentkeys", Rule=rule)


def record(ground):
    """The outage that happened: a worker's name at the other stack's address."""
    ground.client("route53").change_resource_record_sets(
        HostedZoneId=supervisor.emulated().zone_id,
        ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": {
            "Name": "cred-test.litentry.org", "Type": "A", "TTL": 300,
            "ResourceRecords": [{"Value": ground.outputs("prod")["elasticIp"]}],
        }}]},
    )  # fmt: skip


def wide_role(ground):
    """The memory role's grant for all actors, as a `*` in place of the variable makes it."""
    iam, name = ground.client("iam"), "agentkeys-memory-role-test"
    policy = f"{name}-inline"
    document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
    text = json.dumps(document).replace(f"${{aws:PrincipalTag/{ACTOR_TAG}}}", "*")
    iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=text)


def by(role, *, action="", target="", what=""):
    """A wrong line of the proof that begins so."""
    return lambda line: (
        line["subject"].startswith(f"agentkeys-{role}-role-test")
        and line["claim"].startswith(action)
        and target in line["claim"]
        and what in line["claim"]
    )


WEAKENINGS = [
    Weakening(
        "trust without its bounds on the tag",
        lambda g: trust(g, "vault", untied),
        by("vault", action="assume", what="without the actor's tag"),
        ("role agentkeys-vault-role-test", "AssumeWithActorTag has another Condition"),
    ),
    Weakening(
        "trust in the other stack's issuer",
        lambda g: trust(g, "memory", the_others_too),
        by("memory", action="assume", what="the other stack's token at this stack"),
        ("role agentkeys-memory-role-test", "Prod is added"),
    ),
    Weakening(
        "v2 bucket policy",
        lambda g: bucket_policy(g, VAULT, v2),
        by("vault", action="list", target=VAULT),
        (f"bucket {VAULT}", "VaultListV3 has another Condition"),
    ),
    Weakening(
        # A session without the tag matches no prefix anyway, so no session can show it.
        "bucket policy without Null",
        lambda g: bucket_policy(g, MEMORY, without_null),
        None,
        (f"bucket {MEMORY}", "MemoryObjectsV3 has another Condition"),
    ),
    Weakening(
        "bucket open to the public by its access block",
        public_access,
        None,
        (f"bucket {MAIL}", "NoSuchPublicAccessBlockConfiguration"),
    ),
    Weakening(
        "account open to the public by its access block",
        account_public_access,
        None,
        (f"account {ACCOUNT_ID}", "NoSuchPublicAccessBlockConfiguration"),
    ),
    Weakening(
        "bucket policy for every principal",
        lambda g: bucket_policy(g, MAIL, to_anybody),
        lambda line: by("vault", target=MAIL)(line) or by("memory", target=MAIL)(line),
        (f"bucket {MAIL}", "MailObjectsV3 has another Principal"),
    ),
    Weakening(
        "role tagged with the actor's key",
        lambda g: g.client("iam").tag_role(
            RoleName="agentkeys-data-role-test", Tags=[{"Key": ACTOR_TAG, "Value": "ab" * 32}]
        ),
        None,
        ("role agentkeys-data-role-test", ACTOR_TAG),
    ),
    Weakening(
        "AmazonS3FullAccess on the host role",
        lambda g: g.client("iam").attach_role_policy(RoleName="agentkeys-broker-host-test", PolicyArn=S3_FULL),
        None,
        ("role agentkeys-broker-host-test", "AmazonS3FullAccess"),
    ),
    Weakening(
        "AmazonS3FullAccess on the data role",
        lambda g: g.client("iam").attach_role_policy(RoleName="agentkeys-data-role-test", PolicyArn=S3_FULL),
        by("data"),
        ("role agentkeys-data-role-test", "AmazonS3FullAccess"),
    ),
    Weakening(
        "a role's grant for all actors",
        wide_role,
        by("memory", what="another actor's prefix"),
        ("role agentkeys-memory-role-test", "MemoryGetOwnObjects has another Resource"),
    ),
    Weakening("a port of the inside open", firewall, None, ("broker host", f"tcp {INSIDE} from 0.0.0.0/0")),
    Weakening(
        "receipt rule disabled", receipt_rule, None, ("receipt rule agentkeys-inbound-test", "Enabled False")
    ),
    Weakening("a name at the other stack's address", record, None, ("record cred-test.litentry.org", "127.")),
    Weakening(
        "a second access key",
        lambda g: g.client("iam").create_access_key(UserName="agentkeys-broker-test"),
        None,
        ("user agentkeys-broker-test", "AKIA"),
    ),
]  # fmt: skip

#: What no `up` of the stack undoes: it belongs to the account's project, or to nobody. The audit names the way.
NOT_BY_UP = {f"account {ACCOUNT_ID}", "user agentkeys-broker-test"}


@pytest.fixture(scope="module")
def weakened(ground):
    """What proof and audit find wrong in the weakened stack."""
    for weakening in WEAKENINGS:
        weakening.made(ground)
    return (
        wrong(ops(ground, "proof", "-s", "test", "--against", "prod", "--no-audit", code=1)),
        wrong(ops(ground, "audit", "-s", "test", code=1)),
    )


@pytest.mark.parametrize("weakening", WEAKENINGS, ids=lambda weakening: weakening.what)
def test_a_weakening_is_caught(weakened, weakening):
    proof, audit = weakened
    subject, seen = weakening.audit
    assert [line for line in audit if line["subject"] == subject and seen in line["seen"] and line["fix"]]
    if weakening.proof:
        assert [line for line in proof if weakening.proof(line)]


def test_nothing_is_wrong_that_no_weakening_explains(weakened):
    proof, audit = weakened
    assert [line for line in proof if not any(one.proof and one.proof(line) for one in WEAKENINGS)] == []
    assert {line["subject"] for line in audit} == {one.audit[0] for one in WEAKENINGS}


def test_a_preview_that_asks_aws_shows_them_and_an_up_restores_what_is_the_stacks(ground, weakened):
    shown = ground.pulumi("test", "preview", "--refresh", "--expect-no-changes", check=False)
    assert shown.returncode != 0
    for name in (
        "host-role-no-managed",
        "roles-vault",
        "vault-policy",
        "inbox-public-access",
        "inbound-rule",
        "dns-cred",
    ):
        assert re.search(rf"[~+] .* {name} ", shown.stdout), (name, shown.stdout)
    ground.pulumi("test", "up", "--yes", "--skip-preview", "--refresh")
    left = wrong(ops(ground, "audit", "-s", "test", code=1))
    assert {line["subject"] for line in left} == NOT_BY_UP
    for line in left:
        assert "pulumi -C account up --refresh" in line["fix"] or "delete-access-key" in line["fix"]
    ground.pulumi(rehearsal.ACCOUNT_STACK, "up", "--yes", "--skip-preview", "--refresh")
    iam = ground.client("iam")
    keys = iam.list_access_keys(UserName="agentkeys-broker-test")["AccessKeyMetadata"]
    newest = max(keys, key=lambda key: key["CreateDate"])["AccessKeyId"]
    iam.delete_access_key(UserName="agentkeys-broker-test", AccessKeyId=newest)
    ops(ground, "proof", "-s", "test", "--against", "prod", code=0)
