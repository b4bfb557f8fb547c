"""The settings, the engine's calls and the commands of an adoption, without an engine.

``tests/engine/test_adopt.py`` rehearses whole adoptions.
"""

import dataclasses
import json
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from pulumi.runtime.rpc import UNKNOWN

from ops.commands import adopt
from ops.commands.adopt import AdoptError, Line, Lookup, Rehearsal, Wanted
from tests.support.stacks import a_stack

INSTANCE, ADDRESS = "i-0fedcba9876543210", "3.208.1.1"


@pytest.mark.parametrize(
    ("inputs", "found"),
    [
        ({"allocationId": "eipalloc-1", "instanceId": INSTANCE}, "eipassoc-1"),
        ({"allocationId": "eipalloc-1", "instanceId": "i-another"}, None),
        ({"allocationId": UNKNOWN, "instanceId": INSTANCE}, None),
        ({"allocationId": "eipalloc-1", "instanceId": UNKNOWN}, None),
    ],
)
def test_an_association_is_that_of_the_address_with_the_instance(release, inputs, found):
    def describe_addresses(AllocationIds):
        assert AllocationIds == ["eipalloc-1"]
        return {"Addresses": [{"AssociationId": "eipassoc-1", "InstanceId": INSTANCE}]}

    ec2 = SimpleNamespace(describe_addresses=describe_addresses)
    looked = Lookup(names=a_stack("test", release).names, zone_id="Z1", of=lambda _service: ec2)
    sought = Wanted(name="eip", type="aws:ec2/eipAssociation:EipAssociation", inputs=inputs)
    assert looked.identifier(sought) == found


@pytest.mark.parametrize("address", ["", "3.208.0.9", ADDRESS, "54.1.2.3"])
def test_a_setting_is_proposed_where_the_stack_has_another_value(release, address):
    stack = a_stack("test", release, elasticIp=address)
    account = SimpleNamespace(machine=lambda: ("", ADDRESS), keys=lambda _user: [])
    assert adopt.implied(stack, account) == ({} if address == ADDRESS else {"elasticIp": ADDRESS})


def test_users_with_keys_get_no_second_one(release):
    stack = a_stack("test", release)
    every = stack.settings.access_key_users
    account = SimpleNamespace(machine=lambda: (INSTANCE, ""), keys=lambda user: ["AKIA"] if user else [])
    assert every
    assert adopt.implied(stack, account) == {"hostInstanceId": INSTANCE, "accessKeyUsers": []}


@pytest.fixture
def engine(monkeypatch):
    """Records each call of the engine. A test sets what it prints and its exit code."""
    made = SimpleNamespace(calls=[], code=0, output="", error="")

    def called(command, *, folder, env):
        made.calls.append((command, folder, env))
        return subprocess.CompletedProcess(command, made.code, made.output, made.error)

    monkeypatch.setattr(adopt, "called", called)
    return made


def test_a_rehearsal_has_a_project_a_state_and_a_passphrase_of_its_own(engine, monkeypatch, tmp_path):
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", "of the operator")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "of the operator")
    monkeypatch.setenv("ZONE", "kept")
    Rehearsal(folder=tmp_path, stack="test").begin({"elasticIp": ADDRESS})
    ((command, folder, env),) = engine.calls
    assert command == ["pulumi", "stack", "init", "--stack", "test", "--non-interactive"]
    assert yaml.safe_load((folder / "Pulumi.yaml").read_text()) == {"name": "agentkeys-cloud", "runtime": "python"}
    assert [path.name for path in folder.iterdir()] == ["Pulumi.yaml"], "no stack file, which the engine would change"
    assert env["PULUMI_BACKEND_URL"] == f"file://{tmp_path}/state?metadata=skip"
    assert "of the operator" not in env.values()
    assert env["ZONE"] == "kept"
    settings = yaml.safe_load((tmp_path / "Pulumi.test.yaml").read_text())["config"]
    assert settings["agentkeys-cloud:elasticIp"] == ADDRESS


@pytest.mark.parametrize(
    ("output", "error", "said"),
    [
        (json.dumps({"diagnostics": [{"severity": "error", "message": "a: b\n"}]}), "x", "a: b"),
        ("no JSON\n", "x", "no JSON"),
        ("", "the state is locked\n", "the state is locked"),
    ],
)
def test_a_rehearsal_that_fails_says_what_the_engine_said(engine, tmp_path, output, error, said):
    engine.code, engine.output, engine.error = 255, output, error
    with pytest.raises(AdoptError) as failed:
        Rehearsal(folder=tmp_path, stack="test").preview()
    assert failed.value.message == f"`pulumi preview` of the rehearsal failed; nothing was changed:\n{said}"


def test_a_change_after_the_import_is_a_line_with_the_resources_name():
    urn = "urn:pulumi:test::agentkeys-cloud::a$b::"
    steps = [
        {"urn": f"{urn}same", "op": "same"},
        {"urn": f"{urn}bucket", "op": "replace", "replaceReasons": ["bucket"], "diffReasons": ["bucket", "tags"]},
        {"urn": f"{urn}next", "op": "create-replacement", "diffReasons": ["name"]},
        {"urn": f"{urn}gone", "op": "delete"},
        {"urn": f"{urn}role", "op": "update", "diffReasons": ["tags", "policy"]},
    ]
    assert list(adopt.differences(steps)) == [
        Line(state="replaced", what="bucket", detail="bucket"),
        Line(state="replaced", what="next", detail="name"),
        Line(state="deleted", what="gone"),
        Line(state="different", what="role", detail="the up changes tags, policy"),
    ]


@pytest.mark.parametrize("key", ["", "a key"])
def test_the_hosts_key_is_asked_for_where_the_stack_has_none(release, key):
    stack = a_stack("test", release)
    settings = stack.settings.model_copy(update={"host_private_key": type(stack.settings.host_private_key)(key)})
    stack = dataclasses.replace(stack, settings=settings)
    for implied, asked in (({"hostInstanceId": INSTANCE}, not key), ({"elasticIp": ADDRESS}, False)):
        commands = adopt._next("test", implied, Path("/x/adopt.test.json"), stack)
        ((name, value),) = implied.items()
        assert commands[0] == f"pulumi config set -s test {name} {value}"
        assert any("--secret hostPrivateKey" in line for line in commands) is asked
        assert commands[-3].startswith("pulumi import -s test --file /x/adopt.test.json ")
