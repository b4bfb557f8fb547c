"""`agentkeys doctor`: checks whether an `up` can succeed and whether a running stack is healthy, one line per check.

Owns the checks that no other command has: tools, clock, caller, zone and delegation, quotas, names that are taken, what
a failed destroy left, certificates as clients see them, verified addresses. For the account
(``ops/commands/audit.py``) and the host (``ops/commands/drift.py``) it reports a summary. Changes nothing.
"""

import datetime
import email.utils
import os
import shutil
import socket
import ssl
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import click
from botocore.exceptions import BotoCoreError, ClientError

from components import alarms, images
from components.checks import zone as checks
from components.checks.preflight import identity_of
from components.naming import BUCKET_KEYS, RECEIPT_RULE_SET, ROLE_KEYS
from gates import dns, issuer
from gates.wait import NotYet
from ops import clients, leftovers, options, session, snapshots, stack, verdicts
from ops.commands import drift
from ops.commands.audit import Audit
from ops.leftovers import Thing
from ops.stack import AnyStack, Stack
from ops.verdicts import Gauge, Line, Verdict

#: Programs that the program, its gates and the operator's commands call, and what provides each.
PROGRAMS = {
    "pulumi": 'the Pulumi CLI, or the sandbox\'s: eval "$(make -s env)"',
    "aws": "the AWS CLI",
    "openssl": "OpenSSL",
    "ssh": "OpenSSH's client",
    "ssh-add": "OpenSSH's client",
    "ssh-agent": "OpenSSH's client",
    "ssh-keygen": "OpenSSH's client",
    "ssh-keyscan": "OpenSSH's client",
}

#: Seconds that the clock may be off. AWS refuses signatures older than 15 minutes, and tokens expire after 5.
CLOCK_SECONDS = 60
#: Messages per day that SES lets an account send while it is in the SES sandbox:
#: https://docs.aws.amazon.com/ses/latest/dg/request-production-access.html
SES_SANDBOX_MAILS = 200
#: Time limit in seconds for a TLS handshake with the host.
TLS_SECONDS = 10

#: Seconds in which the host sends its metrics at least twice.
METRICS_SECONDS = 900

#: Default quota of buckets per account:
#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/BucketRestrictions.html
BUCKETS = 10_000
#: Roles that a first `up` creates: those that sessions assume, and the host's.
ROLES = len(ROLE_KEYS) + 1


_WHY_NO_SNAPSHOT = "Why there is none: `aws dlm get-lifecycle-policies`, and the audit's rows about snapshots."


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The result of a check."""

    #: Whether it passed.
    verdict: Verdict
    #: What was seen.
    seen: str
    #: What to do; empty if there is nothing to do.
    fix: str = ""
    #: The number behind it, if it has one.
    gauge: Gauge | None = None


def well(seen: str, gauge: Gauge | None = None) -> Seen:
    return Seen(verdict=Verdict.OK, seen=seen, gauge=gauge)


def warn(seen: str, fix: str, gauge: Gauge | None = None) -> Seen:
    return Seen(verdict=Verdict.WARNING, seen=seen, fix=fix, gauge=gauge)


def wrong(seen: str, fix: str, gauge: Gauge | None = None) -> Seen:
    return Seen(verdict=Verdict.WRONG, seen=seen, fix=fix, gauge=gauge)


def used(count: int, most: int, unit: str) -> Gauge:
    """The used part of a quota."""
    return Gauge(kind="used", value=count, most=most, unit=unit)


@dataclass(kw_only=True)
class Checks:
    """The checks that every cloud's stack has."""

    #: The stack to check.
    stack: AnyStack
    #: Returns the comparison of the host if the caller has it. None: the doctor runs it.
    compared: Callable[[], drift.Report] | None = None
    #: One line per check so far.
    lines: list[Line] = field(default_factory=list)
    #: Name servers of the zone, by resolver.
    _delegated: dict[str, list[str]] = field(default_factory=dict)

    def _look(self, subject: str, claim: str, look: Callable[[], Seen]) -> None:
        try:
            found = look()
        except NotYet as error:
            found = wrong(str(error), "Run `pulumi up`. Its gate reports what to do while it waits.")
        except (ClientError, BotoCoreError) as error:
            found = Seen(
                verdict=Verdict.NOT_RUN,
                seen=str(error),
                fix="Use credentials that may read it (AWS_PROFILE).",
            )
        except click.ClickException as error:
            # A command's own error already reports what was seen and what to do.
            found = Seen(verdict=Verdict.NOT_RUN, seen=error.message)
        self.lines.append(
            Line(
                subject=subject,
                claim=claim,
                expected="",
                seen=found.seen,
                verdict=found.verdict,
                fix=found.fix,
                gauge=found.gauge,
            )
        )

    def published(self) -> None:
        """Check what the gates of `up` checked: DNS, the issuer and every host's certificate."""
        names, settings, address = self.stack.names, self.stack.settings, self.stack.address
        hosts = list(names.public_hosts.values())
        self._look("DNS", "every host has the stack's address", lambda: well(
            dns.visible(hosts, address, settings.doh_urls)
        ))  # fmt: skip
        self._look("DNS", "mail's records", self.mail_records)
        self._look("issuer", "discovery, keys and health over public TLS", lambda: well(
            f"answers; top of its chain {issuer.issuer(names.broker_host, settings.doh_urls, settings.ca_bundle)}"
        ))  # fmt: skip
        for host in hosts:
            self._look("certificate", host, partial(self.certificate, host, address))

    def programs(self) -> Seen:
        wanted = {name: source for name, source in PROGRAMS.items() if isinstance(self.stack, Stack) or name != "aws"}
        missing = {name: source for name, source in wanted.items() if shutil.which(name) is None}
        if missing:
            return wrong(f"not on PATH: {', '.join(missing)}", f"Install {', '.join(dict.fromkeys(missing.values()))}.")
        return well(", ".join(wanted))

    def _name_servers(self, url: str) -> list[str]:
        """The zone's name servers as this resolver returns them; asked once. Raises NotYet."""
        if url not in self._delegated:
            self._delegated[url] = dns.resolve(self.stack.settings.zone, url, "NS")
        return self._delegated[url]

    def resolver(self, url: str) -> Seen:
        found = self._name_servers(url)
        return well(f"answers with {len(found)} name servers of {self.stack.settings.zone}")

    def authority(self) -> Seen:
        """As the world sees it, the names above the zone too, wherever the zone is kept."""
        hosts = list(self.stack.names.public_hosts.values())
        for host in hosts:
            holder, values = dns.relevant_caa(host, self.stack.settings.doh_urls[0])
            if forbidden := checks.forbids(values, checks.LETS_ENCRYPT):
                return wrong(
                    f"the CAA records of {holder} forbid a certificate for {host}: {forbidden}",
                    f'Add `{holder}. CAA 0 issue "{checks.LETS_ENCRYPT}"`, or choose another authority: acmeDirectory.',
                )
        return well(f"{checks.LETS_ENCRYPT} may issue for {len(hosts)} hosts")

    def excluded(self) -> Seen:
        """As the world sees it: for a zone that no provider reads, and that a preview therefore does not check."""
        found = [
            f"{name} {kind} {', '.join(values)}: {why}"
            for name, kinds in checks.excluded(self.stack.names).items()
            for kind, why in kinds.items()
            if (values := dns.resolve(name, self.stack.settings.doh_urls[0], kind))
        ]
        if found:
            return wrong(
                "; ".join(found),
                "Remove these records at the zone's provider, or change brokerHost, mailDomain, suffix.",
            )
        return well("nothing at the names of hosts and mail")

    def mail_records(self) -> Seen:
        listed = [item for item in self.stack.output("dnsRecords") if item["type"] != "A"]
        asked = [f"{item['name']} {item['type']} {item['value']}" for item in listed]
        return well(dns.published(asked, self.stack.settings.doh_urls))

    def certificate(self, host: str, address: str) -> Seen:
        context = ssl.create_default_context(cafile=self.stack.settings.ca_bundle or None)
        try:
            with (
                socket.create_connection((address, issuer.PORT), timeout=TLS_SECONDS) as plain,
                context.wrap_socket(plain, server_hostname=host) as connection,
            ):
                shown = connection.getpeercert() or {}
        except OSError as error:
            return wrong(
                f"no TLS at {address}: {error}", "See `journalctl -u certbot -u nginx` on the host, then `pulumi up`."
            )
        now = datetime.datetime.now(datetime.UTC).timestamp()
        starts, ends = (ssl.cert_time_to_seconds(str(shown[key])) for key in ("notBefore", "notAfter"))
        days = (ends - now) / drift.DAY
        left = Gauge(kind="time left", value=days, most=(ends - starts) / drift.DAY, unit="days")
        if ends - now < (ends - starts) * drift.RENEWAL_PART:
            return warn(
                f"{days:.0f} days left", "It should have been renewed: `journalctl -u certbot` on the host.", left
            )
        return well(f"{days:.0f} days left", left)

    def drift(self) -> Seen:
        found = self.compared() if self.compared else drift.look(self.stack)
        fix = f"`agentkeys drift {self.stack.chosen}` lists each."
        if found.drift:
            return wrong(f"{len(found.drift)} differences: {found.drift[0].what}, ...", fix)
        if found.warnings:
            return warn(f"{len(found.warnings)} warnings: {found.warnings[0].what}, ...", fix)
        return well(f"{sum(found.compared.values())} things are as the program installs them")


@dataclass(kw_only=True)
class Doctor(Checks):
    """All checks of one stack in AWS, before its first `up` and after it."""

    #: The stack to check.
    stack: Stack
    #: Makes a client of an AWS service, by boto3's name.
    ask: Callable[..., Any]
    #: Returns the audit's lines if the caller has them. None: the doctor runs the audit.
    audited: Callable[[], list[Line]] | None = None

    def examine(self) -> list[Line]:
        self.before()
        if self.stack.outputs:
            self._look("state", "whole", self.whole)
            # The checks after an `up` need the resources that an incomplete state lacks.
            if self.lines[-1].verdict == Verdict.OK:
                self.after()
        return self.lines

    def before(self) -> None:
        """Check what an `up` needs."""
        self._look("this machine", "programs", self.programs)
        self._look("this machine", "clock", self.clock)
        for url in self.stack.settings.doh_urls:
            self._look("this machine", f"resolver {url}", partial(self.resolver, url))
        self._look("account", "credentials", self.credentials)
        self._look("account", "caller", self.caller)
        self._look("account", "region", self.region)
        if self.stack.settings.dns == "route53":
            self._look("zone", "public and of that name", self.zone)
            self._look("zone", "delegated", self.delegation)
        if self.stack.settings.dns == "manual":
            self._look("zone", "no record excludes the stack's", self.excluded)
        if self.stack.settings.uses_lets_encrypt:
            self._look("zone", "CAA lets the authority issue", self.authority)
        self._look("mail", "active rule set", self.rule_set)
        self._look("mail", "sending", self.sending)
        self._look("room", "elastic IPs", self.room_for_addresses)
        self._look("room", "roles", self.room_for_roles)
        self._look("room", "buckets", self.room_for_buckets)
        self._look("names", "free, or in the state", self.names)

    def after(self) -> None:
        """Check a running stack: what the gates of `up` checked, then what expires or drifts."""
        names, settings = self.stack.names, self.stack.settings
        self.published()
        for identity in (names.mail_domain, names.email_from):
            self._look("mail", f"{identity} verified", partial(self.verified, identity))
        if settings.alarm_email:
            self._look("alarms", f"mail to {settings.alarm_email}", self.alarm_mail)
            self._look("alarms", "none has gone off", self.alarms)
            self._look("alarms", "metrics of the host", self.metrics)
        self._look("account", "audit", self.audit)
        self._look("host", "image", self.image)
        if settings.snapshots:
            self._look("host", "newest snapshot of its disk", self.snapshot)
        self._look("host", "drift", self.drift)

    @cached_property
    def _identity(self) -> dict[str, Any]:
        identity: dict[str, Any] = self.ask("sts").get_caller_identity()
        return identity

    def credentials(self) -> Seen:
        found, wanted = self._identity["Account"], self.stack.settings.account_id
        if found != wanted:
            return wrong(f"of account {found}", f"The stack is for {wanted}. Change AWS_PROFILE or accountId.")
        if os.environ.get("AWS_ACCESS_KEY_ID") and (profile := os.environ.get("AWS_PROFILE")):
            return warn(
                f"of account {found}; AWS_ACCESS_KEY_ID is set and takes precedence over the profile {profile!r}",
                "Unset AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN to use the profile.",
            )
        return well(f"of the stack's account {found}")

    def region(self) -> Seen:
        """Whether the account may use the stack's region. The region of the profile or the shell does not matter."""
        region = self.stack.settings.region
        found = self.ask("ec2").describe_regions(RegionNames=[region], AllRegions=True)["Regions"]
        status = found[0]["OptInStatus"] if found else "unknown to AWS"
        if status not in ("opt-in-not-required", "opted-in"):
            return wrong(
                f"{region} is {status}",
                f"Enable it (`aws account enable-region --region-name {region}`) or change region.",
            )
        return well(f"{region}, enabled")

    def clock(self) -> Seen:
        there = email.utils.parsedate_to_datetime(self._identity["ResponseMetadata"]["HTTPHeaders"]["date"])
        off = abs((datetime.datetime.now(datetime.UTC) - there).total_seconds())
        if off > CLOCK_SECONDS:
            return wrong(f"{off:.0f} s off AWS's", "Synchronize it by NTP (`timedatectl set-ntp true`).")
        return well("in sync with AWS")

    def caller(self) -> Seen:
        who, allowed = identity_of(self._identity["Arn"]), self.stack.settings.allowed_callers
        if who.lower() not in {entry.lower() for entry in allowed}:
            return wrong(who, f"Only {', '.join(allowed)} may run the program. Change AWS_PROFILE or allowedCallers.")
        return well(who)

    def zone(self) -> Seen:
        settings = self.stack.settings
        found = self._zone["HostedZone"]
        if found.get("Config", {}).get("PrivateZone"):
            return wrong("private", "Set parentZoneId to the public zone's id (`aws route53 list-hosted-zones`).")
        if found["Name"].rstrip(".") != settings.zone:
            return wrong(f"the zone of {found['Name']}", "Correct zone or parentZoneId.")
        return well(f"{settings.parent_zone_id} is {settings.zone}")

    def delegation(self) -> Seen:
        own = sorted(name.rstrip(".").lower() for name in self._zone.get("DelegationSet", {}).get("NameServers", []))
        for url in self.stack.settings.doh_urls:
            world = sorted(name.rstrip(".").lower() for name in self._name_servers(url))
            if world != own:
                return wrong(
                    f"{url} returns {', '.join(world) or 'none'}; the zone's are {', '.join(own) or 'none'}",
                    "Enter the zone's name servers at the registrar. Until then nobody can resolve its records.",
                )
        return well(f"public resolvers return the zone's own {len(own)} name servers")

    @cached_property
    def _zone(self) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("route53").get_hosted_zone(Id=self.stack.settings.parent_zone_id)
        return found

    def rule_set(self) -> Seen:
        active = self.ask("ses").describe_active_receipt_rule_set().get("Metadata", {}).get("Name", "none")
        if active != RECEIPT_RULE_SET:
            return wrong(
                active, "Prepare the account: `pulumi -C account up`. It never replaces another active rule set."
            )
        return well(active)

    def sending(self) -> Seen:
        most = self.ask("ses").get_send_quota()["Max24HourSend"]
        if most <= SES_SANDBOX_MAILS:
            return warn(
                f"{most:.0f} messages per day: the account is in the SES sandbox",
                "SES sends only to verified addresses until AWS grants production access (SES console). Receiving is "
                "not affected.",
            )
        return well(f"{most:.0f} messages per day")

    def room_for_addresses(self) -> Seen:
        ec2 = self.ask("ec2")
        attributes = ec2.describe_account_attributes(AttributeNames=["vpc-max-elastic-ips"])["AccountAttributes"]
        most = next(
            (int(item["AttributeValues"][0]["AttributeValue"]) for item in attributes
             if item["AttributeName"] == "vpc-max-elastic-ips"),
            0,
        )  # fmt: skip
        count = len(ec2.describe_addresses()["Addresses"])
        room = used(count, most, "addresses")
        if not self.stack.outputs and not self.stack.settings.elastic_ip and count >= most:
            return wrong(
                f"{count} of {most} used", "Release one, raise the quota, or set elasticIp to an existing one.", room
            )
        return well(f"{count} of {most} used", room)

    def room_for_roles(self) -> Seen:
        counted = self.ask("iam").get_account_summary()["SummaryMap"]
        count, most = int(counted["Roles"]), int(counted["RolesQuota"])
        room = used(count, most, "roles")
        if not self.stack.outputs and count + ROLES > most:
            return wrong(
                f"{count} of {most} used, and a stack needs {ROLES}", "Raise the quota (Service Quotas, IAM).", room
            )
        return well(f"{count} of {most} used", room)

    def room_for_buckets(self) -> Seen:
        count = len(self.ask("s3").list_buckets()["Buckets"])
        room = used(count, BUCKETS, "buckets")
        if not self.stack.outputs and count + len(BUCKET_KEYS) > BUCKETS:
            return wrong(
                f"{count} of {BUCKETS} used, and a stack needs {len(BUCKET_KEYS)}",
                "Delete some, or raise the quota (Service Quotas, S3, general purpose buckets).",
                room,
            )
        return well(f"{count} of {BUCKETS} used", room)

    def names(self) -> Seen:
        """Whether resources have names of this stack but are not in its state. Each gets a line of its own."""
        taken = leftovers.unknown(self.stack, self._state, self.ask)
        self.lines += [self._left(thing) for thing in taken]
        if not taken:
            return well("no other resource has a name of this stack")
        if self.stack.outputs:
            return warn(
                f"{len(taken)} are not in the state", "Find out who created each, then do what its own line says."
            )
        return warn(
            f"{len(taken)} are taken already",
            f"Adopt what scripts created (`agentkeys adopt -s {self.stack.name}`). Remove what a failed destroy left, "
            "in the order of the lines above.",
        )

    def _left(self, thing: Thing) -> Line:
        """The line of a resource that is not in the state.

        If only this program creates such resources, it blocks the next `up`.
        """
        removal = f"`{' && '.join(thing.removal)}`"
        adopt = f"`agentkeys adopt -s {self.stack.name}` takes it over. To remove it instead: {removal}."
        fix = adopt if thing.adoptable else f"The next `up` creates another. Remove it: {removal}."
        return Line(
            subject="left in the account",
            claim=thing.what,
            expected="",
            seen="is not in the state",
            verdict=Verdict.WARNING if thing.adoptable or self.stack.outputs else Verdict.WRONG,
            fix=f"{fix} {thing.hint}".strip(),
        )

    def whole(self) -> Seen:
        """Whether the state has every resource. A destroy that stopped half way leaves outputs without resources."""
        name = self.stack.name
        if lacking := leftovers.lacking(self.stack.names, self._state):
            return wrong(
                f"{len(lacking)} things are not in it: {', '.join(lacking)}",
                f"A destroy did not finish. `pulumi destroy -s {name}` continues it, and `agentkeys retire -s {name}` "
                f"lists what it refuses. To create them again instead: `pulumi up -s {name}`.",
            )
        return well("it has every resource of a stack")

    @cached_property
    def _state(self) -> list[dict[str, Any]]:
        exported = stack.ask(self.stack.name, "stack", "export")["deployment"] or {}
        return list(exported.get("resources") or [])

    def verified(self, identity: str) -> Seen:
        found = self.ask("sesv2").get_email_identity(EmailIdentity=identity)
        if found["VerifiedForSendingStatus"]:
            return well("verified")
        if "@" in identity:
            return warn("not verified", f"`agentkeys sender -s {self.stack.name}` opens the link in SES's message.")
        return warn(
            f"not verified, DKIM {found.get('DkimAttributes', {}).get('Status', 'unknown')}",
            "SES checks the three DKIM records for up to 72 hours. Check that the zone is delegated.",
        )

    def alarm_mail(self) -> Seen:
        """Whether somebody has confirmed the subscription of every topic."""
        names, email = self.stack.names, self.stack.settings.alarm_email
        for region in alarms.regions(names):
            sns = clients.elsewhere(self.ask, "sns", names.region, region)
            pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=alarms.topic_arn(names, region))
            found = [
                item["SubscriptionArn"]
                for page in pages
                for item in page["Subscriptions"]
                if (item["Protocol"], item["Endpoint"]) == ("email", email)
            ]
            if not found:
                return wrong(
                    f"the topic in {region} does not send to it",
                    f"Nobody confirmed it within 48 hours, or somebody unsubscribed: `pulumi up -s {self.stack.name} "
                    "--refresh` asks again.",
                )
            if not any(arn.startswith("arn:") for arn in found):
                return warn(
                    f"waits for a confirmation in {region}",
                    "Open the link in the mail AWS Notification - Subscription Confirmation, within 48 hours.",
                )
        return well("confirmed")

    def alarms(self) -> Seen:
        names = self.stack.names
        found: dict[str, str] = {}
        for region in alarms.regions(names):
            own = [names.alarm(row.key) for row in alarms.of_region(names, region)]
            cloudwatch = clients.elsewhere(self.ask, "cloudwatch", names.region, region)
            listed = cloudwatch.describe_alarms(AlarmNames=own)["MetricAlarms"] if own else []
            found |= {item["AlarmName"]: item["StateValue"] for item in listed}
        if gone := sorted(name for name, state in found.items() if state == "ALARM"):
            return wrong(", ".join(gone), "docs/runbook.md, An alarm arrives, has a row for each.")
        return well(f"{len(found)} alarms")

    def metrics(self) -> Seen:
        """Whether CloudWatch got the host's metrics lately."""
        now = datetime.datetime.now(datetime.UTC)
        answer = self.ask("cloudwatch").get_metric_statistics(
            Namespace=self.stack.names.metrics,
            MetricName="DiskUsedPercent",
            StartTime=now - datetime.timedelta(seconds=METRICS_SECONDS),
            # The end is excluded, and requests have whole seconds: what came in this second counts too.
            EndTime=now + datetime.timedelta(minutes=1),
            Period=300,
            Statistics=["Maximum"],
        )
        if not answer["Datapoints"]:
            return warn(
                f"none in the last {METRICS_SECONDS // 60} minutes",
                "`journalctl -u agentkeys-measure` on the host says why. A host that the stack did not launch needs "
                "the stack's instance profile (hostInstanceProfile: attach).",
            )
        latest = max(answer["Datapoints"], key=lambda item: item["Timestamp"])
        return well(f"the disk is {latest['Maximum']:.0f} % full")

    def audit(self) -> Seen:
        lines = self.audited() if self.audited else Audit(stack=self.stack, ask=self.ask).lines()
        return _sum(lines, f"`agentkeys audit -s {self.stack.name}` lists each with its fix.")

    def image(self) -> Seen:
        """How long the distribution of the running instance is supported."""
        ec2 = self.ask("ec2")
        ids = [str(self.stack.output("instanceId"))]
        (instance,) = ec2.describe_instances(InstanceIds=ids)["Reservations"][0]["Instances"]
        # By a filter: an image that its publisher has withdrawn is then no error.
        found = ec2.describe_images(Filters=[{"Name": "image-id", "Values": [instance["ImageId"]]}])["Images"]
        row = images.named(found[0]["Name"], found[0]["OwnerId"]) if found else self._image_of_the_settings()
        if row is None:
            return well(f"{instance['ImageId']}, which is none of the setting image: see when its support ends")
        days = (row.supported_until - datetime.datetime.now(datetime.UTC).date()).days
        if days > images.WARNING_DAYS:
            return well(f"{row.name}, supported until {row.supported_until}")
        until = f"ended on {row.supported_until}" if days < 0 else f"ends on {row.supported_until}, in {days} days"
        change = (
            f"Change to {row.next}: `pulumi config set -s {self.stack.name} image {row.next}`, as docs/runbook.md "
            "describes under Replace the host."
            if row.next
            else "docs/hosts.md lists the images."
        )
        return warn(f"the standard support of {row.name} {until} ({row.source})", change)

    def snapshot(self) -> Seen:
        """How old the newest snapshot is. Before the first one is due, none is no fault."""
        names, settings, now = self.stack.names, self.stack.settings, datetime.datetime.now(datetime.UTC)
        hours = snapshots.age_hours(snapshots.of(self.ask("ec2"), names), now)
        now_one = f"`agentkeys snapshots -s {self.stack.name} --take` takes one now."
        if hours is None:
            policy = snapshots.policy(self.ask("dlm"), names, settings.host_tag)
            if policy is None:
                return wrong("none, and nothing makes any", f"`pulumi up -s {self.stack.name} --refresh` restores it.")
            due = snapshots.first_due(policy)
            if now < due:
                return well("none yet; the first comes within a day")
            return warn(f"none, and one was due before {due:%Y-%m-%d %H:%M} UTC", f"{now_one} {_WHY_NO_SNAPSHOT}")
        age = Gauge(kind="age", value=hours / 24, most=snapshots.LATE_HOURS / 24, unit="days")
        if hours > snapshots.LATE_HOURS:
            return warn(f"{hours:.0f} hours old, and one is made every day", f"{now_one} {_WHY_NO_SNAPSHOT}", age)
        return well(f"{hours:.0f} hours old", age)

    def _image_of_the_settings(self) -> images.Image | None:
        settings = self.stack.settings
        return None if settings.ami or settings.host_instance_id else images.image(settings.image)


@dataclass(kw_only=True)
class HostDoctor(Checks):
    """The checks of a stack on any Linux host: this computer, the zone, DNS, the issuer, certificates and the host."""

    def examine(self) -> list[Line]:
        settings = self.stack.settings
        self._look("this machine", "programs", self.programs)
        for url in settings.doh_urls:
            self._look("this machine", f"resolver {url}", partial(self.resolver, url))
        if settings.uses_lets_encrypt:
            self._look("zone", "CAA lets the authority issue", self.authority)
        self._look("zone", "no record excludes the stack's", self.excluded)
        if not self.stack.outputs:
            return self.lines
        self.published()
        self._look("host", "drift", self.drift)
        return self.lines


def _sum(lines: list[Line], fix: str) -> Seen:
    worst = max((line.verdict for line in lines), key=list(Verdict).index, default=Verdict.OK)
    seen = verdicts.summary(lines)
    return well(seen) if worst == Verdict.OK else Seen(verdict=worst, seen=seen, fix=fix)


@click.command("doctor")
@options.cloud()
@options.stack("Stack to check, before or after its first `pulumi up`.")
@options.as_json()
def command(name: str, folder: Path, as_json: bool) -> None:
    """Check whether `pulumi up` can succeed and whether a running stack is healthy.

    Prints one line per check: ok, warning, wrong or not run, with a fix. Changes nothing.

    Exit codes: 0 if no check fails (warnings do not fail), 1 if one fails, 3 if one could not run.
    """
    looked = stack.read_any(name, folder)
    if isinstance(looked, Stack):
        lines = Doctor(stack=looked, ask=partial(clients.of, session.of(looked.settings))).examine()
    else:
        lines = HostDoctor(stack=looked).examine()
    verdicts.show(f"Doctor for stack {name}", ("what", "check"), lines, to_stderr=as_json)
    if as_json:
        verdicts.print_json(name, **verdicts.as_json(lines))
    sys.exit(verdicts.exit_code(line.verdict for line in lines))
