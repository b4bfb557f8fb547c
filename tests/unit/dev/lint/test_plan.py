"""Resources in the shape of Terraform's plan, from the recorded programs and from a preview."""

import json

from dev.lint import preview
from dev.lint.plan import address, terraform
from policypack.planned import UNKNOWN, Resource

BUCKET = Resource(type="aws:s3/bucket:Bucket", name="inbox", urn="urn:b", props={"bucket": "mail", "tags": {"aB": "c"}})
LIFECYCLE = Resource(
    type="aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    name="inbox/30",
    urn="urn:l",
    props={
        "bucket": UNKNOWN,
        "rules": [{"id": "ttl", "filter": {"prefix": ""}, "expiration": {"days": 30.0}}],
        "expectedBucketOwner": None,
    },
    sources={"bucket": ["urn:b"], "rules": ["urn:command"]},
)
COMMAND = Resource(type="command:local:Command", name="wait", urn="urn:command", props={"create": "true"})


def values(plan, place):
    (found,) = [item for item in plan["planned_values"]["root_module"]["resources"] if item["address"] == place]
    return found["values"]


def test_blocks_are_lists_under_their_singular_name_and_maps_stay():
    plan = terraform([BUCKET, LIFECYCLE, COMMAND])
    assert values(plan, "aws_s3_bucket.inbox") == {"bucket": "mail", "tags": {"aB": "c"}}
    assert values(plan, "aws_s3_bucket_lifecycle_configuration.inbox-30") == {
        "rule": [{"id": "ttl", "filter": [{"prefix": ""}], "expiration": [{"days": 30}]}],
        "expected_bucket_owner": None,
    }


def test_what_is_not_known_is_left_out_and_its_source_is_a_reference():
    (configured,) = [
        item
        for item in terraform([BUCKET, LIFECYCLE, COMMAND])["configuration"]["root_module"]["resources"]
        if item["name"] == "inbox-30"
    ]
    assert configured["expressions"] == {"bucket": {"references": ["aws_s3_bucket.inbox.id", "aws_s3_bucket.inbox"]}}


def test_only_aws_resources_are_in_the_plan():
    plan = terraform([BUCKET, COMMAND])
    assert [item["type"] for item in plan["resource_changes"]] == ["aws_s3_bucket"]
    assert [item["change"]["actions"] for item in plan["resource_changes"]] == [["create"]]


def test_types_have_their_names_in_terraform(program):
    kinds = {address(item).partition(".")[0] for item in program.planned() if item.type.startswith("aws:")}
    assert {
        *("aws_instance", "aws_eip", "aws_security_group", "aws_iam_openid_connect_provider", "aws_iam_role"),
        *("aws_s3_bucket_public_access_block", "aws_route53_record", "aws_ses_receipt_rule", "aws_key_pair"),
        *("aws_sesv2_email_identity", "aws_s3_bucket_server_side_encryption_configuration"),
    } <= kinds


def test_an_open_port_is_a_block_of_the_security_group(program):
    plan = terraform(program.planned())
    opened = values(plan, "aws_security_group.host-firewall")["ingress"]
    assert [(rule["from_port"], rule["protocol"]) for rule in opened] == [(22, "tcp"), (80, "tcp"), (443, "tcp")]


def test_a_preview_is_read_with_its_unknowns_and_sources_and_without_what_it_deletes():
    unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    urn = "urn:pulumi:test::p::agentkeys:x:Y$aws:s3/bucketPolicy:BucketPolicy::inbox-policy"
    read = preview.resources(
        {
            "steps": [
                {"op": "create", "newState": {"urn": "urn:b", "type": "aws:s3/bucket:Bucket", "inputs": {}}},
                {"op": "delete", "oldState": {"urn": "urn:old", "type": "aws:s3/bucket:Bucket", "inputs": {}}},
                {
                    "op": "same",
                    "newState": {
                        "urn": urn,
                        "type": "aws:s3/bucketPolicy:BucketPolicy",
                        "inputs": {"bucket": unknown, "policy": json.dumps({})},
                        "propertyDependencies": {"bucket": ["urn:b"]},
                        "protect": True,
                    },
                },
            ]
        }
    )
    assert [item.urn for item in read] == ["urn:b", urn]
    assert read[1].name == "inbox-policy"
    assert read[1].props == {"bucket": UNKNOWN, "policy": "{}"}
    assert read[1].sources == {"bucket": ["urn:b"]}
    assert read[1].protect
