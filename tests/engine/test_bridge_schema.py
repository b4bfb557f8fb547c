"""pulumi-aws's own types against the bridge's schema, for every type and function that this program may use.

``LACKING`` is the list of what a program must not set or read here, for each generation of Terraform's AWS provider.
Everything else must have the same name and shape, or stand in ``translate.FIELDS``.
"""

import importlib
import inspect
import json
import re
import typing
from collections.abc import Callable, Container, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pulumi_aws as aws
import pytest
from google.protobuf import empty_pb2
from pulumi import _types
from pulumi.runtime.proto import engine_pb2_grpc, provider_pb2, provider_pb2_grpc

from sandbox.engine import build, provider, translate, versions
from sandbox.engine.bridge import Bridge

pytestmark = pytest.mark.engine

RESOURCES = [
    aws.s3.Bucket,
    aws.s3.BucketPublicAccessBlock,
    aws.s3.BucketOwnershipControls,
    aws.s3.BucketServerSideEncryptionConfiguration,
    aws.s3.BucketVersioning,
    aws.s3.BucketLifecycleConfiguration,
    aws.s3.BucketPolicy,
    aws.s3.AccountPublicAccessBlock,
    aws.iam.User,
    aws.iam.UserPolicy,
    aws.iam.AccessKey,
    aws.iam.Role,
    aws.iam.RolePolicy,
    aws.iam.InstanceProfile,
    aws.iam.OpenIdConnectProvider,
    aws.iam.RolePolicyAttachment,
    aws.iam.RolePoliciesExclusive,
    aws.iam.RolePolicyAttachmentsExclusive,
    aws.iam.UserPoliciesExclusive,
    aws.iam.UserPolicyAttachmentsExclusive,
    aws.ec2.KeyPair,
    aws.ec2.SecurityGroup,
    aws.vpc.SecurityGroupIngressRule,
    aws.vpc.SecurityGroupEgressRule,
    aws.ec2.Instance,
    aws.ec2.Eip,
    aws.ec2.EipAssociation,
    aws.ec2.Tag,
    aws.ec2.Ami,
    aws.dlm.LifecyclePolicy,
    aws.ebs.EncryptionByDefault,
    aws.route53.Record,
    aws.ses.ReceiptRuleSet,
    aws.ses.ActiveReceiptRuleSet,
    aws.ses.ReceiptRule,
    aws.sesv2.EmailIdentity,
    aws.sns.Topic,
    aws.sns.TopicPolicy,
    aws.sns.TopicSubscription,
    aws.cloudwatch.MetricAlarm,
    aws.route53.HealthCheck,
    aws.accessanalyzer.Analyzer,
]

FUNCTIONS = [
    aws.route53.get_zone,
    aws.ec2.get_ami,
    aws.get_caller_identity,
    aws.get_region,
    aws.ses.get_active_receipt_rule_set,
    aws.ec2.get_instance,
    aws.ec2.get_eips,
    aws.ec2.get_elastic_ip,
    aws.vpc.get_security_group_rules,
    aws.vpc.get_security_group_rule,
    aws.ec2.get_vpc,
    aws.ec2.get_subnet,
    aws.ec2.get_subnets,
    aws.ec2.get_route_table,
    aws.ec2.get_route_tables,
    aws.route53.get_records,
    aws.ebs.get_snapshot,
    aws.ebs.get_snapshot_ids,
    aws.ec2.get_instances,
    aws.ec2.get_ami_ids,
    aws.iam.get_open_id_connect_provider,
    aws.iam.get_principal_policy_simulation,
    aws.iam.get_session_context,
]

#: What pulumi-aws 7.51.1 has and the provider lacks, by generation and type. A trailing dot means everything below it.
#: 5.100 is a major version behind pulumi-aws 7.51.1, which is made for a release of generation 6 after 6.47.1.
LACKING: Mapping[str, Mapping[str, set[str]]] = {
    "6": {
        "aws:s3/bucket:Bucket": {"replicationConfiguration."},
        "aws:ec2/getVpc:getVpc": {"ipv6CidrBlockAssociations"},
        "aws:sns/topic:Topic": {"maximumMessageSize"},
        "aws:cloudwatch/metricAlarm:MetricAlarm": {"evaluationWindow", "warmUpConfiguration"},
        "aws:dlm/lifecyclePolicy:LifecyclePolicy": {"policyDetails.parameters.excludeDataVolumeTags"},
        translate.PROVIDER: {
            f"endpoints.{service}"
            for service in (
                *("accountaccess", "agentregistry", "bedrockruntime", "cloudwatchomni", "directoryservicedata"),
                *("eventbridgev2", "interconnect", "lambdacore", "lambdamicrovms", "lambdaweb", "mailmanager"),
                *("networksecuritymanager", "pricingplanmanager", "resiliencehubv2"),
            )
        },
    },
    "5": {
        "aws:sns/topic:Topic": {"maximumMessageSize"},
        "aws:cloudwatch/metricAlarm:MetricAlarm": {
            *("evaluationCriteria", "evaluationInterval", "evaluationWindow", "warmUpConfiguration"),
        },
        "aws:accessanalyzer/analyzer:Analyzer": {"configuration.internalAccess"},
        "aws:dlm/lifecyclePolicy:LifecyclePolicy": {
            "defaultPolicy",
            *(
                f"policyDetails.{name}"
                for name in (
                    *("copyTags", "createInterval", "exclusions", "extendDeletion", "parameters.excludeDataVolumeTags"),
                    *("policyLanguage", "resourceType", "retainInterval", "schedules.archiveRule"),
                    *("schedules.createRule.scripts", "schedules.crossRegionCopyRules.targetRegion"),
                )
            ),
        },
        "aws:s3/bucket:Bucket": {
            "bucketNamespace",
            "replicationConfiguration.",
            "serverSideEncryptionConfiguration.rule.blockedEncryptionTypes",
        },
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": {"skipDestroy"},
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": {
            "rules.blockedEncryptionTypes"
        },
        "aws:ec2/instance:Instance": {
            "cpuOptions.nestedVirtualization",
            "forceDestroy",
            "placementGroupId",
            "primaryNetworkInterface",
            "secondaryNetworkInterfaces",
        },
        "aws:sesv2/emailIdentity:EmailIdentity": {"verificationStatus"},
        "aws:route53/getZone:getZone": {"enableAcceleratedRecovery"},
        "aws:ec2/getAmi:getAmi": {"allowUnsafeFilter"},
        "aws:ec2/getInstance:getInstance": {"placementGroupId"},
        "aws:ec2/getVpc:getVpc": {"ipv6CidrBlockAssociations"},
        "aws:ec2/getRouteTable:getRouteTable": {"routes.odbNetworkArn"},
        translate.PROVIDER: {"endpoints.", "tagPolicyCompliance", "userAgents"},
    },
}

Shape = tuple[str, Any]
SCALAR: Shape = ("scalar", None)


class _Log(engine_pb2_grpc.EngineServicer):
    def Log(self, _request: Any, _context: Any) -> empty_pb2.Empty:
        return empty_pb2.Empty()


@pytest.fixture(scope="module")
def generation() -> str:
    """The generation of the provider that the engine runs."""
    return provider.linked(build.ensure().bin_dir).generation


@pytest.fixture
def lacking(generation: str) -> Mapping[str, set[str]]:
    return LACKING[generation]


@pytest.fixture(scope="module")
def schema() -> Iterator[dict[str, Any]]:
    server = grpc.server(ThreadPoolExecutor(2))
    engine_pb2_grpc.add_EngineServicer_to_server(_Log(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    bridge = Bridge("aws", build.ensure().bin_dir, port)
    try:
        bridge.start()
        request = provider_pb2.GetSchemaRequest(subpackage_name="aws", subpackage_version="0.0.0")
        yield json.loads(provider_pb2_grpc.ResourceProviderStub(bridge.channel).GetSchema(request).schema)
    finally:
        bridge.stop()
        server.stop(0)


def sdk_shape(given: Any, fields: Callable[[type], dict[str, Any] | None]) -> Shape:
    """The shape of a type as the SDK declares it."""
    if typing.get_origin(given) is typing.Union:
        plain = [
            choice
            for choice in typing.get_args(given)
            if choice is not type(None)
            and getattr(typing.get_origin(choice), "__name__", "") not in ("Awaitable", "Output")
        ]
        return sdk_shape(plain[0], fields)
    name = getattr(typing.get_origin(given), "__name__", "")
    if name == "Sequence":
        return "list", sdk_shape(typing.get_args(given)[0], fields)
    if name == "Mapping":
        return "map", None
    inside = fields(given) if isinstance(given, type) else None
    if inside is None:
        return SCALAR
    return "object", {key: sdk_shape(value, fields) for key, value in inside.items()}


def bridge_shape(schema: dict[str, Any], given: dict[str, Any]) -> Shape:
    """The shape of a property as the bridge declares it."""
    reference = given.get("$ref", "")
    if reference.startswith("#/types/"):
        properties = schema["types"][reference.removeprefix("#/types/")].get("properties", {})
        return "object", {key: bridge_shape(schema, value) for key, value in properties.items()}
    if given.get("type") == "array":
        return "list", bridge_shape(schema, given["items"])
    return ("map", None) if given.get("type") == "object" else SCALAR


def differences(token: str, path: tuple[str, ...], ours: Shape, theirs: Shape) -> Iterator[str]:
    """What of our shape the other one lacks once the translation's table is applied."""
    if ours[0] != theirs[0]:
        yield f"{'.'.join(path)}: {ours[0]} here, {theirs[0]} there"
    elif ours[0] == "list":
        yield from differences(token, path, ours[1], theirs[1])
    elif ours[0] == "object":
        for name, shape in ours[1].items():
            inside = (*path, name)
            field = next((field for field in translate.FIELDS.get(token, ()) if field.path == inside), None)
            found = theirs[1].get(field.theirs if field else name)
            if found is None:
                yield ".".join(inside)
                continue
            if field and field.listed == "there":
                found = found[1] if found[0] == "list" else ("not a list", found)
            elif field and field.listed == "here":
                found = "list", found
            yield from differences(token, inside, shape, found)


def assert_same(
    token: str,
    given: Mapping[str, Any],
    theirs: dict[str, Any],
    schema: dict[str, Any],
    kind: str,
    *,
    known: set[str],
    dropped: Container[str | None],
) -> set[str]:
    """The known gaps that were met; any other difference fails."""
    inputs = kind == "inputs"
    fields = (
        (lambda of: _types.input_type_types(of) if _types.is_input_type(of) else None)
        if inputs
        else (lambda of: _types.output_type_types(of) if _types.is_output_type(of) else None)
    )
    ours: Shape = ("object", {name: sdk_shape(value, fields) for name, value in given.items()})
    there: Shape = ("object", {name: bridge_shape(schema, value) for name, value in theirs.items()})
    met = set()
    for difference in differences(token, (), ours, there):
        if difference in dropped:
            continue
        gap = next((gap for gap in known if difference == gap or (gap[-1] == "." and difference.startswith(gap))), None)
        assert gap, f"{token} {kind}: {difference}"
        met.add(gap)
    return met


def token_of(thing: Any) -> str:
    match = re.search(r"'((?:aws|pulumi):[a-z0-9]+/\w+:\w+)'", inspect.getsource(thing))
    assert match
    return match[1]


def arguments_of(resource: Any) -> dict[str, Any]:
    module = importlib.import_module(resource.__module__)
    name = resource.__name__
    return _types.input_type_types(getattr(module, f"{name}InitArgs", None) or getattr(module, f"{name}Args"))


def regions(token: str, generation: str) -> set[str | None]:
    """The properties that the bridge adds itself."""
    return {"region", translate.region_output(token)} if generation == "5" else set()


def test_every_generation_has_its_list() -> None:
    assert set(LACKING) == set(versions.TERRAFORM_AWS)


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.__name__)
def test_resource(resource: Any, schema: dict[str, Any], generation: str, lacking: Mapping[str, set[str]]) -> None:
    token = token_of(resource)
    theirs = schema["resources"][translate.token(token)]
    inputs, outputs = arguments_of(resource), _types.resource_types(resource)
    known, dropped = lacking.get(token, set()), regions(token, generation)
    met = assert_same(token, inputs, theirs["inputProperties"], schema, "inputs", known=known, dropped=dropped)
    met |= assert_same(token, outputs, theirs["properties"], schema, "outputs", known=known, dropped=dropped)
    assert met == known, "a known gap is none any more: take it out"
    assert ("region" in outputs) == bool(translate.region_output(token))


def test_provider(schema: dict[str, Any], lacking: Mapping[str, set[str]]) -> None:
    given, theirs = _types.input_type_types(aws.ProviderArgs), schema["provider"]["inputProperties"]
    known = lacking.get(translate.PROVIDER, set())
    assert assert_same(translate.PROVIDER, given, theirs, schema, "inputs", known=known, dropped=()) == known


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_function(function: Any, schema: dict[str, Any], generation: str, lacking: Mapping[str, set[str]]) -> None:
    token = token_of(function)
    theirs = schema["functions"][translate.token(token)]
    module = importlib.import_module(function.__module__)
    result = next(value for name, value in vars(module).items() if re.fullmatch(r"Get\w+Result", name))
    known, dropped = lacking.get(token, set()), regions(token, generation)
    outputs = _types.output_type_types(result)
    assert_same(token, outputs, theirs["outputs"]["properties"], schema, "outputs", known=known, dropped=dropped)
    names = {re.sub(r"_(\w)", lambda part: part[1].upper(), name) for name in inspect.signature(function).parameters}
    missing = names - {"opts"} - set(theirs.get("inputs", {}).get("properties", {}))
    assert missing <= known | dropped
