"""Faults of the scripts that went before, on the stack that is up: what is done by hand in the account is seen and put
back, a rehearsal writes nothing, no region but the stack's is asked.

``tests/unit/test_faults.py`` lists every fault with its tests.
"""

import json
import subprocess

import pytest
from botocore.exceptions import ClientError

from ops import exits
from sandbox import layout, rehearsal
from sandbox.rehearsal import ACCOUNT_STACK
from tests.support.live import copy_of_checkout

READER = "agentkeys-reader"
KEY = "agentkeys-cloud:"


def ops(ground, *arguments, folder=layout.CHECKOUT, **environment):
    done = subprocess.run(
        [layout.CHECKOUT / "venv/bin/python", "-m", "ops", *arguments], cwd=folder,
        env={**ground.engine.environment, **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done


def updated(ground, stack, *arguments):
    """Names of what a preview would change, which must be all that it would do."""
    steps = json.loads(ground.pulumi(stack, "preview", "--json", *arguments).stdout)["steps"]
    assert {step["op"] for step in steps} <= {"same", "refresh", "read", "update"}
    return {step["urn"].rsplit("::", 1)[-1] for step in steps if step["op"] == "update"}


@pytest.fixture(scope="module")
def reader(ground, tmp_path_factory):
    """The profile of somebody whom AWS lets read everything and write nothing."""
    iam = ground.client("iam")
    iam.create_user(UserName=READER)
    policy = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    iam.attach_user_policy(UserName=READER, PolicyArn=policy)
    key = iam.create_access_key(UserName=READER)["AccessKey"]
    credentials = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    with pytest.raises(ClientError, match="AccessDenied"):
        ground.client("iam", **credentials).create_user(UserName="x")
    file = tmp_path_factory.mktemp("reader") / "credentials"
    file.write_text("\n".join([f"[{READER}]", *(f"{name} = {value}" for name, value in credentials.items()), ""]))
    yield {"AWS_SHARED_CREDENTIALS_FILE": str(file), "AWS_PROFILE": READER}
    iam.delete_access_key(UserName=READER, AccessKeyId=key["AccessKeyId"])
    iam.detach_user_policy(UserName=READER, PolicyArn=policy)
    iam.delete_user(UserName=READER)


CALLER = ("--config-path", "--config", f"{KEY}allowedCallers[0]=user/{READER}")


def test_a_preview_needs_no_right_to_write_and_writes_nothing(ground, reader):
    ground.engine.init(rehearsal.deployment("prod"))
    before = ground.listing()
    first = ground.pulumi("prod", "preview", *CALLER, **reader)
    assert "to create" in first.stdout
    ground.pulumi("test", "preview", *CALLER, "--config", f"{KEY}trust=static", **reader)
    ground.pulumi("test", "preview", "--refresh", "--expect-no-changes", *CALLER, **reader)
    assert ground.listing() == before


def test_a_number_of_another_account_goes_nowhere(ground):
    before = ground.listing()
    for stack, key in (("test", KEY), (ACCOUNT_STACK, "agentkeys-account:")):
        another = ("--config", f"{key}accountId=111122223333")
        done = ground.pulumi(stack, "up", "--yes", *another, check=False)
        assert done.returncode != 0
        assert "accountId: the stack is for account 111122223333, the credentials belong to 429071895007" in (
            done.stdout + done.stderr
        )
    assert ground.listing() == before


@pytest.mark.parametrize("command", ["audit", "doctor", "drift", "records", "retire"])
def test_no_command_that_looks_writes_anything(ground, reader, command):
    before = ground.listing()
    done = ops(ground, command, "-s", "test", **reader)
    # The reader may not run the program, and doctor says so.
    assert done.returncode == (exits.WRONG if command == "doctor" else exits.OK), done.stdout + done.stderr
    assert ground.listing() == before


def test_doctor_finds_nothing_of_the_stack_outside_of_its_state(ground):
    done = ops(ground, "doctor", "-s", "test", "--json")
    seen = {line["claim"]: line for line in json.loads(done.stdout)["lines"]}
    assert seen["free, or in the state"]["seen"] == "no other resource has a name of this stack"
    assert seen["whole"]["verdict"] == "ok"


def without_conditions(document):
    """Every Allow of a policy without its conditions. The Denies stay, or nobody could fix the policy."""
    kept = [
        {key: value for key, value in item.items() if key != "Condition" or item["Effect"] == "Deny"}
        for item in document["Statement"]
    ]
    return json.dumps({**document, "Statement": kept})


def test_what_was_loosened_by_hand_is_seen_by_preview_and_audit_and_an_up_puts_it_back(ground):
    s3, ses = ground.client("s3"), ground.client("ses")
    before = ground.listing()
    buckets = ground.outputs("test")["buckets"]
    s3.create_bucket(Bucket="another-stacks-mail")
    mail = json.loads(
        s3.get_bucket_policy(Bucket=buckets["mail"])["Policy"].replace(buckets["mail"], "another-stacks-mail")
    )
    mail["Statement"] = [item for item in mail["Statement"] if item["Sid"] == "AllowSESWriteInbound"]
    s3.put_bucket_policy(Bucket="another-stacks-mail", Policy=without_conditions(mail))
    try:
        for bucket in buckets.values():
            made = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
            s3.put_bucket_policy(Bucket=bucket, Policy=without_conditions(made))
        rule = ses.describe_receipt_rule(RuleSetName="agentkeys", RuleName="agentkeys-inbound-test")["Rule"]
        rule["Enabled"] = False
        rule["Actions"][0]["S3Action"]["BucketName"] = "another-stacks-mail"
        ses.update_receipt_rule(RuleSetName="agentkeys", Rule=rule)

        audited = ops(ground, "audit", "-s", "test", "--json")
        assert audited.returncode == exits.WRONG
        wrong = {
            (line["subject"], line["claim"])
            for line in json.loads(audited.stdout)["lines"] if line["verdict"] == "wrong"
        }  # fmt: skip
        assert wrong == {
            *((f"bucket {bucket}", "who may reach it") for bucket in buckets.values()),
            ("receipt rule agentkeys-inbound-test", "what it does"),
        }
        changes = {"vault-policy", "memory-policy", "inbox-policy", "inbound-rule"}
        assert updated(ground, "test", "--refresh") == changes
        assert ground.pulumi("test", "preview", "--refresh", "--expect-no-changes", check=False).returncode != 0
        ground.pulumi("test", "up", "--yes", "--refresh", "--skip-preview")
    finally:
        s3.delete_bucket_policy(Bucket="another-stacks-mail")
        for item in s3.list_objects_v2(Bucket="another-stacks-mail").get("Contents", []):
            s3.delete_object(Bucket="another-stacks-mail", Key=item["Key"])
        s3.delete_bucket(Bucket="another-stacks-mail")
    assert ground.listing() == before
    assert ops(ground, "audit", "-s", "test").returncode == exits.OK


def test_the_broad_grants_of_the_stage_before_go_and_no_run_brings_them_back(ground):
    iam, s3 = ground.client("iam"), ground.client("s3")
    before = ground.listing()
    role, bucket = "agentkeys-data-role-test", ground.outputs("test")["buckets"]["mail"]
    everything = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    grant = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": everything}
    iam.put_role_policy(
        RoleName=role, PolicyName=f"{role}-inline",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [grant]}),
    )  # fmt: skip
    mail = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    reads = {**grant, "Sid": "AllowDaemonRead", "Principal": {"AWS": f"arn:aws:iam::429071895007:role/{role}"}}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({**mail, "Statement": [*mail["Statement"], reads]}))
    assert updated(ground, "test", "--refresh") == {"roles-data-only-inline", "inbox-policy"}
    ground.pulumi("test", "up", "--yes", "--refresh", "--skip-preview")
    assert ground.listing() == before
    ground.pulumi("test", "up", "--yes", "--expect-no-changes")
    assert ground.listing() == before


def test_the_region_of_profile_and_shell_is_asked_for_nothing(ground, tmp_path):
    config = tmp_path / "config"
    config.write_text("[default]\nregion = us-west-2\n[profile agentkeys-admin]\nregion = us-west-2\n")
    elsewhere = {"AWS_REGION": "us-west-2", "AWS_DEFAULT_REGION": "us-west-2", "AWS_CONFIG_FILE": str(config)}
    before = ground.listing()
    ground.pulumi("test", "preview", "--refresh", "--expect-no-changes", **elsewhere)
    ground.pulumi("test", "up", "--yes", "--expect-no-changes", **elsewhere)
    ground.pulumi(ACCOUNT_STACK, "preview", "--refresh", "--expect-no-changes", **elsewhere)
    for command in ("audit", "doctor", "drift", "retire"):
        done = ops(ground, command, "-s", "test", **elsewhere)
        assert done.returncode == exits.OK, done.stdout + done.stderr
    assert ground.listing() == before
    # This one takes SES's mail out of the inbox.
    done = ops(ground, "sender", "-s", "test", **elsewhere)
    assert done.returncode == exits.OK, done.stdout + done.stderr


def test_a_rule_set_that_somebody_activated_stays_active(ground):
    ses = ground.client("ses")
    ses.create_receipt_rule_set(RuleSetName="somebody-elses")
    ses.set_active_receipt_rule_set(RuleSetName="somebody-elses")
    try:
        for stack in (ACCOUNT_STACK, "test"):
            done = ground.pulumi(stack, "up", "--yes", "--skip-preview", check=False)
            assert done.returncode != 0
            assert "somebody-elses" in done.stdout + done.stderr
        assert ses.describe_active_receipt_rule_set()["Metadata"]["Name"] == "somebody-elses"
    finally:
        ses.set_active_receipt_rule_set(RuleSetName="agentkeys")
        ses.delete_receipt_rule_set(RuleSetName="somebody-elses")


VAULT_LEFT = "agentkeys-vault-left-429071895007"


@pytest.fixture
def left(ground, tmp_path):
    """A stack of a user and a bucket with an object in it, which its destroy refuses to empty."""
    s3, project = (
        ground.client("s3"),
        rehearsal.Project(name="agentkeys-cloud", folder=copy_of_checkout(tmp_path), stack="left"),
    )
    text = (layout.CHECKOUT / "Pulumi.test.yaml").read_text().replace("suffix: -test", "suffix: -left")
    (project.folder / "Pulumi.left.yaml").write_text(
        text.replace("bucketsOnDestroy: delete", "bucketsOnDestroy: refuse")
    )
    try:
        ground.engine.init(project)
        wanted = ("Identities::identities", "::identities-daemon", "PrivateBucket::vault", "::vault-bucket")
        targets = [f"--target=**{what}" for what in wanted]
        # The policy pack finds fault with a bucket without its guards, and it is there all the same.
        ground.engine.run(project, "up", "--yes", "--skip-preview", *targets, capture=True, check=False)
        s3.put_object(Bucket=VAULT_LEFT, Key="kept", Body=b"kept")
        yield project
        s3.delete_object(Bucket=VAULT_LEFT, Key="kept")
        s3.delete_bucket(Bucket=VAULT_LEFT)
    finally:
        ground.engine.run(project, "stack", "rm", "--yes", "--force", "--preserve-config", capture=True, check=False)


def test_what_a_failed_destroy_left_is_listed_by_doctor_with_and_without_its_state(ground, left):
    failed = ground.engine.run(left, "destroy", "--yes", capture=True, check=False)
    assert failed.returncode != 0
    assert "BucketNotEmpty" in failed.stdout + failed.stderr
    half = ops(ground, "doctor", "-s", "left", "--json", folder=left.folder)
    seen = {line["claim"]: line for line in json.loads(half.stdout)["lines"]}
    assert seen["free, or in the state"]["verdict"] == "ok", "the state still has it, and destroy goes on with it"
    ground.engine.run(left, "stack", "rm", "--yes", "--force", "--preserve-config", capture=True)
    ground.engine.init(left)
    lost = ops(ground, "doctor", "-s", "left", "--json", folder=left.folder)
    lines = [line for line in json.loads(lost.stdout)["lines"] if line["subject"] == "left in the account"]
    assert [line["claim"] for line in lines] == [f"bucket {VAULT_LEFT}"]
    assert "agentkeys adopt -s left" in lines[0]["fix"]
    assert f"aws s3 rb s3://{VAULT_LEFT} --force" in lines[0]["fix"]
