"""pulumi-aws's names and shapes against the bridge's, in both directions."""

from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct

from sandbox.engine import translate, wire

LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
RECORD = "aws:route53/record:Record"
SSH = "tls:index/privateKey:PrivateKey"


def struct(content: dict[str, Any]) -> Struct:
    made = Struct()
    made.update(content)
    return made


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("aws:s3/bucket:Bucket", "aws:index/s3Bucket:S3Bucket"),
        ("aws:ec2/keyPair:KeyPair", "aws:index/keyPair:KeyPair"),
        (
            "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
            "aws:index/iamOpenidConnectProvider:IamOpenidConnectProvider",
        ),
        (
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            "aws:index/vpcSecurityGroupIngressRule:VpcSecurityGroupIngressRule",
        ),
        ("aws:route53/getZone:getZone", "aws:index/getRoute53Zone:getRoute53Zone"),
        ("aws:index/getRegion:getRegion", "aws:index/getRegion:getRegion"),
        ("aws:ec2/getAmi:getAmi", "aws:index/getAmi:getAmi"),
        ("aws:ec2/getElasticIp:getElasticIp", "aws:index/getEip:getEip"),
        ("aws:ec2/tag:Tag", "aws:index/ec2Tag:Ec2Tag"),
        (SSH, SSH),
        ("pulumi:providers:aws", "pulumi:providers:aws"),
    ],
)
def test_tokens(ours: str, theirs: str) -> None:
    assert translate.token(ours) == theirs


def test_urn_changes_only_the_resources_own_type() -> None:
    urn = "urn:pulumi:test::keys::aws:iam/role:Role$my:mail:Receiving$aws:s3/bucket:Bucket::a::b"
    assert translate.urn(urn) == (
        "urn:pulumi:test::keys::aws:iam/role:Role$my:mail:Receiving$aws:index/s3Bucket:S3Bucket::a::b"
    )
    provider = "urn:pulumi:test::keys::pulumi:providers:aws::explicit"
    assert translate.urn(provider) == provider


def test_lifecycle_rules_are_wrapped_and_come_back() -> None:
    content = {
        "bucket": "b",
        "rules": [{"id": "x", "filter": {"and": {"prefix": "p"}}, "expiration": {"days": 30}, "transitions": []}],
    }
    changed = struct(content)
    translate.inward(LIFECYCLE, changed)
    assert MessageToDict(changed) == {
        "bucket": "b",
        "rules": [
            {"id": "x", "filters": [{"ands": [{"prefix": "p"}]}], "expirations": [{"days": 30}], "transitions": []}
        ],
    }
    translate.outward(LIFECYCLE, changed)
    assert MessageToDict(changed) == content


def test_what_is_not_one_element_survives_the_way_out_and_back() -> None:
    content = {"rules": [{"filters": [], "expirations": [{"days": 1}, {"days": 2}]}]}
    changed = struct(content)
    translate.outward(LIFECYCLE, changed)
    translate.inward(LIFECYCLE, changed)
    assert MessageToDict(changed) == content


def test_secrets_and_unknowns_stay_what_they_are() -> None:
    content = {
        "rules": {wire.MARK: wire.SECRET, "value": [{"filter": wire.UNKNOWN, "expiration": {"days": wire.UNKNOWN}}]}
    }
    changed = struct(content)
    translate.inward(LIFECYCLE, changed)
    assert MessageToDict(changed)["rules"] == {
        wire.MARK: wire.SECRET,
        "value": [{"filters": wire.UNKNOWN, "expirations": [{"days": wire.UNKNOWN}]}],
    }
    translate.outward(LIFECYCLE, changed)
    assert MessageToDict(changed) == content


def test_renamed_without_wrapping() -> None:
    changed = struct({"ingress": [{"toPort": 22}], "region": "eu-west-1"})
    translate.inward(GROUP, changed)
    assert MessageToDict(changed) == {"ingresses": [{"toPort": 22}], "region": "eu-west-1"}
    translate.drop_region_output(GROUP, changed)
    assert MessageToDict(changed) == {"ingresses": [{"toPort": 22}]}


def test_a_list_here_is_one_object_there() -> None:
    content = {"name": "n", "aliases": [{"name": "other"}]}
    changed = struct(content)
    translate.inward(RECORD, changed)
    assert MessageToDict(changed) == {"name": "n", "alias": {"name": "other"}}
    translate.outward(RECORD, changed)
    assert MessageToDict(changed) == content
    assert translate.path_outward(RECORD, "alias.name") == "aliases[0].name"
    assert translate.path_inward(RECORD, "aliases[0].name") == "alias.name"


def test_provider_configuration_is_json_inside_strings() -> None:
    changed = struct({"defaultTags": '{"tags": {"a": "b"}}', "region": "eu-west-1"})
    translate.inward(translate.PROVIDER, changed)
    assert MessageToDict(changed) == {"defaultTags": '[{"tags": {"a": "b"}}]', "region": "eu-west-1"}
    translate.outward(translate.PROVIDER, changed)
    assert MessageToDict(changed) == {"defaultTags": '{"tags": {"a": "b"}}', "region": "eu-west-1"}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("rules[0].filter.prefix", "rules[0].filters[0].prefix"),
        ("rules[1].expiration", "rules[1].expirations[0]"),
        ("rules", "rules"),
        ('rules[0].filter.and.tags["a.b"]', 'rules[0].filters[0].ands[0].tags["a.b"]'),
    ],
)
def test_property_paths(ours: str, theirs: str) -> None:
    assert translate.path_inward(LIFECYCLE, ours) == theirs
    assert translate.path_outward(LIFECYCLE, theirs) == ours


def test_region_of_pulumi_aws_7() -> None:
    assert translate.region_output(GROUP) == "region"
    assert translate.region_output("aws:s3/bucket:Bucket") == "bucketRegion"
    assert translate.region_output("aws:iam/role:Role") is None
    assert translate.region_output(SSH) is None
    assert translate.region_output("aws:ec2/getAmi:getAmi") is None


def test_an_empty_list_where_one_value_belongs_stays_a_list_on_the_way_out_and_back():
    """As a provider gives it for what AWS has not filled in."""
    policy = "aws:dlm/lifecyclePolicy:LifecyclePolicy"
    given = {"policyDetails": {"resourceLocations": [], "schedules": [{"createRule": {"times": ["03:00"]}}]}}
    value = struct(given)
    translate.outward(policy, value)
    assert MessageToDict(value) == {
        "policyDetails": {"resourceLocations": [], "schedules": [{"createRule": {"times": "03:00"}}]}
    }
    translate.inward(policy, value)
    assert MessageToDict(value) == given
