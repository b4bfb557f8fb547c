"""What is said before a destroy, out of states as the engine exports them."""

import datetime
import json

import boto3
import click
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from click.testing import CliRunner

from ops import exits
from ops.commands import retire
from ops.snapshots import Snapshot
from tests.support.stacks import a_stack


def resource(kind, name, **changes):
    return {
        "urn": f"urn:pulumi:prod::agentkeys-cloud::{kind}::{name}",
        "type": kind,
        "custom": True,
        "id": f"id-of-{name}",
        "inputs": {},
        **changes,
    }


BUCKET = resource(retire.BUCKET, "vault-bucket", inputs={"forceDestroy": False})
OBJECTS = {"id-of-vault-bucket": 3}


@pytest.mark.parametrize(
    ("item", "objects", "fate", "why"),
    [
        ({**BUCKET, "protect": True}, {}, retire.REFUSED, "protected: set protect to false"),
        (
            {**BUCKET, "protect": True},
            OBJECTS,
            retire.REFUSED,
            "run `pulumi up`; S3 refuses a bucket with 3 objects: set bucketsOnDestroy",
        ),
        (BUCKET, OBJECTS, retire.REFUSED, "S3 refuses a bucket with 3 objects: set bucketsOnDestroy"),
        (BUCKET, {}, retire.GOES, ""),
        ({**BUCKET, "inputs": {"forceDestroy": True}}, OBJECTS, retire.GOES, "with 3 objects and their versions"),
        ({**BUCKET, "retainOnDelete": True}, OBJECTS, retire.STAYS, "bucketsOnDestroy is keep"),
        (
            resource("aws:ec2/eipAssociation:EipAssociation", "host-association", retainOnDelete=True),
            {},
            retire.STAYS,
            "it belongs to an existing resource",
        ),
        (resource(retire.INSTANCE, "host", inputs={"disableApiTermination": True}), {}, retire.REFUSED, "terminate"),
        (resource("aws:iam/role:Role", "roles-data"), {}, retire.GOES, ""),
    ],
)
def test_every_resource_has_its_fate_and_the_reason(item, objects, fate, why):
    (told,) = retire.fates([item], objects, {})
    assert told.fate == fate
    assert why in told.why


def test_a_user_with_a_key_that_the_stack_did_not_make_is_refused_with_the_command_that_deletes_it():
    user = resource(retire.USER, "agentkeys-broker", id="agentkeys-broker")
    own = resource(retire.ACCESS_KEY, "identities-broker-key-1", id="AKIAOURS")
    (told, _) = retire.fates([user, own], {}, {"agentkeys-broker": ["AKIAOURS"]})
    assert told.fate == retire.GOES
    (told, _) = retire.fates([user, own], {}, {"agentkeys-broker": ["AKIAOLD", "AKIAOURS"]})
    assert told.fate == retire.REFUSED
    assert "`aws iam delete-access-key --user-name agentkeys-broker --access-key-id AKIAOLD`" in told.why


def test_a_disk_that_outlives_its_machine_is_told():
    machine = resource(retire.INSTANCE, "host", inputs={"rootBlockDevice": {"deleteOnTermination": False}})
    told = retire.fates([machine], {}, {})
    assert [(item.what, item.fate) for item in told] == [
        ("host (id-of-host)", retire.GOES),
        ("root disk of id-of-host", retire.STAYS),
    ]


def test_a_machine_and_an_address_that_were_there_before_stay_and_are_told(release):
    adopted = a_stack("test", release, elasticIp="3.208.99.99").settings.model_copy(
        update={"host_instance_id": "i-0123456789abcdef0"}
    )
    told = {item.what: item.why for item in retire.outside(adopted)}
    assert "not launched by this stack" in told["instance i-0123456789abcdef0"]
    assert "not allocated by this stack" in told["elastic IP 3.208.99.99"]
    own = a_stack("test", release).settings
    assert [item.what for item in retire.outside(own)] == [what for what, _ in retire.OUTSIDE]


def test_components_commands_and_providers_are_nowhere_and_not_told():
    nowhere = [
        resource("agentkeys:roles:DataRoles", "roles", custom=False),
        resource("command:remote:Command", "setup-health"),
        resource("pulumi:providers:aws", "aws"),
    ]
    assert retire.fates(nowhere, {}, {}) == []


@pytest.fixture
def aws(monkeypatch):
    """A client of boto3's own whose answers are in the test, by service."""
    caller = boto3.Session("AKIAIOSFODNN7EXAMPLE", "example", region_name="us-east-1")
    made = {service: caller.client(service) for service in ("s3", "iam")}
    monkeypatch.setattr(retire.clients, "of", lambda _caller, service: made[service])
    stubs = {service: Stubber(client) for service, client in made.items()}
    for stub in stubs.values():
        stub.activate()
    yield stubs
    for stub in stubs.values():
        stub.assert_no_pending_responses()


STATE = [resource("aws:s3/a:A", "policy"), BUCKET, resource("aws:iam/role:Role", "role"),
         {**BUCKET, "id": "gone"}, resource(retire.USER, "broker"), resource(retire.USER, "gone"),
         resource("aws:sns/topic:Topic", "topic")]  # fmt: skip


def test_old_versions_count_as_objects_and_a_bucket_that_is_gone_has_none(aws):
    aws["s3"].add_response("list_object_versions", {"Versions": [{"Key": "a"}, {"Key": "a"}]}, {"Bucket": BUCKET["id"]})
    aws["s3"].add_client_error("list_object_versions", "NoSuchBucket", expected_params={"Bucket": "gone"})
    assert retire._objects(None, STATE) == {BUCKET["id"]: 2}


def test_a_bucket_that_may_not_be_listed_is_not_taken_for_an_empty_one(aws):
    aws["s3"].add_client_error("list_object_versions", "AccessDenied")
    with pytest.raises(ClientError, match="AccessDenied"):
        retire._objects(None, STATE)


def test_keys_of_a_user_that_is_gone_are_none(aws):
    key = {"UserName": "id-of-broker", "AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "Status": "Active"}
    aws["iam"].add_response("list_access_keys", {"AccessKeyMetadata": [key]}, {"UserName": "id-of-broker"})
    aws["iam"].add_client_error("list_access_keys", "NoSuchEntity", expected_params={"UserName": "id-of-gone"})
    assert retire._keys(None, STATE) == {"id-of-broker": ["AKIAIOSFODNN7EXAMPLE"]}


def test_keys_that_may_not_be_listed_are_an_error_that_names_the_user(aws):
    aws["iam"].add_client_error("list_access_keys", "AccessDenied")
    with pytest.raises(click.ClickException, match=r"the access keys of id-of-broker cannot be listed: .*AccessDenied"):
        retire._keys(None, STATE)


@pytest.fixture
def run(release, monkeypatch):
    def call(*arguments, state):
        monkeypatch.setattr(retire, "read", lambda _name: a_stack("prod", release))
        monkeypatch.setattr(retire, "ask", lambda *_asked: {"deployment": {"resources": state}})
        monkeypatch.setattr(retire.session, "of", lambda _settings: None)
        monkeypatch.setattr(retire, "_objects", lambda *_asked: OBJECTS)
        monkeypatch.setattr(retire, "_keys", lambda *_asked: {})
        monkeypatch.setattr(retire.clients, "of", lambda *_asked: None)
        monkeypatch.setattr(retire.snapshots, "of", lambda *_asked: [])
        return CliRunner().invoke(retire.command, ["-s", "prod", *arguments])

    return call


def test_while_something_is_refused_the_command_ends_with_one(run):
    told = run(state=[BUCKET])
    assert told.exit_code == exits.WRONG
    assert "1 resources would be refused" in told.output
    assert "hosted zone" in told.output


def test_when_nothing_is_refused_the_next_command_is_named(run):
    told = run(state=[{**BUCKET, "retainOnDelete": True}])
    assert told.exit_code == exits.OK
    assert "`pulumi destroy -s prod` can go through." in told.output


def test_the_report_is_json_on_request(run):
    told = json.loads(run("--json", state=[BUCKET]).stdout)["things"]
    assert told[0] == {
        "what": "vault-bucket (id-of-vault-bucket)",
        "fate": "refused",
        "why": "S3 refuses a bucket with 3 objects: set bucketsOnDestroy to keep or delete and run `pulumi up`",
    }
    assert {item["fate"] for item in told[1:]} == {"kept"}


def test_the_copies_of_the_disk_stay_and_each_has_the_command_that_deletes_it(release):
    names = a_stack("prod", release).names
    day = datetime.datetime(2026, 11, 23, 3, tzinfo=datetime.UTC)
    made = [
        Snapshot(identifier=f"snap-{number}", started=day, state="completed", gib=30, encrypted=True, volume="vol-1",
                 description="")
        for number in (2, 1)
    ]  # fmt: skip
    (told,) = retire.kept_snapshots(made, names)
    assert (told.fate, told.what) == (retire.STAYS, "2 snapshots of the host's disk")
    for number in (1, 2):
        assert f"`aws ec2 delete-snapshot --region us-east-1 --snapshot-id snap-{number}`" in told.why
    assert retire.kept_snapshots([], names) == []
