"""What an account has under a stack's names, without an account: the answers of each service are written down here.

``tests/emulated/test_doctor.py`` runs the removal commands against the emulated account.
"""

import dataclasses

import pytest

from components.naming import OWNER_TAG
from ops import leftovers
from tests.support.stacks import a_stack

ZONE = "Z09723983CFJOHAE3VC65"
HOST = "agentkeys-broker-host-test"
TOPIC = "arn:aws:sns:us-east-1:429071895007:agentkeys-alarms-test"
ISSUER = "arn:aws:iam::429071895007:oidc-provider/test-broker.litentry.org"
OWNER = [{"Key": OWNER_TAG, "Value": HOST}]
OTHERS = {"CallerReference": "agentkeys-dev-terraform-0a", "Id": "hc-dev"}


def record(name, kind):
    return {"Name": f"{name}.", "Type": kind}


#: Answers by service and call; a list is what its paginator returns. Each has something of another stack too.
ANSWERS = {
    ("cloudwatch", "describe_alarms"): lambda AlarmNames: {
        "MetricAlarms": [{"AlarmName": name} for name in AlarmNames if name.endswith("-disk-test")]
    },
    ("sns", "list_topics"): [{"Topics": [{"TopicArn": f"{TOPIC}-2"}]}, {"Topics": [{"TopicArn": TOPIC}]}],
    ("route53", "list_health_checks"): [
        {"HealthChecks": [OTHERS, {"CallerReference": "agentkeys-test-terraform-0a", "Id": "hc-1"}]}
    ],
    ("ses", "list_receipt_rule_sets"): {"RuleSets": [{"Name": "agentkeys"}]},
    ("ses", "describe_receipt_rule_set"): lambda RuleSetName: {
        "Rules": [{"Name": "agentkeys-inbound"}, {"Name": "agentkeys-inbound-test"}]
    },
    ("route53", "list_resource_record_sets"): [
        {
            "ResourceRecordSets": [
                record("litentry.org", "MX"),
                record("broker.litentry.org", "A"),
                record("test-broker.litentry.org", "A"),
                record("test-broker.litentry.org", "AAAA"),
                record("bots-test.litentry.org", "A"),
            ]
        },
        {
            "ResourceRecordSets": [
                record("bots-test.litentry.org", "MX"),
                record("bots-test.litentry.org", "TXT"),
                record("_dmarc.bots-test.litentry.org", "TXT"),
                record("_dmarc.bots-test.litentry.org", "CNAME"),
                record("a._domainkey.bots-test.litentry.org", "CNAME"),
                record("a._domainkey.bots.litentry.org", "CNAME"),
                record("a._domainkey.bots-test.litentry.org", "TXT"),
            ]
        },
    ],
    ("ec2", "describe_addresses"): lambda Filters: {
        "Addresses": [
            {"PublicIp": "3.208.1.1", "AllocationId": "eipalloc-1", "AssociationId": "eipassoc-1", "Tags": OWNER},
            {"PublicIp": "3.208.2.2", "AllocationId": "eipalloc-2"},
            {"PublicIp": "3.208.99.99", "AllocationId": "eipalloc-3"},
        ]
    },
    ("dlm", "get_lifecycle_policies"): lambda TargetTags: {"Policies": [{"PolicyId": "policy-1"}]},
    ("dlm", "get_lifecycle_policy"): lambda PolicyId: {"Policy": {"PolicyId": PolicyId}},
    ("ec2", "describe_instances"): lambda Filters: {
        "Reservations": [
            {"Instances": [{"InstanceId": "i-1", "SecurityGroups": [{"GroupId": "sg-1"}], "KeyName": HOST}]}
        ]
    },
    ("ec2", "describe_images"): lambda Owners, Filters: {"Images": [{"ImageId": "ami-1"}]},
    ("ec2", "describe_security_groups"): lambda Filters: {"SecurityGroups": [{"GroupId": "sg-1"}]},
    ("ec2", "describe_key_pairs"): lambda Filters: {"KeyPairs": [{"KeyName": HOST}]},
    ("iam", "list_instance_profiles"): [
        {"InstanceProfiles": [{"InstanceProfileName": "other", "Roles": []}]},
        {"InstanceProfiles": [{"InstanceProfileName": HOST, "Roles": [{"RoleName": "r"}]}]},
    ],
    ("iam", "list_roles"): [
        {"Roles": [{"RoleName": "agentkeys-vault-role"}, {"RoleName": "agentkeys-vault-role-test"}]},
        {"Roles": [{"RoleName": "agentkeys-snapshots-test"}]},
    ],
    ("iam", "list_users"): [{"Users": [{"UserName": "agentkeys-admin"}, {"UserName": "agentkeys-broker-test"}]}],
    ("iam", "list_access_keys"): lambda UserName: {"AccessKeyMetadata": [{"AccessKeyId": "AKIA1"}]},
    ("iam", "list_role_policies"): lambda RoleName: {"PolicyNames": ["inline"]},
    ("iam", "list_attached_role_policies"): lambda RoleName: {"AttachedPolicies": [{"PolicyArn": "arn:managed"}]},
    ("iam", "list_user_policies"): lambda UserName: {"PolicyNames": []},
    ("iam", "list_attached_user_policies"): lambda UserName: {"AttachedPolicies": []},
    ("iam", "list_open_id_connect_providers"): {
        "OpenIDConnectProviderList": [{"Arn": ISSUER}, {"Arn": "arn:aws:iam::429071895007:oidc-provider/other"}]
    },
    ("sesv2", "list_email_identities"): lambda NextToken=None: {
        None: {"EmailIdentities": [{"IdentityName": "litentry.org"}], "NextToken": "2"},
        "2": {"EmailIdentities": [{"IdentityName": "bots-test.litentry.org"}]},
    }[NextToken],
    ("s3", "list_buckets"): {
        "Buckets": [{"Name": "agentkeys-mail-429071895007"}, {"Name": "agentkeys-mail-test-429071895007"}]
    },
}


class Service:
    """One service's client. A call that ``ANSWERS`` lacks is a KeyError."""

    def __init__(self, name, asked):
        self.name, self.asked = name, asked

    def __getattr__(self, call):
        answer = ANSWERS[self.name, call]

        def answered(**given):
            self.asked.append((call, given))
            return answer(**given) if callable(answer) else answer

        return answered

    def get_paginator(self, call):
        answered = getattr(self, call)
        return type("Pages", (), {"paginate": lambda _self, **given: answered(**given)})()


@pytest.fixture
def search(release):
    """Finds what ``ANSWERS`` has for the stack test, with some settings changed; and the calls that it made."""

    def find(state=(), host="", **changed):
        asked = []
        made = a_stack("test", release, up=False, **changed)
        # Of settings that are loaded, an existing host has a key too.
        stack = dataclasses.replace(made, settings=made.settings.model_copy(update={"host_instance_id": host}))
        found = leftovers.unknown(stack, state, lambda service, **_region: Service(service, asked))
        return found, asked

    return find


ALARMED = {"alarmEmail": "ops@litentry.org", "snapshots": "7", "elasticIp": "3.208.99.99"}
RECORDS = [
    ("test-broker.litentry.org", "A"), ("bots-test.litentry.org", "MX"), ("bots-test.litentry.org", "TXT"),
    ("_dmarc.bots-test.litentry.org", "TXT"), ("a._domainkey.bots-test.litentry.org", "CNAME"),
]  # fmt: skip
IDENTITIES = {
    "alarm agentkeys-alarm-disk-test": "agentkeys-alarm-disk-test",
    "topic agentkeys-alarms-test": TOPIC,
    "health check hc-1": "hc-1",
    "receipt rule agentkeys-inbound-test": "agentkeys-inbound-test",
    **{f"record {name} {kind}": f"{ZONE}_{name}_{kind}" for name, kind in RECORDS},
    "address 3.208.1.1": "eipalloc-1",
    "address 3.208.2.2": "eipalloc-2",
    "lifecycle policy policy-1": "policy-1",
    "instance i-1": "i-1",
    "image ami-1": "ami-1",
    "security group sg-1": "sg-1",
    f"key pair {HOST}": HOST,
    f"instance profile {HOST}": HOST,
    "role agentkeys-vault-role-test": "agentkeys-vault-role-test",
    "role agentkeys-snapshots-test": "agentkeys-snapshots-test",
    "user agentkeys-broker-test": "agentkeys-broker-test",
    "issuer test-broker.litentry.org": ISSUER,
    "mail identity bots-test.litentry.org": "bots-test.litentry.org",
    "bucket agentkeys-mail-test-429071895007": "agentkeys-mail-test-429071895007",
}


def test_everything_under_the_stacks_names_is_found_in_the_order_of_its_removal_and_nothing_else(search):
    found, asked = search(**ALARMED)
    assert {thing.what: thing.identifier for thing in found} == IDENTITIES
    assert [thing.what for thing in found] == list(IDENTITIES)
    filters = {call: given["Filters"] for call, given in asked if "Filters" in given}
    owned = {"Name": f"tag:{OWNER_TAG}", "Values": [HOST]}
    assert filters == {
        "describe_addresses": [{"Name": "tag:Name", "Values": ["agentkeys-broker-eip-test"]}],
        "describe_instances": [
            owned, {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}
        ],
        "describe_images": [owned],
        "describe_security_groups": [{"Name": "group-name", "Values": [HOST]}],
        "describe_key_pairs": [{"Name": "key-name", "Values": [HOST]}],
    }  # fmt: skip
    assert ("describe_images", {"Owners": ["self"], "Filters": [owned]}) in asked


def test_only_what_scripts_make_too_can_be_taken_over(search):
    found, _ = search(**ALARMED)
    assert {thing.what.partition(" ")[0] for thing in found if not thing.adoptable} == {
        *("alarm", "topic", "health", "lifecycle", "instance", "image", "security", "key", "address"),
    }
    addresses = {thing.what: thing for thing in found if thing.what.startswith("address")}
    owned, plain = addresses["address 3.208.1.1"], addresses["address 3.208.2.2"]
    assert (owned.adoptable, plain.adoptable) == (False, True)
    assert owned.hint == (
        "To go on with it: `aws ec2 delete-tags --region us-east-1 --resources eipalloc-1 --tags "
        "Key=agentkeys:owned-by`, `pulumi config set -s test elasticIp 3.208.1.1`."
    )
    assert plain.hint == "To use it: `pulumi config set -s test elasticIp 3.208.2.2`."
    profile = next(thing for thing in found if thing.what.startswith("instance profile"))
    assert profile.adoptable


def test_the_commands_take_off_first_what_hangs_on_a_thing(search):
    found, _ = search(**ALARMED)
    removal = {thing.what: thing.removal for thing in found}
    ec2 = "aws ec2 {} --region us-east-1 {}".format
    assert removal["instance i-1"] == [
        ec2("modify-instance-attribute", "--instance-id i-1 --no-disable-api-termination"),
        ec2("terminate-instances", "--instance-ids i-1"),
        ec2("wait", "instance-terminated --instance-ids i-1"),
    ]
    assert removal["address 3.208.1.1"] == [
        ec2("disassociate-address", "--association-id eipassoc-1"),
        ec2("release-address", "--allocation-id eipalloc-1"),
    ]
    assert removal["address 3.208.2.2"] == [ec2("release-address", "--allocation-id eipalloc-2")]
    name = "--role-name agentkeys-vault-role-test"
    assert removal["role agentkeys-vault-role-test"] == [
        f"aws iam delete-role-policy {name} --policy-name inline",
        f"aws iam detach-role-policy {name} --policy-arn arn:managed",
        f"aws iam delete-role {name}",
    ]
    assert removal["user agentkeys-broker-test"] == [
        "aws iam delete-access-key --user-name agentkeys-broker-test --access-key-id AKIA1",
        "aws iam delete-user --user-name agentkeys-broker-test",
    ]
    profile = f"--instance-profile-name {HOST}"
    assert removal[f"instance profile {HOST}"] == [
        f"aws iam remove-role-from-instance-profile {profile} --role-name r",
        f"aws iam delete-instance-profile {profile}",
    ]


def test_without_alarms_snapshots_and_route_53_their_services_are_not_asked(search):
    found, asked = search(dns="manual", parentZoneId="", snapshots="0")
    assert not {"describe_alarms", "list_topics", "list_health_checks", "get_lifecycle_policies"} & {
        call for call, _ in asked
    }
    assert not [thing for thing in found if thing.what.startswith("record")]
    assert "address 3.208.99.99" in {thing.what for thing in found}


def test_without_the_rule_set_there_is_no_rule(search, monkeypatch):
    monkeypatch.setitem(ANSWERS, ("ses", "list_receipt_rule_sets"), {"RuleSets": [{"Name": "another"}]})
    found, asked = search()
    assert "describe_receipt_rule_set" not in {call for call, _ in asked}
    assert not [thing for thing in found if thing.what.startswith("receipt rule")]


def test_what_the_state_knows_by_type_and_id_is_not_left(search):
    state = [{"type": "aws:ec2/keyPair:KeyPair", "id": HOST}, {"type": "aws:iam/user:User", "id": "another"}]
    left = {thing.what for thing in search(state)[0]}
    assert f"key pair {HOST}" not in left
    assert {f"instance profile {HOST}", "user agentkeys-broker-test"} <= left


def test_an_existing_host_is_in_use_with_its_firewall_and_key(search):
    found, asked = search(host="i-1")
    assert ("describe_instances", {"Filters": [{"Name": "instance-id", "Values": ["i-1"]}]}) in asked
    left = {thing.what.rpartition(" ")[0] for thing in found}
    assert not left & {"instance", "security group", "key pair"}
    assert "instance profile" in left


def test_in_another_region_the_broker_has_its_alarm_where_route_53_has_its_metrics(search):
    found, _ = search(**ALARMED, region="eu-west-1")
    removal = {thing.what: thing.removal for thing in found if thing.what.startswith("alarm")}
    assert list(removal.values()) == [
        ["aws cloudwatch delete-alarms --region eu-west-1 --alarm-names agentkeys-alarm-disk-test"]
    ]


def test_what_a_stack_that_is_up_must_have_is_lacking_until_the_state_has_it(release):
    names = a_stack("test", release).names
    first = leftovers.lacking(names, [])
    assert first == [
        "receipt rule agentkeys-inbound-test",
        *(f"role {name}" for name in (HOST, *(f"agentkeys-{key}-role-test" for key in ("data", "vault", "memory")))),
        *(f"user agentkeys-{name}-test" for name in ("daemon", "broker")),
        *(f"bucket agentkeys-{key}-test-429071895007" for key in ("mail", "vault", "memory")),
        *(f"mail identity {name}" for name in ("bots-test.litentry.org", "noreply-test@bots-test.litentry.org")),
        "issuer test-broker.litentry.org",
    ]
    state = [
        {"type": "aws:iam/user:User", "id": "agentkeys-broker-test"},
        {"type": "aws:iam/role:Role", "id": "agentkeys-daemon-test"},
    ]
    assert [what for what in first if what not in leftovers.lacking(names, state)] == ["user agentkeys-broker-test"]
