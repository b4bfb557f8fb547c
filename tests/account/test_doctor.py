"""`agentkeys doctor` against the emulated account: what it sees before a first `up`, and what of it is wrong."""

import datetime
from types import SimpleNamespace

import pytest

from hostsetup import gates
from ops import doctor, drift, host, stack
from ops.report import Line, Verdict
from tests.ops.stacks import a_stack
from tests.recorder import ADDRESS

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
        own = ask("route53").get_hosted_zone(Id=account.zone_id)["DelegationSet"]["NameServers"]
        monkeypatch.setattr(gates, "resolve", lambda _name, _url, _kind="A": own if servers is None else servers)
        return {line.claim: line for line in doctor.Doctor(stack=made, ask=ask).examine()}

    return look


def test_before_a_first_up_everything_it_needs_is_looked_at(examined, rule_set):
    seen = examined()
    assert {claim for claim, line in seen.items() if line.verdict == Verdict.OK} >= {
        *("programs", "clock", "caller", "public and of that name", "delegated", "elastic IPs", "roles"),
        "free, or in the state",
    }
    assert seen["sending"].verdict == Verdict.WARNING
    assert "production access" in seen["sending"].cure
    assert "every host has the stack's address" not in seen


def test_another_active_rule_set_is_told_and_never_taken(examined, rule_set):
    line = examined()["active rule set"]
    assert (line.verdict, line.seen) == (Verdict.WRONG, rule_set)
    assert "pulumi -C account up" in line.cure


def test_a_zone_that_the_world_does_not_ask_is_told_with_both_sides(examined):
    line = examined(servers=SERVERS)["delegated"]
    assert line.verdict == Verdict.WRONG
    assert "gives ns-1.example.net, ns-2.example.org; the zone's are " in line.seen
    assert "registrar" in line.cure


def test_a_resolver_is_asked_once_for_the_name_servers(examined, monkeypatch):
    def counting(doctor):
        monkeypatch.setattr(gates, "resolve", lambda _name, url, kind="A": asked.append((url, kind)) or SERVERS)
        return before(doctor)

    asked = []
    before = doctor.Doctor.examine
    monkeypatch.setattr(doctor.Doctor, "examine", counting)
    assert examined()["delegated"].verdict == Verdict.WRONG
    assert asked
    assert len(asked) == len(set(asked))


def test_a_zone_of_another_name_is_told(examined):
    line = examined(zone="example.org", brokerHost="", mailDomain="")["public and of that name"]
    assert (line.verdict, line.seen) == (Verdict.WRONG, "the zone of litentry.org.")


def test_a_caller_that_may_not_run_the_program_is_told(examined):
    line = examined(allowedCallers='["user/somebody-else"]')["caller"]
    assert (line.verdict, line.seen) == (Verdict.WRONG, "user/agentkeys-admin")


def test_a_missing_program_is_told_with_what_brings_it(examined, monkeypatch):
    monkeypatch.setattr(doctor.shutil, "which", lambda program: None if program == "openssl" else program)
    line = examined()["programs"]
    assert (line.verdict, line.seen, line.cure) == (Verdict.WRONG, "not on PATH: openssl", "Install OpenSSL.")


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
        line = examined()["free, or in the state"]
    finally:
        iam.delete_user(UserName="agentkeys-daemon-test")
    assert (line.verdict, line.seen) == (Verdict.WARNING, "taken already: user agentkeys-daemon-test")
    assert "agentkeys adopt -s test" in line.cure


@pytest.fixture
def up(examined, monkeypatch):
    """A stack that is up and well; a test may break one thing."""
    ok = Line(subject="", claim="", expected="", seen="", verdict=Verdict.OK)
    monkeypatch.setattr(gates, "visible", lambda hosts, address, _urls: f"{len(hosts)} names resolve to {address}")
    monkeypatch.setattr(gates, "issuer", lambda *_asked: "ab" * 20)
    monkeypatch.setattr(doctor, "Audit", lambda **_asked: SimpleNamespace(lines=lambda: [ok, ok]))
    monkeypatch.setattr(drift, "look", lambda _stack: drift.Report(compared={"files": 40}))
    monkeypatch.setattr(doctor.Doctor, "certificate", lambda _self, _host, _address: doctor.well("60 days left"))
    return lambda: examined(up=True)


def test_what_is_up_is_looked_at_too(up):
    seen = up()
    assert seen["every host has the stack's address"].seen == f"6 names resolve to {ADDRESS}"
    assert seen["audit"].seen == "2 ok"
    assert seen["drift"].seen == "40 things are as the program installs them"
    assert seen["test-broker.litentry.org"].seen == "60 days left"


def test_what_a_gate_sees_is_wrong_and_the_rest_is_looked_at_all_the_same(up, monkeypatch):
    def gone(*_asked):
        raise gates.NotYet("https://test-broker.litentry.org/healthz answers 503")

    monkeypatch.setattr(gates, "issuer", gone)
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
    assert "agentkeys drift -s test" in line.cure


def test_an_address_that_is_not_verified_is_a_warning_with_its_command(up, ask):
    address = "noreply-test@bots-test.litentry.org"
    ask("sesv2").create_email_identity(EmailIdentity=address)
    try:
        line = up()[f"{address} verified"]
    finally:
        ask("sesv2").delete_email_identity(EmailIdentity=address)
    assert line.verdict == Verdict.WARNING
    assert "agentkeys sender -s test" in line.cure
