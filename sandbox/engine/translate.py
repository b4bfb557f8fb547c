"""Translates types and properties between pulumi-aws 7 and the bridge to Terraform's aws provider.

Owns every difference between the two, for the types this program uses; ``tests/engine/test_bridge_schema.py`` compares
both schemas and fails on a difference that is not here. Leaves out transport (``bridge``). A property that only
pulumi-aws 7 has is not here: the bridge ignores it in silence, and that test's ``LACKING`` lists them all.
"""

import json
import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

from google.protobuf.struct_pb2 import Struct, Value

from sandbox.engine import wire

PROVIDER = "pulumi:providers:aws"
BUCKET = "aws:s3/bucket:Bucket"

#: Terraform names that are not the module and the type put together, by package.
_IRREGULAR = {
    "aws": {"iamOpenIdConnectProvider": "iamOpenidConnectProvider", "elasticIp": "eip", "tag": "ec2Tag"},
    "gcp": {
        "serviceaccountAccount": "serviceAccount",
        "storageBucketIAMMember": "storageBucketIamMember",
        "projectsOrganizationPolicy": "projectOrganizationPolicy",
    },
    "tencentcloud": {
        "vpcInstance": "vpc",
        "subnetInstance": "subnet",
        "instanceInstance": "instance",
        "eipInstance": "eip",
        "imagesInstance": "images",
    },
}

#: Modules whose types carry no module in their Terraform name, by package.
_UNPREFIXED: Mapping[str, set[str]] = {"aws": {"ec2", "index"}, "gcp": {"organizations"}, "tencentcloud": set()}

#: Types that belong to no region, so that pulumi-aws 7 has no ``region`` on them.
_GLOBAL_MODULES = {"iam", "route53"}
_GLOBAL_TYPES = {"aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock"}


class Field(NamedTuple):
    """A property with another name or shape on the other side; ``path`` and ``ours`` are pulumi-aws's.

    ``listed`` says on which side one object stands inside a list, if on one only.
    """

    path: tuple[str, ...]
    theirs: str
    listed: Literal["here", "there"] | None = None

    @property
    def ours(self) -> str:
        return self.path[-1]

    def wraps(self, *, outward: bool) -> bool:
        """Whether the object goes into a list in this direction."""
        return self.listed == ("here" if outward else "there")


FIELDS: Mapping[str, tuple[Field, ...]] = {
    PROVIDER: (
        Field(("defaultTags",), "defaultTags", listed="there"),
        Field(("ignoreTags",), "ignoreTags", listed="there"),
        Field(("assumeRoleWithWebIdentity",), "assumeRoleWithWebIdentities", listed="there"),
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": (
        Field(("rules", "abortIncompleteMultipartUpload"), "abortIncompleteMultipartUploads", listed="there"),
        Field(("rules", "expiration"), "expirations", listed="there"),
        Field(("rules", "filter"), "filters", listed="there"),
        Field(("rules", "filter", "and"), "ands", listed="there"),
        Field(("rules", "filter", "tag"), "tags", listed="there"),
        Field(("rules", "noncurrentVersionExpiration"), "noncurrentVersionExpirations", listed="there"),
    ),
    "aws:dlm/lifecyclePolicy:LifecyclePolicy": (
        Field(("policyDetails", "resourceLocations"), "resourceLocations", listed="there"),
        Field(("policyDetails", "schedules", "createRule", "times"), "times", listed="there"),
    ),
    "aws:ec2/securityGroup:SecurityGroup": (Field(("ingress",), "ingresses"), Field(("egress",), "egresses")),
    "aws:cloudwatch/metricAlarm:MetricAlarm": (Field(("name",), "alarmName"),),
    "aws:sns/topicSubscription:TopicSubscription": (Field(("topic",), "topicArn"),),
    "aws:route53/record:Record": (
        Field(("aliases",), "alias", listed="here"),
        Field(("failoverRoutingPolicies",), "failoverRoutingPolicy", listed="here"),
        Field(("geolocationRoutingPolicies",), "geolocationRoutingPolicy", listed="here"),
        Field(("latencyRoutingPolicies",), "latencyRoutingPolicy", listed="here"),
        Field(("weightedRoutingPolicies",), "weightedRoutingPolicy", listed="here"),
    ),
}


def token(ours: str) -> str:
    """The bridge's token for a resource type or function of a package here; other tokens are the same on both sides."""
    match = re.fullmatch(rf"({'|'.join(_IRREGULAR)}):(\w+)/(get)?(\w+):\w+", ours)
    if match is None:
        return ours
    package, module, get, name = match.groups()
    # The modules of Tencent Cloud's SDK begin with a capital.
    module, name = module[0].lower() + module[1:], name[0].lower() + name[1:]
    if module not in _UNPREFIXED[package]:
        name = module + _capital(name)
    name = _IRREGULAR[package].get(name, name)
    found = f"get{_capital(name)}" if get else name
    return f"{package}:index/{found}:{found if get else _capital(name)}"


def urn(ours: str) -> str:
    """The URN with the bridge's token as the resource's own type; its parents' types stay."""
    stack, project, types, name = ours.split("::", 3)
    parents, dollar, own = types.rpartition("$")
    return "::".join((stack, project, parents + dollar + token(own), name))


def urn_type(of: str) -> str:
    """A resource's own type out of its URN."""
    return of.split("::", 3)[2].rpartition("$")[2]


def _capital(name: str) -> str:
    return name[0].upper() + name[1:]


def region_output(ours: str) -> str | None:
    """The output which pulumi-aws 7 has and provider 5 lacks because it holds the resource's region."""
    if ours == BUCKET:
        return "bucketRegion"
    match = re.fullmatch(r"aws:(\w+)/\w+:[A-Z]\w+", ours)
    if match is None or match[1] in _GLOBAL_MODULES or ours in _GLOBAL_TYPES:
        return None
    return "region"


def drop_region_output(ours: str, struct: Struct) -> None:
    """Remove the output that provider 5 lacks."""
    added = region_output(ours)
    if added and added in struct.fields:
        del struct.fields[added]


def inward(ours: str, struct: Struct) -> None:
    """Rewrite a resource's properties in place from pulumi-aws's form to the bridge's."""
    _rewrite(struct, FIELDS.get(ours, ()), (), outward=False, encoded=ours == PROVIDER)


def outward(ours: str, struct: Struct) -> None:
    """Rewrite a resource's properties in place from the bridge's form to pulumi-aws's."""
    _rewrite(struct, FIELDS.get(ours, ()), (), outward=True, encoded=ours == PROVIDER)


def _rewrite(struct: Struct, fields: tuple[Field, ...], path: tuple[str, ...], *, outward: bool, encoded: bool) -> None:
    if not fields:
        return
    for key in list(struct.fields):
        field = _field(fields, path, key, outward=outward)
        value = Value()
        value.CopyFrom(struct.fields[key])
        for child in wire.objects(value):
            _rewrite(child, fields, (*path, field.ours if field else key), outward=outward, encoded=False)
        target = key
        if field is not None:
            reshaped = _reshape(value, field, outward=outward, encoded=encoded)
            if reshaped is None:
                continue
            value = reshaped
            target = field.ours if outward else field.theirs
        if target != key:
            del struct.fields[key]
        struct.fields[target].CopyFrom(value)


def _field(fields: tuple[Field, ...], path: tuple[str, ...], key: str, *, outward: bool) -> Field | None:
    for field in fields:
        if field.path[:-1] == path and key == (field.theirs if outward else field.ours):
            return field
    return None


def _reshape(value: Value, field: Field, *, outward: bool, encoded: bool) -> Value | None:
    """The value in the other side's shape. None if it has no such shape: it then stays as it is and must return so."""
    if field.listed is None:
        return value
    if wire.mark(value) in (wire.SECRET, wire.OUTPUT) and not wire.is_unknown(value):
        content = _reshape(value.struct_value.fields["value"], field, outward=outward, encoded=encoded)
        if content is None:
            return None
        value.struct_value.fields["value"].CopyFrom(content)
        return value
    kind = value.WhichOneof("kind")
    # A list that is to be wrapped had no such shape when it came: an empty one, with one name on both sides.
    if wire.is_unknown(value) or kind == "null_value" or (kind == "list_value" and field.wraps(outward=outward)):
        return value
    if encoded:
        return _reshape_text(value.string_value, wraps=field.wraps(outward=outward))
    if field.wraps(outward=outward):
        wrapped = Value()
        wrapped.list_value.values.add().CopyFrom(value)
        return wrapped
    if kind == "list_value" and len(value.list_value.values) == 1:
        single = Value()
        single.CopyFrom(value.list_value.values[0])
        return single
    return None


def _reshape_text(text: str, *, wraps: bool) -> Value | None:
    """Like ``_reshape``, for provider configuration, whose values are JSON in strings."""
    content = json.loads(text)
    if wraps:
        return Value(string_value=json.dumps([content]))
    if isinstance(content, list) and len(content) == 1:
        return Value(string_value=json.dumps(content[0]))
    return None


_SEGMENT = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|([^.\[\]]+)')


def path_inward(ours: str, path: str) -> str:
    """A property path such as ``rules[0].filter.prefix`` in the bridge's form."""
    return _path(ours, path, outward=False)


def path_outward(ours: str, path: str) -> str:
    """A property path of the bridge in pulumi-aws's form."""
    return _path(ours, path, outward=True)


def _path(ours: str, path: str, *, outward: bool) -> str:
    fields = FIELDS.get(ours, ())
    if not fields:
        return path
    written, names, unwrap = "", (), False  # type: tuple[str, tuple[str, ...], bool]
    for quoted, index, plain in _SEGMENT.findall(path):
        if index:
            written += "" if unwrap else f"[{index}]"
            unwrap = False
            continue
        unwrap = False
        key = quoted or plain
        field = _field(fields, names, key, outward=outward)
        names = (*names, field.ours if field else key)
        if field:
            key = field.ours if outward else field.theirs
        written += f'["{key}"]' if quoted else (f".{key}" if written else key)
        if field and field.listed:
            unwrap = not field.wraps(outward=outward)
            written += "" if unwrap else "[0]"
    return written
