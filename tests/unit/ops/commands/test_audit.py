"""The audit of an account as the program made it, by its recording, and of the same with one thing changed by hand."""

import copy
import dataclasses
import datetime
import json
from types import SimpleNamespace

import pytest

from components.naming import SERVES_TAG
from components.policies import grants
from components.policies.document import meaning
from ops import stack
from ops.commands import audit
from ops.verdicts import Verdict
from tests.support.stacks import a_stack
from tests.support.worlds import refusal

NOW = datetime.datetime(2026, 11, 23, tzinfo=datetime.UTC)
S3_FULL = "arn:aws:iam::aws:policy/AmazonS3FullAccess"
PUBLIC_BLOCK = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


def owner(recorded, kind, of):
    """Inline policies of every role or user that the program registers."""
    found = {}
    for item in recorded.of(kind):
        found.setdefault(item.inputs[of], {})[item.inputs["name"]] = item.policy
    return found


def account_of(recorded, names):
    """What AWS would tell of the recorded program: a plain structure that a test changes."""
    rule = recorded.named("inbound-rule").inputs
    role_policies = owner(recorded, "aws:iam/rolePolicy:RolePolicy", "role")
    user_policies = owner(recorded, "aws:iam/userPolicy:UserPolicy", "user")
    return {
        "roles": {
            item.inputs["name"]: {
                "trust": json.loads(item.inputs["assumeRolePolicy"]),
                "seconds": item.inputs.get("maxSessionDuration", 3600),
                "inline": role_policies.get(item.inputs["name"], {}), "managed": [], "tags": [],
            }
            for item in recorded.of("aws:iam/role:Role")
        },
        "users": {
            item.inputs["name"]: {
                "inline": user_policies.get(item.inputs["name"], {}), "managed": [], "groups": [], "password": False,
                "keys": [("AKIAOURS", "Active", 90)] if item.name == "identities-broker" else [],
            }
            for item in recorded.of("aws:iam/user:User")
        },
        "buckets": {
            names.bucket({"inbox": "mail"}.get(item.parent, item.parent)): {
                "policy": item.policy, "block": dict(PUBLIC_BLOCK), "ownership": "BucketOwnerEnforced"
            }
            for item in recorded.of("aws:s3/bucketPolicy:BucketPolicy")
        },
        "account block": dict(PUBLIC_BLOCK),
        "rule set": "agentkeys",
        "rules": [
            {
                "Name": rule["name"], "Enabled": rule["enabled"], "ScanEnabled": rule["scanEnabled"],
                "TlsPolicy": rule["tlsPolicy"], "Recipients": rule["recipients"],
                "Actions": [
                    {"S3Action": {"BucketName": action["bucketName"], "ObjectKeyPrefix": action["objectKeyPrefix"]}}
                    for action in rule["s3Actions"]
                ],
            },
            {"Name": "agentkeys-inbound-third", "Recipients": ["bots-third.litentry.org"], "Actions": []},
        ],
        "provider": {"Url": names.broker_host, "ClientIDList": ["sts.amazonaws.com"], "ThumbprintList": ["x"]},
        "instance": {
            "IamInstanceProfile": {"Arn": f"arn:aws:iam::429071895007:instance-profile/{names.host}"},
            "SecurityGroups": [{"GroupId": "sg-1", "GroupName": names.host}],
            "MetadataOptions": {
                "HttpEndpoint": "enabled", "HttpTokens": "required", "HttpPutResponseHopLimit": 1, "State": "applied"
            },
        },
        "profile roles": [names.host],
        "ingress": [
            {"IpProtocol": one["protocol"], "FromPort": int(one["fromPort"]), "ToPort": int(one["toPort"]),
             "IpRanges": [{"CidrIp": cidr} for cidr in one["cidrBlocks"]]}
            for one in recorded.named("host-firewall").inputs["ingress"]
        ],
        "egress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
        "schedule": [
            {
                "PolicyId": "policy-1", "State": item.inputs["state"],
                "DateCreated": NOW - datetime.timedelta(days=30),
                "ExecutionRoleArn": f"arn:aws:iam::429071895007:role/{names.snapshot_role}",
                "PolicyDetails": {"Schedules": [
                    {"CreateRule": {"Interval": int(one["createRule"]["interval"])},
                     "RetainRule": {"Count": int(one["retainRule"]["count"])}}
                    for one in item.inputs["policyDetails"]["schedules"]
                ]},
            }
            for item in recorded.of("aws:dlm/lifecyclePolicy:LifecyclePolicy")
        ],
        "snapshots": [a_snapshot("snap-1", 30), a_snapshot("snap-2", 6)],
        "readers": [],
        "records": {
            f"{item.inputs['name']}.": list(item.inputs["records"])
            for item in recorded.of("aws:route53/record:Record") if item.inputs["type"] == "A"
        },
    }  # fmt: skip


def a_snapshot(identifier, hours, **changes):
    """A snapshot as EC2 shows it, that many hours old."""
    return {
        "SnapshotId": identifier, "StartTime": NOW - datetime.timedelta(hours=hours), "State": "completed",
        "VolumeSize": 30, "Encrypted": True, "VolumeId": "vol-1", **changes,
    }  # fmt: skip


class NoSuchEntityError(Exception):
    pass


def clients_of(account):
    """The account's answers by service, in AWS's form."""
    roles, users, buckets = account["roles"], account["users"], account["buckets"]

    def found(where, name, code="NoSuchEntity"):
        if name not in where:
            raise refusal(code, 404)
        return where[name]

    def attached(one):
        return {
            "AttachedPolicies": [{"PolicyArn": arn, "PolicyName": arn.rpartition("/")[2]} for arn in one["managed"]]
        }

    def password(UserName):
        if not users[UserName]["password"]:
            raise NoSuchEntityError

    def setting(bucket, key):
        if buckets[bucket][key] is None:
            raise refusal({"policy": "NoSuchBucketPolicy", "block": "NoSuchPublicAccessBlockConfiguration"}[key], 404)
        return buckets[bucket][key]

    return {
        "iam": SimpleNamespace(
            exceptions=SimpleNamespace(NoSuchEntityException=NoSuchEntityError),
            get_role=lambda RoleName: {"Role": {
                "AssumeRolePolicyDocument": found(roles, RoleName)["trust"],
                "MaxSessionDuration": roles[RoleName]["seconds"],
            }},
            list_role_policies=lambda RoleName: {"PolicyNames": list(found(roles, RoleName)["inline"])},
            get_role_policy=lambda RoleName, PolicyName: {"PolicyDocument": roles[RoleName]["inline"][PolicyName]},
            list_attached_role_policies=lambda RoleName: attached(found(roles, RoleName)),
            list_role_tags=lambda RoleName: {"Tags": [{"Key": tag} for tag in found(roles, RoleName)["tags"]]},
            list_user_policies=lambda UserName: {"PolicyNames": list(users[UserName]["inline"])},
            get_user_policy=lambda UserName, PolicyName: {"PolicyDocument": users[UserName]["inline"][PolicyName]},
            list_attached_user_policies=lambda UserName: attached(users[UserName]),
            list_groups_for_user=lambda UserName: {"Groups": [{"GroupName": g} for g in users[UserName]["groups"]]},
            get_login_profile=password,
            list_access_keys=lambda UserName: {"AccessKeyMetadata": [
                {"AccessKeyId": key, "Status": status, "CreateDate": NOW - datetime.timedelta(days=days)}
                for key, status, days in users[UserName]["keys"]
            ]},
            get_policy=lambda PolicyArn: {"Policy": {"DefaultVersionId": "v1"}},
            get_policy_version=lambda PolicyArn, VersionId: {"PolicyVersion": {"Document": {
                "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]
            }}},
            get_instance_profile=lambda InstanceProfileName: {"InstanceProfile": {
                "Roles": [{"RoleName": role} for role in account["profile roles"]]
            }},
            get_open_id_connect_provider=lambda OpenIDConnectProviderArn: account["provider"],
        ),
        "s3": SimpleNamespace(
            get_public_access_block=lambda Bucket: {"PublicAccessBlockConfiguration": setting(Bucket, "block")},
            get_bucket_ownership_controls=lambda Bucket: {"OwnershipControls": {
                "Rules": [{"ObjectOwnership": buckets[Bucket]["ownership"]}]
            }},
            get_bucket_policy=lambda Bucket: {"Policy": json.dumps(setting(Bucket, "policy"))},
        ),
        "s3control": SimpleNamespace(
            get_public_access_block=lambda AccountId: {"PublicAccessBlockConfiguration": account["account block"]}
        ),
        "ses": SimpleNamespace(
            describe_active_receipt_rule_set=lambda: {"Metadata": {"Name": account["rule set"]}},
            describe_receipt_rule=lambda RuleSetName, RuleName: {"Rule": found(
                {rule["Name"]: rule for rule in account["rules"]}, RuleName, "RuleDoesNotExist"
            )},
            describe_receipt_rule_set=lambda RuleSetName: {"Rules": account["rules"]},
        ),
        "ec2": SimpleNamespace(
            describe_instances=lambda InstanceIds: {"Reservations": [{"Instances": [account["instance"]]}]},
            get_paginator=lambda _name: SimpleNamespace(
                paginate=lambda OwnerIds, Filters: [{"Snapshots": account["snapshots"]}]
            ),
            describe_snapshot_attribute=lambda SnapshotId, Attribute: {"CreateVolumePermissions": account["readers"]},
            describe_security_groups=lambda GroupIds: {"SecurityGroups": [
                {"IpPermissions": account["ingress"], "IpPermissionsEgress": account["egress"]}
            ]},
        ),
        "dlm": SimpleNamespace(
            get_lifecycle_policies=lambda TargetTags: {"Policies": account["schedule"]},
            get_lifecycle_policy=lambda PolicyId: {"Policy": account["schedule"][0]},
        ),
        "route53": SimpleNamespace(
            list_resource_record_sets=lambda HostedZoneId, StartRecordName, StartRecordType, MaxItems: {
                "ResourceRecordSets": [
                    {"Name": name, "Type": "A", "ResourceRecords": [{"Value": value} for value in values]}
                    for name, values in sorted(account["records"].items()) if name >= f"{StartRecordName}."
                ][:1]
            }
        ),
    }  # fmt: skip


@pytest.fixture(params=["prod", "test"])
def looked(request, programs, release, monkeypatch):
    """A stack as the commands read it, and its account as recorded."""
    read = a_stack(request.param, release)
    key = {"type": "aws:iam/accessKey:AccessKey", "id": "AKIAOURS", "inputs": {"user": read.names.broker_user}}
    monkeypatch.setattr(stack, "ask", lambda *arguments: {"deployment": {"resources": [key]}})
    return read, account_of(programs[request.param], read.names)


def audited(read, account):
    clients = clients_of(account)
    return audit.Audit(stack=read, ask=clients.__getitem__, now=NOW).lines()


def not_ok(lines):
    return {(line.subject, line.claim, line.seen) for line in lines if line.verdict != Verdict.OK}


def test_the_account_that_the_program_makes_has_nothing_wrong(looked):
    lines = audited(*looked)
    assert not_ok(lines) == set()
    assert len(lines) > 45


def weaken(account, path, value):
    """Sets one thing in the account; a function gets the old value."""
    *way, last = path
    for part in way:
        account = account[part]
    account[last] = value(account[last]) if callable(value) else value


def without(*keys):
    """A document whose first statement has lost these condition keys."""

    def change(document):
        changed = copy.deepcopy(document)
        for operator in list(changed["Statement"][0]["Condition"]):
            for key in keys:
                changed["Statement"][0]["Condition"][operator].pop(key, None)
            if not changed["Statement"][0]["Condition"][operator]:
                del changed["Statement"][0]["Condition"][operator]
        return changed

    return change


def anybody(document):
    changed = copy.deepcopy(document)
    changed["Statement"][0]["Principal"] = "*"
    return changed


TAG = "agentkeys_actor_omni"


def weaknesses(names):
    """What is changed, what is seen of it and where."""
    vault, host, bucket = names.role("vault"), names.host, names.bucket("vault")
    return [
        (("roles", vault, "trust"), without(f"aws:RequestTag/{TAG}"), "who may assume it", "another Condition"),
        (("roles", vault, "trust"), lambda d: {**d, "Statement": [*d["Statement"], d["Statement"][0] | {"Sid": "Two"}]},
         "who may assume it", "Two is added"),
        (("roles", vault, "inline"), lambda old: {**old, "extra": {"Version": "2012-10-17", "Statement": []}},
         "its inline policies", "extra is added"),
        (("roles", vault, "inline"), {}, "its inline policies", "-inline is missing"),
        (("roles", vault, "tags"), [TAG.upper()], f"a tag {TAG}", TAG.upper()),
        (("roles", vault, "seconds"), 43200, "seconds that a session lives at most", "43200"),
        (("roles", host, "managed"), [S3_FULL], "managed policies", "AmazonS3FullAccess"),
        (("roles", host, "managed"), [S3_FULL], "an S3 action that it may use", "s3:*"),
        (("users", names.daemon_user, "groups"), ["admins"], "groups", "admins"),
        (("users", names.daemon_user, "managed"), [S3_FULL], "managed policies", "AmazonS3FullAccess"),
        (("users", names.daemon_user, "password"), True, "a password for the console", "a password"),
        (("users", names.daemon_user, "keys"), [("AKIATHEIRS", "Active", 1)], "its access keys", "AKIATHEIRS"),
        (("users", names.broker_user, "keys"), [], "its access keys", "nothing"),
        (("users", names.broker_user, "keys"), [("AKIAOURS", "Active", 91)], "age of AKIAOURS", "91 days"),
        (("users", names.broker_user, "keys"), [("AKIAOURS", "Inactive", 1)], "its access keys", "AKIAOURS (inactive)"),
        (("buckets", bucket, "policy"), without(f"aws:PrincipalTag/{TAG}"), "who may reach it",
         "VaultListV3 has another Condition"),
        (("buckets", bucket, "policy"), anybody, "who may reach it", "VaultListV3 has another Principal"),
        (("buckets", bucket, "policy"), lambda d: {**d, "Statement": d["Statement"][:2]}, "plain HTTP", "answered"),
        (("buckets", bucket, "policy"), None, "who may reach it", "none (NoSuchBucketPolicy)"),
        (("buckets", bucket, "block"), {**PUBLIC_BLOCK, "BlockPublicPolicy": False}, "public access that is blocked",
         "BlockPublicPolicy False"),
        (("buckets", bucket, "block"), None, "public access that is blocked",
         "none (NoSuchPublicAccessBlockConfiguration)"),
        (("buckets", bucket, "ownership"), "ObjectWriter", "who owns its objects", "ObjectWriter"),
        (("account block", "BlockPublicAcls"), False, "public access that is blocked", "BlockPublicAcls False"),
        (("rule set",), "another", "the active receipt rule set", "another"),
        (("rules", 0, "Enabled"), False, "what it does", "Enabled False"),
        (("rules", 0, "Actions"), [{"S3Action": {"BucketName": "elsewhere", "ObjectKeyPrefix": "inbound/"}}],
         "what it does", "BucketName elsewhere"),
        (("rules",), lambda old: old[1:], "what it does", "none (RuleDoesNotExist)"),
        (("rules", 1, "Recipients"), [], "other rules for its mail", "agentkeys-inbound-third"),
        (("rules", 1, "Recipients"), [".litentry.org"], "other rules for its mail", "agentkeys-inbound-third"),
        (("rules", 1, "Recipients"), [f"x@{names.mail_domain}"], "other rules for its mail", "agentkeys-inbound-third"),
        (("provider", "ClientIDList"), ["sts.amazonaws.com", "more"], "its URL and audience", "more"),
        (("instance", "MetadataOptions", "HttpTokens"), "optional", "how it answers for its credentials", "optional"),
        (("instance", "MetadataOptions", "HttpPutResponseHopLimit"), 2, "how it answers for its credentials", "2"),
        (("instance", "SecurityGroups"), lambda old: [*old, {"GroupId": "sg-2", "GroupName": "wide"}],
         "its firewalls", "wide"),
        (("instance", "IamInstanceProfile"), {}, "the role it runs as", "nothing"),
        (("profile roles",), ["admin"], "the role it runs as", "admin"),
        (("ingress",), lambda old: [*old, {"IpProtocol": "tcp", "FromPort": 8091, "ToPort": 8091,
                                          "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
         "what reaches it", "tcp 8091 from 0.0.0.0/0"),
        (("ingress",), lambda old: [*old, {"IpProtocol": "-1", "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}],
         "what reaches it", "everything from ::/0"),
        (("egress",), [], "what it reaches", "nothing"),
        (("records", f"{names.broker_host}."), ["3.208.99.99"], "the address it gives", "3.208.99.99"),
        (("records",), lambda old: {k: v for k, v in old.items() if not k.startswith("audit")},
         "the address it gives", "nothing"),
    ]  # fmt: skip


@pytest.mark.parametrize("number", range(41))
def test_one_thing_changed_by_hand_is_told_where_it_is(looked, number):
    read, account = looked
    path, value, claim, seen = weaknesses(read.names)[number]
    weaken(account, path, value)
    lines = audited(read, account)
    told = {(line.claim, line.seen): line for line in lines if line.verdict != Verdict.OK}
    found = [line for (said, what), line in told.items() if said == claim and seen in what]
    assert found, told
    assert all(line.fix for line in found)
    assert {line.subject for line in told.values()} == {found[0].subject}, "nothing else is to blame"
    assert {line.verdict for line in told.values()} == {
        Verdict.WARNING if claim.startswith("age of") else Verdict.WRONG
    }


def test_no_weakness_is_left_out_of_the_rows(looked):
    assert len(weaknesses(looked[0].names)) == 41


@pytest.fixture
def by_hand(looked):
    """The same with a machine of somebody's behind somebody's firewall, which lets SSH in from one network."""
    read, account = looked
    account["instance"]["SecurityGroups"] = [{"GroupId": "sg-7", "GroupName": "launch-wizard-7"}]
    account["ingress"] = [
        {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": cidr}]}
        for port, cidr in ((22, "198.51.100.7/32"), (80, "0.0.0.0/0"), (443, "0.0.0.0/0"))
    ]
    account["egress"] = []
    if copier := account["roles"].get(read.names.snapshot_role):
        copier["inline"] = grants.snapshot_role(read.names, SERVES_TAG)
    settings = read.settings.model_copy(update={"host_instance_id": "i-0fedcba9876543210"})
    return dataclasses.replace(read, settings=settings), account


def test_a_machine_that_no_stack_launched_keeps_its_firewalls(by_hand):
    assert not_ok(audited(*by_hand)) == set()


@pytest.mark.parametrize(
    ("path", "value", "seen", "fix"),
    [
        (("ingress",), lambda old: [*old, {"IpProtocol": "tcp", "FromPort": 8091, "ToPort": 8091,
                                          "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
         "tcp 8091 from 0.0.0.0/0", "aws ec2 revoke-security-group-ingress"),
        (("instance", "MetadataOptions", "HttpTokens"), "optional", "HttpTokens optional",
         "aws ec2 modify-instance-metadata-options"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_it_has_a_fix_by_hand_since_no_up_restores_it(by_hand, path, value, seen, fix):
    read, account = by_hand
    weaken(account, path, value)
    (line,) = [line for line in audited(read, account) if line.verdict != Verdict.OK]
    assert seen in line.seen
    assert fix in line.fix
    assert "pulumi" not in line.fix


def test_what_may_not_be_looked_at_is_not_run(looked):
    read, account = looked
    clients = clients_of(account)

    def refused(**_):
        raise refusal("AccessDenied", 403)

    clients["iam"].list_role_tags = refused
    lines = audit.Audit(stack=read, ask=clients.__getitem__, now=NOW).lines()
    assert {line.verdict for line in lines if line.verdict != Verdict.OK} == {Verdict.NOT_RUN}
    assert {line.seen for line in lines if line.verdict == Verdict.NOT_RUN} == {"AWS answers AccessDenied"}


def test_documents_that_mean_the_same_are_the_same():
    one = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": ["a", "b"], "Resource": ["r"]}}
    two = {"Statement": [{"Action": ["b", "a"], "Resource": "r", "Effect": "Allow"}], "Version": "2012-10-17"}
    assert meaning(one) == meaning(two)
    assert meaning(one) != meaning({**two, "Version": "2008-10-17"})


def test_a_rotation_in_between_has_two_keys_and_both_are_right(looked, release, monkeypatch):
    read, account = looked
    between = a_stack(read.name, release, accessKeyEpochs="[1, 2]")
    user = read.names.broker_user
    account["users"][user]["keys"].append(("AKIANEW", "Active", 0))
    assert ("its access keys", "AKIANEW, AKIAOURS") in {line[1:] for line in not_ok(audited(between, account))}
    states = [
        {"type": "aws:iam/accessKey:AccessKey", "id": k, "inputs": {"user": user}} for k in ("AKIAOURS", "AKIANEW")
    ]
    monkeypatch.setattr(stack, "ask", lambda *arguments: {"deployment": {"resources": states}})
    assert not_ok(audited(between, account)) == set()
    assert {line[1] for line in not_ok(audited(read, account))} == {"access keys in the state"}


@pytest.mark.parametrize(
    ("key", "value", "claim", "seen", "verdict"),
    [
        (("schedule",), [], "how they are made", "nothing", Verdict.WRONG),
        (("schedule", 0, "State"), "DISABLED", "how they are made", "State DISABLED", Verdict.WRONG),
        (("schedule", 0, "ExecutionRoleArn"), "arn:aws:iam::1:role/admin", "how they are made", "admin", Verdict.WRONG),
        (("snapshots",), [], "age of the newest", "none yet", Verdict.WARNING),
        (("snapshots",), [a_snapshot("snap-1", 49)], "age of the newest", "49 hours", Verdict.WARNING),
        (("snapshots", 1, "State"), "pending", "age of the newest", "30 hours", Verdict.OK),
        (("snapshots", 0, "Encrypted"), False, "those that are not encrypted", "snap-1", Verdict.WRONG),
        (("readers",), [{"Group": "all"}], "other accounts that may read them", "snap-1 by all", Verdict.WRONG),
        (("readers",), [{"UserId": "111122223333"}], "other accounts that may read them", "by 1111", Verdict.WRONG),
    ],
)  # fmt: skip
def test_the_copies_of_the_disk_are_looked_at(programs, release, monkeypatch, key, value, claim, seen, verdict):
    read, account = a_stack("prod", release), None
    owned = {"type": "aws:iam/accessKey:AccessKey", "id": "AKIAOURS", "inputs": {"user": read.names.broker_user}}
    monkeypatch.setattr(stack, "ask", lambda *arguments: {"deployment": {"resources": [owned]}})
    account = account_of(programs["prod"], read.names)
    weaken(account, key, value)
    lines = [line for line in audited(read, account) if line.subject == "snapshots"]
    (found,) = [line for line in lines if line.claim == claim]
    assert (found.verdict, seen in found.seen) == (verdict, True), found
    assert bool(found.fix) == (verdict != Verdict.OK)
    assert [line for line in lines if line.verdict != Verdict.OK] == ([found] if verdict != Verdict.OK else [])


def test_the_age_of_the_newest_snapshot_is_measured_in_days(programs, release, monkeypatch):
    monkeypatch.setattr(stack, "ask", lambda *arguments: {"deployment": {"resources": []}})
    read = a_stack("prod", release)
    lines = {line.claim: line for line in audited(read, account_of(programs["prod"], read.names))}
    gauge = lines["age of the newest"].gauge
    assert (gauge.kind, gauge.most, gauge.unit) == ("age", 2, "days")
    assert gauge.value == pytest.approx(6 / 24, abs=0.01)


def test_no_snapshot_is_no_fault_before_the_first_is_due(programs, release, monkeypatch):
    monkeypatch.setattr(stack, "ask", lambda *arguments: {"deployment": {"resources": []}})
    read = a_stack("prod", release)
    account = account_of(programs["prod"], read.names)
    account["snapshots"] = []
    for hours, verdict in ((47, Verdict.OK), (49, Verdict.WARNING)):
        account["schedule"][0]["DateCreated"] = NOW - datetime.timedelta(hours=hours)
        (found,) = [line for line in audited(read, account) if line.claim == "age of the newest"]
        assert (found.verdict, found.seen) == (verdict, "none yet")


def test_a_stack_without_snapshots_has_no_row_about_them(programs, release, monkeypatch):
    monkeypatch.setattr(stack, "ask", lambda *arguments: {"deployment": {"resources": []}})
    read = a_stack("test", release)
    assert not [line for line in audited(read, account_of(programs["test"], read.names)) if "snapshot" in line.subject]


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ({"Effect": "Allow", "NotAction": ["iam:*", "ec2:*"]}, "everything except"),
        ({"Effect": "Allow", "Action": "s3:GetObject"}, "s3:GetObject"),
        ({"Effect": "Allow", "Action": ["ec2:*", "S3:*"]}, "S3:*"),
        ({"Effect": "Allow", "Action": "*"}, "*"),
        ({"Effect": "Deny", "Action": "s3:*"}, None),
        ({"Effect": "Allow", "Action": "sns:*"}, None),
    ],
)
def test_every_form_of_a_statement_that_allows_s3_is_seen(statement, found):
    actions = audit._s3(statement)
    assert len(actions) == (found is not None)
    assert all(action.startswith(found) for action in actions)
