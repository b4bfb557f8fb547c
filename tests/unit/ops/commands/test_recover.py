"""What a killed engine leaves is found for every type that the programs register."""

import json

import pytest

from ops.commands import recover

ANSWERS = {
    "describe-security-groups": {"SecurityGroups": [{"GroupId": "sg-1"}]},
    "describe-addresses": {"Addresses": [{"AllocationId": "eipalloc-1", "AssociationId": "eipassoc-1"}]},
    "describe-instances": {"Reservations": [{"Instances": [{"InstanceId": "i-1"}]}]},
    "get-caller-identity": {"Account": "429071895007"},
}


@pytest.fixture
def aws(monkeypatch):
    """The account's answers; the commands that were asked are in the list."""
    asked = []

    def ask(self, *arguments):
        asked.append(arguments)
        if arguments[1] == "list-access-keys":
            made = {"AKIAKNOWN": 12, "AKIALOST": 12, "AKIAOLD": 11}
            return {
                "AccessKeyMetadata": [
                    {"AccessKeyId": key, "CreateDate": f"2026-11-23T{hour}:00:00+00:00"} for key, hour in made.items()
                ]
            }
        return ANSWERS.get(arguments[1])

    monkeypatch.setattr(recover.Account, "ask", ask)
    return asked


ACCOUNT = recover.Account(region="us-east-1", environment=None)


def deployment(*resources):
    provider = {
        "urn": "aws", "type": "pulumi:providers:aws", "custom": True, "id": "p",
        "inputs": {"region": "us-east-1", "allowedAccountIds": '["429071895007"]'},
    }  # fmt: skip
    return {"manifest": {"time": "2026-11-23T12:01:00.123456Z"}, "resources": [provider, *resources]}


def creating(kind, inputs, urn="urn::new"):
    resource = {"urn": urn, "type": kind, "custom": True, "inputs": inputs}
    return [{"type": "creating", "resource": resource}]


def test_an_unfinished_create_of_every_registered_type_has_an_answer(aws, program, account):
    for item in (*program.registered, *account.registered):
        operation = creating(item.type, item.inputs)
        operation[0]["resource"]["custom"] = item.request.custom
        recover.taken_in(deployment(), operation, None)


def test_what_was_cut_off_is_in_the_state_afterwards(aws):
    state = deployment()
    recover.taken_in(state, creating("aws:iam/role:Role", {"name": "r"}), None)
    assert state["resources"][-1]["id"] == "r"


def test_a_kill_before_the_provider_was_made_needs_nothing_of_aws(aws):
    state = {"manifest": {}, "resources": []}
    recover.taken_in(state, creating("pulumi:providers:aws", {}), None)
    assert (state["resources"], aws) == ([], [])


def test_a_machine_that_was_being_replaced_gives_way_to_the_new_one(aws, monkeypatch):
    machines = [{"InstanceId": "i-old"}, {"InstanceId": "i-new"}]
    monkeypatch.setitem(ANSWERS, "describe-instances", {"Reservations": [{"Instances": machines}]})
    kind, inputs = "aws:ec2/instance:Instance", {"tags": {"Name": "n"}}
    old = {"urn": "urn::host", "type": kind, "custom": True, "id": "i-old", "inputs": inputs}
    state = deployment(old)
    recover.taken_in(state, creating(kind, inputs, "urn::host"), None)
    assert [(item["id"], item.get("delete", False)) for item in state["resources"][1:]] == [
        ("i-old", True),
        ("i-new", False),
    ]


def test_nothing_is_touched_with_credentials_of_another_account(aws, monkeypatch):
    monkeypatch.setitem(ANSWERS, "get-caller-identity", {"Account": "111122223333"})
    with pytest.raises(
        recover.RecoveryError, match=r"account 429071895007.* belong to 111122223333; nothing was changed"
    ):
        recover.taken_in(deployment(), creating("aws:ec2/securityGroup:SecurityGroup", {"name": "g"}), None)
    assert [arguments[1] for arguments in aws] == ["get-caller-identity"]


def test_a_security_group_that_was_cut_off_is_made_again(aws):
    assert ACCOUNT.identifier("aws:ec2/securityGroup:SecurityGroup", {"name": "g", "description": "d"}) is None
    assert aws[-1] == ("ec2", "delete-security-group", "--group-id", "sg-1")


@pytest.mark.parametrize(
    ("kind", "inputs", "found"),
    [
        ("aws:iam/rolePolicy:RolePolicy", {"role": "r", "name": "p"}, "r:p"),
        ("aws:route53/record:Record", {"zoneId": "Z1", "name": "a.b", "type": "A"}, "Z1_a.b_A"),
        ("aws:ec2/eip:Eip", {"tags": {"Name": "n"}}, "eipalloc-1"),
        ("aws:ec2/instance:Instance", {"tags": {"Name": "n"}}, "i-1"),
        ("aws:ec2/eipAssociation:EipAssociation", {"allocationId": "eipalloc-1"}, "eipassoc-1"),
        (
            "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
            {"url": "https://broker.litentry.org"},
            "arn:aws:iam::429071895007:oidc-provider/broker.litentry.org",
        ),
    ],
)
def test_the_identifier_is_the_one_that_an_import_takes(aws, kind, inputs, found):
    assert ACCOUNT.identifier(kind, inputs) == found


def test_an_unknown_type_is_told_with_the_way_out(aws):
    with pytest.raises(recover.RecoveryError, match=r"aws:sns/topic:Topic.*--clear-pending-creates"):
        ACCOUNT.identifier("aws:sns/topic:Topic", {})


def test_only_the_key_that_the_killed_run_made_is_deleted(aws, capsys):
    key = {"urn": "urn::key", "type": recover.ACCESS_KEY, "custom": True, "id": "AKIAKNOWN", "inputs": {}}
    recover.taken_in(deployment(key), creating(recover.ACCESS_KEY, {"user": "agentkeys-broker"}), None)
    assert [arguments[-1] for arguments in aws if arguments[1] == "delete-access-key"] == ["AKIALOST"]
    assert "AKIALOST" in capsys.readouterr().out


def test_a_stack_without_unfinished_operations_is_left_alone(monkeypatch, tmp_path):
    fake = tmp_path / "pulumi"
    fake.write_text(
        f"#!/bin/sh\necho \"$@\" >>{tmp_path}/asked\necho '{json.dumps({'deployment': {'resources': []}})}'\n"
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert recover.recover("test", tmp_path) is False
    assert (tmp_path / "asked").read_text() == "stack export --stack test\n"
