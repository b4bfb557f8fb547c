"""`agentkeys doctor` against the emulated account: what it sees before a first `up`, and what of it is wrong."""

import dataclasses
import datetime
import re
import subprocess
from types import SimpleNamespace

import pytest

from components import images
from dev.recorder import ADDRESS, PROJECT
from gates import dns, issuer
from gates.wait import NotYet
from ops import host, stack
from ops.commands import doctor, drift
from ops.leftovers import unknown
from ops.verdicts import Line, Verdict
from tests.support.emulated import policy, s3_rule, ses_policy, statement, trusting, upsert
from tests.support.stacks import a_stack

RECORDS = [
    {"name": "bots-test.litentry.org", "type": "MX", "value": "10 inbound-smtp.us-east-1.amazonaws.com"},
    {"name": "test-broker.litentry.org", "type": "A", "value": ADDRESS},
]
SERVERS = ["ns-1.example.net", "ns-2.example.org"]


@pytest.fixture
def ask(client):
    return client


@pytest.fixture
def examined(release, account, ask, monkeypatch):
    """The lines of one look, by claim. The stack's zone is the emulated one, and the world asks its name servers."""
    monkeypatch.setattr(stack, "ask", lambda *_asked: {"deployment": {"resources": []}})
    monkeypatch.setattr(doctor.shutil, "which", lambda program: f"/usr/bin/{program}")

    def look(*, up=False, servers=None, **changed):
        made = a_stack("test", release, up=up, parentZoneId=account.zone_id, **changed)
        made.outputs.update({"dnsRecords": RECORDS} if up else {})
        own = ask("route53").get_hosted_zone(Id=account.zone_id)["DelegationSet"]["NameServers"]
        monkeypatch.setattr(dns, "resolve", lambda _name, _url, _kind="A": own if servers is None else servers)
        return {line.claim: line for line in doctor.Doctor(stack=made, ask=ask).examine()}

    return look


def test_before_a_first_up_everything_it_needs_is_looked_at(examined, rule_set):
    seen = examined()
    assert "no record excludes the stack's" not in seen
    assert {claim for claim, line in seen.items() if line.verdict == Verdict.OK} >= {
        *("programs", "clock", "credentials", "caller", "region", "public and of that name", "delegated"),
        *("elastic IPs", "roles", "buckets", "free, or in the state"),
    }
    assert seen["sending"].verdict == Verdict.WARNING
    assert "production access" in seen["sending"].fix
    assert "every host has the stack's address" not in seen


def test_another_active_rule_set_is_told_and_never_taken(examined, rule_set):
    line = examined()["active rule set"]
    assert (line.verdict, line.seen) == (Verdict.WRONG, rule_set)
    assert "pulumi -C account up" in line.fix


def test_a_zone_that_the_world_does_not_ask_is_told_with_both_sides(examined):
    line = examined(servers=SERVERS)["delegated"]
    assert line.verdict == Verdict.WRONG
    assert "returns ns-1.example.net, ns-2.example.org; the zone's are " in line.seen
    assert "registrar" in line.fix


def test_a_resolver_is_asked_once_for_the_name_servers(examined, monkeypatch):
    def counting(doctor):
        monkeypatch.setattr(dns, "resolve", lambda _name, url, kind="A": asked.append((url, kind)) or SERVERS)
        return before(doctor)

    asked = []
    before = doctor.Doctor.examine
    monkeypatch.setattr(doctor.Doctor, "examine", counting)
    assert examined()["delegated"].verdict == Verdict.WRONG
    servers = [one for one in asked if one[1] == "NS"]
    assert servers
    assert len(servers) == len(set(servers))


def test_a_zone_of_another_name_is_told(examined):
    line = examined(zone="example.org", brokerHost="", mailDomain="")["public and of that name"]
    assert (line.verdict, line.seen) == (Verdict.WRONG, "the zone of litentry.org.")


def test_a_caller_that_may_not_run_the_program_is_told(examined):
    line = examined(allowedCallers='["user/somebody-else"]')["caller"]
    assert (line.verdict, line.seen) == (Verdict.WRONG, "user/agentkeys-admin")


def test_caa_records_above_the_zone_count_too(examined, monkeypatch):
    assert "may issue for 6 hosts" in examined()["CAA lets the authority issue"].seen
    monkeypatch.setattr(doctor.dns, "relevant_caa", lambda _host, _url: ("org", ['0 issue "pki.goog"']))
    line = examined()["CAA lets the authority issue"]
    assert line.verdict == Verdict.WRONG
    assert "the CAA records of org forbid a certificate for test-broker.litentry.org" in line.seen
    assert "CAA lets the authority issue" not in examined(acmeDirectory="https://ca.example/directory")


def test_records_that_exclude_those_of_a_zone_kept_by_hand_are_told(release, ask, monkeypatch):
    made = a_stack("test", release, dns="manual")
    there = {}
    monkeypatch.setattr(dns, "resolve", lambda name, _url, kind="A": there.get((name, kind), []))
    looked = doctor.Doctor(stack=made, ask=ask)
    assert looked.excluded().verdict == Verdict.OK
    there["test-broker.litentry.org", "AAAA"] = ["2001:db8::1"]
    there["bots-test.litentry.org", "CNAME"] = ["mail.example."]
    seen = looked.excluded()
    assert seen.verdict == Verdict.WRONG
    assert "test-broker.litentry.org AAAA 2001:db8::1: the host has no IPv6 address" in seen.seen
    assert "bots-test.litentry.org CNAME mail.example.: a name with a CNAME has no other record" in seen.seen
    looked.before()
    assert "no record excludes the stack's" in {line.claim for line in looked.lines}


def test_keys_that_win_over_the_profile_are_a_warning(examined, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "agentkeys-admin")
    assert examined()["credentials"].verdict == Verdict.OK
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOTHER")
    line = examined()["credentials"]
    assert line.verdict == Verdict.WARNING
    assert "takes precedence over the profile 'agentkeys-admin'" in line.seen


def test_credentials_of_another_account_are_told(examined, monkeypatch):
    line = examined(accountId="111122223333")["credentials"]
    assert (line.verdict, line.seen) == (Verdict.WRONG, "of account 429071895007")


def test_a_region_that_the_account_has_not_enabled_is_told(examined, ask, monkeypatch):
    off = {"Regions": [{"RegionName": "us-east-1", "OptInStatus": "not-opted-in"}]}
    monkeypatch.setattr(ask("ec2"), "describe_regions", lambda **_asked: off)
    line = examined()["region"]
    assert (line.verdict, line.seen) == (Verdict.WRONG, "us-east-1 is not-opted-in")
    assert "enable-region --region-name us-east-1" in line.fix


def test_a_missing_program_is_told_with_what_brings_it(examined, monkeypatch):
    monkeypatch.setattr(doctor.shutil, "which", lambda program: None if program == "openssl" else program)
    line = examined()["programs"]
    assert (line.verdict, line.seen, line.fix) == (Verdict.WRONG, "not on PATH: openssl", "Install OpenSSL.")


def test_a_clock_that_is_off_is_told(examined, monkeypatch):
    late = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=7)
    here = SimpleNamespace(datetime=SimpleNamespace(now=lambda _zone: late), UTC=datetime.UTC)
    monkeypatch.setattr(doctor, "datetime", here)
    assert examined()["clock"].verdict == Verdict.WRONG


def test_a_full_quota_of_addresses_stops_a_first_up_alone(examined, ask):
    ec2 = ask("ec2")
    made = [ec2.allocate_address(Domain="vpc")["AllocationId"] for _ in range(5)]
    try:
        assert examined()["elastic IPs"].verdict == Verdict.WRONG
        assert examined(elasticIp="3.208.12.34")["elastic IPs"].verdict == Verdict.OK
    finally:
        for allocation in made:
            ec2.release_address(AllocationId=allocation)


def test_names_that_are_taken_are_told_with_the_way_to_take_them_over(examined, ask):
    iam = ask("iam")
    iam.create_user(UserName="agentkeys-daemon-test")
    try:
        seen = examined()
    finally:
        iam.delete_user(UserName="agentkeys-daemon-test")
    line = seen["free, or in the state"]
    assert (line.verdict, line.seen) == (Verdict.WARNING, "1 are taken already")
    assert "agentkeys adopt -s test" in line.fix
    line = seen["user agentkeys-daemon-test"]
    assert (line.verdict, line.seen) == (Verdict.WARNING, "is not in the state")
    assert line.fix == (
        "`agentkeys adopt -s test` takes it over. To remove it instead: `aws iam delete-user --user-name "
        "agentkeys-daemon-test`."
    )


@pytest.fixture
def names(release, account):
    return a_stack("test", release, up=False, parentZoneId=account.zone_id).names


@pytest.fixture
def leftovers(ask, account, names):
    """One of each kind, as a destroy leaves it that ended in the middle and whose state was thrown away after it."""
    iam, ec2, ses, s3 = ask("iam"), ask("ec2"), ask("ses"), ask("s3")
    trust = trusting({"Service": "ec2.amazonaws.com"}, "sts:AssumeRole")
    for role in (names.host, names.role("vault"), names.snapshot_role):
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)
        iam.put_role_policy(RoleName=role, PolicyName=f"{role}-inline", PolicyDocument=policy(statement("s3:*")))
    iam.attach_role_policy(RoleName=names.host, PolicyArn="arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore")
    iam.create_instance_profile(InstanceProfileName=names.host)
    iam.add_role_to_instance_profile(InstanceProfileName=names.host, RoleName=names.host)
    iam.create_user(UserName=names.broker_user)
    iam.create_access_key(UserName=names.broker_user)
    iam.put_user_policy(UserName=names.broker_user, PolicyName="p", PolicyDocument=policy(statement("s3:*")))
    iam.create_open_id_connect_provider(Url=names.issuer, ClientIDList=["sts.amazonaws.com"])
    ses.create_receipt_rule_set(RuleSetName="agentkeys")
    s3.create_bucket(Bucket=names.bucket("mail"))
    s3.put_bucket_policy(Bucket=names.bucket("mail"), Policy=ses_policy(names.bucket("mail"), None))
    rule = s3_rule(names.receipt_rule, names.bucket("mail"), names.mail_domain)
    ses.create_receipt_rule(RuleSetName="agentkeys", Rule=rule)
    ask("sesv2").create_email_identity(EmailIdentity=names.mail_domain)
    upsert(ask("route53"), names.broker_host, "A", "3.208.12.34", zone_id=account.zone_id)
    upsert(ask("route53"), names.mail_domain, "TXT", '"v=spf1 include:amazonses.com -all"', zone_id=account.zone_id)
    mine = [{"Key": "Name", "Value": names.host}, {"Key": "agentkeys:owned-by", "Value": names.host}]
    group = ec2.create_security_group(GroupName=names.host, Description="AgentKeys broker host")["GroupId"]
    ec2.create_key_pair(KeyName=names.host, KeyType="ed25519")
    instance = ec2.run_instances(
        ImageId="ami-0a22042026090100a", InstanceType="t3.micro", MinCount=1, MaxCount=1, SecurityGroupIds=[group],
        KeyName=names.host, DisableApiTermination=True,
        TagSpecifications=[{"ResourceType": "instance", "Tags": mine}],
    )["Instances"][0]["InstanceId"]  # fmt: skip
    allocated = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.create_tags(Resources=[allocated], Tags=[{"Key": "Name", "Value": names.elastic_ip}, mine[1]])
    ec2.associate_address(AllocationId=allocated, InstanceId=instance)
    yield [
        f"receipt rule {names.receipt_rule}",
        f"record {names.mail_domain} TXT",
        f"record {names.broker_host} A",
        f"instance {instance}",
        *(f"address {item['PublicIp']}" for item in ec2.describe_addresses(AllocationIds=[allocated])["Addresses"]),
        f"security group {group}",
        f"key pair {names.host}",
        f"instance profile {names.host}",
        f"role {names.host}",
        f"role {names.role('vault')}",
        f"role {names.snapshot_role}",
        f"user {names.broker_user}",
        f"issuer {names.broker_host}",
        f"mail identity {names.mail_domain}",
        f"bucket {names.bucket('mail')}",
    ]
    ses.delete_receipt_rule_set(RuleSetName="agentkeys")


def run_by_hand(commands, account):
    """As an operator would copy them, one after the other, with the project's own `aws`."""
    surroundings = {
        "PATH": f"{PROJECT / 'venv/bin'}:/usr/bin:/bin",
        "AWS_ENDPOINT_URL": account.endpoint,
        "AWS_SHARED_CREDENTIALS_FILE": str(account.home / "credentials.ini"),
        "AWS_PROFILE": "agentkeys-admin",
        # A profile's own region, which no command relies on.
        "AWS_DEFAULT_REGION": "us-west-2",
    }
    script = "\n".join(f"{{ {command}; }} || exit 1" for command in commands)
    return subprocess.run(["bash", "-c", script], env=surroundings, capture_output=True, text=True, check=False)


def test_what_a_failed_destroy_left_is_listed_one_by_one_and_its_commands_remove_it(
    examined, leftovers, account, ask, release
):
    seen = examined()
    left = [claim for claim, line in seen.items() if line.subject == "left in the account"]
    assert sorted(left) == sorted(leftovers)
    # A stack that goes on with the instance as its `hostInstanceId` needs the first three.
    used = ("instance i-", "security group ", "key pair ")
    (instance,) = [claim.removeprefix("instance ") for claim in left if claim.startswith("instance i-")]
    made = a_stack("test", release, up=False, parentZoneId=account.zone_id)
    going_on = dataclasses.replace(made, settings=made.settings.model_copy(update={"host_instance_id": instance}))
    assert {thing.what for thing in unknown(going_on, [], ask)} == {one for one in left if not one.startswith(used)}
    owned = ("instance i-", "address ", "security group ", "key pair ")
    assert {claim for claim in left if seen[claim].verdict == Verdict.WRONG} == {
        claim for claim in left if claim.startswith(owned)
    }
    commands = [re.search(r"[Rr]emove it(?: instead)?: `([^`]+)`", seen[claim].fix)[1] for claim in left]
    done = run_by_hand(commands, account)
    assert done.returncode == 0, done.stderr
    again = examined()
    assert [claim for claim, line in again.items() if line.subject == "left in the account"] == []
    assert again["free, or in the state"].seen == "no other resource has a name of this stack"


def test_an_address_that_a_lost_state_left_can_be_gone_on_with(examined, account, ask, names):
    """The program refuses an address with its own mark, since it would release it: the mark comes off first."""
    ec2 = ask("ec2")
    made = ec2.allocate_address(Domain="vpc")
    tags = [{"Key": "Name", "Value": names.elastic_ip}, {"Key": "agentkeys:owned-by", "Value": names.host}]
    ec2.create_tags(Resources=[made["AllocationId"]], Tags=tags)
    try:
        fix = examined()[f"address {made['PublicIp']}"].fix
        unmark, use = re.search(r"To go on with it: `([^`]+)`, `([^`]+)`\.", fix).groups()
        assert run_by_hand([unmark], account).returncode == 0
        (found,) = ec2.describe_addresses(AllocationIds=[made["AllocationId"]])["Addresses"]
        assert found["Tags"] == tags[:1]
        assert use == f"pulumi config set -s test elasticIp {made['PublicIp']}"
    finally:
        ec2.release_address(AllocationId=made["AllocationId"])


def test_what_the_state_knows_is_not_left_and_a_namesake_of_another_kind_is(examined, ask, monkeypatch, names):
    """The host's role, profile, key pair and firewall all have one name."""
    ask("ec2").create_key_pair(KeyName=names.host, KeyType="ed25519")
    ask("iam").create_role(
        RoleName=names.host, AssumeRolePolicyDocument=trusting({"Service": "ec2.amazonaws.com"}, "*")
    )
    known = [{"type": "aws:ec2/keyPair:KeyPair", "id": names.host}]
    monkeypatch.setattr(stack, "ask", lambda *_asked: {"deployment": {"resources": known}})
    try:
        seen = examined()
    finally:
        ask("ec2").delete_key_pair(KeyName=names.host)
        ask("iam").delete_role(RoleName=names.host)
    assert [claim for claim, line in seen.items() if line.subject == "left in the account"] == [f"role {names.host}"]


def test_a_full_quota_of_buckets_stops_a_first_up(examined, monkeypatch):
    monkeypatch.setattr(doctor, "BUCKETS", 2)
    line = examined()["buckets"]
    assert line.verdict == Verdict.WRONG
    assert "a stack needs 3" in line.seen


published = dns.published


def test_a_record_of_mail_that_the_world_does_not_see_is_wrong(up, monkeypatch):
    monkeypatch.setattr(dns, "published", published)
    line = up()["mail's records"]
    assert line.verdict == Verdict.WRONG
    assert "bots-test.litentry.org. IN MX 10 inbound-smtp.us-east-1.amazonaws.com." in line.seen


lacking_of_a_state = doctor.leftovers.lacking


@pytest.fixture
def up(examined, monkeypatch):
    """A stack that is up and well; a test may break one thing."""
    ok = Line(subject="", claim="", expected="", seen="", verdict=Verdict.OK)
    monkeypatch.setattr(dns, "visible", lambda hosts, address, _urls: f"{len(hosts)} names resolve to {address}")
    monkeypatch.setattr(dns, "published", lambda records, _urls: f"{len(records)} records are there")
    monkeypatch.setattr(issuer, "issuer", lambda *_asked: "ab" * 20)
    monkeypatch.setattr(doctor, "Audit", lambda **_asked: SimpleNamespace(lines=lambda: [ok, ok]))
    monkeypatch.setattr(drift, "look", lambda _stack: drift.Report(compared={"files": 40}))
    monkeypatch.setattr(doctor.leftovers, "lacking", lambda _names, _state: [])
    monkeypatch.setattr(doctor.Doctor, "certificate", lambda _self, _host, _address: doctor.well("60 days left"))
    return lambda: examined(up=True)


def test_what_is_up_is_looked_at_too(up):
    seen = up()
    assert seen["every host has the stack's address"].seen == f"6 names resolve to {ADDRESS}"
    assert seen["mail's records"].seen == "1 records are there"
    assert seen["audit"].seen == "2 ok"
    assert seen["drift"].seen == "40 things are as the program installs them"
    assert seen["test-broker.litentry.org"].seen == "60 days left"


def test_a_destroy_that_failed_half_way_is_told_with_the_way_on_and_nothing_that_is_gone_is_asked(
    up, monkeypatch, names
):
    """Its outputs are still there, and little of what they name."""
    monkeypatch.setattr(doctor.leftovers, "lacking", lacking_of_a_state)
    seen = up()
    line = seen["whole"]
    assert line.verdict == Verdict.WRONG
    assert line.seen.startswith(f"13 things are not in it: receipt rule {names.receipt_rule}, role ")
    assert "`pulumi destroy -s test` continues it" in line.fix
    assert "drift" not in seen


def test_what_a_gate_sees_is_wrong_and_the_rest_is_looked_at_all_the_same(up, monkeypatch):
    def gone(*_asked):
        raise NotYet("https://test-broker.litentry.org/healthz answers 503")

    monkeypatch.setattr(issuer, "issuer", gone)
    seen = up()
    assert seen["discovery, keys and health over public TLS"].seen.endswith("answers 503")
    assert seen["drift"].verdict == Verdict.OK


def test_a_host_that_cannot_be_asked_did_not_run(up, monkeypatch):
    def unreachable(_stack):
        raise host.HostError("the host at 3.208.12.34 cannot be reached over SSH")

    monkeypatch.setattr(drift, "look", unreachable)
    assert up()["drift"].verdict == Verdict.NOT_RUN


def test_drift_of_the_host_is_wrong_and_names_the_command(up, monkeypatch):
    found = drift.Report(drift=[drift.Finding(what="/etc/nginx/conf.d/agentkeys.conf", said="differs")])
    monkeypatch.setattr(drift, "look", lambda _stack: found)
    line = up()["drift"]
    assert line.verdict == Verdict.WRONG
    assert "agentkeys drift -s test" in line.fix


def test_an_address_that_is_not_verified_is_a_warning_with_its_command(up, ask):
    address = "noreply-test@bots-test.litentry.org"
    ask("sesv2").create_email_identity(EmailIdentity=address)
    try:
        line = up()[f"{address} verified"]
    finally:
        ask("sesv2").delete_email_identity(EmailIdentity=address)
    assert line.verdict == Verdict.WARNING
    assert "agentkeys sender -s test" in line.fix


# --- the end of an image's support

UBUNTU, DEBIAN = "ami-0a22042026090100a", "ami-0deb132026090100a"


@pytest.fixture
def looked_at_on(release, account, ask, monkeypatch):
    """What the doctor says of a running instance's image on a day that is so many days before its support ends."""
    made = []

    def look(row, days, ami, **changed):
        today = images.image(row).supported_until - datetime.timedelta(days=days)
        now = SimpleNamespace(now=lambda _zone: datetime.datetime.combine(today, datetime.time(12)))
        monkeypatch.setattr(doctor, "datetime", SimpleNamespace(datetime=now, UTC=datetime.UTC))
        ran = ask("ec2").run_instances(ImageId=ami, MinCount=1, MaxCount=1, InstanceType="t3.small")
        made.append(ran["Instances"][0]["InstanceId"])
        stack = a_stack("test", release, up=True, parentZoneId=account.zone_id, **changed)
        stack.outputs["instanceId"] = made[-1]
        return doctor.Doctor(stack=stack, ask=ask).image()

    yield look
    ask("ec2").terminate_instances(InstanceIds=made)


@pytest.mark.parametrize(
    ("days", "verdict", "said"),
    [
        (181, Verdict.OK, "ubuntu-22.04, supported until 2027-04-30"),
        (180, Verdict.WARNING, "the standard support of ubuntu-22.04 ends on 2027-04-30, in 180 days"),
        (0, Verdict.WARNING, "ends on 2027-04-30, in 0 days"),
        (-1, Verdict.WARNING, "the standard support of ubuntu-22.04 ended on 2027-04-30"),
    ],
)
def test_the_end_of_an_images_support_is_a_warning_180_days_before(looked_at_on, days, verdict, said):
    seen = looked_at_on("ubuntu-22.04", days, UBUNTU)
    assert (seen.verdict, said in seen.seen) == (verdict, True), seen.seen
    if verdict == Verdict.WARNING:
        assert "https://ubuntu.com/about/release-cycle" in seen.seen
        assert "`pulumi config set -s test image ubuntu-24.04`" in seen.fix


def test_the_newest_image_names_the_list_of_images(looked_at_on):
    seen = looked_at_on("debian-13", 10, DEBIAN)
    assert (seen.verdict, seen.fix) == (Verdict.WARNING, "docs/hosts.md lists the images.")


def test_an_image_of_somebody_elses_has_no_end_here_and_a_withdrawn_one_that_of_the_setting(
    looked_at_on, ask, monkeypatch
):
    own = {"Images": [{"Name": "our-own", "OwnerId": "429071895007"}]}
    monkeypatch.setattr(ask("ec2"), "describe_images", lambda **_asked: own)
    seen = looked_at_on("ubuntu-22.04", -1, UBUNTU)
    assert (seen.verdict, "none of the setting image" in seen.seen) == (Verdict.OK, True)
    monkeypatch.setattr(ask("ec2"), "describe_images", lambda **_asked: {"Images": []})
    assert "the standard support of debian-13 ended" in looked_at_on("debian-13", -1, DEBIAN, image="debian-13").seen
