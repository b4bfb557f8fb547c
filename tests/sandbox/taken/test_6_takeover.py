"""A running account is taken over: made by hand as the runbook's commands do, its host serving, its buckets full.

One operator goes the runbook's way, "Adopt a running account", with the commands that it prints. Leaves out what
``tests/engine/test_adopt.py`` asks of the report, and ``tests/sandbox/machine`` of the host's steps one by one.
"""

import contextlib
import dataclasses
import functools
import itertools
import json
import re
import threading

import pytest

from components.naming import BUCKET_KEYS, Names, default_broker_host, default_email_from, default_mail_domain
from hostsetup.services import SERVICES
from sandbox import layout, rehearsal, supervisor
from sandbox.standin.archive import build_archive
from tests.support import former_host, runbook
from tests.support.host_over_ssh import Host
from tests.support.live import ACTOR
from tests.support.sites import a_site
from tests.support.typed import Operator

STACK, OTHER = rehearsal.deployment("test"), "prod"
#: What nginx answers while the service behind it starts again.
RESTARTING = {502}

#: As agents named them over the years, and as a console leaves them behind.
KEYS = {
    "vault": [
        f"bots/{ACTOR}/credentials/github", f"bots/{'cd' * 32}/credentials/github", f"bots/{ACTOR}/credentials/",
        f"bots/{ACTOR}/credentials/with space + plus & ümläut/%2F?x=1", "bots//double", "top",
    ],
    "memory": [f"bots/{ACTOR}/memory/2024/{number}" for number in range(3)] + ["bots/MixedCase/memory/a"],
    "mail": ["inbound/0123456789abcdef", "outbound/kept-by-hand", f"bots/{ACTOR}/inbound/sorted"],
}  # fmt: skip


class ByHand(Host):
    """The account as the runbook's commands left it, and the machine that its person launched and set up."""

    def __init__(self, folder):
        emulated = supervisor.emulated()
        suffix = "-test"
        mail_domain = default_mail_domain(emulated.zone, suffix)
        self.names = Names(
            account_id=emulated.account_id, region=emulated.region, zone=emulated.zone, suffix=suffix,
            broker_host=default_broker_host(emulated.zone, suffix), mail_domain=mail_domain,
            email_from=default_email_from(mail_domain, suffix),
        )  # fmt: skip
        self.clients = functools.cache(supervisor.client)
        self.made = runbook.build(self.clients, self.names, emulated.zone_id)
        self.address = self.made.address
        self.key = folder / "key.pem"
        self.key.touch(mode=0o600)
        self.key.write_text(self.made.private_key)
        self.archive, digest = build_archive(layout.HOME / "release", rehearsal.say)
        buckets = {key: self.names.bucket(key) for key in BUCKET_KEYS}
        self.site = dataclasses.replace(
            a_site("test"), account_id=emulated.account_id, issuer=self.names.issuer,
            public_names=self.names.public_hosts, data_role_arn=self.names.role_arn("data"),
            email_from=self.names.email_from, release="", release_sha256=digest,
            acme_directory=f"https://{layout.ACME_HOST}:{layout.PORTS['acme']}/dir", buckets=buckets,
        )  # fmt: skip
        self.wait_for_boot()
        former_host.as_the_scripts_leave_it(self)
        printed = self.sudo(
            f"openssl x509 -in /etc/letsencrypt/live/{self.names.broker_host}/cert.pem -noout -fingerprint -sha1"
        )
        runbook.issuer(self.clients, self.names, printed.partition("=")[2].strip().replace(":", ""))

    def fill(self):
        s3 = self.clients("s3")
        for number, (key, name) in enumerate((key, name) for key, names in KEYS.items() for name in names):
            s3.put_object(
                Bucket=self.names.bucket(key), Key=name, Body=b"" if name.endswith("/") else bytes([number]) * 4096,
                ContentType="application/x-sealed", Metadata={"epoch": str(number)}, Tagging="kept=yes",
            )  # fmt: skip

    def objects(self):
        """Every object of the three buckets, with all that a reader may depend on."""
        s3, found = self.clients("s3"), {}
        for bucket in (self.names.bucket(key) for key in BUCKET_KEYS):
            for item in s3.list_object_versions(Bucket=bucket)["Versions"]:
                read = s3.get_object(Bucket=bucket, Key=item["Key"])
                tags = s3.get_object_tagging(Bucket=bucket, Key=item["Key"])["TagSet"]
                found[bucket, item["Key"]] = (
                    item["VersionId"], item["ETag"], item["LastModified"], read["Body"].read(), read["ContentType"],
                    read["Metadata"], tags,
                )  # fmt: skip
        return found

    def starts(self):
        """How often each service was started, by the journal."""
        units = [service.unit for service in SERVICES]
        told = self.sudo(
            f"for unit in {' '.join(units)}; do journalctl --quiet --output cat --unit $unit | grep -c ^Started; done"
        )
        return dict(zip(units, map(int, told.split()), strict=True))

    def end(self):
        """What no stack removes, because none created it."""
        ec2 = self.clients("ec2")
        ec2.terminate_instances(InstanceIds=[self.made.instance_id])
        ec2.release_address(AllocationId=self.made.allocation_id)
        ec2.delete_security_group(GroupId=self.made.group_id)
        ec2.delete_key_pair(KeyName=self.made.key_pair)


@contextlib.contextmanager
def watching(ground, names):
    """The answers that the world gets meanwhile, each name over and over: a status, or what went wrong."""
    seen, over = set(), threading.Event()

    def look():
        for name in itertools.cycle(names):
            if over.is_set():
                return
            try:
                seen.add((name, ground.get(name, "/healthz").status))
            except Exception as error:
                seen.add((name, repr(error)))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


@pytest.fixture(scope="module")
def before(ground):
    ground.bring_up(OTHER)
    return ground.listing()


@pytest.fixture(scope="module")
def by_hand(ground, before, tmp_path_factory):
    assert not ground.engine.has_stack(STACK), "the tests before have destroyed it"
    made = ByHand(tmp_path_factory.mktemp("by-hand"))
    made.fill()
    ground.send_mail(f"somebody@{made.names.mail_domain}", "from before")
    assert any(b"from before" in mail for mail in ground.mails(made.names.bucket("mail")))
    yield made
    made.end()


@pytest.fixture(scope="module")
def operator(ground, by_hand, tmp_path_factory):
    ground.engine.init(STACK)
    made = Operator(ground, tmp_path_factory.mktemp("operator"))
    yield made
    if ground.engine.has_stack(STACK):
        made.types("pulumi destroy -s test || true; pulumi stack rm -s test --force --preserve-config")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Taken:
    """What was there before the `up`, and what was seen of it."""

    objects: dict
    secrets: list
    certificates: str
    jwks: str
    starts: dict
    preview: dict
    seen: set
    said: str


@pytest.fixture(scope="module")
def taken(ground, by_hand, operator):
    assert former_host.healthy(by_hand) == ["200"] * len(SERVICES)
    there = {
        "objects": by_hand.objects(),
        "secrets": former_host.values(by_hand, former_host.BEFORE),
        "certificates": former_host.certificates(by_hand),
        "jwks": former_host.keys(by_hand),
        "starts": by_hand.starts(),
    }
    warned = operator.types("venv/bin/python -m ops adopt -s test --json")
    fixes = re.findall(r"Require tokens: `(aws [^`]+)`", warned.stderr)
    assert fixes, warned.stderr
    for fix in fixes:
        operator.types(fix)
    *first, preview, up = json.loads(warned.stdout)["next"]
    for line in first:
        operator.types(f"HOST_KEY={by_hand.key}\n{line}")
    done = {}
    for step in json.loads(operator.types(f"{preview} --json").stdout)["steps"]:
        done.setdefault(step["op"], set()).add(step["urn"].rsplit("::", 1)[-1])
    with watching(ground, by_hand.names.public_hosts.values()) as seen:
        said = operator.types(f"{up} --skip-preview").stdout
    return Taken(**there, preview=done, seen=seen, said=said)


def test_its_preview_replaces_and_deletes_nothing_and_updates_what_the_runbook_says(taken):
    assert set(taken.preview) == {"same", "update", "create"}
    also = runbook.EMPTIED_ON_DESTROY | runbook.OF_A_PRIVATE_AUTHORITY
    assert taken.preview["update"] == runbook.HARDENING | also
    assert "replaced" not in taken.said
    assert "deleted" not in taken.said


def test_every_object_is_there_as_it_was(by_hand, taken):
    assert len(taken.objects) >= sum(map(len, KEYS.values())) + 2, "the mail and SES's own too"
    assert by_hand.objects() == taken.objects


def test_secrets_certificates_and_signing_keys_are_the_same(by_hand, taken):
    assert former_host.values(by_hand, former_host.AFTER) == taken.secrets
    assert former_host.certificates(by_hand) == taken.certificates
    assert former_host.keys(by_hand) == taken.jwks


def test_each_service_was_started_once_and_what_needs_the_broker_perhaps_with_it_too(by_hand, taken):
    """systemd makes one start of two when the second is asked for before the first has begun."""
    more = {unit: count - taken.starts[unit] for unit, count in by_hand.starts().items()}
    assert {unit: count for unit, count in more.items() if count != 1} == {
        service.unit: 2 for service in SERVICES if service.requires_broker and more[service.unit] != 1
    }


def test_its_names_answered_all_the_time_but_for_the_services_restart(ground, by_hand, taken):
    names = set(by_hand.names.public_hosts.values())
    assert {name for name, answer in taken.seen if answer == 200} == names
    assert {answer for _, answer in taken.seen} - {200} <= RESTARTING
    assert [ground.get(name, "/healthz").status for name in names] == [200] * len(names)


def test_nothing_is_left_to_do_and_aws_agrees(operator, taken):
    operator.types("pulumi preview -s test --expect-no-changes")
    operator.types("pulumi preview -s test --refresh --expect-no-changes")


def test_the_machine_is_its_persons_still_and_serves_behind_the_same_address(ground, by_hand, taken):
    outputs = ground.outputs("test")
    assert (outputs["instanceId"], outputs["elasticIp"]) == (by_hand.made.instance_id, by_hand.address)
    ec2 = by_hand.clients("ec2")
    ((instance,),) = (
        r["Instances"] for r in ec2.describe_instances(InstanceIds=[outputs["instanceId"]])["Reservations"]
    )
    assert instance["KeyName"] == by_hand.made.key_pair
    assert [group["GroupId"] for group in instance["SecurityGroups"]] == [by_hand.made.group_id]


def test_mail_and_the_trust_in_its_tokens_go_on(ground, by_hand, taken):
    ground.send_mail(f"somebody@{by_hand.names.mail_domain}", "from after")
    assert any(b"from after" in mail for mail in ground.mails(by_hand.names.bucket("mail")))
    ground.assume("data", "test", ground.token(by_hand.names.broker_host, ACTOR))


def test_the_audit_finds_nothing_but_the_old_access_keys(by_hand, operator, taken):
    assert operator.found("audit -s test", code=1) == [
        (f"user {user}", "its access keys") for user in (by_hand.names.daemon_user, by_hand.names.broker_user)
    ]


def test_once_they_are_replaced_as_the_runbook_says_both_stacks_are_proven_apart(by_hand, operator, taken):
    iam, names = by_hand.clients("iam"), by_hand.names
    old = {
        user: [key["AccessKeyId"] for key in iam.list_access_keys(UserName=user)["AccessKeyMetadata"]]
        for user in (names.daemon_user, names.broker_user)
    }
    operator.types("pulumi config rm -s test accessKeyUsers")
    assert "+ 1 created" in operator.types("pulumi up -s test --skip-preview").stdout
    for user, keys in old.items():
        for key in keys:
            operator.types(f"aws iam delete-access-key --user-name {user} --access-key-id {key}")
    assert operator.found("proof -s test --against prod", code=0) == []
    assert operator.found("proof -s prod --against test", code=0) == []


def test_destroy_leaves_the_machine_with_its_address_and_nothing_else(ground, before, by_hand, operator, taken):
    operator.types("pulumi destroy -s test")
    assert former_host.healthy(by_hand) == ["200"] * len(SERVICES)
    (address,) = by_hand.clients("ec2").describe_addresses(AllocationIds=[by_hand.made.allocation_id])["Addresses"]
    assert address["InstanceId"] == by_hand.made.instance_id
    theirs = (by_hand.made.instance_id, by_hand.made.allocation_id, by_hand.made.key_pair, "launch-wizard-7-test")
    after = ground.listing()
    assert {name: seen for name, seen in after.items() if not name.endswith(theirs)} == before
    assert len(after) == len(before) + len(theirs)
