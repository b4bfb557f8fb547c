"""What an account has under a stack's names, and what of it the stack's state does not know.

Owns how each kind is found, its id in a state, and the commands that remove it, in an order in which they can be run.
Leaves out taking it over (``ops/commands/adopt.py``): what only this program names is nobody else's, and cannot be.
"""

import json
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components import alarms, arns
from components.naming import BUCKET_KEYS, OWNER_TAG, RECEIPT_RULE_SET, ROLE_KEYS, Names
from ops import clients, snapshots
from ops.stack import Stack
from ops.traces import ALIVE, FIREWALL, INSTANCE, KEY_PAIR, is_health_check_of


@dataclass(frozen=True, kw_only=True)
class Thing:
    """Something in the account. ``type`` and ``identifier`` are a state's; ``removal`` are commands, one after another.

    ``adoptable`` says that scripts make such a thing too, so that it may be somebody's.
    """

    what: str
    type: str
    identifier: str
    removal: Sequence[str]
    adoptable: bool = True
    hint: str = ""

    def known_to(self, state: Sequence[Mapping[str, Any]]) -> bool:
        return any(item["type"] == self.type and str(item.get("id")) == self.identifier for item in state)


def unknown(stack: Stack, state: Sequence[Mapping[str, Any]], ask: Callable[..., Any]) -> list[Thing]:
    """What is under the stack's names, and not in its state; ``ask`` makes a client of a service."""
    search = Search(stack=stack, ask=ask)
    known = [*state, *search.in_use()]
    return [thing for thing in search.things() if not thing.known_to(known)]


#: Services that an alarm needs.
_ALARMING = ("cloudwatch", "sns")


def lacking(names: Names, state: Sequence[Mapping[str, Any]]) -> list[str]:
    """What every stack that is up has, and this state has not. What destroy takes first is among it."""
    wanted = [
        ("aws:ses/receiptRule:ReceiptRule", names.receipt_rule, f"receipt rule {names.receipt_rule}"),
        *(("aws:iam/role:Role", name, f"role {name}") for name in _roles(names)),
        *(("aws:iam/user:User", name, f"user {name}") for name in _users(names)),
        *(("aws:s3/bucket:Bucket", name, f"bucket {name}") for name in _buckets(names)),
        *(("aws:sesv2/emailIdentity:EmailIdentity", name, f"mail identity {name}") for name in _identities(names)),
        (
            "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
            arns.oidc_provider(names.account_id, names.broker_host),
            f"issuer {names.broker_host}",
        ),
    ]
    there = {(item["type"], str(item.get("id"))) for item in state}
    return [what for kind, identifier, what in wanted if (kind, identifier) not in there]


def _roles(names: Names, *, copier: bool = False) -> list[str]:
    return [names.host, *(names.role(key) for key in ROLE_KEYS), *([names.snapshot_role] if copier else [])]


def _users(names: Names) -> list[str]:
    return [names.daemon_user, names.broker_user]


def _buckets(names: Names) -> list[str]:
    return [names.bucket(key) for key in BUCKET_KEYS]


def _identities(names: Names) -> list[str]:
    return [names.mail_domain, names.email_from]


def _command(*words: str) -> str:
    return shlex.join(["aws", *words])


@dataclass(frozen=True, kw_only=True)
class Search:
    """The looks at one account for one stack."""

    stack: Stack
    ask: Callable[..., Any]

    @property
    def _names(self) -> Names:
        return self.stack.names

    def things(self) -> Iterator[Thing]:
        """In the order in which they can be removed."""
        if self.stack.settings.alarm_email:
            yield from self._alarms()
        yield from self._rules()
        yield from self._records()
        yield from self._addresses()
        yield from self._schedules()
        yield from self._machines()
        yield from self._images()
        yield from self._firewalls()
        yield from self._key_pairs()
        yield from self._profiles()
        yield from self._principals()
        yield from self._issuers()
        yield from self._mail_identities()
        yield from self._buckets()

    def in_use(self) -> Iterator[Mapping[str, str]]:
        """Instance, firewalls and key pair of a host that the stack uses and did not launch, as a state has them.

        A stack whose state was lost can go on with the host that it launched before (docs/state.md).
        """
        host = self.stack.settings.host_instance_id
        if not host:
            return
        wanted = [{"Name": "instance-id", "Values": [host]}]
        for several in self.ask("ec2").describe_instances(Filters=wanted)["Reservations"]:
            for item in several["Instances"]:
                yield {"type": INSTANCE, "id": host}
                yield from ({"type": FIREWALL, "id": group["GroupId"]} for group in item["SecurityGroups"])
                if "KeyName" in item:
                    yield {"type": KEY_PAIR, "id": item["KeyName"]}

    def _regional(self, service: str, *words: str) -> str:
        return _command(service, words[0], "--region", self._names.region, *words[1:])

    def _alarms(self) -> Iterator[Thing]:
        """Only for a stack that has alarms, since reading them takes permissions that no other stack needs."""
        names = self._names
        for region in alarms.regions(names):
            own = [names.alarm(row.key) for row in alarms.of_region(names, region)]
            cloudwatch, sns = (clients.elsewhere(self.ask, service, names.region, region) for service in _ALARMING)
            for item in cloudwatch.describe_alarms(AlarmNames=own)["MetricAlarms"] if own else ():
                name = item["AlarmName"]
                yield Thing(
                    what=f"alarm {name}",
                    type="aws:cloudwatch/metricAlarm:MetricAlarm",
                    identifier=name,
                    removal=[_command("cloudwatch", "delete-alarms", "--region", region, "--alarm-names", name)],
                    adoptable=False,
                )
            arn = alarms.topic_arn(names, region)
            pages = sns.get_paginator("list_topics").paginate()
            if any(item["TopicArn"] == arn for page in pages for item in page["Topics"]):
                yield Thing(
                    what=f"topic {names.alarm_topic}",
                    type="aws:sns/topic:Topic",
                    identifier=arn,
                    removal=[_command("sns", "delete-topic", "--region", region, "--topic-arn", arn)],
                    adoptable=False,
                )
        for page in self.ask("route53").get_paginator("list_health_checks").paginate():
            for item in page["HealthChecks"]:
                if is_health_check_of(alarms.reference(names), item):
                    yield Thing(
                        what=f"health check {item['Id']}",
                        type="aws:route53/healthCheck:HealthCheck",
                        identifier=item["Id"],
                        removal=[_command("route53", "delete-health-check", "--health-check-id", item["Id"])],
                        adoptable=False,
                    )

    def _rules(self) -> Iterator[Thing]:
        ses, name = self.ask("ses"), self._names.receipt_rule
        if RECEIPT_RULE_SET not in {item["Name"] for item in ses.list_receipt_rule_sets()["RuleSets"]}:
            return
        for rule in ses.describe_receipt_rule_set(RuleSetName=RECEIPT_RULE_SET)["Rules"]:
            if rule["Name"] == name:
                removal = ("delete-receipt-rule", "--rule-set-name", RECEIPT_RULE_SET, "--rule-name", name)
                yield Thing(
                    what=f"receipt rule {name}",
                    type="aws:ses/receiptRule:ReceiptRule",
                    identifier=name,
                    removal=[self._regional("ses", *removal)],
                )

    def _records(self) -> Iterator[Thing]:
        settings, names = self.stack.settings, self._names
        if settings.dns != "route53":
            return
        hosts = {f"{host}." for host in names.public_hosts.values()}
        domain = f"{names.mail_domain}."
        pages = (
            self.ask("route53").get_paginator("list_resource_record_sets").paginate(HostedZoneId=settings.dns_zone_id)
        )
        for record in (record for page in pages for record in page["ResourceRecordSets"]):
            name, kind = record["Name"], record["Type"]
            if not (
                (kind == "A" and name in hosts)
                or (kind in ("MX", "TXT") and name == domain)
                or (kind == "TXT" and name == f"_dmarc.{domain}")
                or (kind == "CNAME" and name.endswith(f"._domainkey.{domain}"))
            ):
                continue
            plain = name.rstrip(".")
            batch = {"Changes": [{"Action": "DELETE", "ResourceRecordSet": record}]}
            yield Thing(
                what=f"record {plain} {kind}",
                type="aws:route53/record:Record",
                identifier=f"{settings.dns_zone_id}_{plain}_{kind}",
                removal=[
                    _command(
                        *("route53", "change-resource-record-sets", "--hosted-zone-id", settings.dns_zone_id),
                        *("--change-batch", json.dumps(batch)),
                    )
                ],
            )

    def _schedules(self) -> Iterator[Thing]:
        settings = self.stack.settings
        found = snapshots.policy(self.ask("dlm"), self._names, settings.host_tag) if settings.snapshots else None
        if found is not None:
            identifier = found["PolicyId"]
            yield Thing(
                what=f"lifecycle policy {identifier}",
                type="aws:dlm/lifecyclePolicy:LifecyclePolicy",
                identifier=identifier,
                removal=[self._regional("dlm", "delete-lifecycle-policy", "--policy-id", identifier)],
                adoptable=False,
                hint="Its snapshots stay.",
            )

    def _images(self) -> Iterator[Thing]:
        marked = [{"Name": f"tag:{OWNER_TAG}", "Values": [self._names.host]}]
        for item in self.ask("ec2").describe_images(Owners=["self"], Filters=marked)["Images"]:
            yield Thing(
                what=f"image {item['ImageId']}",
                type="aws:ec2/ami:Ami",
                identifier=item["ImageId"],
                removal=[self._regional("ec2", "deregister-image", "--image-id", item["ImageId"])],
                adoptable=False,
                hint="Its snapshot stays.",
            )

    def _machines(self) -> Iterator[Thing]:
        marked = [
            {"Name": f"tag:{OWNER_TAG}", "Values": [self._names.host]},
            {"Name": "instance-state-name", "Values": list(ALIVE)},
        ]
        for several in self.ask("ec2").describe_instances(Filters=marked)["Reservations"]:
            for item in several["Instances"]:
                instance = item["InstanceId"]
                unlock = ("modify-instance-attribute", "--instance-id", instance, "--no-disable-api-termination")
                yield Thing(
                    what=f"instance {instance}",
                    type=INSTANCE,
                    identifier=instance,
                    removal=[
                        self._regional("ec2", *unlock),
                        self._regional("ec2", "terminate-instances", "--instance-ids", instance),
                        self._regional("ec2", "wait", "instance-terminated", "--instance-ids", instance),
                    ],
                    adoptable=False,
                    hint="Its disk has the secrets that stored data is encrypted with.",
                )

    def _addresses(self) -> Iterator[Thing]:
        tagged = [{"Name": "tag:Name", "Values": [self._names.elastic_ip]}]
        for item in self.ask("ec2").describe_addresses(Filters=tagged)["Addresses"]:
            address, allocation = item["PublicIp"], item["AllocationId"]
            if address == self.stack.settings.elastic_ip:
                continue
            removal = [self._regional("ec2", "release-address", "--allocation-id", allocation)]
            if "AssociationId" in item:
                taken_off = ("disassociate-address", "--association-id", item["AssociationId"])
                removal.insert(0, self._regional("ec2", *taken_off))
            owned = any(tag["Key"] == OWNER_TAG for tag in item.get("Tags", []))
            unmark = self._regional("ec2", "delete-tags", "--resources", allocation, "--tags", f"Key={OWNER_TAG}")
            use = f"pulumi config set -s {self.stack.name} elasticIp {address}"
            yield Thing(
                what=f"address {address}",
                type="aws:ec2/eip:Eip",
                identifier=allocation,
                removal=removal,
                adoptable=not owned,
                hint=f"To go on with it: `{unmark}`, `{use}`." if owned else f"To use it: `{use}`.",
            )

    def _firewalls(self) -> Iterator[Thing]:
        named = [{"Name": "group-name", "Values": [self._names.host]}]
        for item in self.ask("ec2").describe_security_groups(Filters=named)["SecurityGroups"]:
            yield Thing(
                what=f"security group {item['GroupId']}",
                type=FIREWALL,
                identifier=item["GroupId"],
                removal=[self._regional("ec2", "delete-security-group", "--group-id", item["GroupId"])],
                adoptable=False,
            )

    def _key_pairs(self) -> Iterator[Thing]:
        named = [{"Name": "key-name", "Values": [self._names.host]}]
        for item in self.ask("ec2").describe_key_pairs(Filters=named)["KeyPairs"]:
            yield Thing(
                what=f"key pair {item['KeyName']}",
                type=KEY_PAIR,
                identifier=item["KeyName"],
                removal=[self._regional("ec2", "delete-key-pair", "--key-name", item["KeyName"])],
                adoptable=False,
            )

    def _profiles(self) -> Iterator[Thing]:
        iam, name = self.ask("iam"), self._names.host
        for page in iam.get_paginator("list_instance_profiles").paginate():
            for item in page["InstanceProfiles"]:
                if item["InstanceProfileName"] == name:
                    named = ("--instance-profile-name", name)
                    taken_off = [
                        _command("iam", "remove-role-from-instance-profile", *named, "--role-name", role["RoleName"])
                        for role in item["Roles"]
                    ]
                    yield Thing(
                        what=f"instance profile {name}",
                        type="aws:iam/instanceProfile:InstanceProfile",
                        identifier=name,
                        removal=[*taken_off, _command("iam", "delete-instance-profile", *named)],
                    )

    def _principals(self) -> Iterator[Thing]:
        iam = self.ask("iam")
        for page in iam.get_paginator("list_roles").paginate():
            for item in page["Roles"]:
                if item["RoleName"] in _roles(self._names, copier=True):
                    yield self._principal("role", item["RoleName"], [])
        for page in iam.get_paginator("list_users").paginate():
            for item in page["Users"]:
                if (name := item["UserName"]) in _users(self._names):
                    keys = iam.list_access_keys(UserName=name)["AccessKeyMetadata"]
                    yield self._principal(
                        "user",
                        name,
                        [
                            _command(
                                "iam", "delete-access-key", "--user-name", name, "--access-key-id", key["AccessKeyId"]
                            )
                            for key in keys
                        ],
                    )

    def _principal(self, kind: str, name: str, before: Sequence[str]) -> Thing:
        """A role or a user, which IAM deletes when nothing hangs on it."""
        iam, title, named = self.ask("iam"), kind.capitalize(), (f"--{kind}-name", name)
        inline = getattr(iam, f"list_{kind}_policies")(**{f"{title}Name": name})["PolicyNames"]
        managed = getattr(iam, f"list_attached_{kind}_policies")(**{f"{title}Name": name})["AttachedPolicies"]
        return Thing(
            what=f"{kind} {name}",
            type=f"aws:iam/{kind}:{title}",
            identifier=name,
            removal=[
                *before,
                *(_command("iam", f"delete-{kind}-policy", *named, "--policy-name", policy) for policy in inline),
                *(
                    _command("iam", f"detach-{kind}-policy", *named, "--policy-arn", policy["PolicyArn"])
                    for policy in managed
                ),
                _command("iam", f"delete-{kind}", *named),
            ],
        )

    def _issuers(self) -> Iterator[Thing]:
        arn = arns.oidc_provider(self._names.account_id, self._names.broker_host)
        for item in self.ask("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"]:
            if item["Arn"] == arn:
                yield Thing(
                    what=f"issuer {self._names.broker_host}",
                    type="aws:iam/openIdConnectProvider:OpenIdConnectProvider",
                    identifier=arn,
                    removal=[_command("iam", "delete-open-id-connect-provider", "--open-id-connect-provider-arn", arn)],
                )

    def _mail_identities(self) -> Iterator[Thing]:
        # botocore has no paginator for this call.
        ses = self.ask("sesv2")
        pages = [ses.list_email_identities()]
        while more := pages[-1].get("NextToken"):
            pages.append(ses.list_email_identities(NextToken=more))
        for item in (item for page in pages for item in page["EmailIdentities"]):
            if (name := item["IdentityName"]) in _identities(self._names):
                yield Thing(
                    what=f"mail identity {name}",
                    type="aws:sesv2/emailIdentity:EmailIdentity",
                    identifier=name,
                    removal=[self._regional("sesv2", "delete-email-identity", "--email-identity", name)],
                )

    def _buckets(self) -> Iterator[Thing]:
        for item in self.ask("s3").list_buckets()["Buckets"]:
            if (name := item["Name"]) in _buckets(self._names):
                yield Thing(
                    what=f"bucket {name}",
                    type="aws:s3/bucket:Bucket",
                    identifier=name,
                    removal=[_command("s3", "rb", f"s3://{name}", "--force", "--region", self._names.region)],
                    hint="S3 deletes it when every object and every old version is gone.",
                )
