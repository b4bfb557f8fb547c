"""What a run made and its state does not know: how each kind is found in the account, and how its owner is proven.

Owns one row per kind of resource that a create can leave behind. A name is never proof. Three things are: the owner tag
that the create itself wrote; belonging to something that the stack has, such as a policy of its role; and a creation
time within a run of this stack together with the content that the program wants. Leaves out the state (``recover``).
"""

import datetime
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError

from components import arns
from components.naming import OWNER_TAG
from ops import clients, snapshots

Inputs = Mapping[str, Any]

#: Types of a launched host, which other modules look for too.
INSTANCE = "aws:ec2/instance:Instance"
FIREWALL = "aws:ec2/securityGroup:SecurityGroup"
KEY_PAIR = "aws:ec2/keyPair:KeyPair"

#: Identifier, in the form that an import of the type takes, from the inputs.
BY_NAME: dict[str, Callable[[Inputs], str]] = {
    "aws:accessanalyzer/analyzer:Analyzer": lambda i: i["analyzerName"],
    "aws:cloudwatch/metricAlarm:MetricAlarm": lambda i: i["name"],
    KEY_PAIR: lambda i: i["keyName"],
    "aws:ec2/tag:Tag": lambda i: f"{i['resourceId']},{i['key']}",
    "aws:iam/instanceProfile:InstanceProfile": lambda i: i["name"],
    "aws:iam/role:Role": lambda i: i["name"],
    "aws:iam/rolePolicy:RolePolicy": lambda i: f"{i['role']}:{i['name']}",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": lambda i: f"{i['role']}/{i['policyArn']}",
    "aws:iam/user:User": lambda i: i["name"],
    "aws:iam/userPolicy:UserPolicy": lambda i: f"{i['user']}:{i['name']}",
    "aws:route53/record:Record": lambda i: f"{i['zoneId']}_{i['name']}_{i['type']}",
    "aws:s3/bucket:Bucket": lambda i: i["bucket"],
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": lambda i: i["bucket"],
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": lambda i: i["bucket"],
    "aws:s3/bucketPolicy:BucketPolicy": lambda i: i["bucket"],
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": lambda i: i["bucket"],
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": lambda i: i["bucket"],
    "aws:s3/bucketVersioning:BucketVersioning": lambda i: i["bucket"],
    "aws:ses/receiptRule:ReceiptRule": lambda i: f"{i['ruleSetName']}:{i['name']}",
    "aws:ses/receiptRuleSet:ReceiptRuleSet": lambda i: i["ruleSetName"],
    "aws:sesv2/emailIdentity:EmailIdentity": lambda i: i["emailIdentity"],
}

#: States of an instance that is still somewhere.
ALIVE = ("pending", "running", "stopping", "stopped")

#: Types whose create may be done again at any time: they compute, run, or write a setting that goes with its owner.
REPEATED = frozenset(
    {
        "aws:ebs/encryptionByDefault:EncryptionByDefault",
        "aws:ec2/eipAssociation:EipAssociation",
        "aws:ec2/tag:Tag",
        "aws:iam/accessKey:AccessKey",  # its twins are removed by `lost_keys`
        "aws:iam/rolePoliciesExclusive:RolePoliciesExclusive",
        "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive",
        "aws:iam/userPoliciesExclusive:UserPoliciesExclusive",
        "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive",
        "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock",
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        "aws:s3/bucketPolicy:BucketPolicy",
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "aws:s3/bucketVersioning:BucketVersioning",
        "aws:ses/activeReceiptRuleSet:ActiveReceiptRuleSet",
        "aws:sns/topicPolicy:TopicPolicy",
        "aws:sns/topicSubscription:TopicSubscription",  # SNS answers with the one that is there
        "command:local:Command",
        "command:remote:Command",
        "command:remote:CopyToRemote",
        "tls:index/privateKey:PrivateKey",
    }
)

#: What belongs to something else: its type, and the identifier of its owner in the state from the inputs.
PARTS: dict[str, tuple[str, Callable[[Inputs], str]]] = {
    "aws:iam/rolePolicy:RolePolicy": ("aws:iam/role:Role", lambda i: i["role"]),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": ("aws:iam/role:Role", lambda i: i["role"]),
    "aws:iam/userPolicy:UserPolicy": ("aws:iam/user:User", lambda i: i["user"]),
}


def belongs_to_another(kind: str) -> bool:
    """Resources of the type are proven by what they are a part of."""
    return kind in PARTS or kind in ("aws:ses/receiptRule:ReceiptRule", "aws:route53/record:Record")


class UnknownTypeError(Exception):
    """Nobody has said how a resource of this type is found."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """A run of the stack: its create calls were made between ``begin`` and ``end``, both aware of their zone."""

    begin: datetime.datetime
    end: datetime.datetime

    def holds(self, moment: datetime.datetime) -> bool:
        return self.begin <= moment <= self.end


@dataclass(frozen=True, kw_only=True)
class Found:
    """Something in the account that a create would make. ``owner`` is its owner tag, ``made`` its creation time, each
    None where the service has none; ``differs`` says what is not as the program wants it. ``remade`` is removed and
    made again, because the create takes several calls or gave a secret away once.
    """

    identifier: str
    owner: str | None = None
    made: datetime.datetime | None = None
    differs: Sequence[str] = ()
    remade: str = ""


@dataclass(frozen=True, kw_only=True)
class Proof:
    """``reason`` says in few words why it is, or is not, the stack's."""

    own: bool
    reason: str


@dataclass(kw_only=True)
class LiveAccount:
    """Questions about what a stack may have left. ``of`` gives a client of a service; ``state`` are the resources that
    the stack has, and what is taken in joins them.
    """

    account_id: str
    of: Callable[[str], Any]
    state: list[dict[str, Any]]
    windows: Sequence[Window] = field(default_factory=list)

    def find(self, kind: str, inputs: Inputs) -> list[Found]:
        """What is there of a resource, apart from what the state has. Raises UnknownTypeError."""
        if kind in REPEATED or not kind.startswith("aws:"):
            return []
        if kind in PARTS:
            found = self._part(kind, inputs)
        elif kind in _FINDERS:
            found = _FINDERS[kind](self, inputs)
        else:
            raise UnknownTypeError(kind)
        known = self.known(kind)
        return [item for item in found if item.identifier not in known]

    def known(self, kind: str) -> set[str]:
        """Identifiers of the state's resources of a type."""
        return {str(item["id"]) for item in self.state if item["type"] == kind and item.get("id")}

    def proof(self, kind: str, inputs: Inputs, found: Found) -> Proof:
        """Whether ``found`` is what a run of this stack made."""
        wanted = (inputs.get("tags") or {}).get(OWNER_TAG)
        if found.owner is not None:
            own = found.owner == wanted
            return Proof(own=own, reason=f"its tag {OWNER_TAG} is {found.owner}")
        belongs = self._belongs(kind, inputs)
        if belongs is not None and not found.differs:
            return belongs
        if found.differs:
            return Proof(own=False, reason=f"it differs from the program in {', '.join(found.differs)}")
        if found.made is None:
            return Proof(own=False, reason=f"it has no tag {OWNER_TAG}, and AWS does not say when it was made")
        if any(window.holds(found.made) for window in self.windows):
            return Proof(
                own=True, reason=f"it was made in a run of this stack ({_shown(found.made)}), as the program does"
            )
        return Proof(own=False, reason=f"it was made {_shown(found.made)}, outside of every run of this stack")

    def _belongs(self, kind: str, inputs: Inputs) -> Proof | None:
        """The owner of a part is in the state; None for what is a part of nothing that the stack has."""
        if kind in PARTS:
            owner, identifier = PARTS[kind]
            if identifier(inputs) in self.known(owner):
                return Proof(own=True, reason=f"it is a part of {identifier(inputs)}, which the stack has")
        if kind == "aws:ses/receiptRule:ReceiptRule":
            buckets = {action.get("bucketName") for action in inputs.get("s3Actions") or []}
            if buckets and buckets <= self.known("aws:s3/bucket:Bucket"):
                return Proof(own=True, reason="it files mail into the stack's own bucket, as the program does")
        if kind == "aws:route53/record:Record":
            return self._record_belongs(inputs)
        return None

    def _record_belongs(self, inputs: Inputs) -> Proof | None:
        if inputs["type"] == "A":
            addresses = {
                (item.get("outputs") or {}).get("publicIp")
                for item in self.state
                if item["type"] in ("aws:ec2/eip:Eip", "aws:ec2/eipAssociation:EipAssociation")
            }
            if set(inputs["records"]) <= addresses:
                return Proof(own=True, reason="it leads to the stack's own address, as the program does")
            return None
        domains = self.known("aws:sesv2/emailIdentity:EmailIdentity")
        if any(inputs["name"] == domain or inputs["name"].endswith(f".{domain}") for domain in domains):
            return Proof(own=True, reason="it is of the stack's own mail domain, with the program's value")
        return None

    def lost_keys(self, user: str) -> Iterator[tuple[str, Proof]]:
        """Access keys of a user that the state does not have. A key whose answer was lost was never used: nobody has
        its secret.
        """
        iam, known = self.of("iam"), self.known("aws:iam/accessKey:AccessKey")
        if not self.there("iam", "get_user", UserName=user):
            return
        for key in iam.list_access_keys(UserName=user)["AccessKeyMetadata"]:
            identifier, made = str(key["AccessKeyId"]), key["CreateDate"]
            if identifier in known:
                continue
            used = iam.get_access_key_last_used(AccessKeyId=identifier)["AccessKeyLastUsed"].get("LastUsedDate")
            if used:
                yield identifier, Proof(own=False, reason=f"it was used {_shown(used)}, so somebody has its secret")
            elif any(window.holds(made) for window in self.windows):
                yield identifier, Proof(own=True, reason=f"it was made in a run of this stack ({_shown(made)}), unused")
            else:
                yield identifier, Proof(own=False, reason=f"it was made {_shown(made)}, outside of every run")

    def there(self, service: str, operation: str, **arguments: Any) -> Any:
        """The answer, or None where AWS says that there is no such thing. Raises ClientError for another refusal."""
        try:
            return getattr(self.of(service), operation)(**arguments)
        except ClientError as error:
            # A key pair or a bucket's setting that is not there has a code of its own.
            if clients.is_absent(error) or "NotFound" in str(error):
                return None
            raise

    def _part(self, kind: str, inputs: Inputs) -> list[Found]:
        owner, identifier = PARTS[kind]
        if identifier(inputs) not in self.known(owner):
            return []
        service, operation, arguments = _PART_LOOKUPS[kind]
        answer = self.there(service, operation, **arguments(inputs))
        if answer is None or (kind.endswith("RolePolicyAttachment") and not _attached(answer, inputs)):
            return []
        return [Found(identifier=BY_NAME[kind](inputs))]

    @cached_property
    def _buckets(self) -> dict[str, datetime.datetime]:
        return {item["Name"]: item["CreationDate"] for item in self.of("s3").list_buckets()["Buckets"]}

    def _bucket(self, inputs: Inputs) -> list[Found]:
        name = inputs["bucket"]
        if name not in self._buckets:
            return []
        filled = self.of("s3").list_object_versions(Bucket=name, MaxKeys=1)
        differs = ["objects that are in it"] if filled.get("Versions") or filled.get("DeleteMarkers") else []
        return [Found(identifier=name, made=self._buckets[name], differs=differs)]

    def _user(self, inputs: Inputs) -> list[Found]:
        answer = self.there("iam", "get_user", UserName=inputs["name"])
        return [Found(identifier=inputs["name"], made=answer["User"]["CreateDate"])] if answer else []

    def _role(self, inputs: Inputs) -> list[Found]:
        answer = self.there("iam", "get_role", RoleName=inputs["name"])
        if not answer:
            return []
        role = answer["Role"]
        wanted = inputs.get("assumeRolePolicy")
        differs = []
        if wanted is not None and json.loads(wanted) != role["AssumeRolePolicyDocument"]:
            differs.append("who may assume it")
        if inputs.get("description") != role.get("Description"):
            differs.append("its description")
        return [Found(identifier=inputs["name"], made=role["CreateDate"], differs=differs)]

    def _profile(self, inputs: Inputs) -> list[Found]:
        answer = self.there("iam", "get_instance_profile", InstanceProfileName=inputs["name"])
        if not answer:
            return []
        profile = answer["InstanceProfile"]
        # A create that was cut off between its two calls has no role yet.
        roles = {role["RoleName"] for role in profile["Roles"]}
        differs = [] if roles <= {inputs.get("role")} else ["its role"]
        return [Found(identifier=inputs["name"], made=profile["CreateDate"], differs=differs)]

    def _issuer(self, inputs: Inputs) -> list[Found]:
        arn = arns.oidc_provider(self.account_id, inputs["url"].removeprefix("https://"))
        answer = self.there("iam", "get_open_id_connect_provider", OpenIDConnectProviderArn=arn)
        if not answer:
            return []
        differs = [] if set(answer["ClientIDList"]) == set(inputs.get("clientIdLists") or []) else ["its client ids"]
        return [Found(identifier=arn, made=answer["CreateDate"], differs=differs)]

    def _firewall(self, inputs: Inputs) -> list[Found]:
        filters = [{"Name": "group-name", "Values": [inputs["name"]]}]
        return [
            Found(
                identifier=group["GroupId"],
                owner=_tag(group),
                differs=[] if group["Description"] == inputs.get("description") else ["its description"],
                remade="making it takes several calls",
            )
            for group in self.of("ec2").describe_security_groups(Filters=filters)["SecurityGroups"]
        ]

    def _key_pair(self, inputs: Inputs) -> list[Found]:
        filters = [{"Name": "key-name", "Values": [inputs["keyName"]]}]
        found = self.of("ec2").describe_key_pairs(Filters=filters, IncludePublicKey=True)["KeyPairs"]
        return [
            Found(
                identifier=pair["KeyName"],
                owner=_tag(pair),
                made=pair.get("CreateTime"),
                differs=[] if _same_key(pair.get("PublicKey"), inputs.get("publicKey")) else ["its key"],
                # A read gives no public key, so a pair that is taken in would be replaced.
                remade="Pulumi cannot read its public key",
            )
            for pair in found
        ]

    def _address(self, inputs: Inputs) -> list[Found]:
        """The connected one first: it is the one in use."""
        filters = [{"Name": "tag:Name", "Values": [inputs["tags"]["Name"]]}]
        found = self.of("ec2").describe_addresses(Filters=filters)["Addresses"]
        return [
            Found(identifier=item["AllocationId"], owner=_tag(item))
            for item in sorted(found, key=lambda item: "AssociationId" not in item)
        ]

    def _instance(self, inputs: Inputs) -> list[Found]:
        filters = [
            {"Name": "tag:Name", "Values": [inputs["tags"]["Name"]]},
            {"Name": "instance-state-name", "Values": list(ALIVE)},
        ]
        found = self.of("ec2").describe_instances(Filters=filters)["Reservations"]
        each = [one for several in found for one in several["Instances"]]
        # The newest: an older one may be the one that is being replaced.
        each.sort(key=lambda one: one["LaunchTime"], reverse=True)
        return [Found(identifier=one["InstanceId"], owner=_tag(one), made=one["LaunchTime"]) for one in each]

    def _image(self, inputs: Inputs) -> list[Found]:
        filters = [{"Name": "name", "Values": [inputs["name"]]}]
        found = self.of("ec2").describe_images(Owners=["self"], Filters=filters)["Images"]
        return [Found(identifier=item["ImageId"], owner=_tag(item)) for item in found]

    def _schedule(self, inputs: Inputs) -> list[Found]:
        found = snapshots.policies(self.of("dlm"), inputs["policyDetails"]["targetTags"])
        return [Found(identifier=item["PolicyId"], owner=item.get("Tags", {}).get(OWNER_TAG)) for item in found]

    def _identity(self, inputs: Inputs) -> list[Found]:
        name = inputs["emailIdentity"]
        answer = self.there("sesv2", "get_email_identity", EmailIdentity=name)
        return [Found(identifier=name, owner=_tag(answer))] if answer else []

    def _rule(self, inputs: Inputs) -> list[Found]:
        names = {"RuleSetName": inputs["ruleSetName"], "RuleName": inputs["name"]}
        answer = self.there("ses", "describe_receipt_rule", **names)
        if not answer:
            return []
        rule = answer["Rule"]
        actions = [action.get("S3Action", {}) for action in rule.get("Actions", [])]
        seen = [(action.get("BucketName"), action.get("ObjectKeyPrefix")) for action in actions]
        wanted = [(action.get("bucketName"), action.get("objectKeyPrefix")) for action in inputs.get("s3Actions") or []]
        differs = [
            what
            for what, same in {
                "its recipients": sorted(rule.get("Recipients", [])) == sorted(inputs.get("recipients") or []),
                "its actions": seen == wanted,
            }.items()
            if not same
        ]
        return [Found(identifier=BY_NAME["aws:ses/receiptRule:ReceiptRule"](inputs), differs=differs)]

    def _rule_set(self, inputs: Inputs) -> list[Found]:
        name = inputs["ruleSetName"]
        for item in self.of("ses").list_receipt_rule_sets()["RuleSets"]:
            if item["Name"] == name:
                rules = self.of("ses").describe_receipt_rule_set(RuleSetName=name)["Rules"]
                return [
                    Found(identifier=name, made=item.get("CreatedTimestamp"), differs=["its rules"] if rules else [])
                ]
        return []

    def _alarm(self, inputs: Inputs) -> list[Found]:
        cloudwatch, name = self.of("cloudwatch"), inputs["name"]
        found = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm"])["MetricAlarms"]
        return [
            Found(identifier=name, owner=_tag(cloudwatch.list_tags_for_resource(ResourceARN=item["AlarmArn"])))
            for item in found
        ]

    def _topic(self, inputs: Inputs) -> list[Found]:
        sns = self.of("sns")
        arn = arns.topic(sns.meta.region_name, self.account_id, inputs["name"])
        if not self.there("sns", "get_topic_attributes", TopicArn=arn):
            return []
        return [Found(identifier=arn, owner=_tag(sns.list_tags_for_resource(ResourceArn=arn)))]

    def _health_check(self, inputs: Inputs) -> list[Found]:
        """By its caller reference, which the create itself writes; the tags are another call."""
        found = self.of("route53").get_paginator("list_health_checks").paginate()
        return [
            Found(identifier=item["Id"], owner=(inputs.get("tags") or {}).get(OWNER_TAG))
            for page in found
            for item in page["HealthChecks"]
            if is_health_check_of(inputs["referenceName"], item)
        ]

    def _analyzer(self, inputs: Inputs) -> list[Found]:
        name = inputs["analyzerName"]
        answer = self.there("accessanalyzer", "get_analyzer", analyzerName=name)
        if not answer:
            return []
        analyzer = answer["analyzer"]
        differs = [] if analyzer["type"] == inputs.get("type") else ["its type"]
        return [Found(identifier=name, made=analyzer["createdAt"], differs=differs)]

    def _record(self, inputs: Inputs) -> list[Found]:
        name, kind, zone = inputs["name"], inputs["type"], inputs["zoneId"]
        answer = self.of("route53").list_resource_record_sets(
            HostedZoneId=zone, StartRecordName=name, StartRecordType=kind, MaxItems="1"
        )
        for record in answer["ResourceRecordSets"]:
            if (record["Name"].rstrip("."), record["Type"]) != (name.rstrip("."), kind):
                continue
            seen = sorted(item["Value"].strip('"') for item in record.get("ResourceRecords", []))
            differs = [] if seen == sorted(inputs["records"]) else ["its value"]
            if record.get("TTL") != inputs.get("ttl"):
                differs.append("its TTL")
            return [Found(identifier=BY_NAME["aws:route53/record:Record"](inputs), differs=differs)]
        return []


_FINDERS: dict[str, Callable[[LiveAccount, Inputs], list[Found]]] = {
    "aws:accessanalyzer/analyzer:Analyzer": LiveAccount._analyzer,
    "aws:cloudwatch/metricAlarm:MetricAlarm": LiveAccount._alarm,
    "aws:dlm/lifecyclePolicy:LifecyclePolicy": LiveAccount._schedule,
    "aws:ec2/ami:Ami": LiveAccount._image,
    "aws:ec2/eip:Eip": LiveAccount._address,
    INSTANCE: LiveAccount._instance,
    KEY_PAIR: LiveAccount._key_pair,
    FIREWALL: LiveAccount._firewall,
    "aws:iam/instanceProfile:InstanceProfile": LiveAccount._profile,
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": LiveAccount._issuer,
    "aws:iam/role:Role": LiveAccount._role,
    "aws:iam/user:User": LiveAccount._user,
    "aws:route53/healthCheck:HealthCheck": LiveAccount._health_check,
    "aws:route53/record:Record": LiveAccount._record,
    "aws:s3/bucket:Bucket": LiveAccount._bucket,
    "aws:ses/receiptRule:ReceiptRule": LiveAccount._rule,
    "aws:ses/receiptRuleSet:ReceiptRuleSet": LiveAccount._rule_set,
    "aws:sesv2/emailIdentity:EmailIdentity": LiveAccount._identity,
    "aws:sns/topic:Topic": LiveAccount._topic,
}

_PART_LOOKUPS: dict[str, tuple[str, str, Callable[[Inputs], dict[str, Any]]]] = {
    "aws:iam/rolePolicy:RolePolicy": (
        "iam",
        "get_role_policy",
        lambda i: {"RoleName": i["role"], "PolicyName": i["name"]},
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": (
        "iam",
        "list_attached_role_policies",
        lambda i: {"RoleName": i["role"]},
    ),
    "aws:iam/userPolicy:UserPolicy": (
        "iam",
        "get_user_policy",
        lambda i: {"UserName": i["user"], "PolicyName": i["name"]},
    ),
}


def is_health_check_of(reference: str, item: Mapping[str, Any]) -> bool:
    """Whether the provider made a health check with this reference name, which it puts in front of an id of its own."""
    return bool(re.fullmatch(rf"{re.escape(reference)}-terraform-[0-9a-f]+", str(item["CallerReference"])))


def _attached(answer: Mapping[str, Any], inputs: Inputs) -> bool:
    return inputs["policyArn"] in {policy["PolicyArn"] for policy in answer["AttachedPolicies"]}


def _tag(item: Mapping[str, Any]) -> str | None:
    return next((tag["Value"] for tag in item.get("Tags") or [] if tag["Key"] == OWNER_TAG), None)


def _same_key(seen: str | None, wanted: str | None) -> bool:
    """Two OpenSSH public keys are the same key, whatever their comments."""
    return bool(seen and wanted) and str(seen).split()[:2] == str(wanted).split()[:2]


def _shown(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
