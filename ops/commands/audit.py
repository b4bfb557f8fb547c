"""`agentkeys audit`: compares the live identities, buckets and host of a stack with what the program creates.

Source: the runbook's section 7, extended to everything that isolation depends on. Owns the checks and the fix for each
finding. The expected values come from the program's own tables (``components/policies/grants.py`` and the constants of
the components), so each policy is defined once. Changes nothing. `pulumi preview --refresh` shows most of these
differences too; the audit also finds what the program does not own, such as a second access key.
"""

import datetime
import fnmatch
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError

from components import alarms, arns
from components.checks import existing
from components.host import ANYWHERE, METADATA, opened
from components.mail import SCANNED
from components.naming import ACTOR_TAG, BUCKET_KEYS, INBOUND_PREFIX, RECEIPT_RULE_SET, ROLE_KEYS, STS_AUDIENCE
from components.policies import grants, trust
from components.policies.document import Document, meaning
from components.roles import SESSION_SECONDS
from components.snapshots import INTERVAL_HOURS
from gates import dns
from gates.wait import NotYet
from hostsetup.services import PUBLIC_PORTS, SSH_PORT
from ops import clients, options, session, snapshots, stack, verdicts
from ops.snapshots import Snapshot
from ops.stack import Stack
from ops.verdicts import Gauge, Line, Verdict

#: Days after which an access key should be rotated: AWS Security Hub control IAM.3,
#: https://docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html#iam-3
KEY_AGE_DAYS = 90

#: Every flag of a public access block.
BLOCKED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}

NOTHING = "nothing"


@click.command("audit")
@options.stack("Stack to audit. It must be up.")
@options.as_json()
def command(name: str, as_json: bool) -> None:
    """Compare a stack's identities, buckets and host with what the program allows.

    Reads from AWS and changes nothing. Each finding names its fix.

    Exit codes: 0 if no check fails (warnings do not fail), 1 if one fails, 3 if one could not run.
    """
    looked = stack.read(name)
    lines = shown(looked, session.of(looked.settings), to_stderr=as_json)
    if as_json:
        verdicts.print_json(name, **verdicts.as_json(lines))
    sys.exit(verdicts.exit_code(line.verdict for line in lines))


def shown(looked: Stack, caller: boto3.Session, *, to_stderr: bool) -> list[Line]:
    """Audit a stack with the caller's credentials and print the table."""
    lines = Audit(stack=looked, ask=partial(clients.of, caller)).lines()
    verdicts.show(f"Audit of stack {looked.name}", ("what", "check"), lines, to_stderr=to_stderr)
    return lines


@dataclass(kw_only=True)
class Audit:
    """All checks of one stack."""

    #: The stack to audit.
    stack: Stack
    #: Makes a client of an AWS service, by boto3's name.
    ask: Callable[..., Any]
    #: The time at which the age of access keys is measured.
    now: datetime.datetime = field(default_factory=lambda: datetime.datetime.now(datetime.UTC))
    _lines: list[Line] = field(default_factory=list)

    def lines(self) -> list[Line]:
        """Run every check. Returns one line for each."""
        self._host_role()
        for key in ROLE_KEYS:
            self._data_role(key)
        self._users()
        for key in BUCKET_KEYS:
            self._bucket(key)
        self._account()
        self._mail()
        self._issuer()
        self._machine()
        self._disk()
        self._records()
        if self.stack.settings.alarm_email:
            self._alarms()
        return self._lines

    def _look(
        self,
        subject: str,
        claim: str,
        expected: Any,
        look: Callable[[], Any],
        *,
        fix: str = "",
        told: Callable[[Any, Any], str] | None = None,
    ) -> None:
        """Run one check: ``look`` returns what exists, which must equal ``expected``.

        ``told`` describes a difference.
        """
        try:
            seen = look()
        except NotYet as error:
            self._lines.append(
                Line(
                    subject=subject,
                    claim=claim,
                    expected=_text(expected),
                    seen=str(error),
                    verdict=Verdict.NOT_RUN,
                    fix="Run the command again when it answers.",
                )
            )
            return
        except (ClientError, BotoCoreError) as error:
            code = str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else type(error).__name__
            absent = clients.is_absent(error)
            self._lines.append(
                Line(
                    subject=subject,
                    claim=claim,
                    expected=_text(expected),
                    seen=f"none ({code})" if absent else f"AWS answers {code}",
                    verdict=Verdict.WRONG if absent else Verdict.NOT_RUN,
                    fix=(fix or self._restore) if absent else "Use credentials that may read it (AWS_PROFILE).",
                )
            )
            return
        right = seen == expected
        self._lines.append(
            Line(
                subject=subject,
                claim=claim,
                expected=_text(expected),
                seen=_text(seen) if right or told is None else told(expected, seen),
                verdict=Verdict.OK if right else Verdict.WRONG,
                fix="" if right else fix or self._restore,
            )
        )

    @property
    def _restore(self) -> str:
        name = self.stack.name
        return f"`pulumi preview -s {name} --refresh --diff` shows it, `pulumi up -s {name} --refresh` restores it."

    @cached_property
    def _iam(self) -> Any:
        return self.ask("iam")

    @cached_property
    def _ec2(self) -> Any:
        return self.ask("ec2")

    def _host_role(self) -> None:
        names = self.stack.names
        subject = f"role {names.host}"

        def profile() -> list[str]:
            attached = self._instance().get("IamInstanceProfile", {}).get("Arn", "")
            if not attached:
                return []
            name = attached.rpartition("/")[2]
            found = self._iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Roles"]
            return [role["RoleName"] for role in found]

        self._look("broker host", "the role it runs as", [names.host], profile)
        settings = self.stack.settings
        policies = grants.host_role(names, puts_metrics=bool(settings.alarm_email))
        managed = grants.host_role_managed(settings.ssm_managed)
        self._role(subject, names.host, trust.ec2(), policies, managed)
        self._look(subject, "an S3 action that it may use", NOTHING, lambda: _listing(self._s3_actions(names.host)))

    def _data_role(self, key: str) -> None:
        names, stage = self.stack.names, self.stack.settings.trust
        name = names.role(key)
        subject = f"role {name}"
        self._role(subject, name, grants.role_trust(key, names, stage), grants.role(key, names, stage))
        self._look(
            subject,
            "seconds that a session lives at most",
            SESSION_SECONDS,
            lambda: self._iam.get_role(RoleName=name)["Role"]["MaxSessionDuration"],
        )

    def _role(
        self,
        subject: str,
        name: str,
        trusts: Document,
        policies: Mapping[str, Document],
        managed: Sequence[str] = (),
    ) -> None:
        self._look(
            subject,
            "who may assume it",
            meaning(trusts),
            lambda: meaning(self._iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]),
            told=_difference,
        )
        self._look(
            subject,
            "its inline policies",
            {policy: meaning(text) for policy, text in policies.items()},
            lambda: {policy: meaning(text) for policy, text in self._inline("Role", name).items()},
            told=_differences,
        )
        self._look(subject, "managed policies", _listing(managed), lambda: _listing(self._managed("Role", name)))
        self._look(
            subject,
            f"a tag {ACTOR_TAG}",
            NOTHING,
            # A role's tags are principal tags too, and their keys are case-insensitive.
            lambda: _listing(
                tag["Key"] for tag in self._iam.list_role_tags(RoleName=name)["Tags"] if tag["Key"].lower() == ACTOR_TAG
            ),
        )

    def _users(self) -> None:
        names = self.stack.names
        self._user("daemon", names.daemon_user, grants.daemon_user(names))
        self._user("broker", names.broker_user, grants.broker_user(names, self.stack.output("instanceId")))

    def _user(self, key: str, name: str, policies: Mapping[str, Document]) -> None:
        subject = f"user {name}"
        self._look(
            subject,
            "its inline policies",
            {policy: meaning(text) for policy, text in policies.items()},
            lambda: {policy: meaning(text) for policy, text in self._inline("User", name).items()},
            told=_differences,
        )
        self._look(subject, "managed policies", NOTHING, lambda: _listing(self._managed("User", name).values()))
        self._look(
            subject,
            "groups",
            NOTHING,
            lambda: _listing(group["GroupName"] for group in self._iam.list_groups_for_user(UserName=name)["Groups"]),
            fix=f"`aws iam remove-user-from-group --user-name {name} --group-name <group>`. It must be in no group.",
        )
        self._look(
            subject,
            "a password for the console",
            NOTHING,
            lambda: self._password(name),
            fix=f"`aws iam delete-login-profile --user-name {name}`. This user never signs in to the console.",
        )
        self._keys(key, subject, name)

    def _keys(self, key: str, subject: str, name: str) -> None:
        expected = sorted(
            resource["id"]
            for resource in self._state
            if resource["type"] == "aws:iam/accessKey:AccessKey" and resource["inputs"]["user"] == name
        )
        settings = self.stack.settings
        self._look(
            subject,
            "access keys in the state",
            len(settings.access_key_epochs) if key in settings.access_key_users else 0,
            lambda: len(expected),
            fix=f"accessKeyUsers or accessKeyEpochs changed since the last up: `pulumi up -s {self.stack.name}`.",
        )
        found: list[Any] = []

        def active() -> list[str]:
            found.extend(self._iam.list_access_keys(UserName=name)["AccessKeyMetadata"])
            return sorted(
                f"{item['AccessKeyId']}{'' if item['Status'] == 'Active' else ' (inactive)'}" for item in found
            )

        self._look(
            subject,
            "its access keys",
            expected,
            active,
            fix="If there is a key that the program did not create, find out who created it, then run `aws iam "
            f"delete-access-key --user-name {name} --access-key-id <id>`. If a key is missing, `pulumi up -s "
            f"{self.stack.name} --refresh` creates it again.",
        )
        for item in found:
            days = (self.now - item["CreateDate"]).days
            old = days > KEY_AGE_DAYS
            self._lines.append(
                Line(
                    subject=subject,
                    claim=f"age of {item['AccessKeyId']}",
                    expected=f"at most {KEY_AGE_DAYS} days",
                    seen=f"{days} days",
                    verdict=Verdict.WARNING if old else Verdict.OK,
                    fix="Rotate it (docs/runbook.md, Rotate an access key)." if old else "",
                    gauge=Gauge(kind="age", value=days, most=KEY_AGE_DAYS, unit="days"),
                )
            )

    def _bucket(self, key: str) -> None:
        settings, s3 = self.stack.settings, self.ask("s3")
        name = self.stack.names.bucket(key)
        subject = f"bucket {name}"
        policy = meaning(grants.bucket(key, self.stack.names, settings.trust, settings.raw_mail_readers))
        self._look(
            subject,
            "public access that is blocked",
            BLOCKED,
            lambda: s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"],
        )
        self._look(
            subject,
            "who owns its objects",
            ["BucketOwnerEnforced"],
            lambda: [
                rule["ObjectOwnership"]
                for rule in s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
            ],
        )

        def live() -> Document:
            return meaning(json.loads(s3.get_bucket_policy(Bucket=name)["Policy"]))

        self._look(
            subject,
            "plain HTTP",
            "refused",
            lambda: "refused" if _of_sid(policy, "DenyPlainHttp") in live()["Statement"] else "answered",
        )
        self._look(subject, "who may reach it", policy, live, told=_difference)

    def _account(self) -> None:
        names = self.stack.names
        self._look(
            f"account {names.account_id}",
            "public access that is blocked",
            BLOCKED,
            lambda: self.ask("s3control").get_public_access_block(AccountId=names.account_id)[
                "PublicAccessBlockConfiguration"
            ],
            fix="It belongs to the account's project: `pulumi -C account up --refresh`.",
        )

    def _mail(self) -> None:
        names, ses = self.stack.names, self.ask("ses")
        subject = f"receipt rule {names.receipt_rule}"
        self._look(
            "SES",
            "the active receipt rule set",
            RECEIPT_RULE_SET,
            lambda: ses.describe_active_receipt_rule_set().get("Metadata", {}).get("Name", NOTHING),
            fix="It belongs to the account's project: `pulumi -C account up --refresh`.",
        )
        self._look(
            subject,
            "what it does",
            {
                "Enabled": True,
                "ScanEnabled": SCANNED,
                "TlsPolicy": self.stack.settings.inbound_tls,
                "Recipients": [names.mail_domain],
                "Actions": [
                    {"S3Action": {"BucketName": names.bucket("mail"), "ObjectKeyPrefix": INBOUND_PREFIX}},
                ],
            },
            lambda: {
                key: value
                for key, value in ses.describe_receipt_rule(RuleSetName=RECEIPT_RULE_SET, RuleName=names.receipt_rule)[
                    "Rule"
                ].items()
                if key != "Name"
            },
        )
        self._look(
            subject,
            "other rules for its mail",
            NOTHING,
            lambda: _listing(
                rule["Name"]
                for rule in ses.describe_receipt_rule_set(RuleSetName=RECEIPT_RULE_SET)["Rules"]
                if rule["Name"] != names.receipt_rule and _takes(rule.get("Recipients", []), names.mail_domain)
            ),
            fix="Another rule takes or copies this stack's mail. Find its owner: `aws ses describe-receipt-rule-set "
            f"--region {names.region} --rule-set-name {RECEIPT_RULE_SET}`.",
        )

    def _issuer(self) -> None:
        names = self.stack.names
        self._look(
            f"OIDC provider {names.broker_host}",
            "its URL and audience",
            {"Url": names.broker_host, "ClientIDList": [STS_AUDIENCE]},
            lambda: {
                key: value
                for key, value in self._iam.get_open_id_connect_provider(
                    OpenIDConnectProviderArn=arns.oidc_provider(names.account_id, names.broker_host)
                ).items()
                if key in ("Url", "ClientIDList")
            },
        )

    def _machine(self) -> None:
        names, settings = self.stack.names, self.stack.settings
        by_hand = settings.host_instance_id
        group: dict[str, Any] = {}
        self._look(
            "broker host",
            "how it answers for its credentials",
            METADATA,
            lambda: {key: self._instance()["MetadataOptions"].get(key) for key in METADATA},
            fix=existing.require_tokens_by(by_hand, names) if by_hand else "",
        )

        def groups() -> list[str]:
            return [item["GroupName"] for item in self._instance()["SecurityGroups"]]

        def rules(direction: str) -> list[str]:
            if not group:
                found = self._ec2.describe_security_groups(
                    GroupIds=[item["GroupId"] for item in self._instance()["SecurityGroups"]]
                )
                group.update({"all": found["SecurityGroups"]})
            return sorted(
                rule
                for one in group["all"]
                for permission in one[direction]
                for rule in _opened(permission, "from" if direction == "IpPermissions" else "to")
            )

        if by_hand:
            # The stack does not own this host's firewalls. Only ports that no service publishes must be closed.
            served = tuple(f"tcp {port} from " for port in (SSH_PORT, *PUBLIC_PORTS))
            self._look(
                "broker host",
                f"what reaches it but for {', '.join(map(str, (SSH_PORT, *PUBLIC_PORTS)))}",
                NOTHING,
                lambda: _listing(rule for rule in rules("IpPermissions") if not rule.startswith(served)),
                fix="The stack does not manage this host's security groups. Close the port: `aws ec2 "
                f"revoke-security-group-ingress --region {names.region} --group-id <group> --protocol <protocol> "
                "--port <ports> --cidr <network>`.",
            )
            return
        self._look("broker host", "its firewalls", [names.host], groups)
        self._look(
            "broker host",
            "what reaches it",
            sorted(f"tcp {port} from {cidr}" for port, cidrs, _ in opened(settings.ssh_cidrs) for cidr in cidrs),
            lambda: rules("IpPermissions"),
        )
        self._look(
            "broker host", "what it reaches", [f"everything to {ANYWHERE}"], lambda: rules("IpPermissionsEgress")
        )

    def _disk(self) -> None:
        """The snapshots of the host's disk, where the stack has any."""
        names, settings = self.stack.names, self.stack.settings
        if not settings.snapshots:
            return
        trusts, policies = (
            trust.snapshots(names.region, names.account_id),
            grants.snapshot_role(names, settings.host_tag),
        )
        self._role(f"role {names.snapshot_role}", names.snapshot_role, trusts, policies)

        due: list[datetime.datetime] = []

        def schedule() -> dict[str, Any]:
            found = snapshots.policy(self.ask("dlm"), names, settings.host_tag)
            if found is None:
                return {}
            due.append(snapshots.first_due(found))
            (daily,) = found["PolicyDetails"]["Schedules"]
            return {
                "State": found["State"],
                "hours": daily["CreateRule"]["Interval"],
                "kept": daily["RetainRule"]["Count"],
                "role": found["ExecutionRoleArn"].rpartition("/")[2],
            }

        self._look(
            "snapshots",
            "how they are made",
            {"State": "ENABLED", "hours": INTERVAL_HOURS, "kept": settings.snapshots, "role": names.snapshot_role},
            schedule,
        )
        found: list[Snapshot] = []

        def plain() -> str:
            found.extend(snapshots.of(self._ec2, names))
            return _listing(item.identifier for item in found if not item.encrypted)

        self._look(
            "snapshots",
            "those that are not encrypted",
            NOTHING,
            plain,
            fix="The disk that they are copies of is not encrypted. Copy each (`aws ec2 copy-snapshot --region "
            f"{names.region} --source-region {names.region} --source-snapshot-id <id> --encrypted`), "
            f"then delete it: `{snapshots.removal(names, '<id>')}`.",
        )
        self._look(
            "snapshots",
            "other accounts that may read them",
            NOTHING,
            lambda: _listing(
                f"{item.identifier} by {reader.get('UserId') or reader.get('Group')}"
                for item in found
                for reader in self._ec2.describe_snapshot_attribute(
                    SnapshotId=item.identifier, Attribute="createVolumePermission"
                )["CreateVolumePermissions"]
            ),
            fix=f"`aws ec2 reset-snapshot-attribute --region {names.region} --attribute createVolumePermission "
            "--snapshot-id <id>`.",
        )
        self._newest(found, early=any(self.now < first for first in due))

    def _newest(self, found: Sequence[Snapshot], *, early: bool) -> None:
        """The age of the newest snapshot. ``early``: the schedule's first one is not due yet."""
        hours = snapshots.age_hours(found, self.now)
        late = not early if hours is None else hours > snapshots.LATE_HOURS
        self._lines.append(
            Line(
                subject="snapshots",
                claim="age of the newest",
                expected=f"at most {snapshots.LATE_HOURS} hours",
                seen="none yet" if hours is None else f"{hours:.0f} hours",
                verdict=Verdict.WARNING if late else Verdict.OK,
                fix=f"`agentkeys snapshots -s {self.stack.name} --take` takes one now. A schedule makes one "
                "within a day: see the policy's state above."
                if late
                else "",
                gauge=None
                if hours is None
                else Gauge(kind="age", value=hours / 24, most=snapshots.LATE_HOURS / 24, unit="days"),
            )
        )

    def _records(self) -> None:
        names, settings = self.stack.names, self.stack.settings
        address = self.stack.output("elasticIp")

        def addresses(host: str) -> list[str]:
            if settings.dns != "route53":
                return dns.resolve(host, settings.doh_urls[0])
            found = self.ask("route53").list_resource_record_sets(
                HostedZoneId=settings.dns_zone_id,
                StartRecordName=host,
                StartRecordType="A",
                MaxItems="1",
            )["ResourceRecordSets"]
            return [
                value["Value"]
                for record in found
                if (record["Name"], record["Type"]) == (f"{host}.", "A")
                for value in record.get("ResourceRecords", [])
            ]

        for host in names.public_hosts.values():
            self._look(f"record {host}", "the address it gives", [address], partial(addresses, host))

    def _alarms(self) -> None:
        names, settings = self.stack.names, self.stack.settings
        for region in alarms.regions(names):
            self._look(
                f"topic {names.alarm_topic}" + ("" if region == names.region else f" in {region}"),
                "who may send through it",
                meaning(alarms.topic_policy(names, region)),
                partial(
                    _policy_of_topic,
                    clients.elsewhere(self.ask, "sns", names.region, region),
                    alarms.topic_arn(names, region),
                ),
                told=_difference,
            )
        health_check = next(
            (str(item["id"]) for item in self._state if item["type"] == "aws:route53/healthCheck:HealthCheck"), ""
        )
        ids = {"InstanceId": str(self.stack.output("instanceId")), "HealthCheckId": health_check}
        for row in alarms.ALARMS:
            region = alarms.region_of(row, names)
            name = names.alarm(row.key)
            self._look(
                f"alarm {name}",
                "when it goes off, and what it does",
                alarms.definition(row, names, ids, may_restart=not settings.host_instance_id),
                partial(_alarm, clients.elsewhere(self.ask, "cloudwatch", names.region, region), name),
            )
        wanted = {"FullyQualifiedDomainName": names.broker_host, **alarms.HEALTH_CHECK, "Disabled": False}

        def asked() -> dict[str, Any]:
            found = self.ask("route53").get_health_check(HealthCheckId=health_check)["HealthCheck"]
            return {key: found["HealthCheckConfig"].get(key) for key in wanted}

        self._look("health check of the broker", "what it asks for", wanted, asked)

    def _instance(self) -> Any:
        found = self._ec2.describe_instances(InstanceIds=[self.stack.output("instanceId")])
        return found["Reservations"][0]["Instances"][0]

    @cached_property
    def _state(self) -> list[Any]:
        resources: list[Any] = stack.ask(self.stack.name, "stack", "export")["deployment"].get("resources", [])
        return resources

    def _inline(self, kind: str, name: str) -> dict[str, Document]:
        lower = kind.lower()
        named = getattr(self._iam, f"list_{lower}_policies")(**{f"{kind}Name": name})["PolicyNames"]
        get = getattr(self._iam, f"get_{lower}_policy")
        return {policy: get(**{f"{kind}Name": name}, PolicyName=policy)["PolicyDocument"] for policy in named}

    def _managed(self, kind: str, name: str) -> dict[str, str]:
        """Names of the attached managed policies, by ARN."""
        attached = getattr(self._iam, f"list_attached_{kind.lower()}_policies")(**{f"{kind}Name": name})
        return {item["PolicyArn"]: item["PolicyName"] for item in attached["AttachedPolicies"]}

    def _s3_actions(self, role: str) -> list[str]:
        documents = list(self._inline("Role", role).values())
        for arn in self._managed("Role", role):
            version = self._iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            documents.append(
                self._iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
            )
        return [action for made in documents for item in meaning(made)["Statement"] for action in _s3(item)]

    def _password(self, name: str) -> str:
        try:
            self._iam.get_login_profile(UserName=name)
        except self._iam.exceptions.NoSuchEntityException:
            return NOTHING
        return "a password"


def _policy_of_topic(sns: Any, topic: str) -> Document:
    return meaning(json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]))


def _alarm(cloudwatch: Any, name: str) -> dict[str, Any] | str:
    """An alarm in the form of ``alarms.definition``."""
    found = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    if not found:
        return NOTHING
    return {
        **{key: found[0].get(key) for key in alarms.DEFINED},
        "Dimensions": {item["Name"]: item["Value"] for item in found[0].get("Dimensions", [])},
        "AlarmActions": sorted(found[0].get("AlarmActions", [])),
    }


def _s3(item: Mapping[str, Any]) -> list[str]:
    """The action patterns of a statement that allow any S3 action."""
    if item["Effect"] != "Allow":
        return []
    if "NotAction" in item:
        return ["everything except " + _text(item["NotAction"])]
    actions = item["Action"] if isinstance(item["Action"], list) else [item["Action"]]
    return [action for action in actions if fnmatch.fnmatch("s3", action.lower().partition(":")[0])]


def _takes(recipients: list[str], domain: str) -> bool:
    """Whether a rule receives mail of ``domain``. No recipients means all mail; ``.x`` means subdomains of x."""
    return not recipients or any(
        one == domain or one.endswith(f"@{domain}") or (one.startswith(".") and domain.endswith(one))
        for one in recipients
    )


def _opened(permission: Mapping[str, Any], which: str) -> list[str]:
    """A security group's permission, one entry for each network."""
    protocol, first, last = permission["IpProtocol"], permission.get("FromPort"), permission.get("ToPort")
    what = "everything" if protocol == "-1" else f"{protocol} {first if first == last else f'{first}-{last}'}"
    peers = [
        *(item["CidrIp"] for item in permission.get("IpRanges", [])),
        *(item["CidrIpv6"] for item in permission.get("Ipv6Ranges", [])),
        *(item["PrefixListId"] for item in permission.get("PrefixListIds", [])),
        *(item["GroupId"] for item in permission.get("UserIdGroupPairs", [])),
    ]
    return [f"{what} {which} {peer}" for peer in peers]


def _of_sid(made: Document, sid: str) -> Any:
    return next(item for item in made["Statement"] if item["Sid"] == sid)


def _difference(expected: Document, seen: Document) -> str:
    """Which statements are missing, added or changed, and in which elements."""
    want, have = _by_sid(expected), _by_sid(seen)
    return (
        "; ".join(
            [
                *(f"{sid} is missing" for sid in want if sid not in have),
                *(f"{sid} is added" for sid in have if sid not in want),
                *(
                    f"{sid} has another {' and '.join(_changed(want[sid], have[sid]))}"
                    for sid in want
                    if sid in have and want[sid] != have[sid]
                ),
            ]
        )
        or f"version {seen['Version']}"
    )


def _differences(expected: Mapping[str, Document], seen: Mapping[str, Document]) -> str:
    return "; ".join(
        [
            *(f"{name} is missing" for name in expected if name not in seen),
            *(f"{name} is added" for name in seen if name not in expected),
            *(
                f"{name}: {_difference(expected[name], seen[name])}"
                for name in expected
                if name in seen and expected[name] != seen[name]
            ),
        ]
    )


def _by_sid(made: Document) -> dict[str, Any]:
    return {item.get("Sid", f"statement {number}"): item for number, item in enumerate(made["Statement"], start=1)}


def _changed(want: Mapping[str, Any], have: Mapping[str, Any]) -> list[str]:
    return sorted(key for key in {*want, *have} if want.get(key) != have.get(key))


def _listing(names: Any) -> str:
    return ", ".join(sorted(names)) or NOTHING


def _text(value: Any) -> str:
    """A value as text. A policy is shown by the names of its statements."""
    if isinstance(value, dict) and "Statement" in value:
        return ", ".join(_by_sid(value))
    if (
        isinstance(value, dict)
        and value
        and all(isinstance(inner, dict) and "Statement" in inner for inner in value.values())
    ):
        return ", ".join(f"{name} ({_text(inner)})" for name, inner in value.items())
    if isinstance(value, dict):
        return ", ".join(f"{key} {_text(inner)}" for key, inner in value.items()) or NOTHING
    if isinstance(value, list):
        return ", ".join(_text(inner) for inner in value) or NOTHING
    return str(value)
