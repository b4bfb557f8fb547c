"""A machine that Pulumi did not launch: what is asked of it, which address it gets, and what is left alone.

The address ladder, rung by rung; with the real engine in ``tests/sandbox/taken/test_4_existing.py`` and, where a
running account is adopted, in ``tests/sandbox/taken/test_6_takeover.py`` and ``tests/engine/test_adopt.py``:

- attached: ``test_an_address_that_it_did_not_allocate_is_used_when_the_config_says_so…[attached]``; a live host with
  one is adopted in ``test_6_takeover``
- tagged: the same, ``[tagged]`` and ``[attached before tagged]``
- configured: ``test_a_configured_address_comes_before_a_tagged_one``
- allocated: ``test_without_any_address_one_is_allocated…``, ``test_an_auto_assigned_address_is_said_to_be_lost…``; an
  account whose machine has none is adopted in ``test_a_machine_without_an_elastic_address_gets_one…`` of ``test_adopt``
- refused: ``test_what_would_go_wrong_ends_with_a_sentence…``; ranges in ``tests/unit/test_settings.py``
  (``test_an_address_that_cannot_be_an_elastic_ip_is_refused``) and, of a record, in
  ``tests/unit/ops/commands/test_adopt_address.py``
"""

import itertools
import json
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pulumi
import pytest

from components import cli
from components.checks.existing import other_stack
from dev.recorder import PROJECT, SECRET_KEY, run
from gates import ssh as login
from sandbox import tools
from settings import MASKED, _unusable_key, plain_key
from tests.unit.components.test_naming import names
from tests.unit.policypack.test_rules import seen, stack_facts

INSTANCE = "i-0fedcba9876543210"
ATTACHED, TAGGED, ELSEWHERE = "3.208.1.1", "3.208.2.2", "3.208.3.3"
HOST = "agentkeys-broker-host-test"
ADDRESS_NAME = "agentkeys-broker-eip-test"


def private_key(folder: Path, passphrase: str = "") -> str:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", folder / "key"], check=True)
    return (folder / "key").read_text()


with tempfile.TemporaryDirectory() as _folder:
    KEY = private_key(Path(_folder))
with tempfile.TemporaryDirectory() as _folder:
    ENCRYPTED = private_key(Path(_folder), "a passphrase")


@dataclass
class Ec2:
    """One instance, its firewall's rules and the account's addresses, as the lookups see them."""

    instance: dict = field(default_factory=dict)
    addresses: dict = field(default_factory=dict)
    rules: list = field(default_factory=lambda: [(22, 22, "198.51.100.7/32"), (80, 80, "0.0.0.0/0"),
                                                 (443, 443, "0.0.0.0/0")])  # fmt: skip

    def has(self, address, *, instance=None, **tags):
        holder = {"instanceId": instance} if instance else {}
        self.addresses[address] = {"publicIp": address, "id": f"eipalloc-{address}", "tags": tags, **holder}
        return self

    @property
    def lookups(self):
        return {
            "aws:ec2/getInstance:getInstance": self._instance,
            "aws:ec2/getEips:getEips": self._eips,
            "aws:ec2/getElasticIp:getElasticIp": lambda asked: self.addresses.get(asked["publicIp"], "no such address"),
            "aws:vpc/getSecurityGroupRules:getSecurityGroupRules": {"ids": [str(n) for n in range(len(self.rules))]},
            "aws:vpc/getSecurityGroupRule:getSecurityGroupRule": self._rule,
        }

    def _instance(self, asked):
        if asked["instanceId"] != INSTANCE:
            return {"tags": {"Name": "somebody's"}, "instanceId": asked["instanceId"]}
        return {
            "instanceId": INSTANCE, "instanceState": "running", "tags": {"Name": "by hand"}, "publicIp": "",
            "metadataOptions": [{"httpTokens": "required"}], "vpcSecurityGroupIds": ["sg-1"],
            "iamInstanceProfile": HOST, **self.instance,
        }  # fmt: skip

    def _eips(self, asked):
        (wanted,) = asked["filters"]
        attribute = {
            "instance-id": lambda address: address.get("instanceId"),
            "tag:Name": lambda address: address["tags"].get("Name"),
        }[wanted["name"]]
        found = [address["publicIp"] for address in self.addresses.values() if attribute(address) in wanted["values"]]
        return {"publicIps": found}

    def _rule(self, asked):
        first, last, cidr = self.rules[int(asked["securityGroupRuleId"])]
        protocol = "-1" if first is None else "tcp"
        return {
            "isEgress": False,
            "ipProtocol": protocol,
            "fromPort": first or -1,
            "toPort": last or -1,
            "cidrIpv4": cidr,
        }


@pytest.fixture
def up(release):
    """The program with an existing host over ``ec2``; settings in addition by name."""

    def program(ec2, stack="test", **settings):
        changed = {**release, "hostInstanceId": INSTANCE, "hostPrivateKey": KEY, **settings}
        return run(stack, changed=changed, lookups=ec2.lookups, secret=["hostPrivateKey"])

    return program


@pytest.fixture
def warnings(monkeypatch):
    said = []
    monkeypatch.setattr(pulumi.log, "warn", said.append)
    return said


def refused(up, ec2, **settings):
    with pytest.raises(pulumi.RunError) as error:
        up(ec2, **settings)
    assert "Nothing was created." in str(error.value)
    assert KEY.splitlines()[1] not in str(error.value)
    return str(error.value)


def test_snapshots_of_an_existing_host_find_it_by_the_tag_that_the_stack_gives_it(up):
    recorded = up(Ec2(), snapshots="3")
    details = recorded.named("snapshots-schedule").inputs["policyDetails"]
    assert details["targetTags"] == {"agentkeys:set-up-by": HOST}
    assert "aws:ResourceTag/agentkeys:set-up-by" in recorded.named("snapshots-grant").inputs["policy"]


def test_an_existing_host_is_set_up_and_neither_machine_nor_key_nor_firewall_is_made(up):
    recorded = up(Ec2())
    kinds = {item.type for item in recorded.custom}
    assert not kinds & {
        "aws:ec2/instance:Instance", "aws:ec2/keyPair:KeyPair", "aws:ec2/securityGroup:SecurityGroup",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "tls:index/privateKey:PrivateKey",
    }  # fmt: skip
    assert "setup-health" in {item.name for item in recorded.custom}
    for item in recorded.custom:
        if item.type.startswith("command:remote:"):
            assert INSTANCE in item.inputs["triggers"], item.name
    assert recorded.named("host-association").inputs["instanceId"] == INSTANCE
    assert f"instance/{INSTANCE}" in str(recorded.named("identities-broker-ec2ic").inputs["policy"])


def test_its_private_key_is_a_secret_wherever_it_goes(up):
    for item in up(Ec2()).custom:
        if item.type.startswith("command:remote:"):
            connection = item.inputs["connection"]
            assert SECRET_KEY in connection or SECRET_KEY in connection["privateKey"], item.name
        elif item.name == "setup-login":
            assert SECRET_KEY in item.inputs["stdin"]
        else:
            assert KEY not in str(item.inputs)


def test_without_any_address_one_is_allocated_and_carries_the_mark_of_its_owner(up):
    (address,) = up(Ec2().has(ELSEWHERE, instance="i-0123456789abcdef0")).of("aws:ec2/eip:Eip")
    assert address.inputs["tags"] == {"Name": ADDRESS_NAME, "agentkeys:owned-by": HOST}


def test_the_address_that_it_allocated_is_its_own_in_the_next_run(up):
    first = up(Ec2())
    tags = first.of("aws:ec2/eip:Eip")[0].inputs["tags"]
    for instance in (INSTANCE, None):
        later = up(Ec2().has(ATTACHED, instance=instance, **tags))
        assert {item.name for item in later.registered} == {item.name for item in first.registered}


@pytest.mark.parametrize(
    ("ec2", "sentence"),
    [
        (Ec2().has(ATTACHED, instance=INSTANCE), f"elasticIp: {ATTACHED} is attached to instance {INSTANCE}"),
        (Ec2().has(TAGGED, Name=ADDRESS_NAME), f"elasticIp: {TAGGED} is tagged {ADDRESS_NAME}"),
        (
            Ec2().has(TAGGED, Name=ADDRESS_NAME).has(ATTACHED, instance=INSTANCE),
            f"elasticIp: {ATTACHED} is attached to instance {INSTANCE}",
        ),
    ],
    ids=["attached", "tagged", "attached before tagged"],
)
def test_an_address_that_it_did_not_allocate_is_used_when_the_config_says_so_and_that_is_what_it_prints(
    up, ec2, sentence
):
    message = refused(up, ec2)
    assert sentence in message
    address = sentence.split()[1]
    assert f"`pulumi config set -s test elasticIp {address}`" in message
    recorded = up(ec2, elasticIp=address)
    assert recorded.of("aws:ec2/eip:Eip") == []
    name = recorded.named("host-address-name")
    assert (name.inputs["resourceId"], name.inputs["key"], name.inputs["value"]) == (
        f"eipalloc-{address}", "Name", ADDRESS_NAME)  # fmt: skip
    assert name.request.retainOnDelete
    assert recorded.named("host-association").request.retainOnDelete


def launched(release, ec2, **settings):
    return run("test", changed={**release, **settings}, lookups=ec2.lookups)


def test_a_launched_machine_gets_no_second_address_beside_one_that_waits_under_its_name(release):
    """The runbook's ladder has the tagged address before a fresh one, for every machine."""
    ec2 = Ec2().has(TAGGED, Name=ADDRESS_NAME)
    with pytest.raises(pulumi.RunError, match=f"elasticIp: {TAGGED} is tagged {ADDRESS_NAME}, and this stack") as error:
        launched(release, ec2)
    assert f"`pulumi config set -s test elasticIp {TAGGED}`" in str(error.value)
    assert f"--resources eipalloc-{TAGGED} --tags Key=Name" in str(error.value), "or it is left alone"
    assert launched(release, ec2, elasticIp=TAGGED).of("aws:ec2/eip:Eip") == []


def test_a_launched_machine_takes_neither_the_first_address_of_the_account_nor_any_that_is_associated(release):
    """Prod's address is the only one of the account, and it is in use."""
    prods = Ec2().has(ELSEWHERE, instance="i-0123456789abcdef0", Name="agentkeys-broker-eip")
    recorded = launched(release, prods)
    assert len(recorded.of("aws:ec2/eip:Eip")) == 1
    assert ELSEWHERE not in str([item.inputs for item in recorded.custom])


def test_the_address_that_a_launched_machine_has_is_its_own_in_the_next_run(release):
    tags = {"Name": ADDRESS_NAME, "agentkeys:owned-by": HOST}
    assert len(launched(release, Ec2().has(TAGGED, **tags)).of("aws:ec2/eip:Eip")) == 1


def test_a_configured_address_comes_before_a_tagged_one(up):
    ec2 = Ec2().has(TAGGED, Name=ADDRESS_NAME).has(ELSEWHERE)
    assert up(ec2, elasticIp=ELSEWHERE).named("host-association").inputs["allocationId"] == f"eipalloc-{ELSEWHERE}"


def test_an_adopted_address_is_the_same_resource_before_and_after_it_is_attached(up):
    before = up(Ec2().has(ELSEWHERE), elasticIp=ELSEWHERE)
    after = up(Ec2().has(ELSEWHERE, instance=INSTANCE, Name=ADDRESS_NAME), elasticIp=ELSEWHERE)
    assert [(item.name, item.inputs) for item in after.of("aws:ec2/eipAssociation:EipAssociation")] == [
        (item.name, item.inputs) for item in before.of("aws:ec2/eipAssociation:EipAssociation")
    ]


def test_it_moves_from_an_address_that_it_allocated_to_the_configured_one(up):
    mine = up(Ec2()).of("aws:ec2/eip:Eip")[0].inputs["tags"]
    moved = up(Ec2().has(ATTACHED, instance=INSTANCE, **mine).has(ELSEWHERE), elasticIp=ELSEWHERE)
    assert moved.of("aws:ec2/eip:Eip") == []
    assert moved.named("host-association").inputs["allocationId"] == f"eipalloc-{ELSEWHERE}"


def test_another_key_of_the_machine_runs_the_steps_again_in_place_as_the_runbook_counts_them(up):
    with tempfile.TemporaryDirectory() as folder:
        before, after = up(Ec2()), up(Ec2(), hostPrivateKey=private_key(Path(folder)))
    changed = [item.name for item in before.custom if item.inputs != after.named(item.name).inputs]
    (count,) = re.findall(
        r"remove the\s+old line\.\s+Expected preview: (\d+) to update", (PROJECT / "docs/runbook.md").read_text()
    )
    assert len(changed) == int(count), changed
    for name in changed:
        assert before.named(name).inputs["triggers"] == after.named(name).inputs["triggers"], name


def test_no_step_changes_the_login_users_keys(up):
    recorded = up(Ec2())
    assert "setup-authorized-keys" not in {item.name for item in recorded.registered}
    assert recorded.outputs["sshPublicKeys"] == []


def test_an_allocated_address_goes_with_the_stack(up):
    assert not up(Ec2()).named("host-association").request.retainOnDelete


def test_an_auto_assigned_address_is_said_to_be_lost_and_is_not_adopted(up, warnings):
    recorded = up(Ec2(instance={"publicIp": "54.1.2.3"}))
    assert "54.1.2.3" not in str([item.inputs for item in recorded.custom])
    assert len(recorded.of("aws:ec2/eip:Eip")) == 1
    assert any("auto-assigned address 54.1.2.3" in line for line in warnings)


@pytest.mark.parametrize(
    ("ec2", "settings", "sentence"),
    [
        (Ec2(), {"elasticIp": ELSEWHERE}, f"elasticIp: '{ELSEWHERE}' is no elastic IP of account"),
        (
            Ec2().has(ELSEWHERE, instance="i-1"), {"elasticIp": ELSEWHERE},
            f"elasticIp: '{ELSEWHERE}' serves instance i-1 (somebody's), not this stack's {INSTANCE}",
        ),
        (
            Ec2().has(ELSEWHERE, Name="agentkeys-broker-eip"), {"elasticIp": ELSEWHERE},
            f"elasticIp: '{ELSEWHERE}' is tagged agentkeys-broker-eip, the address of another stack",
        ),
        (
            Ec2().has(ATTACHED, instance=INSTANCE).has(ELSEWHERE), {"elasticIp": ELSEWHERE},
            f"elasticIp: instance {INSTANCE} has {ATTACHED} attached, not {ELSEWHERE}",
        ),
        (
            Ec2().has(ELSEWHERE, instance=INSTANCE).has(ATTACHED), {"elasticIp": ATTACHED},
            f"elasticIp: instance {INSTANCE} has {ELSEWHERE} attached, not {ATTACHED}",
        ),
        (
            Ec2().has(ATTACHED, instance=INSTANCE, Name="agentkeys-broker-eip"), {},
            f"elasticIp: {ATTACHED} is attached to instance {INSTANCE} and tagged agentkeys-broker-eip, the address of",
        ),
        (
            Ec2(instance={"instanceState": "stopped"}), {},
            f"is stopped; only a running instance can be set up. Nothing was created. Start it: `aws ec2 start-"
            f"instances --region us-east-1 --instance-ids {INSTANCE}`",
        ),
        (
            Ec2(instance={"instanceState": "terminated"}), {},
            "is terminated; only a running instance can be set up. Nothing was created. Give another instance.",
        ),
        (Ec2(instance={"instanceState": "pending"}), {}, "Nothing was created. Wait until it is running."),
        (
            Ec2(instance={"tags": {"agentkeys:owned-by": "agentkeys-broker-host"}}), {},
            f"hostInstanceId: instance {INSTANCE} (without a name) was launched by the stack of agentkeys-broker-host,",
        ),
        (
            Ec2(instance={"tags": {"agentkeys:set-up-by": "agentkeys-broker-host"}}), {},
            "is set up by the stack of agentkeys-broker-host",
        ),
        (
            Ec2(rules=[(22, 22, "0.0.0.0/0"), (80, 80, "198.51.100.0/24")]), {},
            "do not open port 80, 443. The steps need 22",
        ),
        (
            Ec2(rules=[(80, 443, "0.0.0.0/0")]), {},
            "`aws ec2 authorize-security-group-ingress --region us-east-1 --group-id sg-1 --protocol tcp --port 22",
        ),
        (
            Ec2(instance={"iamInstanceProfile": "another"}), {"hostInstanceProfile": "attach"},
            "has the instance profile 'another', and attach does not replace another profile",
        ),
    ],
)  # fmt: skip
def test_what_would_go_wrong_ends_with_a_sentence_and_nothing_is_created(up, ec2, settings, sentence):
    assert sentence in refused(up, ec2, **settings)


@pytest.mark.parametrize("other", ["", "-a", "-test2", "-z"])
def test_an_address_with_the_name_of_any_other_stack_is_that_stacks(other):
    named = {"Name": f"agentkeys-broker-eip{other}"}
    assert other_stack(named, names("-test")) == named["Name"]
    assert other_stack({"Name": ADDRESS_NAME}, names("-test")) == ""
    assert other_stack({"Name": "somebody's"}, names("-test")) == ""
    assert other_stack({}, names("-test")) == ""


@pytest.mark.parametrize("ending", ["", "-debian-13", "-arm64"])
def test_an_instance_that_the_stack_launched_is_given_only_where_its_state_is_lost(release, ending):
    changed = {**release, "hostInstanceId": INSTANCE, "hostPrivateKey": KEY}
    lookups = Ec2(instance={"tags": {"agentkeys:owned-by": HOST}}).lookups
    urn = "urn:pulumi:test::agentkeys-cloud::agentkeys:host:BrokerHost$aws:ec2/instance:Instance::host-instance"
    state = {"pulumi:pulumi:readStackResourceOutputs": {"outputs": {urn + ending: {}}}}
    with pytest.raises(pulumi.RunError, match=f"was launched by the stack of {HOST}, which has it in its state"):
        run("test", changed=changed, lookups={**lookups, **state}, secret=["hostPrivateKey"])
    run("test", changed=changed, lookups=lookups, secret=["hostPrivateKey"])


def test_an_unknown_instance_ends_with_a_sentence(release):
    lookups = {**Ec2().lookups, "aws:ec2/getInstance:getInstance": "InvalidInstanceID.NotFound"}
    with pytest.raises(pulumi.RunError, match=f"hostInstanceId: there is no instance {INSTANCE} in account") as error:
        run("test", changed={**release, "hostInstanceId": INSTANCE, "hostPrivateKey": KEY}, lookups=lookups,
            secret=["hostPrivateKey"])  # fmt: skip
    assert "Nothing was created." in str(error.value)


def test_metadata_without_a_token_is_refused_in_prod_and_warned_of_in_test_with_the_cure(up, warnings):
    ec2 = Ec2(instance={"metadataOptions": [{"httpTokens": "optional"}], "iamInstanceProfile": "agentkeys-broker-host"})
    cure = (
        f"`aws ec2 modify-instance-metadata-options --region us-east-1 --instance-id {INSTANCE} --http-tokens required"
    )
    assert cure in refused(up, ec2, stack="prod")
    assert warnings == []
    up(ec2)
    assert [cure in line for line in warnings] == [True]


def test_all_traffic_opens_the_three_ports(up):
    up(Ec2(rules=[(None, None, "0.0.0.0/0")]))


def test_the_profile_is_attached_only_when_asked(up, warnings):
    ec2 = Ec2(instance={"iamInstanceProfile": ""})
    assert "host-profile-association" not in {item.name for item in up(ec2).custom}
    assert any("hostInstanceProfile attach" in line for line in warnings)
    attached = up(ec2, hostInstanceProfile="attach").named("host-profile-association")
    assert any(urn.endswith("::host-profile") for urn in attached.request.dependencies)
    assert attached.inputs["addPreviousOutputInEnv"] is False


@pytest.fixture
def commands(up):
    item = up(Ec2(), hostInstanceProfile="attach").named("host-profile-association")
    return {key: item.inputs[key] for key in ("create", "delete")}


def test_the_commands_of_the_association_are_sound_shell(commands):
    shellcheck = tools.find("shellcheck") or str(PROJECT / "venv/bin/shellcheck")
    for text in commands.values():
        done = subprocess.run([shellcheck, "-s", "sh", "-"], input=text, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
        assert text.startswith(cli.PLAIN)


#: Settings of the AWS CLI that wait for a person.
ASKING = {"AWS_PAGER": "less", "AWS_CLI_AUTO_PROMPT": "on"}


@pytest.mark.parametrize(
    ("seen", "which", "code", "asked"),
    [
        ("", "create", 0, "associate-iam-instance-profile"),
        (f"iip-1\tarn:aws:iam::1:instance-profile/{HOST}", "create", 0, None),
        ("iip-1\tarn:aws:iam::1:instance-profile/another", "create", 1, None),
        (f"iip-1\tarn:aws:iam::1:instance-profile/{HOST}", "delete", 0, "disassociate-iam-instance-profile"),
        ("iip-1\tarn:aws:iam::1:instance-profile/another", "delete", 0, None),
        ("", "delete", 0, None),
    ],
)
def test_the_profile_is_given_and_taken_without_touching_another(tmp_path, commands, seen, which, code, asked):
    calls = tmp_path / "calls"
    aws = tmp_path / "aws"
    aws.write_text(
        '#!/bin/sh\n[ "$AWS_PAGER$AWS_CLI_AUTO_PROMPT" = off ] || exit 9\n'
        f"echo \"$2 $*\" >>{calls}\ncase $2 in describe-*) printf '%s\\n' '{seen}' ;; esac\n"
    )
    aws.chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", "-c", commands[which]],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", **ASKING},
        capture_output=True,
        text=True,
    )
    assert done.returncode == code, done.stderr
    made = [line.split()[0] for line in calls.read_text().splitlines()][1:]
    assert made == ([asked] if asked else [])
    if code:
        assert "whose place is not taken" in done.stderr
        assert "--association-id iip-1" in done.stderr


BAD = [
    ({"hostInstanceId": value}, f"hostInstanceId: '{value}' string should match pattern")
    for value in ("i-123", "0123456789abcdef0", "i-0123456789ABCDEF0", "i-0123456789", "prod")
] + [
    ({"hostInstanceId": INSTANCE}, f"hostPrivateKey: is empty, and instance {INSTANCE} was launched with"),
    ({"hostPrivateKey": KEY}, "hostPrivateKey: is set without hostInstanceId"),
    (
        {"hostInstanceId": INSTANCE, "hostPrivateKey": KEY, "sshKeyEpochs": "[2]"},
        f"sshKeyEpochs: [2] is for a host that this program launches, and instance {INSTANCE} has a key of your own",
    ),
    ({"hostInstanceId": INSTANCE, "hostPrivateKey": "~/.ssh/id_rsa"}, "hostPrivateKey: must be a private key in PEM"),
    ({"hostInstanceId": INSTANCE, "hostPrivateKey": ENCRYPTED}, "hostPrivateKey: is encrypted with a pass"),
    ({"hostInstanceProfile": "replace"}, "hostInstanceProfile: 'replace' input should be 'attach' or 'leave'"),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "sentence"), BAD, ids=itertools.count())
def test_a_bad_setting_is_one_sentence_without_the_key(release, settings, sentence):
    with pytest.raises(pulumi.RunError) as error:
        run("test", changed={**release, **settings}, secret=["hostPrivateKey"])
    assert sentence in str(error.value)
    if key := settings.get("hostPrivateKey"):
        assert key.strip().splitlines()[-1] not in str(error.value)


def test_a_key_in_clear_is_refused_and_a_misspelt_secret_is_not_shown(release):
    given = {**release, "hostInstanceId": INSTANCE}
    with pytest.raises(
        pulumi.RunError, match="hostPrivateKey: is in plain text in the stack's file and must be encrypted"
    ) as error:
        run("test", changed={**given, "hostPrivateKey": KEY})
    assert KEY not in str(error.value)
    with pytest.raises(pulumi.RunError) as error:
        run("test", changed={**given, "hostPrivatKey": KEY}, secret=["hostPrivatKey"])
    assert f"hostPrivatKey: no such key (value {MASKED!r})" in str(error.value)


#: How people get a private key: with a command that writes it to standard output.
KEYS = {
    "OpenSSH": "ssh-keygen -q -t ed25519 -N '' -f key && cat key",
    "OpenSSH, RSA": "ssh-keygen -q -t rsa -b 2048 -N '' -f key && cat key",
    "traditional RSA, as EC2 gives it": "ssh-keygen -q -m PEM -t rsa -b 2048 -N '' -f key && cat key",
    "traditional EC behind its parameters": "openssl ecparam -name prime256v1 -genkey",
    "PKCS#8, RSA": "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048",
    "PKCS#8, EC": "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256",
    "PKCS#12 with bag attributes": (
        "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=x -keyout key -out certificate && "
        "openssl pkcs12 -export -in certificate -inkey key -passout pass: -out bundle && "
        "openssl pkcs12 -in bundle -passin pass: -nodes"
    ),
}


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    made = {}
    for number, (form, command) in enumerate(KEYS.items()):
        folder = tmp_path_factory.mktemp(f"key{number}")
        done = subprocess.run(["bash", "-ec", command], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, (form, done.stderr)
        made[form] = done.stdout
    return made


@pytest.mark.parametrize("around", ["as it is", "CRLF", "text before and after it"])
@pytest.mark.parametrize("form", KEYS)
def test_every_form_of_key_is_accepted_and_becomes_one_that_ssh_add_takes(keys, form, around):
    """`ssh-add` of OpenSSH 9.2 rejects CRLF in its own format and any text in front of it."""
    change = {
        "as it is": lambda text: text,
        "CRLF": lambda text: text.replace("\n", "\r\n"),
        "text before and after it": lambda text: f"Bag Attributes\n    friendlyName: me\n\n{text}\nthe end\n",
    }[around]
    given = change(keys[form])
    assert _unusable_key(given) == ""
    with login.session("ubuntu@192.0.2.1", plain_key(given), "ssh-ed25519 AAAA") as ssh:
        (socket,) = [part.partition("=")[2] for part in ssh if part.startswith("-oIdentityAgent=")]
        listed = subprocess.run(["ssh-add", "-l"], env={**os.environ, "SSH_AUTH_SOCK": socket}, capture_output=True)
    assert listed.returncode == 0
    # The steps' client takes the first block only.
    assert re.match(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\n", plain_key(given))


def test_the_steps_get_the_key_without_what_is_around_it(up):
    recorded = up(Ec2(), hostPrivateKey=f"a note\n{KEY}".replace("\n", "\r\n"))
    assert "\\r" not in json.dumps([item.inputs for item in recorded.custom])
    plain = up(Ec2(), hostPrivateKey=KEY)
    assert all(item.inputs == plain.named(item.name).inputs for item in recorded.custom)


@pytest.mark.parametrize("key", [KEY, f"{KEY}\n", KEY.strip(), f"\n{KEY}"])
def test_a_key_with_nothing_around_it_is_not_changed(key):
    """It is an input of every step of the stacks that have it."""
    assert plain_key(key) == key


#: Keys with a passphrase, in every form that has a mark for it.
LOCKED = {
    "OpenSSH": "ssh-keygen -q -t ed25519 -N secret -f key && cat key",
    "traditional": "ssh-keygen -q -m PEM -t rsa -b 2048 -N secret -f key && cat key",
    "PKCS#8": "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -aes256 -pass pass:secret",
}


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("form", LOCKED)
def test_a_key_with_a_passphrase_is_rejected_in_every_form(tmp_path, form, ending):
    done = subprocess.run(["bash", "-ec", LOCKED[form]], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "is encrypted with a passphrase" in _unusable_key(f"a note\n{done.stdout}".replace("\n", ending))


def test_an_emulated_account_may_hand_out_loopback_addresses_and_nothing_else_may(up, monkeypatch):
    with pytest.raises(pulumi.RunError, match=r"is in 127\.0\.0\.0/8"):
        up(Ec2().has("127.113.0.9"), elasticIp="127.113.0.9")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://ec2.us-east-1.amazonaws.com")
    with pytest.raises(pulumi.RunError, match=r"is in 127\.0\.0\.0/8"):
        up(Ec2().has("127.113.0.9"), elasticIp="127.113.0.9")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:14566")
    up(Ec2().has("127.113.0.9"), elasticIp="127.113.0.9")
    with pytest.raises(pulumi.RunError, match=r"is in 198\.18\.0\.0/15"):
        up(Ec2().has("198.18.0.7"), elasticIp="198.18.0.7")


def test_a_launched_instance_is_marked_so_that_nobody_takes_it_for_an_existing_one(program):
    tags = program.named("host-instance").inputs["tags"]
    assert tags["agentkeys:owned-by"] == tags["Name"]


@pytest.mark.parametrize("elastic_ip", ["", ELSEWHERE], ids=["allocated", "adopted"])
def test_the_policy_pack_finds_nothing_in_a_stack_with_an_existing_host(up, elastic_ip):
    recorded = up(Ec2().has(ELSEWHERE), elasticIp=elastic_ip, hostInstanceProfile="attach")
    assert seen(recorded.planned(), stack_facts("test", elasticIp=elastic_ip)) == []
